#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the tests take of the code that knows swapin errors.
. lab/t/tap.sh

covers() {
	base=$1
	ok "$base: coverage" lab_make "$base" coverage
	sed -n '/lines that name/,$p' "$out" >&2
}
on_bases "coverage" covers
done_testing
