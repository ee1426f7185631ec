#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tree.sh BASE KERNEL: composes KERNEL in the git tree build/BASE/src as the branch
# KERNEL, one commit a patch, and writes its commit to build/BASE/KERNEL/ref.
#
# Commits are made in an index of our own: the files of the tree stay as they are
# until kernel.sh checks the branch out.  refs/lab/made knows what a patch made of a
# commit, for the many kernels that begin with the same ones.
. lab/lib.sh
. lab/series.sh
as_nobody

base=$1 kernel=$2
top=$PWD
src=$B/$base/src
dir=$B/$base/$kernel
patches=$(patches_of "$base" "$kernel")
mkdir -p "$dir"
GIT_INDEX_FILE=$(cd "$dir" && pwd)/index
export GIT_INDEX_FILE

shared=''
on_exit() {
	rm -f "$GIT_INDEX_FILE" "$GIT_INDEX_FILE.lock" "$dir/tree.log" "$dir/tree.added"
	[ -z "$shared" ] || rm -f "$shared".*
}

# The message as it goes out by mail: without the lines that are for us.
message() {
	sed '/^---$/,$d; 1s/^Subject: //; /^\(Adds\|Case\|Debug\|Invariant\|Needs\|Status\): /d' "patches/$1"
}

apply() {
	git -C "$src" apply --cached "$@" >"$dir/tree.log" 2>&1
}

# Adds the files that come with a patch, at their kernel path.
add_files() {
	for file in $(field Adds "$1"); do
		[ -f "$file" ] || die "patches/$1 adds $file, which is not here"
		mode=644
		[ ! -x "$file" ] || mode=755
		blob=$(git -C "$src" hash-object -w "$top/$file")
		echo "100$mode $blob	$file"
	done >"$dir/tree.added"
	[ ! -s "$dir/tree.added" ] || git -C "$src" update-index --index-info <"$dir/tree.added"
}

# A base patch brings the tree to where it may be already.
is_in_tree() {
	[ "${1%%/*}" = base ] && apply --check -R "$top/patches/$1"
}

# ref_of PATCH: a ref for what it, with its files, makes of $commit.
ref_of() {
	printf refs/lab/made/
	for file in lab/stages/tree.sh lab/series.sh "patches/$1" $(field Adds "$1"); do
		echo "$file"
		[ ! -x "$file" ] || echo executable
		cat "$file" 2>/dev/null || true
	done | { echo "$commit"; cat; } | git hash-object --stdin
}

add_patch() {
	ref=$(ref_of "$1")
	if known=$(git -C "$src" rev-parse -q --verify "$ref"); then
		commit=$known
		return
	fi
	# Split, so that what a patch changes is all that is written.
	[ "$in_index" = "$commit" ] || {
		git -C "$src" read-tree "$commit"
		git -C "$src" update-index --split-index
	}
	in_index=$commit
	if apply "$top/patches/$1"; then
		add_files "$1"
		commit=$(message "$1" | git -C "$src" commit-tree -p "$commit" \
			"$(git -C "$src" write-tree)")
		in_index=$commit
		git -C "$src" update-ref "$ref" "$commit"
		return
	fi
	why=$(sed -n 's/^error: patch failed: //p; s/^error: \(.*: No such.*\)/\1/p' "$dir/tree.log")
	[ -n "$why" ] || why=$(head -n 1 "$dir/tree.log")
	if is_in_tree "$1"; then
		say TREE "$base/$kernel: patches/$1 is in the tree already"
		return
	fi
	die "patches/$1 does not apply to $base: $(echo "$why" | paste -sd ' '): refresh it for this release"
}

one_at_a_time "$base"
shared=$src/.git/sharedindex
commit=$(git -C "$src" rev-parse stock)
in_index=''
for patch in $patches; do
	[ -f "patches/$patch" ] || die "series/$base names patches/$patch, which is not here"
	add_patch "$patch"
done
# stock is the source's own tag.
[ "$kernel" = stock ] || git -C "$src" update-ref "refs/heads/$kernel" "$commit"
echo "$commit" | replace "$dir/ref"
say TREE "$base/$kernel: $(git -C "$src" rev-list --count "stock..$commit") patches"
