#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# hunt.sh BASE KERNEL...: runs swapin_error_fuzz, as FUZZ says, on each KERNEL, and prints what it
# finds first.  Fails if there is one on which it finds nothing.
. lab/lib.sh

base=$1 missed=''
shift
dir=$B/$base/hunt
ours "$dir"

row() {
	printf '%-26s %-8s %6s %6s %8s\n' "$@"
}

# "mappings seed step seconds", or nothing.
found() {
	sed -n 's/.*found: --kind=\(.*\) --seed=\(.*\), at step \(.*\) of .* after \(.*\) s$/\1 \2 \3 \4/p' "$1" |
		head -n 1
}

row kernel mappings seed step seconds
for kernel; do
	case $kernel in
	debug-*) export MEM=1024 LIMIT=900 ;;
	esac
	log=$dir/$kernel.log
	# shellcheck disable=SC2086 # options
	lab/checks/fuzz.sh "$base" "$kernel" $FUZZ >"$log" 2>&1 || :
	first=$(found "$log")
	[ -n "$first" ] || missed="$missed $kernel"
	# shellcheck disable=SC2086 # columns
	row "$kernel" ${first:-- - - -}
done
[ -z "$missed" ] || die "the fuzzer has found nothing on$missed (logs: $dir)"
