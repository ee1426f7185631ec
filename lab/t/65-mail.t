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
cp -Rp Makefile lab lib series patches tools Documentation README.md "$copy"
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
mkdir -p "$tmp/b/$base"
ln -s "$real/$base/before" "$real/$base/after" "$real/$base/source.id" "$tmp/b/$base"
src=$tmp/b/$base/src
copy_git() {
	git clone -q --shared -n "$real/$base/src" "$src" &&
		git -C "$src" fetch -q -u origin '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*'
}
ok "a copy of its source's git" copy_git
export B="$tmp/b"
fails "make series: a sender without a name" "git config --global user.name" \
	in_copy make --no-print-directory BASE=$base series
fails "series: a sender without a name" "git config --global user.name" in_copy lab/mail/series.sh $base 1
git config --global user.name 'Anne Sender'
fails "series: a sender without an address" "git config --global user.email" in_copy lab/mail/series.sh $base 1
git config --global user.email sender@example.org
echo >>"$copy/series/$base"
fails "series: a change that is not committed" "not committed: series/$base" in_copy lab/mail/series.sh $base 1
in_copy git checkout -q series
ok "series: a cover letter and the patches" in_copy lab/mail/series.sh $base 1

mails=$(find "$B/$base/series" -name '*.patch' ! -name '*-cover-letter.patch' | sort)
sent() {
	. lab/series.sh
	[ "$(echo "$mails" | wc -l)" = "$(to_send $base | wc -l)" ]
}
ok "series: a mail for each patch that is to be sent" sent
# In all of them, or in those of RFC patches.
in_all() {
	for mail in $mails; do
		grep -q "$1" "$mail" || { echo "$mail"; return 1; }
	done
}
ok "series: from the sender" in_all '^From: Anne Sender <sender@example.org>$'
ok "series: signed off by the sender" in_all '^Signed-off-by: Anne Sender <sender@example.org>$'
rfc() {
	# shellcheck disable=SC2086 # a list of files
	[ "$(grep -lx 'Status: RFC' patches/*/*.patch | wc -l)" = \
		"$(grep -l '^Subject: \[RFC PATCH' $mails | wc -l)" ]
}
ok "series: what is for comments says so" rfc
nothing_ours() {
	# shellcheck disable=SC2086 # a list of files
	! grep -E '^(Adds|Case|Invariant|Status): ' $mails
}
ok "series: nothing that is for the lab goes out" nothing_ours
ok "series: the cover letter has what was measured" \
	grep -q '^  after the series: .* 0 failed' "$B/$base/series/0000-cover-letter.patch"

dry() {
	SENDFLAGS='--dry-run --smtp-server=localhost' in_copy lab/mail/send.sh $base >"$tmp/sent" 2>&1
	status=$?
	cat "$tmp/sent"
	[ $status = 0 ] && [ "$(grep -c '^Dry-OK' "$tmp/sent")" = $(($(echo "$mails" | wc -l) + 1)) ] &&
		[ "$(grep -c '^RCPT TO:<linux-mm@kvack.org>' "$tmp/sent")" = \
			"$(grep -c '^Dry-OK' "$tmp/sent")" ] &&
		! git -C "$src" rev-parse -q --verify refs/lab/sent-v1
}
ok "send: a dry run, all to linux-mm" dry

mkdir "$tmp/sink"
send() {
	SINK=$tmp/sink SENDFLAGS="--smtp-server=$here/lab/t/sink --confirm=never" in_copy lab/mail/send.sh $base
}
ok "send: to a server" send
fails "series: a version that was sent" "v1 was sent: make series V=2" in_copy lab/mail/series.sh $base 1
start=$(git -C "$src" rev-parse refs/lab/start-v1)
# The first one is the cover letter.
arrive() {
	[ "$(find "$tmp/sink" -type f | wc -l)" = $(($(echo "$mails" | wc -l) + 1)) ] || return 1
	# shellcheck disable=SC2046 # a list of files
	lab/mail/am.sh $base "$start" $(find "$tmp/sink" -type f | sort | tail -n +2)
}
ok "send: what arrives makes the tree that was tested" arrive

# b4 takes the thread from a mailbox.
b4_am() {
	for mail in "$tmp/sink"/*; do
		echo "From mboxrd@z Thu Jan  1 00:00:00 1970"
		sed 's/^>*From /&/; s/^\(>*\)From />\1From /' "$mail"
		echo
	done >"$tmp/mbox"
	mkdir "$tmp/b4"
	id=$(sed -n 's/^Message-Id: <\(.*\)>$/\1/p' "$tmp/sink/0001")
	HOME=$tmp XDG_CACHE_HOME=$tmp XDG_DATA_HOME=$tmp b4 -n --offline-mode am --no-cache -m "$tmp/mbox" \
		-o "$tmp/b4" -n series "$id" && lab/mail/am.sh $base "$start" "$tmp/b4/series.mbx"
}
ok "send: b4 am of it makes the same tree" b4_am

## the next version

fails "series V=2: no word of what is new" "Changes in v2:" in_copy lab/mail/series.sh $base 2
fails "series V=3: nothing to compare with" "there is no v2" in_copy lab/mail/series.sh $base 3
next() {
	printf '\nChanges in v2:\n\n - Say more.\n' >>"$copy/patches/cover/$base"
	sed -i 's/^Status: RFC$/More is said here.\n&/' "$copy/patches/fix/$base-sigbus.patch"
	save v2
	rm "$B/$base/after" && mkdir "$B/$base/after" && cp "$real/$base/after/verdict" "$B/$base/after" &&
		in_copy lab/stages/tree.sh $base after && in_copy lab/mail/series.sh $base 2 &&
		grep -q '^Range-diff' "$B/$base/series/v2-0000-cover-letter.patch" &&
		grep -q '+.*More is said here' "$B/$base/series/v2-0000-cover-letter.patch"
}
ok "series V=2: with a range-diff" next
done_testing
