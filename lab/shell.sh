#!/bin/sh
# shell.sh BASE KERNEL [INITRD]: boots KERNEL with its console on this terminal.
# Without INITRD it gives a shell with the tests in /tests; a guest image of the
# user's own does what it does, ours runs its tests.  Exits as QEMU does.
. lab/lib.sh
. lab/qemu.sh

dir=$B/$1/$2
if [ -n "${3-}" ]; then
	[ -f "$3" ] || die "INITRD=$3 is not here"
	initrd=$3 cmdline=lab.to=ttyS0
else
	initrd=$B/$1/guest.cpio.gz cmdline=lab.run=shell
fi
say BOOT "$1/$2 with $initrd: Ctrl-A x ends QEMU"
qemu "$dir/bzImage" "$initrd" "$cmdline" -serial mon:stdio
