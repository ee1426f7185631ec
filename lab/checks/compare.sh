#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# compare.sh [FROM TO]: prints what differs between two of the runs that are kept in
# build/runs, or without them their names.  Exits 1 if something does.
. lab/lib.sh

if [ -z "${2-}" ]; then
	find "$B/runs" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort
	echo "make compare FROM=RUN TO=RUN: what differs between two of these"
	exit
fi
for run; do
	[ -f "$B/runs/$run/verdict" ] || die "there is no run $run: make compare names them"
done
awk -F '\t' '
	{ is = $2 == "pass" ? "ok" : $2 == "skip" ? "skip" : $3 }
	FNR == NR { was[$1] = is; next }
	{
		if (!($1 in was) || was[$1] != is)
			printf "%-12s %-12s %s\n", ($1 in was ? was[$1] : "-"), is, $1, ++n
		delete was[$1]
	}
	END {
		for (name in was)
			printf "%-12s %-12s %s\n", was[name], "-", name, ++n
		print n + 0 " tests differ"
		exit n > 0
	}' "$B/runs/$1/verdict" "$B/runs/$2/verdict"
