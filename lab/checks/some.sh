#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# some.sh BASE PATTERNS KERNEL...: boots each KERNEL with only the tests that fit one of
# PATTERNS, or with all, REPEAT times, and prints how each test came out, with a count
# where it was not always the same.  Exits 1 if one was not, or fails on after or debug.
. lab/lib.sh
: "${REPEAT:=1}"

base=$1 patterns=$2
shift 2
case $REPEAT in
'' | *[!0-9]* | 0) die "REPEAT=$REPEAT is no number of times" ;;
esac
export LAB_ONLY="$patterns"
files='' ended=''
for kernel; do
	for i in $(seq "$REPEAT"); do
		dir=$B/$base/$kernel/some/$i
		if boot_and_judge "$base" "$kernel" "$B/$base/guest.cpio" "$dir"; then
			files="$files $dir/verdict"
		else
			ended="$ended $kernel/$i"
		fi
	done
done
[ -n "$files" ] || exit 1
echo
# shellcheck disable=SC2086 # a list of files
awk -v times="$REPEAT" -v ended="$ended" -f lab/views/some.awk $files
echo "KTAP: $B/$base/*/some/*/results.tap"
