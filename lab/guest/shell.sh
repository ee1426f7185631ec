#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shell.sh shell|gdb|gdb-guest BASE KERNEL, or shell.sh INITRD BASE KERNEL: boots KERNEL for
# a person.  shell: with its console on this terminal, and the tests in /tests.  INITRD: the
# same, with a guest image of the user's own.  gdb: stopped at its first instruction, under
# gdb, and ends with it; gdb-guest is that guest.  Exits as QEMU or gdb does.
. lab/lib.sh
. lab/guest/qemu.sh

how=$1 dir=$B/$2/$3
image=$B/$2/guest.cpio
choose_accel "$dir/bzImage"
case $how in
shell)
	say BOOT "$2/$3: Ctrl-A x ends QEMU"
	qemu "$dir/bzImage" "$image" lab.run=shell -serial mon:stdio
	;;
gdb)
	say GDB "$2/$3: 'hbreak do_swap_page' and 'continue' (guest's console: $dir/gdb.log)"
	exec gdb -q "$dir/vmlinux" -ex "target remote | lab/guest/shell.sh gdb-guest $2 $3"
	;;
gdb-guest)
	qemu "$dir/bzImage" "$image" nokaslr -gdb stdio -S \
		-serial "file:$dir/gdb.log" -serial "file:$dir/gdb-results.log"
	;;
*)
	[ -f "$how" ] || die "INITRD=$how is not here"
	say BOOT "$2/$3 with $how: Ctrl-A x ends QEMU"
	qemu "$dir/bzImage" "$how" lab.to=console -serial mon:stdio
	;;
esac
