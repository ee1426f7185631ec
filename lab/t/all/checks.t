#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What reviewers' robots build, the tree's own semantic patches, and what the tests take of
# the code that knows swapin errors.
. lab/t/tap.sh

checks() {
	base=$1
	for check in grid cocci coverage; do
		ok "$base: make $check" lab_make "$base" $check
		sed -n '/^GRID/,$p; /^COCCI/p; /lines that name/,$p' "$out" >&2
	done
}
on_bases "grid, cocci, coverage" checks
done_testing
