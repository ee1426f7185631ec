#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mails.sh BASE VERSION: the series as it is sent, in build/BASE/series: a cover letter and
# the numbered patches, from the sender and signed off by them.  Fails if git am does not
# make of these, on the kernel without the series, the very tree that was tested.
#
# Each version stays in the source's git as the branch mails-vVERSION, for the range-diff
# of the next one.
. lab/lib.sh
. lab/series.sh

base=$1 version=$2
src=$B/$base/src
dir=$(cd "$B/$base" && pwd)/series
was=mails-v$((version - 1))
cover=patches/cover/$base
sender=$(lab/mail/sender.sh)
as_nobody
GIT_AUTHOR_NAME=${sender% <*} GIT_AUTHOR_EMAIL=${sender##*<}
GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL%>}
GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
GIT_AUTHOR_DATE=$(date -R)

on_exit() { rm -rf "$dir.tmp"; }

# The commit that the series is for: stock, or with base patches on top.
find_start() {
	start=$(git -C "$src" rev-parse stock)
	for commit in $(git -C "$src" rev-list --reverse stock..after); do
		subject=$(git -C "$src" log -1 --format=%s "$commit")
		grep -qxF "Subject: $subject" patches/base/"$base"-*.patch 2>/dev/null || return 0
		start=$commit
	done
}

# The same commits, made and signed off by the sender.
sign() {
	commit=$start
	for tested in $(git -C "$src" rev-list --reverse "$start..after"); do
		commit=$(git -C "$src" log -1 --format=%B "$tested" |
			git interpret-trailers --trailer "Signed-off-by: $sender" |
			git -C "$src" commit-tree -p "$commit" "$tested^{tree}")
	done
	git -C "$src" update-ref "refs/heads/mails-v$version" "$commit"
	git -C "$src" update-ref "refs/lab/start-v$version" "$start"
}

# The text of the cover letter, with what was measured.
letter() {
	awk -f lab/views/table.awk -f lab/views/cover.awk "$B/$base/before/verdict" \
		"$B/$base/after/verdict" >"$dir.tmp/table"
	sed -e "s/%BASE%/Linux $(make -s -C "$src" kernelversion)/" \
		-e "/^%TABLE%\$/{r $dir.tmp/table" -e 'd}' "$cover"
}

format() {
	git -C "$src" config "branch.mails-v$version.description" "$(letter)"
	set -- -q --numbered --cover-letter --cover-from-description=subject \
		--no-renames -o "$dir.tmp" "$start..mails-v$version"
	if [ "$version" -gt 1 ]; then
		set -- -v "$version" "--range-diff=refs/lab/start-v$((version - 1))..$was" "$@"
	fi
	git -C "$src" format-patch "$@"
}

# The mails of the patches, in their order, a file a line.
mails() {
	find "$dir.tmp" -name '*.patch' ! -name '*-cover-letter.patch' | sort
}

# What is asked for comments only says so in its subject.
mark_rfc() {
	n=0
	for patch in $(to_send "$base"); do
		n=$((n + 1))
		[ "$(field Status "$patch")" != RFC ] ||
			sed -i '1,/^$/s/^Subject: \[PATCH/Subject: [RFC PATCH/' "$(mails | sed -n "${n}p")"
	done
}

# Says what the mails are for, if a git tree of the sender's has that commit.
base_commit() {
	commit=$(sed -n 's/.* \([0-9a-f]\{40\}\)$/\1/p' "$B/$base/source.id")
	[ -n "$commit" ] && [ "$start" = "$(git -C "$src" rev-parse stock)" ] || return 0
	sed -i "s/^-- \$/base-commit: $commit\n&/" "$dir.tmp"/*0000-cover-letter.patch
}

one_at_a_time "$base"
sent=refs/lab/sent-v$version
! git -C "$src" rev-parse -q --verify "$sent" >/dev/null ||
	die "v$version was sent: make series V=$((version + 1)); if it was not, git -C $src update-ref -d $sent"
[ "$version" = 1 ] || git -C "$src" rev-parse -q --verify "$was" >/dev/null ||
	die "there is no v$((version - 1)) to compare with: check out what was sent, and run make series V=$((version - 1))"
[ "$version" = 1 ] || grep -q "^Changes in v$version:" "$cover" ||
	die "$cover does not say what is new: add a paragraph 'Changes in v$version:'"
! cut -f2 "$B/$base/after/verdict" | grep -qx fail ||
	die "the series fails its tests: see make BASE=$base"
rm -rf "$dir.tmp" "$dir"
mkdir -p "$dir.tmp"
find_start
sign
logged SERIES "$dir.log" format
rm "$dir.tmp/table"
mark_rfc
base_commit
# shellcheck disable=SC2046 # a list of files
lab/mail/am.sh "$base" "$start" $(mails)
lab/sent.sh >"$dir.tmp/of"
echo "$version" >"$dir.tmp/version"
mv "$dir.tmp" "$dir"
say SERIES "$base: $(git -C "$src" rev-list --count "$start..after") patches and a cover letter in ${dir#"$PWD/"}; git am gives the tree that was tested"
