#!/bin/sh
# image.sh OUT INIT TEST...: packs busybox, INIT as /init, and the TESTs in /tests into
# the guest image OUT.
. lab/lib.sh

out=$1 init=$2
shift 2
root=$out.root

on_exit() { rm -rf "$root" "$out.tmp"; }

need_space "$(dirname "$out")" 20
rm -rf "$root"
mkdir -p "$root/bin" "$root/tests"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $(busybox --list); do
	ln -s busybox "$root/bin/$applet" 2>/dev/null || :
done
cp "$init" "$root/init"
for test; do
	[ -f "$test" ] || die "there is no test program $test: make tests builds them"
	cp "$test" "$root/tests/"
done
say IMAGE "$out: $# test programs"
(cd "$root" && find . | sort | cpio -o -H newc -R 0:0 --quiet | gzip -1n) >"$out.tmp"
mv "$out.tmp" "$out"
