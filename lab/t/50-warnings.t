#!/bin/sh
# Each patch leaves gcc with W=1 and sparse as silent about its files as before it.
. lab/t/tap.sh

files_of() {
	git -C "$B/$1/src" diff --name-only stock after -- 'mm/*.c' 'fs/*.c' 'lib/*.c'
}

# Warnings of this commit that the one before it had not, or had less often.
new_warnings() {
	mv "$tmp/now" "$tmp/old"
	# shellcheck disable=SC2046 # a list of files
	lab/warnings.sh "$1" "$2" $(files_of "$1") >"$tmp/now" || return 1
	comm -13 "$tmp/old" "$tmp/now" >"$tmp/new"
	cat "$tmp/new"
	[ ! -s "$tmp/new" ]
}

for base in $(cd series && echo *); do
	if ! have "$base"; then
		skip "$base: no new warning" "$why"
		continue
	fi
	ok "$base: after builds" lab_make "$base" kernel KERNEL=after
	# shellcheck disable=SC2046
	lab/warnings.sh "$base" stock $(files_of "$base") >"$tmp/now"
	git -C "$B/$base/src" log --reverse --format='%H %s' stock..after >"$tmp/commits"
	while read -r commit subject; do
		ok "$base: no new warning: $subject" new_warnings "$base" "$commit"
	done <"$tmp/commits"
done
done_testing
