#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What goes wrong in a stage ends it with one clear line, and nothing half-made is
# taken for finished.
# shellcheck disable=SC2016 # for another shell
. lab/t/tap.sh

real=$(mkdir -p "$B" && cd "$B" && pwd)

# lab ARG...: make with a build folder of its own and no downloads.
lab() {
	make --no-print-directory B="$tmp/b" KSRC= URL="file://$tmp/none" "$@"
}

gone() {
	ok "$1: nothing is left" [ ! -e "$2" ]
}

## source

fails "an unknown base" "there is no base 9.9: the bases are" lab BASE=9.9
fails "an unknown kernel" "there is no kernel nonsense" \
	make --no-print-directory BASE=6.1 KSRC= KERNEL=nonsense tree
gone "an unknown kernel" "$real/6.1/nonsense"
fails "two kernels, one of them unknown" "there is no kernel nonsense" \
	make --no-print-directory BASE=6.1 KSRC= KERNEL="before nonsense"
gone "two kernels, one of them unknown" "$real/6.1/nonsense"
fails "an unknown fix" "has no fix/none.patch" \
	make --no-print-directory BASE=6.1 KSRC= KERNEL=without-none tree
fails "a KSRC that is no kernel" "is no kernel source" lab BASE=6.2 KSRC=lab source
fails "a KSRC that is no kernel, without BASE" "is no kernel source" lab KSRC=lab source
fails "a source that cannot be had" "SOURCE: curl: " lab BASE=6.2 source
echo "<html>not found</html>" >"$tmp/none"
fails "a page in place of an archive" "is not linux-6.2.tar.xz" lab BASE=6.2 source
gone "a page in place of an archive" "$tmp/b/dl/linux-6.2.tar.xz"
gone "a page in place of an archive" "$tmp/b/dl/linux-6.2.tar.xz.part"

# A tiny tree in place of a kernel's.
mkdir -p "$tmp/b/dl" "$tmp/deb" "$tmp/tiny/linux/mm"
printf 'VERSION = 6\nkernelversion:\n\t@echo 6.2.0\n' >"$tmp/tiny/linux/Makefile"
: >"$tmp/tiny/linux/mm/memory.c"
head -c 100000 /dev/urandom >"$tmp/tiny/linux/filler"
tar -C "$tmp/tiny" -cJf "$tmp/tiny.tar.xz" linux
sum=$(sha256sum <"$tmp/tiny.tar.xz")
sum=${sum%% *}

# What a download has brought before it broke off is gone on with, if it can be.
download() {
	rm -rf "$tmp/b/6.2" "$tmp/b/dl"
	mkdir -p "$tmp/b/dl"
	cp "$1" "$tmp/b/dl/linux-6.2.tar.xz.part"
	cp "$tmp/tiny.tar.xz" "$tmp/none"
	lab BASE=6.2 SHA256="$sum" source && [ -f "$tmp/b/6.2/src/mm/memory.c" ] &&
		[ ! -e "$tmp/b/dl/linux-6.2.tar.xz.part" ]
}
: >"$tmp/part"
ok "a download" download "$tmp/part"
head -c 50000 "$tmp/tiny.tar.xz" >"$tmp/part"
ok "half a download" download "$tmp/part"
resumed() {
	cp "$tmp/none" "$tmp/whole"
	head -c 50000 /dev/zero >"$tmp/none"
	tail -c +50001 "$tmp/whole" >>"$tmp/none"
	rm -rf "$tmp/b/6.2"
	mv "$tmp/b/dl/linux-6.2.tar.xz" "$tmp/b/dl/linux-6.2.tar.xz.part"
	truncate -s 50000 "$tmp/b/dl/linux-6.2.tar.xz.part"
	lab BASE=6.2 SHA256="$sum" source
}
ok "half a download: the first half does not come again" resumed
ok "a download that only was not moved" download "$tmp/tiny.tar.xz"
cat "$tmp/tiny.tar.xz" "$tmp/part" >"$tmp/long"
ok "more than a download" download "$tmp/long"
rm -rf "$tmp/b/6.2" "$tmp/none"

# flip FILE: one bit in the middle of it.
flip() {
	middle=$(($(stat -c %s "$1") / 2))
	byte=$(od -An -tu1 -j "$middle" -N 1 "$1")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$middle" conv=notrunc status=none
}
cp "$tmp/tiny.tar.xz" "$tmp/b/dl/linux-6.2.tar.xz"
flip "$tmp/b/dl/linux-6.2.tar.xz"
fails "an archive from kernel.org with a flipped bit" "damaged (sha256)" \
	lab BASE=6.2 SHA256="$sum" source
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
fails "a child that is killed" "KILLED: it was killed by signal 9" sh -c \
	'. lab/lib.sh; logged KILLED "$0" sh -c "kill -KILL \$\$"' "$tmp/killed.log"
fails "a child that fails without a word" "QUIET: + false (log: " sh -c \
	'. lab/lib.sh; logged QUIET "$0" false' "$tmp/quiet.log"

## kernel: of a stand-in for a tree, that takes no compiler's options from our caller

tiny=$tmp/b/6.1/src
mkdir -p "$tiny/scripts/kconfig" "$tmp/b/6.1/after"
cat >"$tiny/Makefile" <<'END'
tinyconfig olddefconfig modules_prepare:
	@[ -z "$(LLVM)$(KCFLAGS)$(ARCH)" ] && touch $(O)/.config
bzImage:
	@! grep -q BREAK $(O)/.config
	mkdir -p $(O)/arch/x86/boot
	echo kernel | tee $(O)/vmlinux >$(O)/arch/x86/boot/bzImage
modules:
	touch $(M)/test_swapin_race.ko
END
printf '#!/bin/sh\nshift 4\ncat "$@" >"$(dirname "$0")/../../../obj/.config"\n' \
	>"$tiny/scripts/kconfig/merge_config.sh"
chmod +x "$tiny/scripts/kconfig/merge_config.sh"
git -C "$tiny" init -q && git -C "$tiny" add -A && (as_nobody; git -C "$tiny" commit -qm tiny)
git -C "$tiny" branch after
kernel() {
	env B="$tmp/b" "$@" lab/stages/kernel.sh 6.1 after
}
ok "kernel: with another compiler for other kernels" kernel LLVM=1 KCFLAGS=-DX ARCH=arm64
echo CONFIG_BREAK=y >"$tmp/break.config"
fails "kernel: one that does not build" "KERNEL: make: \*\*\*" kernel CONFIG="$tmp/break.config"
ok "kernel: the one before it, that may be booting now, is there" \
	[ "$(cat "$tmp/b/6.1/after/bzImage")" = kernel ]
rm -rf "$tmp/b/6.1"

## clean

mkdir "$tmp/theirs"
echo mine >"$tmp/theirs/6.1"
for target in clean distclean; do
	fails "make $target in a folder that we have not made" "was not made by this lab" \
		lab B="$tmp/theirs" $target
	ok "make $target in a folder that we have not made: all is there" [ -s "$tmp/theirs/6.1" ]
done
made() {
	rm -rf "$tmp/ours"
	(B=$tmp/ours && ours "$B/6.1/src") && mkdir -p "$tmp/ours/6.1/after" "$tmp/ours/judge" "$tmp/ours/runs" &&
		touch "$tmp/ours/6.1/source.id" "$tmp/ours/6.1/after/bzImage" "$tmp/ours/junit.xml"
}
cleaned() {
	made && lab B="$tmp/ours" clean && [ -d "$tmp/ours/6.1/src" ] && [ -d "$tmp/ours/runs" ] &&
		[ ! -e "$tmp/ours/6.1/after" ] && [ ! -e "$tmp/ours/judge" ]
}
ok "make clean leaves the source and the runs" cleaned
ok "make distclean leaves nothing" sh -c "
	make --no-print-directory B='$tmp/ours' distclean && [ ! -e '$tmp/ours' ]"
theirs_stays() {
	made && echo mine >"$tmp/ours/notes" && lab B="$tmp/ours" distclean >"$tmp/said" &&
		grep -q 'not ours: notes' "$tmp/said" && [ "$(ls -A "$tmp/ours")" = notes ]
}
ok "make distclean leaves what is not ours" theirs_stays

## tree and kernel: in a copy of our files, with the real build folder

copy=$tmp/copy
mkdir "$copy"
cp -R Makefile lab series patches tools Documentation "$copy"
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
ok "6.1: its source" lab_make 6.1 source
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
# Goes on from there, and is what the tests after this one boot.
rm -f "$real/6.1/after/bzImage"
ok "6.1: the kernel builds after that" lab_make 6.1 kernel KERNEL=after

# Of stages that only say what they were asked for, and a kernel that does not build.
for stage in deps source tree kernel tests image boot verdict report; do
	printf '#!/bin/sh\necho %s "$@" >>%s\n' $stage "$tmp/ran" >"$copy/lab/stages/$stage.sh"
done
echo 'mkdir -p "$B/$1/$2"' >>"$copy/lab/stages/tree.sh"
echo '[ "$2" != without-fork ]' >>"$copy/lab/stages/kernel.sh"
# keeps_going [-k]: whether make controls judges others than what was built first.
keeps_going() {
	rm -rf "$tmp/ran" "$tmp/k"
	! make --no-print-directory -C "$copy" ${1:+"$1"} B="$tmp/k" BASE=6.1 KSRC= controls &&
		grep '^kernel 6.1 without-fork' "$tmp/ran" &&
		grep "^verdict $tmp/k/6.1/wrong-protect" "$tmp/ran"
}
ok "make -k controls: one does not build, and the rest is judged" keeps_going -k
stops() {
	! keeps_going '' && ! grep '^kernel 6.1 wrong' "$tmp/ran"
}
ok "make controls: one does not build, and the rest is not" stops

gcov_is_there() {
	[ "$(lab BASE=6.1 KERNEL=gcov where | sed -n 's/^build=//p')" = "$tmp/b/6.1/gcov/obj" ]
}
ok "where: gcov has a build folder of its own" gcov_is_there
done_testing
