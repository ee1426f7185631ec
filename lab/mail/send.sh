#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# send.sh BASE KERNEL: gives the mails of make series to git send-email with the options in SENDFLAGS,
# to those whom the base's get_maintainer.pl names for any of them; with a --to among the
# options, to no one else.
#
# What was sent is kept in the project's git as refs/sent/NAME/vVERSION.
. lab/mail/sender.sh
: "${SENDFLAGS=--dry-run}"
# The words of SENDFLAGS are no patterns.
set -f

base=$1 kernel=$2
name=$(name_of "$base" "$kernel")
dir=$(cd "$B/$base/$kernel" 2>/dev/null && pwd)/series
src=$B/$base/src
[ -f "$dir/made" ] || die "there are no mails of $name yet: run make series BASE=$base"
read -r version commit of <"$dir/made"
sender=$(who_sends)
{ [ "$of" = "$(of_series)" ] &&
	[ "$commit" = "$(git rev-parse -q --verify "refs/mails/$name/v$version")" ]; } ||
	die "the mails are of another commit than is here: run make series BASE=$base V=$version again"
mails=$(find "$dir" -name '*.patch' | sort)

# asked OPTION: whether SENDFLAGS has it, in any form that git send-email takes.
asked() {
	# shellcheck disable=SC2086 # options
	perl -MGetopt::Long=:config,pass_through -e '
		$option = shift;
		GetOptions(\my %has, "dry-run", "to=s");
		exit !exists $has{$option}' "$1" $SENDFLAGS
}

# maintainers OPTION...: whom the tree names for the patches, an address a line.
maintainers() {
	# shellcheck disable=SC2046 # a list of files
	(cd "$src" && perl scripts/get_maintainer.pl --no-git --no-git-fallback --no-fixes \
		--no-rolestats "$@" $(echo "$mails" | grep -v -e '-cover-letter.patch$')) ||
		die "$src names no maintainers: name the recipients with SENDFLAGS=--to=ADDRESS"
}

one_at_a_time "$base"
: >"$dir/to"
: >"$dir/cc"
if ! asked to; then
	check_out "$src" "$kernel"
	maintainers --no-l >"$dir/to"
	# All of mm goes to linux-mm, whichever files it touches.
	{ echo linux-mm@kvack.org; maintainers --no-m --no-r; } >"$dir/cc"
fi
# shellcheck disable=SC2086 # options
set -- --from="$sender" --suppress-cc=author --suppress-cc=self --suppress-cc=sob \
	--suppress-cc=misc-by --suppress-cc=body --to-cmd="cat $dir/to; :" \
	--cc-cmd="cat $dir/cc; :" $SENDFLAGS
# shellcheck disable=SC2086 # a list of files
if ! asked dry-run; then
	# What is wrong with the options shows before the first mail goes; what fails after
	# that was sent too.
	logged SEND "$dir.log" env GIT_EDITOR=true git send-email --dry-run "$@" $mails
	git update-ref "refs/sent/$name/v$version" "$commit"
fi
# shellcheck disable=SC2086 # a list of files
git send-email "$@" $mails
