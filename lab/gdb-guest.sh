#!/bin/sh
# gdb-guest.sh BASE KERNEL: a stopped guest that speaks gdb's protocol on stdio.
. lab/lib.sh
. lab/qemu.sh

dir=$B/$1/$2
qemu "$dir/bzImage" "$B/$1/guest.cpio.gz" nokaslr \
	-serial "file:$dir/gdb.log" -serial "file:$dir/gdb-results.log" -gdb stdio -S
