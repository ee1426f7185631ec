# Sourced.  How a guest is started.
# shellcheck shell=sh
: "${QEMU:=qemu-system-x86_64}" "${ACCEL:=auto}" "${SMP:=2}" "${MEM:=512}"

# A boot sector that leaves QEMU through isa-debug-exit with status 99:
# mov $0x31,%al; out %al,$0xf4; hlt
probe_kvm() {
	{
		printf '\260\061\346\364\364'
		head -c 505 /dev/zero
		printf '\125\252'
	} >"$B/probe.$$"
	status=0
	timeout -k 1 5 "$QEMU" -accel kvm -cpu max -smp "$SMP" -display none -nodefaults \
		-no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 \
		-drive "file=$B/probe.$$,format=raw,if=floppy" >/dev/null 2>&1 || status=$?
	rm -f "$B/probe.$$"
	[ $status = 99 ]
}

# accel: prints kvm if guests run with it here, else tcg.  /dev/kvm may be there,
# and even open, without running a single instruction: try once, and remember.
accel() {
	[ "$ACCEL" = auto ] || { echo "$ACCEL"; return; }
	if [ ! -s "$B/accel" ]; then
		if [ -w /dev/kvm ] && probe_kvm; then
			echo kvm
		else
			echo tcg
		fi >"$B/accel"
	fi
	cat "$B/accel"
}

# cpu ACCEL: the CPU that guests have.  TCG flushes its TLB at each wrpkru, and does rep movsb
# and stosb byte by byte, for which nothing here asks.
cpu() {
	case $1 in
	tcg) echo max,-pku,-erms,-fsrm ;;
	*) echo max ;;
	esac
}

# qemu KERNEL INITRD CMDLINE OPTION...: runs QEMU in place of this shell, and not
# for longer than its parent lives.
qemu() {
	kernel_image=$1 initrd=$2 cmdline=$3
	shift 3
	exec setpriv --pdeathsig KILL "$QEMU" -accel "$(accel)" -cpu "$(cpu "$(accel)")" \
		-smp "$SMP" -m "$MEM" -nodefaults -no-user-config -display none -no-reboot \
		-kernel "$kernel_image" -initrd "$initrd" \
		-append "console=ttyS0 panic=-1 oops=panic mitigations=off rcupdate.rcu_expedited=1 $cmdline" "$@"
}
