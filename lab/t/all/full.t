#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All cases on each control, of which make check runs only those that it must fail in; and the
# fuzzer.
. lab/t/tap.sh

# ran_all CONTROL: whether it has a result of each test that after has one of.
ran_all() {
	cut -f 1 "$B/$base/after/verdict" | sort >"$tmp/after"
	cut -f 1 "$B/$base/$1/verdict" | sort | comm -3 - "$tmp/after" >"$tmp/missing"
	cat "$tmp/missing"
	[ -s "$tmp/after" ] && [ ! -s "$tmp/missing" ]
}

full() {
	base=$1
	ok "$base: make controls FULL=1" lab_make "$base" controls FULL=1
	sed -n '/^without-/,$p' "$out" >&2
	for control in $(controls "$base"); do
		ok "$base: $control: all cases" ran_all "$control"
	done
	ok "$base: make hunt" lab_make "$base" hunt
	sed -n '/without-/p' "$out" >&2
}
on_bases "all cases on each control" full
done_testing
