#!/bin/sh
# The patches: they apply, without fuzz, and say what they should in good form.
. lab/t/tap.sh

# git apply knows no fuzz: a hunk fits with all its context, or the patch fails.
applies() {
	lab_make "$1" tree KERNEL=after && lab_make "$1" tree KERNEL=before
}

# Each patch must start from the blob that the one before it left, and the first
# one from the blob that v6.2 has.
blobs() {
	for patch in $(series 6.2); do
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
				print path ": not in lab/t/6.2.blobs"
				bad = 1
			}
			blob[path] = id[2]
			path = ""
			seen++
		}
		END { exit bad || path || !seen }' lab/t/6.2.blobs -
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

for patch in $(find patches -name '*.patch' | sed 's,^patches/,,' | grep -v '^wrong/' | sort); do
	ok "form of $patch" form "$patch"
done
ok "6.2: patches start from the blobs of v6.2" blobs

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
on_bases "the series applies" checks
done_testing
