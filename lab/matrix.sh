#!/bin/sh
# matrix.sh BASE...: the verdict on every base whose source can be had.
. lab/lib.sh

status=0 ran=''
for base; do
	case $base in
	6.2)
		[ "$(KSRC=${KSRC-} lab/base.sh 2>/dev/null)" = 6.2 ] || {
			say SKIP "6.2: its source is not here and cannot be downloaded (KSRC= names one)"
			continue
		} ;;
	esac
	ksrc=''
	[ -n "${KSRC-}" ] && [ "$(lab/version.sh "$KSRC")" = "$base" ] && ksrc=$KSRC
	make --no-print-directory BASE="$base" KSRC="$ksrc" verdict || status=1
	ran="$ran $base"
done
[ -n "$ran" ] || die "no base's source can be had"
exit $status
