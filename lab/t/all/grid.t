#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The files that the series touches, where reviewers' robots build.
. lab/t/tap.sh

builds() {
	base=$1
	ok "$base: the grid" lab_make "$base" grid
	cat "$out" >&2
}
on_bases "the grid" builds
done_testing
