#!/bin/sh
# What the tests take of the code that knows swapin errors.
. lab/t/tap.sh

for base in $(cd series && echo *); do
	if ! have "$base"; then
		skip "$base: coverage" "$why"
		continue
	fi
	ok "$base: coverage" lab_make "$base" coverage
	sed -n '/lines that name/,$p' "$out" >&2
done
done_testing
