# SPDX-License-Identifier: GPL-2.0
# Sourced.  Who sends the series, and what it is made of.
# shellcheck shell=sh
. lab/lib.sh

# What make series makes mails of.
made_of='series patches tools Documentation'

# who_sends: prints who sends the series, as "NAME <ADDRESS>", as git will write it into commits.
# Dies if git knows no name or address, or if what would be sent is not committed.
who_sends() {
	ident=$(git -c user.useConfigOnly=true var GIT_AUTHOR_IDENT 2>/dev/null) ||
		die "git does not know who sends the series: git config --global user.name 'Your Name'; git config --global user.email you@example.org"
	# shellcheck disable=SC2086 # a list of paths
	changed=$(git status --porcelain -- $made_of) ||
		die "the series is sent from a git checkout of the project, and this is none"
	[ -z "$changed" ] ||
		die "not committed: $(echo "$changed" | cut -c4- | paste -sd ' '): what is sent must be known, so commit it first"
	echo "${ident% * *}"
}

# of_series: prints a name for what make series makes mails of, as it is committed.
of_series() {
	# shellcheck disable=SC2086 # a list of paths
	git ls-tree HEAD $made_of | git hash-object --stdin
}

# name_of BASE KERNEL: of the cover letter, and of what is kept in the project's git.
name_of() {
	case $2 in
	topic-*) echo "$1-${2#topic-}" ;;
	*) echo "$1" ;;
	esac
}
