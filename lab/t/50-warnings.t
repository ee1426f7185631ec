#!/bin/sh
# Each patch leaves gcc with W=1 and sparse as silent about its files as before it.
. lab/t/tap.sh
. lab/series.sh

# Warnings of this kernel that the one before it had not, or had less often.
new_warnings() {
	lab_make "$1" "$B/$1/$2/warnings" && lab_make "$1" "$B/$1/$3/warnings" || return 1
	comm -13 "$B/$1/$2/warnings" "$B/$1/$3/warnings" >"$tmp/new"
	cat "$tmp/new"
	[ ! -s "$tmp/new" ]
}

warns() {
	base=$1
	ok "$base: after builds" lab_make "$base" kernel KERNEL=after
	old=stock
	for kernel in $(each "$base"); do
		ok "$base: no new warning in $kernel" new_warnings "$base" "$old" "$kernel"
		old=$kernel
	done
}
on_bases "no new warning" warns
done_testing
