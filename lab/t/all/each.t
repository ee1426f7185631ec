#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each patch of the series on its own, and a bisection that finds one of them.
. lab/t/tap.sh

# Of a test that one patch repairs.
bisects() {
	lab_make 6.1 bisect CASE=swapin_error.uffd_wp_protect >"$tmp/bisect" 2>&1
	status=$?
	cat "$tmp/bisect"
	[ $status = 0 ] && grep -q 'is the first fixed commit' "$tmp/bisect" &&
		grep -q 'mm: mprotect: ' "$tmp/bisect"
}

one_by_one() {
	base=$1
	ok "$base: each patch on its own" lab_make "$base" each
	sed -n '/^ .*patch.*warnings/,$p' "$out" >&2
}
on_bases "each patch on its own" one_by_one
ok "6.1: git bisect finds the fix of a test" bisects
fails "6.1: git bisect of a test that nothing fixes" "no patch of the series fixes" \
	lab_make 6.1 bisect CASE=swapin_error.read
done_testing
