#!/bin/sh
# The files that the series touches, where reviewers' robots build.
. lab/t/tap.sh

for base in $(cd series && echo *); do
	if ! have "$base"; then
		skip "$base: the grid" "$why"
		continue
	fi
	ok "$base: the grid" lab_make "$base" grid
	cat "$out" >&2
done
done_testing
