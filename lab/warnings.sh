#!/bin/sh
# warnings.sh BASE COMMIT FILE.c...: prints what W=1 and sparse say of the files at
# COMMIT, without line numbers, sorted.  Fails, with the log's name, if one does not
# build.
. lab/lib.sh

base=$1 commit=$2
shift 2
src=$(cd "$B/$base/src" && pwd)
obj=$(cd "$B/$base/obj" && pwd)
log=$obj.warnings.log

one_at_a_time "$base"
check_out "$src" "$commit"
# A file may be new with a later commit.
objects=''
for file; do
	[ ! -f "$src/$file" ] || objects="$objects ${file%.c}.o"
done
# The config is the kernels': options that this commit has not are not to be lost.
cp "$obj/.config" "$obj/.config.kernels"
on_exit() { mv "$obj/.config.kernels" "$obj/.config"; }
make -C "$src" O="$obj" olddefconfig >"$log" 2>&1 ||
	die "$base: $commit has no config (log: $log)"
# Away with the objects: what is up to date gives no warning.
# shellcheck disable=SC2086 # a list of files
(cd "$obj" && rm -f $objects)
# shellcheck disable=SC2086
make -C "$src" O="$obj" -j"$JOBS" W=1 C=1 $objects >>"$log" 2>&1 ||
	die "$base: $commit does not build: $(grep -m 1 'error' "$log") (log: $log)"
sed -n 's/^\(.*\):[0-9][0-9]*:[0-9][0-9]*: \(warning\|error\|note\)/\1: \2/p' "$log" |
	grep -v ': note' | sort
