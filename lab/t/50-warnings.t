#!/bin/sh
# Each patch leaves gcc with W=1 and sparse as silent about its files as before it.
. lab/t/tap.sh

nothing_new() {
	cat "$1" && [ ! -s "$1" ]
}

warns() {
	base=$1
	ok "$base: make warnings" lab_make "$base" warnings
	for kernel in $(each "$base"); do
		ok "$base: no new warning in $kernel" nothing_new "$B/$base/warnings/$kernel"
	done
}
on_bases "no new warning" warns
done_testing
