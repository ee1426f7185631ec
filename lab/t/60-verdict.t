#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The point of it all: before fails as claimed, after passes, and each control fails
# as claimed, on every base that can be had here.
. lab/t/tap.sh

# A line a test of a kernel: what the series claims of it, of its case or of this variant,
# decides.
cases() {
	claims "$1" "$2" >"$tmp/claims"
	awk -v kernel="$1 $2" '
		NR == FNR && FILENAME ~ /claims$/ { claim[$1] = $2; next }
		FNR == 1 { FS = "\t"; $0 = $0 }
		{
			due = $1 in claim ? claim[$1] : $5 in claim ? claim[$5] : "ok"
			is = $2 == "pass" ? "ok" : $3
			text = kernel ": " $1 ": " $4
			if ($2 == "skip")
				print "skip|" text "|" $3
			else
				print (is == due ? 0 : 1) "|" text " (" due " is due, " is " is)|"
		}' "$tmp/claims" "$B/$1/$2/verdict" >"$tmp/cases"
	: >"$out"
	while IFS='|' read -r status text reason; do
		case $status in
		skip) skip "$text" "$reason" ;;
		*) result "$status" "$text" ;;
		esac
	done <"$tmp/cases"
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
	for kernel in before after $(controls "$base"); do
		cases "$base" "$kernel"
	done
}
on_bases "the verdict" judges
done_testing
