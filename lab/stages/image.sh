#!/bin/sh
# image.sh OUT INIT TEST...: packs busybox, INIT as /init, and the TESTs in /tests into
# the guest image OUT; a TEST that is a module (.ko) goes to /modules.
. lab/lib.sh

out=$1 init=$2
shift 2
root=$out.root

on_exit() { rm -rf "$root" "$out.cpio" "$out.tmp"; }

# Steps joined by hand: "set -e" does not reach in here.
pack() {
	rm -rf "$root" && mkdir -p "$root/bin" "$root/tests" "$root/modules" &&
		cp "$(command -v busybox)" "$root/bin/busybox" &&
		for applet in $(busybox --list | grep -vx busybox); do
			ln -s busybox "$root/bin/$applet" || return
		done &&
		cp "$init" "$root/init" &&
		for test; do
			case $test in
			*.ko) cp "$test" "$root/modules/" ;;
			*) cp "$test" "$root/tests/" ;;
			esac || return
		done &&
		(cd "$root" && find . | sort | cpio -o -H newc -R 0:0 --quiet) >"$out.cpio" &&
		child gzip -1n <"$out.cpio" >"$out.tmp"
}

for test; do
	[ -f "$test" ] || die "there is no test program $test: make tests builds them"
done
lock "$out.lock" "for another make that packs $out"
need_space "$(dirname "$out")" 20
say IMAGE "$out: $# files"
logged IMAGE "$out.log" pack "$@"
mv "$out.tmp" "$out"
