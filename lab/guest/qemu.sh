# SPDX-License-Identifier: GPL-2.0
# Sourced.  How a guest is started, and how many.
# shellcheck shell=sh
: "${QEMU:=qemu-system-$(echo "$MACHINE" | sed s/arm64/aarch64/)}"
: "${ACCEL:=auto}" "${SMP:=2}" "${MEM:=512}" "${CMDLINE:=}"
: "${DEV_KVM:=/dev/kvm}" "${MEMINFO:=/proc/meminfo}"
# Seconds in which a guest with KVM has said something.
: "${PATIENCE:=20}"
case ${LIMIT-}$SMP$MEM in
*[!0-9]*) die "LIMIT=${LIMIT-} SMP=$SMP MEM=$MEM: give them as numbers of seconds, CPUs and MiB" ;;
esac

# guests: prints how many may run at once: one a CPU, as far as the memory goes.
guests() {
	awk -v cpus="$(nproc)" -v mib=$((MEM + 200)) '
		/^MemAvailable:/ { n = int($2 / 1024 / mib) }
		END { print n < 1 ? 1 : n < cpus ? n : cpus }' "$MEMINFO"
}

# What was found out about KVM holds for this user and what they may do, this machine, its
# kernel and QEMU, until it boots again.
here() {
	echo "$(id -u) $(uname -n) $(uname -v) $(cat /proc/sys/kernel/random/boot_id)" \
		"$([ ! -w "$DEV_KVM" ] || stat -c %t:%T "$DEV_KVM") $SMP $("$QEMU" --version | head -n 1)"
}

# remember ACCEL: what guests run with here, until something of here() is another.
remember() {
	printf '%s\n%s\n' "$(here)" "$1" >"$B/accel.$$"
	mv "$B/accel.$$" "$B/accel"
}

# kvm_boots KERNEL: whether KERNEL, without anything to run, comes with KVM to the panic
# that must follow.  /dev/kvm may open, and run a boot sector, and still no kernel.
kvm_boots() {
	[ -w "$DEV_KVM" ] || return 1
	probe=$B/probe.$$
	: >"$probe"
	(ACCEL=kvm qemu "$1" /dev/null '' -serial stdio) >"$probe" 2>&1 </dev/null &
	job=$!
	tries=0
	while kill -0 "$job" 2>/dev/null && [ $tries -lt $((PATIENCE * 10)) ] &&
		! grep -aq -e 'Kernel panic' -e 'KVM internal error' "$probe"; do
		tries=$((tries + 1))
		sleep 0.1
	done
	kill -KILL "$job" 2>/dev/null || :
	wait "$job" 2>/dev/null || :
	job=''
	boots=0
	grep -aq 'Kernel panic' "$probe" || boots=1
	rm -f "$probe"
	return $boots
}

# choose_accel KERNEL: sets ACCEL to kvm or tcg where it is auto, trying KERNEL once.
choose_accel() {
	[ -z "$cross" ] || ACCEL=tcg
	[ "$ACCEL" = auto ] || return 0
	if [ "$(head -n 1 "$B/accel" 2>/dev/null)" != "$(here)" ]; then
		if kvm_boots "$1"; then
			remember kvm
		else
			remember tcg
		fi
	fi
	ACCEL=$(sed -n 2p "$B/accel")
}

# report_port FILE: QEMU's options that have what the guest reports go there.
report_port() {
	if [ "$MACHINE" = x86_64 ]; then
		echo "-serial file:$1"
	else
		bus=device
		[ "$MACHINE" != s390x ] || bus=ccw
		echo "-chardev file,id=report,path=$1 -device virtio-serial-$bus -device virtconsole,chardev=report"
	fi
}

# qemu KERNEL INITRD CMDLINE OPTION...: runs QEMU with ACCEL in place of this shell, and not
# for longer than its parent lives.
#
# Each swapoff waits for a grace period, as does each disk that goes: these are to end soon.
#
# TCG with a thread for each CPU is slower where tests run one after the other, by what the
# threads wait for each other.  It flushes its TLB at each wrpkru, and does rep movsb and stosb
# byte by byte, for which nothing here asks.  Its TSC is one for all CPUs, of which the kernel
# has to be told, or it asks a timer, an exit each time.
#
# The BIOS names no more than one CPU a socket to a kernel without ACPI.
qemu() {
	kernel_image=$1 initrd=$2 cmdline=$3 accel=$ACCEL cpu=max console=ttyS0
	soon='rcupdate.rcu_expedited=1 rcutree.jiffies_till_first_fqs=0 rcutree.jiffies_till_next_fqs=1'
	shift 3
	[ "$ACCEL" != tcg ] ||
		accel=tcg,thread=single cpu=max,-pku,-erms,-fsrm soon="$soon tsc=reliable"
	case $MACHINE in
	arm64) cpu='cortex-a76 -machine virt' console='ttyAMA0 lab.to=hvc0' ;;
	s390x) cpu=max console='ttysclp0 lab.to=hvc0' ;;
	esac
	# shellcheck disable=SC2086 # the machine is an option of its own
	exec setpriv --pdeathsig KILL "$QEMU" -accel "$accel" -cpu $cpu \
		-smp "$SMP,sockets=$SMP" -m "$MEM" -nodefaults -no-user-config -display none -no-reboot \
		-kernel "$kernel_image" -initrd "$initrd" ${ICOUNT:+-icount shift=0,sleep=off} \
		-append "console=$console panic=-1 oops=panic mitigations=off random.trust_cpu=on $soon $cmdline $CMDLINE" "$@"
}
