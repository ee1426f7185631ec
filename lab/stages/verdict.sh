#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# verdict.sh DIR: judges DIR/run, writes DIR/verdict (see verdict.awk), the KTAP as the tests
# gave it to DIR/results.tap, and the verdict as JUnit and JSON to DIR/results.xml and
# DIR/results.json.  A copy of it stays in build/runs.
. lab/lib.sh

dir=$1
run=$dir/run

# What the kernel says when something is wrong that no test may have noticed.
reports='(^|[^A-Za-z_])(WARNING|BUG):|kernel BUG|Oops|general protection|Call Trace|INFO: (possible|task|rcu|trying)'
reports="$reports|rcu.*(stall|starved)|KASAN|KCSAN|UBSAN|unreferenced object|Bad (page|swap|rss)"
reports="$reports|corruption|refcount_t|DEBUG_LOCKS|LOCKUP|lockup|Unused swap|invoked oom-killer"
reports="$reports|bad (pte|pmd|pud|p4d|pgd)"

on_exit() { rm -f "$dir/verdict.tmp" "$dir/verdict.err"; }

lock "$run.lock" "for another make that boots $dir"
rm -f "$dir/verdict"
[ -f "$run/results.log" ] || die "$dir has no results: run make"
awk -f lab/stages/verdict.awk "$run/results.log" >"$dir/verdict.tmp" 2>"$dir/verdict.err" ||
	die "$dir: $(cat "$dir/verdict.err") (log: $run/results.log)"
# In the order of the tests' source, whichever guest has run which.
lab/checks/list.sh | awk -F '\t' '
	NR == FNR { sub(/ .*/, ""); rank[$0] = NR; next }
	{ print ($5 in rank ? rank[$5] : 9999) "\t" FNR "\t" $0 }' - "$dir/verdict.tmp" |
	sort -n -k 1,1 -k 2,2 | cut -f 3- >"$dir/verdict.err"
mv "$dir/verdict.err" "$dir/verdict.tmp"
# No report is what userspace has poisoned, through UFFDIO_POISON, and is to look like broken
# memory, nor what a kernel that boots says of its command line and its settings.
harmless='MCE: Killing |ommand line|stall warnings timeout|Scanning .*memory corruption'
report=$(grep -a -v -E "$harmless" "$run/console.log" | grep -a -m 1 -E "$reports" |
	tr -d '\r' | tr '\t' ' ' || :)
if [ -n "$report" ]; then
	printf 'console\tfail\treport\tconsole: %s\tconsole\t\n' "$report"
else
	printf 'console\tpass\t\tconsole: no warning, oops or other report\tconsole\t\n'
fi >>"$dir/verdict.tmp"
sed 's/\r$//; s/^\[ *[0-9.]*\] \{0,1\}//
	/^coverage$/,/^end coverage$/d; /^only /d; /^part /d; /^begin /d; /^end /d; /^done$/d; /^$/d' \
	"$run/results.log" >"$dir/results.tap"
name=$(echo "${dir#"$B"/}" | tr / -)
awk -v suite="$name" -v json="$dir/results.json" -v junit="$dir/results.xml" \
	-f lab/views/export.awk "$dir/verdict.tmp"
mv "$dir/verdict.tmp" "$dir/verdict"
kept=$B/runs/$(date -r "$run/results.log" +%Y%m%d-%H%M%S)-$name
mkdir -p "$kept"
cp "$dir/verdict" "$dir/results.tap" "$kept"
