#!/bin/sh
# gdb.sh BASE KERNEL: gdb on the guest, stopped at its first instruction, with the
# tests to run.  The guest ends with gdb.  KERNEL=debug has line numbers.
. lab/lib.sh

dir=$B/$1/$2
say GDB "$1/$2: 'hbreak do_swap_page' and 'continue' (guest's console: $dir/gdb.log)"
exec gdb -q "$dir/vmlinux" -ex "target remote | lab/gdb-guest.sh $1 $2"
