#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clean.sh clean|distclean: removes what was built from B; with distclean the sources and
# all else of ours too.  Nothing is removed from a folder that we have not made.
. lab/lib.sh
. lab/series.sh

[ -e "$B" ] || exit 0
[ -e "$B/.lab" ] || die "$B was not made by this lab: remove by hand what you do not need of it, or if it was, touch $B/.lab"
for base in $(bases); do
	[ ! -d "$B/$base" ] || one_at_a_time "$base"
	for boots in "$B/$base"/*/run.lock; do
		[ ! -f "$boots" ] || flock -n "$boots" true ||
			die "another make boots ${boots%/*}: wait for it, or end it"
	done
	forget "$base"
	[ "$1" = clean ] || rm -rf "${B:?}/$base"
done
rm -rf "$B"/busybox.deb* "$B/check" "$B/judge" "$B"/accel* "$B"/probe.* "$B/times" "$B/junit.xml" \
	"$B/deps.log" "$B/swapin-tests.tar.gz"*
# What other makes of ours have put below.
for below in "$B"/arm64-*k "$B"/s390x-*k "$B/variants"; do
	[ ! -d "$below" ] || B=$below lab/stages/clean.sh "$1"
done
[ "$1" = distclean ] || exit 0
rm -rf "$B/dl" "$B/runs" "$B/ticker" "$B/guests" "$B/.lab"
rmdir "$B" 2>/dev/null || say CLEAN "$B has more in it, which is not ours: $(find "$B" -mindepth 1 -maxdepth 1 -printf '%f ')"
