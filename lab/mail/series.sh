#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# series.sh BASE KERNEL VERSION [ask]: the series that makes KERNEL as it is sent, in
# build/BASE/KERNEL/series: a cover letter and the numbered patches, from the sender and signed
# off by them, with TAGS, a line each.  Fails if git am does not make of these, on the kernel
# without the series, the very tree that was tested.  With ask, says only whether that version
# can be made.
#
# Each version is kept in the project's git as refs/mails/NAME/vVERSION, NAME being as of the
# cover letter, for the range-diff of the next one: commits with no more files than the series
# touches.
. lab/mail/sender.sh
. lab/series.sh

base=$1 kernel=$2 version=${3-}
src=$B/$base/src
name=$(name_of "$base" "$kernel")
cover=patches/cover/$name
sent=refs/sent/$name/v$version
sender=$(who_sends)
as_nobody
GIT_AUTHOR_NAME=${sender% <*} GIT_AUTHOR_EMAIL=${sender##*<}
GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL%>}
GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
# What is committed makes the same mails each time.
GIT_AUTHOR_DATE=$(git log -1 --format=%cD)

# made VERSION: the last commit of it, as it is kept.
made() {
	git rev-parse -q --verify "refs/mails/$name/v$1"
}

# files_of COMMIT: a tree with those of its files that the series touches.
files_of() {
	export GIT_INDEX_FILE="$dir.tmp/index"
	rm -f "$GIT_INDEX_FILE"
	git -C "$src" diff --name-only --no-renames "$start" "$kernel" |
		xargs git -C "$src" ls-tree -r "$1" -- | git -C "$src" update-index --index-info
	git -C "$src" write-tree
}

# tag: adds the sender's tags to the message on stdin.
tag() {
	set -f
	IFS=';'
	for tag in ${TAGS-}; do
		set -- "$@" --trailer "$tag"
	done
	unset IFS
	set +f
	git interpret-trailers --no-divider "$@" --trailer "Signed-off-by: $sender"
}

# Sets first and last: the same commits, made and signed off by the sender.
sign() {
	first=$(git -C "$src" commit-tree -m "$base" "$(files_of "$start")")
	last=$first
	for tested in $(git -C "$src" rev-list --reverse "$start..$kernel"); do
		last=$(git -C "$src" log -1 --format=%B "$tested" |
			tag |
			git -C "$src" commit-tree -p "$last" "$(files_of "$tested")")
	done
	rm "$dir.tmp/index"
	git -C "$src" update-ref refs/heads/mails "$last"
}

# The text of the cover letter, with what was measured.
letter() {
	awk -f lab/views/table.awk -f lab/views/cover.awk "$B/$base/before/verdict" \
		"$B/$base/$kernel/verdict" >"$dir.tmp/table"
	sed -e "s/%BASE%/Linux $(make -s -C "$src" kernelversion)/" \
		-e "/^%TABLE%\$/{r $dir.tmp/table" -e 'd}' "$cover"
	rm "$dir.tmp/table"
}

format() {
	set -- -q --numbered --cover-letter --cover-from-description=subject \
		--no-renames -o "$dir.tmp" "$first..mails"
	if [ "$version" -gt 1 ]; then
		was=$(made $((version - 1)))
		set -- -v "$version" "--range-diff=$(git rev-list --max-parents=0 "$was")..$was" "$@"
		# To read that one from the project's git.
		GIT_ALTERNATE_OBJECT_DIRECTORIES=$(git rev-parse --path-format=absolute --git-path objects)
		export GIT_ALTERNATE_OBJECT_DIRECTORIES
	fi
	git -C "$src" -c branch.mails.description="$(letter)" format-patch "$@"
}

# The mails of the patches, in their order, a file a line.
mails() {
	find "$dir.tmp" -name '*.patch' ! -name '*-cover-letter.patch' | sort
}

# What is asked for comments only says so in its subject.
mark_rfc() {
	n=0
	for patch in $(to_send "$base" "$kernel"); do
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

# Keeps this version where neither make clean nor a new source removes it.
keep() {
	echo mails | git -C "$src" pack-objects -q --revs --stdout | git unpack-objects -q &&
		git update-ref "refs/mails/$name/v$version" "$last"
}

# Not of a few cases, nor of a kernel that does other than the series says.
as_it_says() {
	lab/stages/report.sh verdict "$base" before "$kernel" >/dev/null
}

case $version in
'' | 0* | *[!0-9]*) die "V=$version is no version: the first is V=1" ;;
esac
! git rev-parse -q --verify "$sent" >/dev/null ||
	die "v$version was sent: make series V=$((version + 1)); if it was not, git update-ref -d $sent"
[ "$version" = 1 ] || made $((version - 1)) >/dev/null ||
	die "there is no v$((version - 1)) to compare with: check out what was sent, and run make series V=$((version - 1))"
[ "$version" = 1 ] || grep -q "^Changes in v$version:" "$cover" ||
	die "$cover does not say what is new: add a paragraph 'Changes in v$version:'"
[ "${4-}" != ask ] || exit 0
dir=$(cd "$B/$base/$kernel" && pwd)/series
one_at_a_time "$base"
on_exit() { rm -rf "$dir.tmp"; }
logged SERIES "$dir.log" as_it_says
rm -rf "$dir.tmp" "$dir"
mkdir -p "$dir.tmp"
# Stock, or with base patches on top, each patch of the series being a commit.
start=$(git -C "$src" rev-parse "$kernel~$(to_send "$base" "$kernel" | wc -l)")
sign
logged SERIES "$dir.log" format
mark_rfc
base_commit
# shellcheck disable=SC2046 # a list of files
lab/mail/am.sh "$base" "$kernel" "$start" $(mails)
keep || die "cannot write to the git of this checkout: see who owns $(git rev-parse --git-dir)"
echo "$version $last $(of_series)" >"$dir.tmp/made"
mv "$dir.tmp" "$dir"
say SERIES "$name: $(git -C "$src" rev-list --count "$first..$last") patches and a cover letter in ${dir#"$PWD/"}; git am gives the tree that was tested"
assistants=Documentation/process/coding-assistants.rst
[ -n "${TAGS-}" ] || ! git -C "$src" cat-file -e "stock:$assistants" 2>/dev/null ||
	say SERIES "what tools have helped is yours to state: TAGS='Assisted-by: ...', see $assistants"
