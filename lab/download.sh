#!/bin/sh
# download.sh: brings the source of 6.2 to build/dl, if it is what it should be.
. lab/lib.sh

archive=$B/dl/linux-6.2.tar.xz

on_exit() { rm -f "$archive.part"; }

mkdir -p "$B/dl"
say SOURCE "downloading $URL_62 (log: $B/dl/log)"
logged SOURCE "$B/dl/log" child curl -fSL --connect-timeout 5 -o "$archive.part" "$URL_62"
[ "$(sha256sum <"$archive.part")" = "$SHA256_62  -" ] ||
	die "what came from $URL_62 is not linux-6.2.tar.xz (sha256): put it into $B/dl by hand"
mv "$archive.part" "$archive"
