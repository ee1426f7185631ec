#!/bin/sh
# warnings.sh BASE KERNEL: leaves in build/BASE/KERNEL/warnings what W=1 and sparse say of
# the files that the series touches, without line numbers, sorted.  Fails, with the log's
# name, if one does not build.
. lab/lib.sh

base=$1 kernel=$2
src=$(cd "$B/$base/src" && pwd)
obj=$(cd "$B/$base/obj" && pwd)
out=$(cd "$B/$base/$kernel" && pwd)/warnings
log=$out.log

one_at_a_time "$base"
say WARN "$base/$kernel: W=1 and sparse (log: ${log#"$PWD/"})"
check_out "$src" "$kernel"
# A file may be new with a later patch.
objects=''
for file in $(git -C "$src" diff --name-only stock after -- 'mm/*.c' 'fs/*.c' 'lib/*.c'); do
	[ ! -f "$src/$file" ] || objects="$objects ${file%.c}.o"
done
# The config is the kernels': options that this commit has not are not to be lost.
cp "$obj/.config" "$obj/.config.kernels"
on_exit() { mv "$obj/.config.kernels" "$obj/.config"; }
build() {
	child make -C "$src" O="$obj" olddefconfig || return
	# Away with the objects: what is up to date gives no warning.
	# shellcheck disable=SC2086
	(cd "$obj" && rm -f $objects)
	# shellcheck disable=SC2086
	child make -C "$src" O="$obj" -j"$JOBS" W=1 C=1 $objects
}
logged WARN "$log" build
sed -n 's/^\(.*\):[0-9][0-9]*:[0-9][0-9]*: \(warning\|error\|note\)/\1: \2/p' "$log" |
	grep -v ': note' | sort >"$out.tmp"
mv "$out.tmp" "$out"
