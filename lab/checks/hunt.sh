#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# hunt.sh BASE KERNEL...: runs swapin_error_fuzz, as FUZZ says, on each KERNEL, and prints what it
# finds first.  Fails if that is nothing where a fix is left out, or something where none is.
. lab/lib.sh

base=$1 wrong=''
shift
dir=$B/$base/hunt
ours "$dir"

row() {
	printf '%-26s %-8s %6s %6s %8s\n' "$@"
}

# Only what is found first counts, and not in how few steps.
fuzz() {
	case $1 in
	debug*)
		[ "$MEM" -ge 1024 ] || MEM=1024
		[ "$LIMIT" -ge 900 ] || LIMIT=900
		;;
	esac
	# shellcheck disable=SC2086 # options
	lab/checks/fuzz.sh "$base" "$1" --shrink=0 $FUZZ
}

# "mappings seed step seconds" of the first, or nothing.
found() {
	sed -n '/.*found: --kind=/{s///; s/ --seed=/ /; s/, at step / /; s/ of .* after / /
		s/ s$//p; q}' "$1"
}

row kernel mappings seed step seconds
for kernel; do
	log=$dir/$kernel.log
	status=passed
	background fuzz "$kernel" >"$log" 2>&1 || status=failed
	first=$(found "$log")
	case $kernel-$status-${first:+found} in
	*without-*-failed-found | after-passed- | debug-passed-) ;;
	*) wrong="$wrong $kernel" ;;
	esac
	# shellcheck disable=SC2086 # columns
	row "$kernel" ${first:-- - - -}
done
[ -z "$wrong" ] || die "not as it should be:$wrong (logs: $dir)"
