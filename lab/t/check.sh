#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# check.sh: runs lab/t/*.t through prove, or only the ones named in T=; leaves JUnit in
# build/junit.xml and what each test printed in build/check/tap.  Says where the time went,
# and ends with "N passed, N failed, N skipped".
. lab/lib.sh
. lab/series.sh

[ -z "${KSRC-}" ] || version_of "$KSRC" >/dev/null || exit 1
ours "$B/check"
tap=$(cd "$B/check" && pwd)/tap
rm -rf "$tap" "$B/junit.xml"

# The formatter is quiet: the tests tell on stderr how far they are.
# shellcheck disable=SC2317 # called by name
tests() {
	# shellcheck disable=SC2086 # a list of files
	child env PERL_TEST_HARNESS_DUMP_TAP="$tap" prove --norc --timer \
		--formatter TAP::Formatter::JUnit ${T:-lab/t/*.t} >"$B/check/junit.xml"
}

status=0
background tests || status=1
if grep -q '</testsuites>' "$B/check/junit.xml"; then
	mv "$B/check/junit.xml" "$B/junit.xml"
else
	say CHECK "no JUnit: see $B/check/junit.xml"
	status=1
fi

say TIME "of each part:"
[ ! -f "$B/junit.xml" ] || awk 'function value(key) {
		match($0, "[ \n]" key "=\"[^\"]*")
		return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
	}
	BEGIN { RS = ">" }
	/<testsuite[ \n]/ { printf "%-20s %6d s\n", value("name"), value("time") }' "$B/junit.xml"
say TIME "of each stage:"
took
[ ! -f "$B/junit.xml" ] || { sed '$d' "$B/junit.xml" && took | awk '
	BEGIN { print "  <testsuite name=\"stages\" failures=\"0\" errors=\"0\">" }
	{ printf "    <testcase name=\"%s\" time=\"%d\"/>\n", $1, $2 }
	END { print "  </testsuite>\n</testsuites>" }'; } | replace "$B/junit.xml"

# A test that broke off has failed, whatever it said until then.
# shellcheck disable=SC2046
counts=$(awk -v bad=$status '
	/^ok .*# SKIP/	{ skipped++; next }
	/^ok /		{ passed++ }
	/^not ok /	{ failed++ }
	END {
		if ((bad || !passed) && !failed)
			failed = 1
		printf "%d passed, %d failed, %d skipped", passed, failed, skipped
	}' $(find "$tap" -name '*.t' -type f) /dev/null)
case $counts in
*", 0 failed"*) ;;
*)
	status=1
	say CHECK "failed: see above, and what each test printed in $B/check/tap"
	;;
esac
echo "$counts"
exit $status
