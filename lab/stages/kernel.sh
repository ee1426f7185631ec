#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kernel.sh BASE KERNEL [config]: builds build/BASE/KERNEL/bzImage, vmlinux and race.ko from
# its branch, or no more than its config; CONFIG= names a file with more options, which this
# kernel then has.
#
# All kernels of a base are built in one tree and one build folder: from one to the
# next, only what the patches between them touch is built again.
. lab/lib.sh
. lab/series.sh

base=$1 kernel=$2
src=$(cd "$B/$base/src" && pwd)
dir=$(cd "$B/$base/$kernel" && pwd)
obj=$(mkdir -p "$(obj_of "$base" "$kernel")" && cd "$(obj_of "$base" "$kernel")" && pwd)
log=$dir/kernel.log
configs=$(config_of "$base" "$kernel")
[ -z "${CONFIG-}" ] || [ -f "$CONFIG" ] || die "CONFIG=$CONFIG is not here"

# gcov.mk says what is profiled.
if [ "$kernel" = gcov ]; then
	export MAKEFILES="$PWD/lab/guest/gcov.mk"
fi

case $MACHINE in
arm64) image=arch/arm64/boot/Image ;;
s390x) image=arch/s390/boot/bzImage ;;
*) image=arch/x86/boot/bzImage ;;
esac

# Of a ksft kernel, which is configured as mm's CI does, the modules are in root/lib/modules.
start=tinyconfig
if [ "$kernel" = ksft ]; then
	[ -z "$cross" ] || die "ksft is of x86_64 only: leave out ARCH=$MACHINE"
	start=x86_64_defconfig
fi

kmake() {
	machine_make -C "$src" O="$obj" "$@"
}

configure() {
	rm -f "$obj/.lab-config"
	# shellcheck disable=SC2086
	kmake "$start" &&
		child "$src/scripts/kconfig/merge_config.sh" -m -O "$obj" "$obj/.config" $configs &&
		kmake olddefconfig && echo "$state" >"$obj/.lab-config"
}

# merge_config.sh only warns: look for each option in what came out, of those that are named
# twice for the last.  Of the tree's own tests not all options take; those of ours do.
asked() {
	if [ "$kernel" = ksft ]; then
		git -C "$src" diff stock after -- "${configs#"$B/$base/src/"}" | sed -n 's/^+CONFIG/CONFIG/p'
	else
		# shellcheck disable=SC2086 # a list of files
		cat $configs
	fi
}
check_config() {
	asked | sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1=n/p; /^CONFIG_/p' |
		awk -F = '{ last[$1] = $0 } END { for (option in last) print last[option] }' |
		while IFS='=' read -r option value; do
			is=$(sed -n "s/^$option=//p" "$obj/.config")
			[ "${is:-n}" = "$value" ] || echo "$option=$value"
		done | paste -sd ' '
}

# The module of the race test is the lab's, and no kernel's.  It wants a kprobe that leaves
# interrupts on, which x86_64 has.
race_module() {
	[ -z "$cross" ] || return 0
	rm -rf "$dir/race.tmp" && cp -r lab/guest/race "$dir/race.tmp" &&
		kmake -j"$JOBS" M="$dir/race.tmp" KBUILD_MODPOST_WARN=1 modules &&
		mv "$dir/race.tmp/test_swapin_race.ko" "$dir/race.ko"
}

build() {
	kmake -j"$JOBS" "${image##*/}" modules_prepare && race_module && rm -rf "$dir/race.tmp" &&
		{ [ "$kernel" != ksft ] || install_modules; }
}

install_modules() {
	rm -rf "$dir/root" && kmake -j"$JOBS" modules &&
		kmake modules_install INSTALL_MOD_PATH="$dir/root" INSTALL_MOD_STRIP=1
}

one_at_a_time "$base"
need_space "$dir" 500
say KERNEL "$base/$kernel: ${3:-building} (log: ${log#"$PWD/"})"
check_out "$src" "$kernel"
# The config is made anew where what it is made from has changed, be it the tree's.
# shellcheck disable=SC2086 # a list of files
state=$({ cat $configs; git -C "$src" ls-files -s Makefile '*Kconfig*'; } | sha256sum)
[ "$state" = "$(cat "$obj/.lab-config" 2>/dev/null || :)" ] || logged KERNEL "$log" configure
lost=$(check_config)
[ -z "$lost" ] || { rm -f "$obj/.lab-config"; die "$base/$kernel: did not take: $lost (see $configs)"; }
[ "${3-}" != config ] || exit 0
logged KERNEL "$log" build
# What is there may be in use: make knows by its time that it is old.
cp "$obj/vmlinux" "$dir/vmlinux"
cp "$obj/$image" "$dir/bzImage.tmp"
mv "$dir/bzImage.tmp" "$dir/bzImage"
