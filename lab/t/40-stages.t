#!/bin/sh
# What goes wrong in a stage ends it with one clear line, and nothing half-made is
# taken for finished.
. lab/t/tap.sh

# lab ARG...: make with a build folder of its own and no downloads.
lab() {
	make --no-print-directory B="$tmp/b" KSRC= URL_62="file://$tmp/none" "$@"
}

gone() {
	ok "$1: nothing is left" [ ! -e "$2" ]
}

## source

fails "an unknown base" "there is no base 9.9: the bases are" lab BASE=9.9
fails "an unknown kernel" "there is no kernel nonsense" \
	make --no-print-directory BASE=6.1 KSRC= KERNEL=nonsense tree
fails "an unknown fix" "has no fix/none.patch" \
	make --no-print-directory BASE=6.1 KSRC= KERNEL=without-none tree
fails "a KSRC that is no kernel" "is no kernel source" lab BASE=6.2 KSRC=lab source
fails "a KSRC that is no kernel, without BASE" "is no kernel source" lab KSRC=lab source
fails "a source that cannot be had" "SOURCE: curl: " lab BASE=6.2 source
echo "<html>not found</html>" >"$tmp/none"
fails "a page in place of an archive" "is not linux-6.2.tar.xz" lab BASE=6.2 source
rm "$tmp/none"
gone "a source that cannot be had" "$tmp/b/dl/linux-6.2.tar.xz"

mkdir -p "$tmp/b/dl" "$tmp/deb" "$tmp/tiny/linux/mm"
echo 'VERSION = 6' >"$tmp/tiny/linux/Makefile"
: >"$tmp/tiny/linux/mm/memory.c"
tar -C "$tmp/tiny" -cJf "$tmp/tiny.tar.xz" linux
# flip FILE: one bit in the middle of it.
flip() {
	middle=$(($(stat -c %s "$1") / 2))
	byte=$(od -An -tu1 -j "$middle" -N 1 "$1")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$middle" conv=notrunc status=none
}
cp "$tmp/tiny.tar.xz" "$tmp/b/dl/linux-6.2.tar.xz"
sum=$(sha256sum <"$tmp/tiny.tar.xz")
flip "$tmp/b/dl/linux-6.2.tar.xz"
fails "an archive from kernel.org with a flipped bit" "damaged (sha256)" \
	lab BASE=6.2 SHA256_62="${sum%% *}" source
gone "an archive from kernel.org with a flipped bit" "$tmp/b/6.2/src"
cp "$tmp/tiny.tar.xz" "$tmp/deb/linux-source-6.1.tar.xz"
flip "$tmp/deb/linux-source-6.1.tar.xz"
fails "an archive of Debian's with a flipped bit" "damaged" lab BASE=6.1 DEBSRC="$tmp/deb" source
gone "an archive of Debian's with a flipped bit" "$tmp/b/6.1/src"
cp "$tmp/tiny.tar.xz" "$tmp/deb/linux-source-6.1.tar.xz"
mkdir -p "$tmp/b/6.1/obj" "$tmp/b/6.1/gcov/obj"
ok "another source" lab BASE=6.1 DEBSRC="$tmp/deb" source
gone "another source: of objects from the one before" "$tmp/b/6.1/obj"
gone "another source: of objects from the one before" "$tmp/b/6.1/gcov/obj"
rm -rf "$tmp/b/6.1"
fails "no archive of Debian's" "is missing: apt-get" lab BASE=6.1 DEBSRC="$tmp/none" source

if [ "$(id -u)" = 0 ] && mkdir "$tmp/small" && mount -t tmpfs -o size=8m small "$tmp/small" 2>/dev/null; then
	fails "a full disk" "make room for" lab B="$tmp/small" BASE=6.1 source
	gone "a full disk" "$tmp/small/6.1/src"
	head -c 9000000 /dev/zero >"$tmp/small/fill" 2>/dev/null
	fails "a disk that fills up on the way" "the disk is full" sh -c \
		". lab/lib.sh; logged FILL '$tmp/full.log' cp /bin/busybox '$tmp/small/busybox'"
	umount "$tmp/small"
else
	skip "a full disk" "cannot mount a tmpfs here"
fi

## tree and kernel: in a copy of our files, with the real build folder

real=$(mkdir -p "$B" && cd "$B" && pwd)
copy=$tmp/copy
mkdir "$copy"
cp -R Makefile lab lib series patches tools Documentation "$copy"
touch -r Makefile "$copy"/*
broken() {
	make --no-print-directory -C "$copy" B="$real" BASE=6.1 KSRC= KERNEL="$1" kernel
}

cat >"$copy/patches/wrong/compile.patch" <<'END'
Subject: WRONG: mm: a file that does not compile

Not C.
---
diff --git a/mm/mincore.c b/mm/mincore.c
--- a/mm/mincore.c
+++ b/mm/mincore.c
@@ -1,3 +1,4 @@
 // SPDX-License-Identifier: GPL-2.0
+no C at all;
 /*
  *	linux/mm/mincore.c
END
sed 's/SPDX-License-Identifier: GPL-2.0/something else/; s/does not compile/does not apply/' \
	"$copy/patches/wrong/compile.patch" >"$copy/patches/wrong/apply.patch"
printf '\nCONFIG_NO_SUCH_OPTION=y\n' >>"$copy/lab/guest/guest.config"
ok "6.1: its source" lab_make 6.1 kernel KERNEL=after
fails "a patch that does not apply" "patches/wrong/apply.patch does not apply to 6.1: mm/mincore.c:1" \
	broken wrong-apply
gone "a patch that does not apply" "$real/6.1/wrong-apply/bzImage"
fails "a config option that did not take" "did not take: CONFIG_NO_SUCH_OPTION=y" \
	broken wrong-compile
gone "a config option that did not take" "$real/6.1/wrong-compile/bzImage"
cp lab/guest/guest.config "$copy/lab/guest/guest.config"
fails "a patch that does not compile" "mm/mincore.c:2" broken wrong-compile
gone "a patch that does not compile" "$real/6.1/wrong-compile/bzImage"
rm -rf "$real/6.1/wrong-compile" "$real/6.1/wrong-apply"
ok "6.1: the kernel builds again" sh -c "rm '$real/6.1/after/bzImage' &&
	make --no-print-directory BASE=6.1 KSRC= KERNEL=after kernel"

## boot, with recorded logs in place of a guest

guest=$tmp/b/6.1/after
mkdir -p "$guest"
# Seconds that are ours alone, to know the process by.
nap=60.$$
boot() {
	FAKE=$1 NAP=$nap B=$tmp/b ACCEL=tcg LIMIT=${2:-60} QEMU=lab/t/fake-qemu lab/stages/boot.sh 6.1 after
}
ok "boot: a good guest" boot good
fails "boot: a guest that panics" "the guest died: Kernel panic" boot panic
fails "boot: a guest that reboots early" "ended early" boot early
fails "boot: a guest that hangs" "the guest hung: no end after 2s" boot hang 2
fails "boot: a QEMU that fails" "QEMU failed: qemu: could not load kernel" boot crash
gone "boot: a QEMU that fails" "$guest/run"
ok "boot: no QEMU is left" sh -c "! pgrep -fx 'sleep $nap'"

## image

fails "image: a test program that is not there" "there is no test program" \
	lab/stages/image.sh "$tmp/b/guest.cpio.gz" lab/guest/init "$tmp/none"
gone "image: a test program that is not there" "$tmp/b/guest.cpio.gz"
done_testing
