#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# image.sh OUT INIT TEST...: packs busybox, INIT as /init, and the TESTs in /tests into
# the guest image OUT, not compressed, as the guest's CPU is slow; a TEST that is a module
# (.ko) goes to /modules, and what is in one that is a folder to /.
. lab/lib.sh

out=$1 init=$2
shift 2
root=$out.root

on_exit() { rm -rf "$root" "$out.list" "$out.tmp"; }

# What reads files for a living, and what TOOLS names, with the libraries that each needs; the
# tests skip what is not here.
tools() {
	[ -z "$cross" ] || return 0
	mkdir -p "$root/usr/bin"
	for tool in tar cp rsync bash ${TOOLS-}; do
		file=$(command -v "$tool") || continue
		cp -L "$file" "$root/usr/bin/" || return
		for library in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*'); do
			mkdir -p "$root${library%/*}" && cp -L "$library" "$root$library" || return
		done
	done
}

# The guest's busybox, which is Debian's for its machine: one that is not ours is not installed.
busybox_of() {
	# What our shell has half done is not for this one to undo.
	# shellcheck disable=SC2317 # which a trap may call
	on_exit() { :; }
	[ -n "$cross" ] || { command -v busybox; return; }
	deb=$(cd "$B" && pwd)/busybox.deb
	lock "$deb.lock" "for another make that unpacks busybox" >&2
	if [ ! -d "$deb" ]; then
		rm -rf "$deb.tmp"
		mkdir -p "$deb.tmp/lists/partial" "$deb.tmp/cache/archives/partial"
		for step in update 'download busybox-static'; do
			# shellcheck disable=SC2086 # a command and its argument
			(cd "$deb.tmp" && child apt-get -q -o APT::Architecture="$MACHINE" \
				-o APT::Architectures="$MACHINE" -o Dir::State="$deb.tmp" \
				-o Dir::Cache="$deb.tmp/cache" $step) >&2 || return
		done
		child dpkg-deb -x "$deb.tmp"/*.deb "$deb.tmp" && mv "$deb.tmp" "$deb" || return
	fi
	exec 9>&-
	echo "$deb/bin/busybox"
}

# Steps joined by hand: "set -e" does not reach in here.
pack() {
	rm -rf "$root" && mkdir -p "$root/bin" "$root/tests" "$root/modules" &&
		cp "$(busybox_of)" "$root/bin/busybox" &&
		for applet in $(busybox --list | grep -vx busybox); do
			ln -s busybox "$root/bin/$applet" || return
		done &&
		cp "$init" "$root/init" && tools &&
		for test; do
			case $test in
			*.ko) cp "$test" "$root/modules/" ;;
			*/) cp -r "$test." "$root/" ;;
			*) cp "$test" "$root/tests/" ;;
			esac || return
		done &&
		(cd "$root" && find . | sort) >"$out.list" &&
		child cpio -o -H newc -R 0:0 --quiet -D "$root" <"$out.list" >"$out.tmp"
}

lock "$out.lock" "for another make that packs $out"
for test; do
	[ -e "$test" ] || die "there is no test program $test: make tests builds them"
done
need_space "$(dirname "$out")" 50
say IMAGE "$out: $# files"
logged IMAGE "$out.log" pack "$@"
mv "$out.tmp" "$out"
