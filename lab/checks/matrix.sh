#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# matrix.sh BASE...: the joint table of stock, before and after on every base whose source
# can be had; it is left in build/matrix.
. lab/lib.sh
. lab/series.sh

version=''
if [ -n "${KSRC-}" ]; then
	version=$(version_of "$KSRC") || exit 1
fi
status=0 files=''
for base; do
	ksrc=''
	if [ "$version" = "$base" ]; then
		ksrc=$KSRC
	elif ! (KSRC='' at_hand "$base"); then
		say SKIP "$base: its source is not here (KSRC= names one)"
		continue
	fi
	# Of a kernel that does not build or boot now, there is no verdict.
	rm -f "$B/$base/stock/verdict" "$B/$base/before/verdict" "$B/$base/after/verdict"
	background child make --no-print-directory BASE="$base" KSRC="$ksrc" \
		KERNEL="stock before after" verdict || status=1
	for kernel in stock before after; do
		[ ! -f "$B/$base/$kernel/verdict" ] || files="$files $B/$base/$kernel/verdict"
	done
done
[ -n "$files" ] || die "no base's source can be had"
# shellcheck disable=SC2086 # a list of files
joint() {
	awk -v joint=1 -v bold="$1" -v red="$2" -v green="$3" -v plain="$4" \
		-f lab/views/table.awk -f lab/views/joint.awk $files
}
joint '' '' '' '' | replace "$B/matrix"
echo
joint "$bold" "$red" "$green" "$plain"
exit $status
