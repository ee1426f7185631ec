#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# coverage.sh BASE: of the lines that name a swapin error or a PTE marker, prints how many
# the tests took on the gcov kernel, and in how many of their branches; then those that
# were not taken, with the reason that lab/checks/unreachable gives.  Fails if one has none.
. lab/lib.sh

base=$1
dir=$(cd "$B/$base/gcov" && pwd)
out=$dir/coverage

on_exit() { rm -rf "$out.tmp"; }

# The counts, in the folders that they were counted for.
extract() {
	sed -n '/^coverage$/,/^end coverage$/{/coverage$/!p}' "$dir/run/results.log" |
		tr -d '\r' | base64 -d | tar -C "$out.tmp" -xz
}

# A report for each file, with its branches.
reports() {
	for counts in $(cd "$out.tmp" && find . -name '*.gcda'); do
		notes=/${counts#./}
		notes=${notes%.gcda}.gcno
		cp "$notes" "$out.tmp/${counts%.gcda}.gcno" || return
		(cd "$out.tmp" && gcov -b -c "$counts") || return
	done
}

# gcov quotes the source.
one_at_a_time "$base"
check_out "$B/$base/src" gcov
rm -rf "$out" "$out.tmp"
mkdir -p "$out.tmp"
extract || die "$dir/run/results.log has no counts: remove it and run make coverage again"
logged GCOV "$dir/gcov.log" reports
mv "$out.tmp" "$out"
awk -v base="$base" -f lab/checks/coverage.awk lab/checks/unreachable "$out"/*.c.gcov
