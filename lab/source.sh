#!/bin/sh
# source.sh BASE: brings the base's source to build/BASE/src, a git tree with one
# commit, tagged stock.  Does nothing if it is there already.
. lab/lib.sh

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
	case $base in
	6.2) archive=$B/dl/linux-6.2.tar.xz ;;
	*) archive=$DEBSRC/linux-source-$base.tar.xz ;;
	esac
	# What came from a KSRC stays good when the user does not name it again.
	if [ "$base" = 6.2 ] && [ ! -f "$archive" ]; then
		[ ! -f "$dir/source.id" ] || exit 0
		lab/download.sh || exit 1
	fi
	[ -f "$archive" ] || die "$archive is missing: apt-get install --reinstall linux-source-$base"
	id="$archive $(stat -c '%s %Y' "$archive")"
}

# The user names the tree, whoever owns it.
ksrc_git() {
	git -c safe.directory='*' -C "$KSRC" "$@"
}

# A git tree counts as of its last commit, another one as it is.
ksrc_id() {
	version=$(lab/version.sh "$KSRC") || exit 1
	[ "$version" = "$base" ] || die "KSRC=$KSRC is Linux $version, not $base"
	if [ -e "$KSRC/.git" ]; then
		[ -z "$(ksrc_git status --porcelain -uno | head -n 1)" ] ||
			say SOURCE "$KSRC has changes that are not committed: they are left out" >&2
		echo "$KSRC $(ksrc_git rev-parse HEAD)"
	else
		[ ! -e "$KSRC/include/config" ] ||
			die "KSRC=$KSRC has been built in: run make mrproper there"
		echo "$KSRC $(cd "$KSRC" && find . -type f -printf '%p %s %T@\n' | sort | sha256sum)"
	fi
}

# Dies if the archive is not what kernel.org or Debian has made.
verify() {
	say SOURCE "verifying $archive"
	if [ "$base" = 6.2 ]; then
		[ "$(sha256sum <"$archive")" = "$SHA256_62  -" ] ||
			die "$archive is damaged (sha256): delete it and run make again"
	elif sum=$(dpkg-query --control-show "linux-source-$base" md5sums 2>/dev/null |
			grep "  ${archive#/}\$"); then
		(cd / && echo "$sum" | md5sum -c --quiet >/dev/null 2>&1) ||
			die "$archive is damaged (md5): apt-get install --reinstall linux-source-$base"
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
		ksrc_git archive -o "$(cd "$tmp" && pwd)/src.tar" HEAD &&
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
rm -rf "$tmp" "$dir/source.id" "$src" "$dir"/*obj "$dir"/*/obj "$dir"/*/bzImage "$dir/grid"
need_space "$dir" 4000
[ -z "$archive" ] || verify
say SOURCE "unpacking ${archive:-$KSRC} into $src (log: $dir/source.log)"
. lab/git-env.sh
logged SOURCE "$dir/source.log" make_source
mv "$tmp" "$src"
echo "$id" >"$dir/source.id"
