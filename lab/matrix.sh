#!/bin/sh
# matrix.sh BASE...: the verdict on every base whose source can be had.
. lab/lib.sh

version=''
if [ -n "${KSRC-}" ]; then
	version=$(lab/version.sh "$KSRC") || exit 1
fi
status=0 ran=''
for base; do
	ksrc=''
	if [ "$version" = "$base" ]; then
		ksrc=$KSRC
	elif [ "$base" = 6.2 ] && [ "$(KSRC='' lab/base.sh 2>/dev/null)" != 6.2 ]; then
		say SKIP "6.2: its source is not here and cannot be downloaded (KSRC= names one)"
		continue
	fi
	background child make --no-print-directory BASE="$base" KSRC="$ksrc" verdict || status=1
	ran="$ran $base"
done
[ -n "$ran" ] || die "no base's source can be had"
exit $status
