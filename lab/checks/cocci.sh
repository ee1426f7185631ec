#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# cocci.sh BASE: has the tree's own coccicheck read each file that the series touches, and
# prints a line for each.  Fails, with what it says, if it reports what it did not before
# the series.
. lab/lib.sh

base=$1
src=$(cd "$B/$base/src" && pwd)
out=$(mkdir -p "$B/$base/cocci" && cd "$B/$base/cocci" && pwd)

# log_of COMMIT FILE: what coccicheck said of it.
log_of() {
	echo "$out/$1/$(echo "$2" | tr / -)"
}

# coccicheck COMMIT FILE...: a command line for each file, JOBS of them side by side.
coccicheck() {
	commit=$1
	shift
	cd "$src" || return
	export C=1 MODE=report srctree=. LINUXINCLUDE="-I./include -I./arch/x86/include"
	for file; do
		log=$(log_of "$commit" "$file")
		echo "bash scripts/coccicheck $file >$log 2>&1 || { tail -n 1 $log; exit 1; }"
	done | child xargs -d '\n' -P "$JOBS" -n 1 sh -c
}

# read_files COMMIT FILE...: leaves what coccicheck says of each in $out/COMMIT.
read_files() {
	mkdir "$out/$1"
	check_out "$src" "$1"
	say COCCI "$base/$1: $(($# - 1)) files (log: $out/$1/)"
	logged COCCI "$out/$1.log" coccicheck "$@"
}

# reports COMMIT FILE: prints what is reported of FILE in COMMIT, without line numbers,
# sorted; nothing of what was not read.
reports() {
	log=$(log_of "$1" "$2")
	[ ! -f "$log" ] || sed -n "s,^\(\./\)*$2:[0-9:-]*: ,$2: ,p" "$log" |
		sed 's/ line [0-9]*/ line/' | sort
}

one_at_a_time "$base"
rm -rf "${out:?}"/*
files=$(touched_files "$src")
# shellcheck disable=SC2086 # a list of files
read_files after $files
reported=$(for file in $files; do
	[ -z "$(reports after "$file")" ] || git -C "$src" ls-tree --name-only stock "$file"
done)
# shellcheck disable=SC2086
[ -z "$reported" ] || read_files stock $reported
status=0
for file in $files; do
	reports after "$file" >"$out/now"
	reports stock "$file" >"$out/was"
	comm -13 "$out/was" "$out/now" >"$out/new"
	say COCCI "$base: $file: $(wc -l <"$out/new") new reports"
	if [ -s "$out/new" ]; then
		cat "$out/new"
		status=1
	fi
done
[ $status = 0 ]
