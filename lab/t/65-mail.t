#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The mails: made, sent, received, applied; and what is asked of the sender first.
. lab/t/tap.sh

real=$(mkdir -p "$B" && cd "$B" && pwd)
here=$PWD
base=6.12

# In a checkout of our own, with another sender.
copy=$tmp/copy
mkdir "$copy"
cp -Rp Makefile lab series patches tools Documentation README.md "$copy"
# All of the series in one, which has more to it than a topic.
sed -i 's/^# topic /# /' "$copy/series/$base"
mv "$copy/patches/cover/$base-stable" "$copy/patches/cover/$base"
export GIT_CONFIG_GLOBAL="$tmp/gitconfig" GIT_CONFIG_NOSYSTEM=1
: >"$GIT_CONFIG_GLOBAL"
in_copy() {
	cd "$copy" && "$@"
	status=$?
	cd "$here" || exit
	return $status
}
save() {
	in_copy git -c user.name=test -c user.email=test@example.org commit -q -a -m "$1"
}
in_copy git init -q
in_copy git add .
save all

ok "$base: its verdict" lab_make $base verdict
# With a copy of the source's git, so that the branches of the real one stay as they are.
export B="$tmp/b"
src=$B/$base/src
fresh_build() {
	rm -rf "$B" && mkdir -p "$B/$base/before" "$B/$base/after" &&
		cp "$real/$base/source.id" "$B/$base" &&
		cp "$real/$base/before/verdict" "$B/$base/before" &&
		cp "$real/$base/after/verdict" "$B/$base/after" &&
		git clone -q --shared -n "$real/$base/src" "$src" &&
		git -C "$src" fetch -q -u origin '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*' &&
		git -C "$src" sparse-checkout set --no-cone '/*' '!/*/' /scripts/ '/*/Kconfig' \
			'/*/Makefile' /include/linux/mm.h '/arch/x86/Makefile*' &&
		git -C "$src" checkout -q stock
}
ok "a build folder of our own" fresh_build
version() {
	in_copy lab/mail/series.sh $base after "$1"
}
fails "make series: a sender without a name" "git config --global user.name" \
	in_copy make --no-print-directory BASE=$base series
fails "series: a sender without a name" "git config --global user.name" version 1
# What git makes of it, without the last dot, is the author.
git config --global user.name "Joe \"J. R.\" O'Neil, Jr."
author="Joe \"J. R.\" O'Neil, Jr"
fails "series: a sender without an address" "git config --global user.email" version 1
git config --global user.email sender@example.org
echo >>"$copy/series/$base"
fails "series: a change that is not committed" "not committed: series/$base" version 1
in_copy git checkout -q series
for v in 0 01 1a ''; do
	fails "series V=$v: no version" "is no version" version "$v"
done

# With the verdict of KERNEL as the sed script SCRIPT makes it.
other_verdict() {
	sed -i "$2" "$B/$base/$1/verdict"
	version 1
	status=$?
	cp "$real/$base/$1/verdict" "$B/$base/$1"
	return $status
}
fails "series: a verdict with a failure" "where the series says" other_verdict after '2s/	pass	/	fail	/'
fails "series: a verdict of some cases" "where the series says" other_verdict before '/	fail	/d'
fails "series: a verdict of skips" "no case could run" other_verdict after 's/	pass	/	skip	/'
ok "series: a cover letter and the patches" version 1

mails=$(find "$B/$base/after/series" -name '*.patch' ! -name '*-cover-letter.patch' | sort)
cover=$B/$base/after/series/0000-cover-letter.patch
count=$(echo "$mails" | wc -l)
ok "series: a mail for each patch that is to be sent" [ "$count" = "$(to_send $base | wc -l)" ]
# from_sender MAIL...: all of them from the author, who has signed off the patches.
from_sender() {
	signed="Signed-off-by: $author <sender@example.org>"
	for mail; do
		echo "$mail"
		git mailinfo "$tmp/message" "$tmp/patch" <"$mail" >"$tmp/info"
		grep -qxF "Author: $author" "$tmp/info" || return 1
		[ ! -s "$tmp/patch" ] || grep -qxF "$signed" "$tmp/message" || return 1
	done
}
# shellcheck disable=SC2086 # a list of files
ok "series: from the sender, and signed off" from_sender $mails "$cover"
rfc() {
	# shellcheck disable=SC2086 # a list of files
	[ "$(to_send $base | sed 's,^,patches/,' | xargs grep -lx 'Status: RFC' | wc -l)" = \
		"$(grep -l '^Subject: \[RFC PATCH' $mails | wc -l)" ]
}
ok "series: what is for comments says so" rfc
nothing_ours() {
	# shellcheck disable=SC2086 # a list of files
	! grep -E '^(Adds|Case|Debug|Invariant|Needs|Status): ' $mails
}
ok "series: nothing that is for the lab goes out" nothing_ours
ok "series: the cover letter has what was measured" \
	grep -q '^  after the series: .* 0 failed' "$cover"

kept() {
	in_copy git rev-parse -q --verify "refs/$1/$base/v$2"
}
# The loose objects, in KiB.
small() {
	kept mails 1 && in_copy git rev-list --objects "refs/mails/$base/v1" | cut -d' ' -f1 |
		in_copy git cat-file --batch-check='%(objectsize:disk)' |
		awk '{ sum += $1 } END { print sum, "bytes"; exit !sum || sum > 2000000 }'
}
ok "series: kept in the checkout's git, and small" small
again() {
	first=$(kept mails 1) && version 1 && [ "$(kept mails 1)" = "$first" ]
}
ok "series: the same commit makes the same mails" again

# send SINK OPTIONS: to a server that keeps the mails in the folder SINK.
send() {
	mkdir -p "$tmp/$1"
	SINK=$tmp/$1 SENDFLAGS="--smtp-server=$here/lab/t/sink $2" in_copy lab/mail/send.sh $base after
}
went() {
	find "$tmp/$1" -type f | sort
}
dry() {
	send none "$1" >"$tmp/said" 2>&1
	failed=$?
	cat "$tmp/said"
	[ $failed = 0 ] && ! kept sent 1 && [ "$(grep -c '^Dry-OK' "$tmp/said")" = $((count + 1)) ]
}
ok "send: a dry run" dry --dry-run
to_list() {
	[ "$(grep -c '^Sendmail: .* linux-mm@kvack.org' "$tmp/said")" = $((count + 1)) ]
}
ok "send: all to linux-mm" to_list
for option in --dry --dr -dry; do
	ok "send $option: a dry run" dry "--to=me@example.org $option"
done
fails "send: a wrong option" "unrecognized argument: --no-such" \
	send none "--to=me@example.org --no-such"
ok "send: none of these went" [ -z "$(went none)" ]
ok "series: nor was it sent" version 1
only_to() {
	send own "--to=me@example.org --confirm=never" && [ "$(went own | wc -l)" = $((count + 1)) ] &&
		! sed -s '/^$/,$d' "$tmp/own"/* | grep @ | grep -v -e me@example.org -e sender@example.org
}
ok "send --to: to no one else" only_to
in_copy git update-ref -d refs/sent/$base/v1
ok "send: to a server" send sink --confirm=never
fails "make series: a version that was sent, before anything is built for it" "v1 was sent" \
	in_copy make --no-print-directory BASE=$base B="$tmp/nothing" DEBSRC="$tmp/none" series
fails "series: a version that was sent" "v1 was sent: make series V=2" version 1

# applied FILE...: makes the tree that was tested.  6.12 has no base patches.
applied() {
	lab/mail/am.sh $base after stock "$@"
}
# The first one is the cover letter.
arrive() {
	[ "$(went sink | wc -l)" = $((count + 1)) ] || return 1
	# shellcheck disable=SC2046 # lists of files
	from_sender $(went sink | tail -n +2) && applied $(went sink | tail -n +2)
}
ok "send: what arrives is from the sender, and makes the tree that was tested" arrive
# b4 takes the thread from a mailbox.
b4_am() {
	for mail in $(went sink); do
		echo "From mboxrd@z Thu Jan  1 00:00:00 1970"
		sed 's/^>*From /&/; s/^\(>*\)From />\1From /' "$mail"
		echo
	done >"$tmp/mbox"
	mkdir "$tmp/b4"
	id=$(sed -n 's/^Message-Id: <\(.*\)>$/\1/p' "$tmp/sink/0001")
	HOME=$tmp XDG_CACHE_HOME=$tmp XDG_DATA_HOME=$tmp b4 -n --offline-mode am --no-cache \
		-m "$tmp/mbox" -o "$tmp/b4" -n series "$id" && applied "$tmp/b4/series.mbx"
}
ok "send: b4 am of it makes the same tree" b4_am

changed() {
	echo "# more" >>"$copy/series/$base"
	save more
	send none --dry-run
	failed=$?
	in_copy git reset -q --hard HEAD^
	return $failed
}
fails "send: mails of another commit" "of another commit than is here" changed

## the next version, in a build folder that was removed meanwhile

ok "a build folder of our own again" fresh_build
fails "series: a version that was sent, after make distclean" "v1 was sent" version 1
fails "send: without mails" "there are no mails" send none --dry-run
fails "series V=2: no word of what is new" "Changes in v2:" version 2
fails "series V=3: nothing to compare with" "there is no v2" version 3
next() {
	printf '\nChanges in v2:\n\n - Say more.\n' >>"$copy/patches/cover/$base"
	sed -i 's/^Status: RFC$/More is said here.\n&/' "$copy/patches/fix/$base-sigbus.patch"
	save v2
	in_copy lab/stages/tree.sh $base after && version 2
}
ok "series V=2" next
# All patches are the same, but for the one of which more is said.
range_diff() {
	sed -n '/^Range-diff/,/^-- $/p' "$B/$base/after/series/v2-0000-cover-letter.patch" >"$tmp/range"
	cat "$tmp/range"
	[ "$(grep -cE '^ *[0-9]+:  [0-9a-f]+ = ' "$tmp/range")" = $((count - 1)) ] &&
		[ "$(grep -cE '^ *[0-9]+:  [0-9a-f]+ ! ' "$tmp/range")" = 1 ] &&
		grep -q '+.*More is said here' "$tmp/range"
}
ok "series V=2: with a range-diff to what was sent" range_diff
author="Zoë Ünal"
by_other() {
	git config --global user.name "$author" && version 2 &&
		from_sender "$B/$base/after/series"/v2-*.patch
}
ok "series V=2: again, by another sender" by_other
done_testing
