#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The fuzzer: it finds nothing on after, and what a fix is for without that.
. lab/t/tap.sh

fuzz() {
	base=$1
	ok "$base: nothing is found on after" lab_make "$base" fuzz
	grep '^ok' "$out" >&2
	ok "$base: what fix/shmem-count is for is found without it" finds "$base" without-shmem-count
}

finds() {
	lab_make "$1" fuzz KERNEL="$2" FUZZ='--seed=1 --kind=shared' >"$tmp/fuzz" 2>&1
	status=$?
	cat "$tmp/fuzz"
	[ $status != 0 ] && grep -q '^not ok .* shared' "$tmp/fuzz"
}
on_bases fuzz fuzz
done_testing
