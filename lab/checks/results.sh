#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# results.sh [--check]: puts what the patches say and the last verdicts have shown into
# README.md and RESULTS.md, each between its marks, <!-- NAME --> and <!-- end -->, and draws
# lost.svg, cost.svg and time.svg.  What has not been measured here stays as it is.  With --check,
# fails if that changed a word.
. lab/lib.sh
. lab/series.sh

check=${1-}
tmp=$(mktemp -d)
on_exit() { rm -rf "$tmp"; }

# had BASE KERNEL...: the verdicts that there are, a file a line.
had() {
	for kernel in $(shift && echo "$@"); do
		[ ! -f "$B/$1/$kernel/verdict" ] || echo "$B/$1/$kernel/verdict"
	done
}

# had_all BASE KERNEL...: the same, if there are all of them.
had_all() {
	had "$@" >"$tmp/had"
	[ "$(wc -l <"$tmp/had")" = $(($# - 1)) ] && cat "$tmp/had"
}

# changed FILE PATCH: what it changes there, and the line before and after it.  The line
# numbers give way to the file's name and the function's.
changed() {
	awk -v file="$1" '
		/^diff --git / { mine = $3 == "a/" file; hunk = last = "" }
		/^(diff|index|---|\+\+\+) / || !mine { next }
		/^@@ / {
			match($0, /[a-z_0-9]+\(/)
			hunk = "@@ " file ": " substr($0, RSTART, RLENGTH) ") @@"
			last = ""
			next
		}
		hunk == "" { next }
		/^[-+]/ {
			if (hunk != shown)
				print hunk
			shown = hunk
			if (last != "")
				print last
			print
			last = ""
			after = 1
			next
		}
		after { print; after = 0; next }
		{ last = $0 }' "patches/$2.patch"
}

# The fixes of fork, fault and mprotect, as a diff.
heart() {
	git apply --numstat patches/fix/fork.patch patches/fix/fault.patch patches/fix/protect.patch |
		awk '{ add += $1; del += $2 } END { print "fork, fault, protect: +" add " -" del }'
	changed mm/memory.c fix/fork
	changed mm/memory.c fix/fault
	changed mm/mprotect.c fix/protect
	changed mm/hugetlb.c fix/fork
}

# What each patch changes, a file a line.
patches() {
	printf '%-36s %4s %4s  %s\n' patch + - file
	for patch in $(find patches -name '*.patch' | sed 's,^patches/,,' | sort); do
		git apply --numstat "patches/$patch" | awk -v patch="${patch%.patch}" -v new="$(field Adds "$patch" | wc -l)" '
			{ printf "%-36s %4d %4d  %s\n", patch, $1, $2, $3; patch = "" }
			END { if (new) printf "%-36s %4s %4s  and %d new files\n", "", "", "", new }'
	done
}

# kernels BASE: what fails on stock, before and after.
kernels() {
	files=$(had "$1" stock before after)
	[ -n "$files" ] || return
	# shellcheck disable=SC2086 # a list of files
	awk -v old="$tmp/old" -v release="Linux $(make -s -C "$B/$1/src" kernelversion)" \
		-f lab/views/table.awk -f lab/views/kernels.awk $files
}

# fixes BASE: what each fix is for.
fixes() {
	files=$(had_all "$1" before after) || return
	for patch in $(series "$1" | grep '^fix/'); do
		fix=$(basename "$patch" .patch)
		fix=${fix#"$1-"}
		claims "$1" "without-$fix" | sed "s,^,$fix ,"
	done >"$tmp/fixes"
	# shellcheck disable=SC2086 # a list of files
	awk -v fixes="$tmp/fixes" -f lab/views/table.awk -f lab/views/fixes.awk $files
}

# shown_by BASE: which case shows which fix.
shown_by() {
	# shellcheck disable=SC2046 # a list of kernels
	had_all "$1" before $(controls "$1") >/dev/null && cat "$B/$1/controls"
}

# lost VIEW BASE: how many pages swapoff loses, before and after.  How requests have merged is
# another from run to run, so that is no drift.
lost() {
	[ -z "$check" ] && had_all "$2" before after >/dev/null &&
		awk -f "lab/views/$1.awk" "$B/$2/before/results.tap" "$B/$2/after/results.tap"
}

# counted WHAT BASE: the table that a run of its own has left.
counted() {
	[ -z "$check" ] && cat "$B/$2/$1/table" 2>/dev/null
}

# part NAME: what is to stand under the mark NAME now; fails if that was not measured.
part() {
	lang=''
	case $1 in
	heart) lang='diff' && heart ;;
	patches) patches ;;
	"kernels "*) kernels "${1#* }" ;;
	"fixes "*) fixes "${1#* }" ;;
	"controls "*) shown_by "${1#* }" ;;
	"lost "*) lost lost "${1#* }" ;;
	"bench "* | "devices "* | "regress "*) counted "${1%% *}" "${1#* }" ;;
	esac >"$tmp/new" && [ -s "$tmp/new" ] || return
	echo "\`\`\`$lang"
	sed 's/[[:space:]]*$//' "$tmp/new"
	echo '```'
}

# between FILE NAME: what stands there now.
between() {
	sed -n "\\|^<!-- $2 -->\$|,/^<!-- end -->\$/{ /^<!-- /!p; }" "$1"
}

# renewed FILE: FILE with all that can be had in it.
renewed() {
	inside=''
	# shellcheck disable=SC2094
	while IFS= read -r line; do
		[ "$line" != '<!-- end -->' ] || inside=''
		[ -n "$inside" ] || printf '%s\n' "$line"
		case $line in
		'<!-- end -->') ;;
		'<!-- '*' -->')
			inside=${line#<!-- } inside=${inside% -->}
			# shellcheck disable=SC2094 # which is only read
			between "$1" "$inside" >"$tmp/old"
			part "$inside" || {
				say SKIP "$1: $inside: not measured here, stays as it is" >&2
				cat "$tmp/old"
			}
			;;
		esac
	done <"$1"
}

# words FILE: without what may be another from one machine to the next.
words() {
	sed 's/  */ /g; /^Linux [0-9]/d; / ok, .* failed, .* skipped$/d; /more cases are ok/d' "$1"
}

status=0
for file in README.md RESULTS.md; do
	renewed "$file" >"$tmp/$file"
	words "$file" >"$tmp/was"
	words "$tmp/$file" >"$tmp/is"
	if [ -z "$check" ]; then
		# Into the file that there is, which keeps its mode.
		cmp -s "$tmp/$file" "$file" || { cat "$tmp/$file" >"$file" && say RESULTS "$file"; }
	elif ! diff -U 0 "$tmp/was" "$tmp/is"; then
		status=1
	fi
done
# drawn NAME FILE COMMAND...: what it prints is NAME.svg, where there is FILE.
drawn() {
	name=$1 file=$2
	shift 2
	[ -z "$check" ] || return 0
	if [ -f "$file" ] && "$@" >"$tmp/$name.svg" 2>/dev/null; then
		replace "$name.svg" <"$tmp/$name.svg"
	else
		say SKIP "$name.svg: not drawn here, stays as it is" >&2
	fi
}
drawn lost "$B/6.12/after/verdict" lost picture 6.12
drawn cost "$B/6.12/bench/table" gnuplot -c lab/views/cost.gp "$B/6.12/bench"
drawn time "$B/times" gnuplot -c lab/views/time.gp "$B/times"
[ $status = 0 ] || die "what README.md and RESULTS.md say is not so, see above: make results"
