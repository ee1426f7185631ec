#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The point of it all: before fails as claimed, after passes, and each control fails
# as claimed, on every base that can be had here.
. lab/t/tap.sh

# A line a test of a kernel, which has failed if the report says so.
cases() {
	cut -f 1-4 "$B/$1/$2/verdict" | tr '\t' '|' >"$tmp/cases"
	while IFS='|' read -r name status reason text; do
		if grep -F "error: $2: $name is " "$tmp/report" >"$out"; then
			result 1 "$1 $2: $name: $text"
		elif [ "$status" = skip ]; then
			skip "$1 $2: $name: $text" "$reason"
		else
			result 0 "$1 $2: $name: $text (${reason:-ok})"
		fi
	done <"$tmp/cases"
}

judges() {
	base=$1
	# Of a kernel that does not build or boot now, there is no verdict.
	rm -f "$B/$base"/*/verdict
	# First, as it boots before and after side by side with the rest.
	ok "$base: make controls" lab_make "$base" controls
	cp "$out" "$tmp/report"
	sed -n '/^without-/,$p' "$out" >&2
	ok "$base: make" lab_make "$base" verdict
	sed -n '/^ /,$p' "$out" >&2
	for kernel in before after $(controls "$base"); do
		cases "$base" "$kernel"
	done
}
on_bases "the verdict" judges
done_testing
