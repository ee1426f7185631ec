#!/bin/sh
# tests.sh BASE: builds the selftests of the branch after, with the tree's own
# kselftest build, statically, into build/BASE/tests.
. lab/lib.sh

base=$1
src=$(cd "$B/$base/src" && pwd)
dir=$(cd "$B/$base" && pwd)
log=$dir/tests.log

build() {
	child make -C "$src" O="$dir/tests-obj" headers &&
		child make -C "$src/tools/testing/selftests" O="$dir/tests-obj" TARGETS=mm \
			FORCE_TARGETS=1 USERLDFLAGS=-static USERCFLAGS=-Werror \
			KSFT_INSTALL_PATH="$dir/tests.tmp" install
}

one_at_a_time "$base"
say TESTS "$base: building (log: ${log#"$PWD/"})"
check_out "$src" after
rm -rf "$dir/tests" "$dir/tests.tmp" "$dir/tests-obj/kselftest"
mkdir -p "$dir/tests-obj"
logged TESTS "$log" build
mv "$dir/tests.tmp" "$dir/tests"
