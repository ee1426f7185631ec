#!/bin/sh
# kernel.sh BASE KERNEL: builds build/BASE/KERNEL/bzImage and vmlinux from its branch.
#
# All kernels of a base are built in one tree and one build folder: from one to the
# next, only what the patches between them touch is built again.
. lab/lib.sh

base=$1 kernel=$2
src=$(cd "$B/$base/src" && pwd)
dir=$(cd "$B/$base/$kernel" && pwd)
obj=${dir%/*}/obj
log=$dir/kernel.log
config=lab/guest.config
[ ! -f "lab/$base.config" ] || config="$config lab/$base.config"
case $kernel in
debug | gcov)
	config="$config lab/$kernel.config"
	obj=$dir/obj
	;;
esac
# Not all kernels have the test module.
if git -C "$src" cat-file -e "$kernel:lib/test_swapin_race.c" 2>/dev/null; then
	config="$config lab/race.config"
fi

# gcov.mk says what is profiled.
if [ "$kernel" = gcov ]; then
	export MAKEFILES="$PWD/lab/gcov.mk"
fi

kmake() {
	child make -C "$src" O="$obj" "$@"
}

# The config is made anew where what it is made from has changed.  Each kernel may
# have its own Kconfig files, so olddefconfig runs always; it leaves a config that is
# good as it is.
configure() {
	# shellcheck disable=SC2086 # a list of files
	state=$(cat $config "$src/Makefile" | sha256sum)
	if [ "$state" != "$(cat "$obj/.lab-config" 2>/dev/null)" ]; then
		rm -f "$obj/.lab-config"
		# shellcheck disable=SC2086
		kmake tinyconfig &&
			child "$src/scripts/kconfig/merge_config.sh" -m -O "$obj" "$obj/.config" $config ||
			return
	fi
	kmake olddefconfig && echo "$state" >"$obj/.lab-config"
}

# merge_config.sh only warns: look for each option in what came out.
check_config() {
	# shellcheck disable=SC2086
	sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1=n/p; /^CONFIG_/p' $config |
		while IFS='=' read -r option value; do
			is=$(sed -n "s/^$option=//p" "$obj/.config")
			[ "${is:-n}" = "$value" ] || echo "$option=$value"
		done | paste -sd ' '
}

one_at_a_time "$base"
need_space "$dir" 500
mkdir -p "$obj"
rm -f "$dir/bzImage"
say KERNEL "$base/$kernel: building (log: ${log#"$PWD/"})"
check_out "$src" "$kernel"
logged KERNEL "$log" configure
lost=$(check_config)
if [ -n "$lost" ]; then
	# Another commit, without these options, was here in between.
	rm -f "$obj/.lab-config"
	logged KERNEL "$log" configure
	lost=$(check_config)
fi
[ -z "$lost" ] || { rm -f "$obj/.lab-config"; die "$base/$kernel: did not take: $lost (see $config)"; }
logged KERNEL "$log" kmake -j"$JOBS" bzImage
cp "$obj/vmlinux" "$dir/vmlinux"
cp "$obj/arch/x86/boot/bzImage" "$dir/bzImage.tmp"
mv "$dir/bzImage.tmp" "$dir/bzImage"
