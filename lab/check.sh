#!/bin/sh
# check.sh: runs lab/t/*.t through prove, or only the ones named in T=, leaves JUnit
# in build/junit.xml, and ends with "N passed, N failed, N skipped".
. lab/lib.sh

tap=$(mkdir -p "$B/check" && cd "$B/check" && pwd)/tap
rm -rf "$tap" "$B/junit.xml"

status=0
# shellcheck disable=SC2086 # a list of files
PERL_TEST_HARNESS_DUMP_TAP=$tap prove --timer --merge --failures --comments ${T:-lab/t/*.t} ||
	status=1

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
counts=$(awk '/^ok .*# SKIP/ { s++; next } /^1\.\.0 +# SKIP/ { s++; next }
	/^ok / { p++; next } /^not ok / { f++ }
	END { printf "%d passed, %d failed, %d skipped", p, f, s }' $(cat "$tap/list"))
case $counts in
"0 passed"*) status=1 ;;
esac
echo "$counts"
[ $status = 0 ] || die "make check failed: see above, or build/check/tap"
