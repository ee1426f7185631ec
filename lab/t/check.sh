#!/bin/sh
# check.sh: runs lab/t/*.t through prove, or only the ones named in T=, leaves JUnit
# in build/junit.xml, and ends with "N passed, N failed, N skipped".
. lab/lib.sh
. lab/series.sh

[ -z "${KSRC-}" ] || version_of "$KSRC" >/dev/null || exit 1
tap=$(mkdir -p "$B/check" && cd "$B/check" && pwd)/tap
rm -rf "$tap" "$B/junit.xml"

status=0
# shellcheck disable=SC2086 # a list of files
background child env PERL_TEST_HARNESS_DUMP_TAP="$tap" \
	prove --timer --failures --comments ${T:-lab/t/*.t} || status=1

# The dumps are what each test printed, whole.
find "$tap" -name '*.t' -type f | sort >"$tap/list"
xargs prove --formatter TAP::Formatter::JUnit --exec cat <"$tap/list" >"$tap/junit.xml" 2>"$tap/junit.log" || :
if grep -q '</testsuites>' "$tap/junit.xml"; then
	mv "$tap/junit.xml" "$B/junit.xml"
else
	say CHECK "no JUnit: $(tail -n 1 "$tap/junit.log")"
	status=1
fi

# shellcheck disable=SC2046
counts=$(awk -v bad=$status '
	/^ok .*# SKIP/	{ skipped++; next }
	/^ok /		{ passed++ }
	/^not ok /	{ failed++ }
	END {
		# A test that broke off has failed, whatever it said until then.
		if ((bad || !passed) && !failed)
			failed = 1
		printf "%d passed, %d failed, %d skipped", passed, failed, skipped
	}' $(cat "$tap/list") /dev/null)
case $counts in
*", 0 failed"*) ;;
*)
	status=1
	say CHECK "failed: see above, and what each test printed in $B/check/tap"
	;;
esac
echo "$counts"
exit $status
