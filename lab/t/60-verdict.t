#!/bin/sh
# The point of it all: before fails as claimed, after passes, and each control fails
# as claimed, on every base that can be had here.
. lab/t/tap.sh
. lab/series.sh

# A case a line from the verdict of a kernel; what the series claims of it decides.
cases() {
	claims "$1" "$2" >"$tmp/claims"
	tab=$(printf '\t')
	tr '\t' '|' <"$B/$1/$2/verdict" >"$tmp/verdict"
	while IFS='|' read -r name status reason text; do
		due=$(sed -n "s/^$name //p" "$tmp/claims")
		case $status in
		skip) skip "$1 $2: $text" "$reason" ;;
		fail) ok "$1 $2: $text (${due:-ok} is due, $reason is)" [ "$reason" = "$due" ] ;;
		*) ok "$1 $2: $text (${due:-ok} is due, ok is)" [ -z "$due" ] ;;
		esac
	done <"$tmp/verdict"
	while read -r name reason; do
		ok "$1 $2: $name was run" grep -q "^$name$tab" "$B/$1/$2/verdict"
	done <"$tmp/claims"
}

for base in $(cd series && echo *); do
	if ! have "$base"; then
		skip "$base: the verdict" "$why"
		continue
	fi
	ok "$base: make" lab_make "$base" verdict
	sed -n '/^ /,$p' "$out" >&2
	cases "$base" before
	cases "$base" after
	ok "$base: make controls" lab_make "$base" controls
	for control in $(controls "$base"); do
		cases "$base" "$control"
		[ -s "$tmp/claims" ] || skip "$base $control: fails" \
			"no case shows this fix yet: it takes a race"
	done
done
done_testing
