#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# am.sh BASE KERNEL COMMIT FILE...: applies the mails in FILEs with git am on COMMIT, in a work
# tree of its own.  Fails unless that gives the commits, by their subjects, and the tree that
# were tested, of the branch KERNEL.
. lab/lib.sh
as_nobody

base=$1 kernel=$2 commit=$3
shift 3
src=$B/$base/src
tree=$(cd "$B/$base" && pwd)/am

on_exit() {
	rm -rf "$tree"
	git -C "$src" worktree prune
}

# With no more files than the mails are about.
work_tree() {
	git -C "$src" worktree add -q --no-checkout --detach "$tree" "$commit" &&
		git -C "$src" diff --name-only "$commit" "$kernel" |
			git -C "$tree" sparse-checkout set --no-cone --stdin &&
		git -C "$tree" checkout -q
}

rm -rf "$tree"
git -C "$src" worktree prune
logged AM "$tree.log" work_tree
logged AM "$tree.log" git -C "$tree" am "$@"
titles() {
	git -C "$tree" log --format=%s "$commit..$1"
}
[ "$(titles HEAD)" = "$(titles "$kernel")" ] || die "git am gives other commits than were tested"
git -C "$tree" diff --quiet HEAD "$kernel" ||
	die "git am gives another tree than was tested: git -C $src diff $kernel $(git -C "$tree" rev-parse HEAD)"
