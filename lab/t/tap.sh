# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests.  KTAP on stdout, what a failed command printed as comments.
# shellcheck shell=sh
. lab/lib.sh
. lab/series.sh
set +e

n=0 failures=0 skips=0 began=$(date +%s)
echo "KTAP version 1"
tmp=$(mktemp -d)
out=$tmp/out
on_exit() { rm -rf "$tmp"; }

# tell: how far we are, on stderr: a moving line on a terminal.
tell() {
	[ ! -t 2 ] || printf '\r%.78s\033[K' "${0##*/}: $n $1" >&2
}

# result STATUS TEXT: one result line, with $out as comments where it failed.
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	failures=$((failures + 1))
	{
		echo "not ok $n - $2"
		tail -n 20 "$out" 2>/dev/null | sed 's/^/# /'
	} | tee /dev/stderr
}

# ok TEXT COMMAND...: passes if COMMAND does.
ok() {
	text=$1
	shift
	tell "$text"
	"$@" >"$out" 2>&1 </dev/null
	result $? "$text"
}

# fails TEXT PATTERN COMMAND...: passes if COMMAND fails and says one line of error,
# which has PATTERN in it.
fails() {
	text=$1 pattern=$2
	shift 2
	tell "$text"
	if "$@" >"$out" 2>&1 </dev/null; then
		echo "it should have failed" >>"$out"
		result 1 "$text"
		return
	fi
	grep '^error: ' "$out" >"$tmp/errors"
	[ "$(wc -l <"$tmp/errors")" = 1 ] && grep -q -e "$pattern" "$tmp/errors"
	result $? "$text"
}

# skip TEXT WHY
skip() {
	n=$((n + 1)) skips=$((skips + 1))
	echo "ok $n - $1 # SKIP $2"
}

done_testing() {
	echo "1..$n"
	[ ! -t 2 ] || printf '\r\033[K' >&2
	echo "${0##*/}: $n, of which $failures failed and $skips were skipped, $(($(date +%s) - began)) s" >&2
}

# have BASE: whether the base's source can be had here, or why not in $why.  A KSRC
# is for the base that it is a tree of.
have() {
	ksrc=''
	if [ -n "${KSRC-}" ] && [ "$(version_of "$KSRC")" = "$1" ]; then
		ksrc=$KSRC
	fi
	# shellcheck disable=SC2034 # for who asked
	why="its source is not here (KSRC= names one)"
	at_hand "$1"
}

# on_bases TEXT FUNCTION: calls FUNCTION BASE for each base whose source can be had, and
# skips TEXT for the others.
on_bases() {
	for one in $(bases); do
		if have "$one"; then
			"$2" "$one"
		else
			skip "$one: $1" "$why"
		fi
	done
}

# lab_make BASE TARGET [VAR=VALUE...]: make for a base, with its KSRC.
lab_make() {
	base=$1
	shift
	# shellcheck disable=SC2086 # a list
	have "$base" && make --no-print-directory $ours_for BASE="$base" KSRC="$ksrc" KERNEL= CASE= REPEAT=1 "$@"
}
