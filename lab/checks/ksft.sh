#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ksft.sh BASE: runs ksft_swapin_error.sh on the ksft kernel, as mm's CI does: in 300 s at
# most, with huge pages reserved, and nothing on the console.  Prints what the tests said, and
# fails if one of them does, or is skipped for want of what the kernel was not configured for.
. lab/lib.sh

base=$1
dir=$B/$base/ksft
root=$dir/root

# What it needs beside the kernel's modules: run_vmtests.sh, which is bash, and the tests.
lay_out() {
	mkdir -p "$root/bin" "$root/ksft"
	ln -sf /usr/bin/bash "$root/bin/bash"
	for script in run_vmtests.sh ksft_swapin_error.sh; do
		git -C "$B/$base/src" show "after:tools/testing/selftests/mm/$script" \
			>"$root/ksft/$script" || die "$base has no $script: its series does not add it"
		chmod +x "$root/ksft/$script"
	done
	cp "$B/$base/tests"/swap* "$root/ksft/"
}

command -v bash >/dev/null || die "there is no bash, which run_vmtests.sh is written in"
[ "$MEM" -ge 1536 ] || MEM=1536
export MEM
lay_out
lab/stages/image.sh "$dir/guest.cpio" lab/guest/init lab/guest/ksft "$root/"
boot_and_judge "$base" ksft "$dir/guest.cpio" "$dir"
awk '/^# # +(OK|FAIL|SKIP) / { n[$3]++ }
	/# SKIP/ { sub(/.*# SKIP */, ""); why[$0]++ }
	END {
		printf "%d ok, %d failed, %d skipped\n", n["OK"], n["FAIL"], n["SKIP"]
		for (reason in why) printf "%4d skipped: %s\n", why[reason], reason
	}' "$dir/results.tap"
awk -v release="$base, defconfig" -f lab/views/table.awk -f lab/views/kernels.awk "$dir/verdict"
! grep -P '^[^\t]*\tfail' "$dir/verdict" || die "ksft: see above (log: $dir/results.tap)"
