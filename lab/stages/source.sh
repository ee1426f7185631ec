#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# source.sh BASE: brings the base's source to build/BASE/src, a git tree with one
# commit, tagged stock.  Does nothing if it is there already.
. lab/lib.sh
. lab/series.sh

base=$1
dir=$B/$base
src=$dir/src
tmp=$dir/src.tmp

# What was killed may need a moment to stop writing.
on_exit() { rm -rf "$tmp" 2>/dev/null || { sleep 1; rm -rf "$tmp"; }; }

# Sets archive and id: what the source is made from, and a name for its state.
find_archive() {
	archive=''
	if [ -n "${KSRC-}" ]; then
		id=$(ksrc_id) || exit 1
		return
	fi
	package=$(about "$base" package)
	if [ -n "$package" ]; then
		archive=$DEBSRC/$package.tar.xz
		[ -f "$archive" ] || die "$archive is missing: apt-get install --reinstall $package"
	else
		archive=$B/dl/linux-$base.tar.xz
		url=${URL:-$(about "$base" url)} sha256=${SHA256:-$(about "$base" sha256)}
		# What came from a KSRC stays good when the user does not name it again.
		[ -f "$archive" ] || [ ! -f "$dir/source.id" ] || exit 0
		[ -n "$url" ] || die "the source of $base is not here: name a tree of it with KSRC="
		[ -f "$archive" ] || download
	fi
	id="$archive $(stat -c '%s %Y' "$archive")"
}

# The part that has come stays, and the next try goes on with it, unless the server says that
# it cannot (33, 36), or that there is no more (416).
fetch() {
	get && return
	status=$?
	case $status in
	33 | 36) ;;
	*) grep -q 'error: 416' "$B/dl/log" || return $status ;;
	esac
	rm "$archive.part" && get
}

get() {
	child curl -fL --connect-timeout 10 --speed-limit 1000 --speed-time 30 -C - \
		-o "$archive.part" "$url"
}

is_whole() {
	[ "$(sha256sum <"$1")" = "$sha256  -" ]
}

download() {
	ours "$B/dl"
	need_space "$B/dl" 150
	say SOURCE "downloading $url (log: $B/dl/log)"
	{ [ -f "$archive.part" ] && is_whole "$archive.part"; } || logged SOURCE "$B/dl/log" fetch
	if ! is_whole "$archive.part"; then
		rm "$archive.part"
		die "what came from $url is not linux-$base.tar.xz (sha256): put it into $B/dl by hand"
	fi
	mv "$archive.part" "$archive"
}

# A git tree counts as of its last commit, another one as it is.
ksrc_id() {
	version=$(version_of "$KSRC") || exit 1
	[ "$version" = "$base" ] || die "KSRC=$KSRC is Linux $version, not $base"
	if [ -e "$KSRC/.git" ]; then
		[ -z "$(git -C "$KSRC" status --porcelain -uno | head -n 1)" ] ||
			say SOURCE "$KSRC has changes that are not committed: they are left out" >&2
		echo "$KSRC $(git -C "$KSRC" rev-parse HEAD)"
	else
		[ ! -e "$KSRC/include/config" ] ||
			die "KSRC=$KSRC has been built in: run make mrproper there"
		echo "$KSRC $(cd "$KSRC" && find . -type f -printf '%p %s %T@\n' | sort | sha256sum)"
	fi
}

# Dies if the archive is not what kernel.org or Debian has made.
verify() {
	say SOURCE "verifying $archive"
	if [ -z "$package" ]; then
		is_whole "$archive" ||
			die "$archive is damaged (sha256): delete it and run make again"
	elif sum=$(dpkg-query --control-show "$package" md5sums 2>/dev/null |
			grep "  ${archive#/}\$"); then
		(cd / && echo "$sum" | md5sum -c --quiet >/dev/null 2>&1) ||
			die "$archive is damaged (md5): apt-get install --reinstall $package"
	else
		xz -t "$archive" 2>/dev/null ||
			die "$archive is damaged (xz): get it again"
	fi
}

unpack() {
	mkdir "$tmp" || return
	if [ -n "$archive" ]; then
		child tar -C "$tmp" --strip-components=1 -xJf "$archive"
	elif [ -e "$KSRC/.git" ]; then
		git -C "$KSRC" archive -o "$(cd "$tmp" && pwd)/src.tar" HEAD &&
			tar -C "$tmp" -xf "$tmp/src.tar" && rm "$tmp/src.tar"
	else
		child cp -a "$KSRC/." "$tmp"
	fi
}

# Speed over size: nothing here is ever sent or kept for long.
import() {
	git -C "$tmp" init -q &&
		git -C "$tmp" config core.compression 0 &&
		git -C "$tmp" config core.looseCompression 0 &&
		git -C "$tmp" config core.fsync none &&
		git -C "$tmp" config gc.auto 0 &&
		child git -C "$tmp" add -A -f &&
		git -C "$tmp" commit -q -m "Linux $(make -s -C "$tmp" kernelversion)" &&
		git -C "$tmp" tag stock
}

# "set -e" does not reach in here, so each step asks for the one before it.
make_source() {
	unpack && import
}

one_at_a_time "$base"
[ -d "$src/.git" ] || rm -f "$dir/source.id"
find_archive
[ "$id" = "$(cat "$dir/source.id" 2>/dev/null)" ] && exit 0

# Its files may be older than objects that were made of what was here before.
rm -rf "$tmp" "$dir/source.id" "$src"
forget "$base"
need_space "$dir" 4000
[ -z "$archive" ] || verify
say SOURCE "unpacking ${archive:-$KSRC} into $src (log: $dir/source.log)"
as_nobody
logged SOURCE "$dir/source.log" make_source
mv "$tmp" "$src"
echo "$id" >"$dir/source.id"
