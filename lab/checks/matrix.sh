#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# matrix.sh BASE...: the table of stock, before and after on every base whose source can be
# had, one after the other.
. lab/lib.sh
. lab/series.sh

version=''
if [ -n "${KSRC-}" ]; then
	version=$(version_of "$KSRC") || exit 1
fi
status=0 had=''
for base; do
	ksrc=''
	if [ "$version" = "$base" ]; then
		ksrc=$KSRC
	elif ! (KSRC='' at_hand "$base"); then
		say SKIP "$base: its source is not here (KSRC= names one)"
		continue
	fi
	had="$had $base"
	# Of a kernel that does not build or boot now, there is no verdict.
	rm -f "$B/$base/stock/verdict" "$B/$base/before/verdict" "$B/$base/after/verdict"
	# shellcheck disable=SC2086 # a list
	background child make --no-print-directory $ours_for BASE="$base" KSRC="$ksrc" \
		KERNEL="stock before after" CASE= REPEAT=1 verdict || status=1
done
[ -n "$had" ] || die "no base's source can be had"
for base in $had; do
	files=''
	for kernel in stock before after; do
		[ ! -f "$B/$base/$kernel/verdict" ] || files="$files $B/$base/$kernel/verdict"
	done
	echo
	# shellcheck disable=SC2086 # a list of files
	awk -v release="Linux $base" -f lab/views/table.awk -f lab/views/kernels.awk $files </dev/null
done
exit $status
