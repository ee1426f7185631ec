#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bisect.sh BASE TEST: finds the patch of the series that fixes TEST, by git bisect run over
# kernels that are built and booted.  TEST is a case, with all kinds of mapping, or a test of
# one kind, as build/BASE/*/verdict has them in the fifth and in the first column.
cd "${BISECTING:-.}" && . lab/lib.sh

base=$1 test=${2-}
src=$B/$base/src

[ -n "$test" ] || die "name a test with CASE=: make list has them, swapin_error.fork_read is one"

# is_fixed COMMIT: what git bisect run asks for: 0 where the test fails, 1 where it passes,
# 125 where it says nothing.
is_fixed() {
	kernel=$(git -C "$src" for-each-ref --points-at "$1" --format='%(refname:short)' \
		'refs/heads/each-*' | head -n 1)
	[ -n "$kernel" ] || exit 128
	# shellcheck disable=SC2086 # a list
	make --no-print-directory $ours_for BASE="$base" "$B/$base/$kernel/verdict" || exit 128
	awk -F '\t' -v test="$test" '
		($1 == test || $5 == test) && $2 != "skip" { known = 1; failed += $2 == "fail" }
		END { exit failed ? 0 : known ? 1 : 125 }' "$B/$base/$kernel/verdict"
}

# We are what git bisect runs, too.
if [ -n "${BISECTING-}" ]; then
	status=0
	background is_fixed "$(git -C "$src" rev-parse BISECT_HEAD)" || status=$?
	exit $status
fi

on_exit() { git -C "$src" bisect reset >/dev/null 2>&1; }
top=$PWD
last=each-$(($(git -C "$src" rev-list --count each-0..after)))
# git bisect believes what it is told of the ends.
for kernel in each-0 "$last"; do
	status=0
	background is_fixed "$(git -C "$src" rev-parse "$kernel")" || status=$?
	case $kernel-$status in
	each-0-0 | "$last-1") ;;
	each-0-*) die "no patch of the series fixes $test: it does not fail before the first one" ;;
	*) die "no patch of the series fixes $test: it does not pass after the last one" ;;
	esac
done
git -C "$src" bisect start --no-checkout --term-old=broken --term-new=fixed \
	"$last" each-0 >/dev/null
cd "$src"
background env BISECTING="$top" git bisect run "$top/lab/checks/bisect.sh" "$base" "$test"
cd "$top"
git -C "$src" bisect log | tail -n 1 | grep -q '^# first fixed commit' ||
	die "git bisect came to no end: its log is above"
