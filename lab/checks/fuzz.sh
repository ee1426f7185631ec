#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fuzz.sh BASE KERNEL OPTION...: runs swapin_error_fuzz on KERNEL with these options, and fails if
# that finds something, or the kernel says something.  What it says is in build/BASE/fuzz.
. lab/lib.sh
. lab/series.sh

base=$1 kernel=$2
shift 2
dir=$B/$base/fuzz
mm=$B/$base/src/tools/testing/selftests/mm

# As long as it was told to, and some more.
seconds=$(echo "$*" | sed -n 's/.*--seconds=\([0-9]*\).*/\1/p')
[ "$LIMIT" -ge $((${seconds:-0} + 300)) ] || LIMIT=$((seconds + 300))
export LIMIT

ours "$dir/root/fuzz"
(one_at_a_time "$base" && check_out "$B/$base/src" after && logged FUZZ "$dir/fuzz.log" \
	link_test "$base" "$dir/root/fuzz/swapin_error_fuzz" "$mm/swapin_error_fuzz.c" "$mm"/fuzz_*.c)
printf '#!/bin/sh\nexec /fuzz/swapin_error_fuzz %s\n' "$*" >"$dir/fuzz"
chmod +x "$dir/fuzz"
lab/stages/image.sh "$dir/guest.cpio" lab/guest/init "$dir/fuzz" "$dir/root/"
boot_and_judge "$base" "$kernel" "$dir/guest.cpio" "$dir"
cat "$dir/results.tap"
! grep -P '^[^\t]*\tfail' "$dir/verdict"
