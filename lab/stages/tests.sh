#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tests.sh BASE PROGRAM...: builds these selftests of the branch after, with the rules of
# the tree's own Makefile, statically, into build/BASE/tests, and the lab's race test.
. lab/lib.sh
. lab/series.sh

base=$1
shift
src=$(cd "$B/$base/src" && pwd)
dir=$(cd "$B/$base" && pwd)
obj=$dir/tests-obj
log=$dir/tests.log

# Only ours: others of the folder want libraries that we have no use for.
build() {
	mkdir -p "$obj/mm" "$dir/tests.tmp" && machine_make -C "$src" O="$obj" -j"$JOBS" headers || return
	for program; do
		set -- "$@" "$obj/mm/$program"
		shift
	done
	machine_make -C "$src/tools/testing/selftests/mm" -j"$JOBS" OUTPUT="$obj/mm" \
		KHDR_INCLUDES="-isystem $obj/usr/include" \
		USERLDFLAGS=-static USERCFLAGS=-Werror "$@" &&
		cp "$@" "$dir/tests.tmp" &&
		link_test "$base" "$dir/tests.tmp/swapin_race" lab/guest/race/swapin_race.c
}

one_at_a_time "$base"
say TESTS "$base: building $* (log: ${log#"$PWD/"})"
check_out "$src" after
rm -rf "$dir/tests.tmp" "$obj/mm"
logged TESTS "$log" build "$@"
touch "$dir/tests.tmp/.done"
rm -rf "$dir/tests"
mv "$dir/tests.tmp" "$dir/tests"
