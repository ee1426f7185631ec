#!/bin/sh
# cocci.sh BASE: has the tree's own coccicheck read each file that the series touches, and
# prints a line for each.  Fails, with what it says, if it reports what it did not before
# the series.
. lab/lib.sh

base=$1
src=$(cd "$B/$base/src" && pwd)
out=$(mkdir -p "$B/$base/cocci" && cd "$B/$base/cocci" && pwd)

# A process reads one file: JOBS of them side by side.
coccicheck() {
	logs=$out/$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	(cd "$src" && printf '%s\n' "$@" | child env C=1 MODE=report srctree=. \
		LINUXINCLUDE="-I./include -I./arch/x86/include" xargs -P "$JOBS" -I '{}' \
		sh -c 'log=$2/$(echo "$1" | tr / -)
			bash scripts/coccicheck "$1" >"$log" 2>&1 || { tail -n 1 "$log"; exit 1; }' \
		- '{}' "$logs")
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
	log=$out/$1/$(echo "$2" | tr / -)
	[ ! -f "$log" ] || sed -n "s,^\(\./\)*$2:[0-9:-]*: ,$2: ,p" "$log" |
		sed 's/ line [0-9]*/ line/' | sort
}

one_at_a_time "$base"
rm -rf "${out:?}"/*
files=$(touched "$src")
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
