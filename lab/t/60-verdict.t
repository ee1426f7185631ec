#!/bin/sh
# The point of it all: before fails as claimed, after passes, and each control fails
# as claimed, on every base that can be had here.
. lab/t/tap.sh

# What the series claims of the result $1: of the case, or of this variant of it.
due() {
	row=$1
	case $1 in
	*.*.*) row=${1%%.*}.${1##*.} ;;
	esac
	sed -n "s/^$1 //p; t; s/^$row //p" "$tmp/claims" | head -n 1
}

# A line a result of a kernel; what the series claims of it decides.
cases() {
	claims "$1" "$2" >"$tmp/claims"
	tr '\t' '|' <"$B/$1/$2/verdict" >"$tmp/verdict"
	while IFS='|' read -r name status reason text; do
		due=$(due "$name")
		text="$1 $2: $name: $text"
		case $status in
		skip) skip "$text" "$reason" ;;
		fail) ok "$text (${due:-ok} is due, $reason is)" [ "$reason" = "$due" ] ;;
		*) ok "$text (${due:-ok} is due, ok is)" [ -z "$due" ] ;;
		esac
	done <"$tmp/verdict"
}

judges() {
	base=$1
	# Of a kernel that does not build or boot now, there is no verdict.
	rm -f "$B/$base"/*/verdict
	# First, as it boots before and after side by side with the rest.
	ok "$base: make controls" lab_make "$base" controls
	sed -n '/^without-/,$p' "$out" >&2
	ok "$base: make" lab_make "$base" verdict
	sed -n '/^ /,$p' "$out" >&2
	cases "$base" before
	cases "$base" after
	for control in $(controls "$base"); do
		cases "$base" "$control"
	done
}
on_bases "the verdict" judges
done_testing
