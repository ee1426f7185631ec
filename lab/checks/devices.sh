#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# devices.sh BASE KERNEL...: runs swap_read_again on each KERNEL, with all kinds of swap that it
# knows, and prints for each kind how many pages are lost for so many that can't be read.  Fails
# if the last KERNEL loses one that can.  Leaves the table in build/BASE/devices/table.
. lab/lib.sh

base=$1
shift
dir=$B/$base/devices
export CMDLINE="${CMDLINE-} zswap.enabled=1" PATH="$PATH:/usr/sbin:/sbin"

ours "$dir"
TOOLS=mke2fs lab/stages/image.sh "$dir/guest.cpio" lab/guest/init "$B/$base/tests/swap_read_again"
taps=''
for kernel; do
	boot_and_judge "$base" "$kernel" "$dir/guest.cpio" "$B/$base/$kernel"
	taps="$taps $B/$base/$kernel/results.tap"
done
# shellcheck disable=SC2086 # a list of files
awk -f lab/views/devices.awk $taps >"$dir/table.new"
mv "$dir/table.new" "$dir/table"
echo
cat "$dir/table"
! grep -P '^[^\t]*\tfail' "$B/$base/$kernel/verdict"
