#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The patches: they apply, without fuzz, and say what they should in good form.
. lab/t/tap.sh

# git apply knows no fuzz: a hunk fits with all its context, or the patch fails; it does so
# with each fix left out, too.
applies() {
	lab_make "$1" tree KERNEL="after before $({ topics "$1" | sed 's/^/topic-/'; controls "$1"; } |
		paste -sd ' ')"
}

# Each patch must start from the blob that the one before it left, and the first
# one from the blob that BASE has, also where its source cannot be had.
blobs() {
	for patch in $(series "$1"); do
		cat "patches/$patch"
	done | awk '
		FNR == NR { blob[$2] = $1; next }
		/^diff --git / {
			if (path) {
				print path ": no index line"
				bad = 1
			}
			path = substr($3, 3)
		}
		/^new file / { blob[path] = "0000000000000000000000000000000000000000" }
		/^index / {
			split($2, id, /\.\./)
			if (path in blob && blob[path] != id[1]) {
				print path ": from " id[1] ", where " blob[path] " is due"
				bad = 1
			} else if (!(path in blob)) {
				print path ": not in " ARGV[1]
				bad = 1
			}
			blob[path] = id[2]
			path = ""
			seen++
		}
		END { exit bad || path || !seen }' "lab/t/$1.blobs" -
}

dictionary=/usr/lib/python3/dist-packages/codespell_lib/data/dictionary.txt

# checkpatch, on what would be mailed: the composed commit with its new files.
checkpatch() {
	src=$B/$1/src
	GIT_DIR=$src/.git git format-patch --stdout -1 "$2" >"$tmp/mail" || return 1
	# The commits that we name are not in a tree made from an archive, and of new files
	# maintained() knows.
	(cd "$src" && PATH=/usr/bin:$PATH perl scripts/checkpatch.pl --strict --no-signoff \
		--ignore UNKNOWN_COMMIT_ID,FILE_PATH_CHANGES --quiet --codespell --codespellfile "$dictionary" "$tmp/mail")
}

# Each new file has a maintainer: linux-mm is told of changes to it.
maintained() {
	check_out "$B/$1/src" after
	(cd "$B/$1/src" && for file in $(git diff --name-only --diff-filter=A stock after); do
		perl scripts/get_maintainer.pl --no-git --no-git-fallback -f "$file" |
			grep -q linux-mm@kvack.org || { echo "$file: not in MAINTAINERS"; exit 1; }
	done)
}

# What the tree's kernel-doc says of the touched files after the series, and not before.
kernel_doc() {
	for commit in stock after; do
		check_out "$B/$1/src" "$commit"
		(cd "$B/$1/src" && git diff --name-only stock after -- '*.[ch]' |
			while read -r file; do
				[ ! -f "$file" ] || scripts/kernel-doc -none "$file"
			done) 2>&1 | sed 's/:[0-9]*: /: /' | sort >"$tmp/$commit.kernel-doc"
	done
	comm -13 "$tmp/stock.kernel-doc" "$tmp/after.kernel-doc" >"$tmp/new"
	cat "$tmp/new"
	[ ! -s "$tmp/new" ]
}

# A patch's own form, which no tool of the kernel looks at.
form() {
	head -n 1 "patches/$1" | grep -qE '^Subject: [a-zA-Z/_]+: .{1,70}$' || return 1
	! grep -vx 'Cc: stable@vger.kernel.org' "patches/$1" |
		grep -nE '^(From|Signed-off-by|Cc|Author|Date): ' || return 1
	case $1 in
	fix/*) grep -qE '^Fixes: [0-9a-f]{12} \(".*"\)$' "patches/$1" ;;
	esac
}

# README.md's words for how a case came out.
words() {
	sed -n '/^## The verdict/,/^## /s/^| \(`[^|]*\) |.*/\1/p' README.md | grep -o '[a-zA-Z]*'
}

# is_word WORD
is_word() {
	words | grep -qx -e "$1" || die "$1 is not in README.md's list of words"
}

# What "Case:" and "Debug:" lines on stdin say is so: a case that is there, a word, bases.
claims_hold() {
	while read -r name reason on; do
		lab/checks/list.sh "$name" >/dev/null || return
		(is_word "$reason") || return
		for base in $on; do
			bases | grep -qx "$base" || (die "$name: there is no base $base") || return
		done
	done
}
cases() {
	field 'Case\|Debug' "$1" | claims_hold
}
mistaken() {
	echo "$1" | claims_hold
}

# Each word that the tests in FILE... say of what has failed is in the list.
says_words() {
	grep -ohE '\bfail\([^,]*|outcome_name\[\] = .*' "$@" | grep -oE '"[a-zA-Z]+' | tr -d '"' |
		sort -u >"$tmp/words"
	[ -s "$tmp/words" ] || return
	while read -r word; do
		(is_word "$word") || return
	done <"$tmp/words"
}

for patch in $(find patches -name '*.patch' | sed 's,^patches/,,' | grep -v '^wrong/' | sort); do
	ok "form of $patch" form "$patch"
done
for patch in $(find patches -name '*.patch' | sed 's,^patches/,,' | sort); do
	[ -z "$(field 'Case\|Debug' "$patch")" ] || ok "cases of $patch" cases "$patch"
done
fails "a case that is not there" "no case fits swapin_error.fork_raed" \
	mistaken 'swapin_error.fork_raed corrupt'
fails "a variant that is not there" "no case fits swapin_error.memfb.uffd_continue" \
	mistaken 'swapin_error.memfb.uffd_continue corrupt'
fails "a reason that is no word" "spoilt is not in" mistaken 'swapin_error.fork_read spoilt'
fails "a base that is not there" "no base 6.3" mistaken 'swapin_error.fork_read corrupt 6.3'
ok "the tests' words are in README.md" says_words tools/testing/selftests/mm/*.[ch] \
	lab/guest/race/*.c
echo 'return fail("spoilt", "page");' >"$tmp/typo.c"
fails "a word that is not in README.md" "spoilt is not in" says_words "$tmp/typo.c"

for list in lab/t/*.blobs; do
	base=$(basename "$list" .blobs)
	ok "$base: patches start from the blobs of v$base" blobs "$base"
done

checks() {
	base=$1
	ok "$base: the series applies" applies "$base"
	ok "$base: new files are in MAINTAINERS" maintained "$base"
	ok "$base: kernel-doc" kernel_doc "$base"
	git -C "$B/$base/src" log --reverse --format='%H %s' stock..after >"$tmp/commits"
	while read -r commit subject; do
		ok "$base: checkpatch: $subject" checkpatch "$base" "$commit"
	done <"$tmp/commits"
}
# Side by side: to unpack and import one keeps one CPU busy.
sources() {
	pids=''
	for base in $(bases); do
		have "$base" || continue
		lab_make "$base" source &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || return
	done
}
ok "the sources" sources
on_bases "the series applies" checks
done_testing
