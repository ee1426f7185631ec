#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bench.sh BASE KERNEL...: what the paths that know swapin errors cost on each KERNEL, in
# instructions a page, each booted twice, on one CPU and with QEMU's -icount; and how much text
# each has more than the first.  Leaves the table in build/BASE/bench/table.
. lab/lib.sh
. lab/series.sh

base=$1
shift
kernels=$*
dir=$B/$base/bench
[ "$MEM" -ge 1024 ] || MEM=1024
export ACCEL=tcg SMP=1 ICOUNT=1 MEM

# size_of KERNEL: what bloat-o-meter says of its text, against the first kernel's.
size_of() {
	printf '%-22s ' "text, $1 - ${kernels%% *}"
	"$B/$base/src/scripts/bloat-o-meter" -t "$B/$base/${kernels%% *}/vmlinux" "$B/$base/$1/vmlinux" |
		sed -n '1s/.*(\(.*\))/\1 bytes/p'
}

ours "$dir"
rm -f "$dir/table" "$dir"/*-[12]
(one_at_a_time "$base" && check_out "$B/$base/src" after && logged BENCH "$dir/bench.log" \
	link_test "$base" "$dir/bench" lab/guest/bench.c)
lab/stages/image.sh "$dir/guest.cpio" lab/guest/init "$dir/bench"
files=''
for kernel in $kernels; do
	for run in 1 2; do
		background lab/stages/boot.sh "$base" "$kernel" "$dir/guest.cpio" "$dir/$kernel.$run"
		sed -n 's/\r$//; s/.*# bench: //p' "$dir/$kernel.$run/run/results.log" >"$dir/$kernel-$run"
		grep -q 'end bench 0' "$dir/$kernel.$run/run/results.log" ||
			die "$base/$kernel: not all figures (log: $dir/$kernel.$run/run/results.log)"
		files="$files $dir/$kernel-$run"
	done
done
# shellcheck disable=SC2086 # a list of files
{
	awk -f lab/views/bench.awk $files
	for kernel in ${kernels#* }; do
		size_of "$kernel"
	done
} >"$dir/table.new"
mv "$dir/table.new" "$dir/table"
echo
cat "$dir/table"
