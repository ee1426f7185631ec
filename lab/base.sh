#!/bin/sh
# base.sh: prints the base to take when the user names none, and says why on
# stderr where it is not 6.2.
. lab/lib.sh

if [ -n "${KSRC-}" ]; then
	version=$(lab/version.sh "$KSRC") || exit 1
	[ -f "series/$version" ] ||
		die "KSRC is Linux $version, and there is no series/$version for it"
	echo "$version"
elif [ -f "$B/dl/linux-6.2.tar.xz" ] || [ -f "$B/6.2/source.id" ] ||
		lab/download.sh 2>/dev/null >&2; then
	echo 6.2
else
	echo "base 6.1: the source of 6.2 is not here and cannot be downloaded (KSRC= names one)" >&2
	echo 6.1
fi
