#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# judge.sh TESTS: boots the x86_64 kernel image VMLINUZ with the test programs in the
# folder TESTS, and prints its verdicts.  What null_blk needs, where it is not built in, is
# taken from MODULES, a folder as /lib/modules/RELEASE.  With PACKAGE, both are of that
# Debian package, which is not installed; one that only names the newest, such as
# linux-image-amd64, is followed.  Succeeds if there is a verdict, whatever it is.
. lab/lib.sh
# depmod and modprobe are in no user's PATH.
PATH=$PATH:/usr/sbin:/sbin

tests=$1
ours "$B/judge"
top=$(cd "$B/judge" && pwd)
on_exit() { rm -rf "$top/deb.tmp"; }

# The package with the kernel in it.
real_package() {
	next=$(apt-cache depends "$1" 2>/dev/null |
		sed -n 's/^  Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	echo "${next:-$1}"
}

unpack() {
	rm -rf "$top/deb.tmp" && mkdir "$top/deb.tmp" && cd "$top/deb.tmp" &&
		child apt-get -q download "$1" && child dpkg-deb -x ./*.deb . && rm ./*.deb || return
	[ -e lib ] || ln -s usr/lib lib
	child depmod -b . "$(ls lib/modules)"
}

# Sets VMLINUZ and MODULES.
take_package() {
	package=$(real_package "$1")
	lock "$top/deb.lock" "for another make that unpacks a package"
	if [ ! -d "$top/$package.deb" ]; then
		need_space "$top" 700
		say JUDGE "$package: unpacking (log: $top/package.log)"
		logged JUDGE "$top/package.log" unpack "$package"
		mv "$top/deb.tmp" "$top/$package.deb"
	fi
	exec 9>&-
	VMLINUZ=$(echo "$top/$package.deb"/boot/vmlinuz-*)
	[ -f "$VMLINUZ" ] ||
		die "$package has no kernel in it: name a package such as linux-image-amd64"
	MODULES=$top/$package.deb/lib/modules/${VMLINUZ##*/vmlinuz-}
}

# release FILE: of the kernel in a bzImage, whose header says where its name is.
release() {
	[ "$(dd if="$1" bs=1 skip=514 count=4 2>/dev/null)" = HdrS ] || return 1
	at=$(od -An -tu2 -j 526 -N 2 "$1")
	dd if="$1" bs=1 skip=$((at + 512)) count=128 2>/dev/null | tr '\0' '\n' |
		sed -n '1s/ .*//p'
}

# Puts null_blk and what it needs into DIR/modules, in order and uncompressed.
modules() {
	rm -rf "$dir/modules"
	mkdir -p "$dir/modules" "$dir/root/lib/modules"
	[ -n "${MODULES-}" ] || return 0
	[ -f "$MODULES/modules.dep.bin" ] ||
		die "$MODULES has no modules.dep.bin: name a folder as /lib/modules/RELEASE"
	ln -sfn "$(cd "$MODULES" && pwd)" "$dir/root/lib/modules/$name"
	# What this machine's modprobe.d says is not for that kernel.
	modprobe -C /dev/null -d "$dir/root" -S "$name" --show-depends null_blk \
		>"$dir/needed" 2>/dev/null ||
		say JUDGE "$MODULES has no null_blk: what needs it is skipped"
	nr=10
	while read -r how file _; do
		[ "$how" = insmod ] || continue
		out=$dir/modules/$nr-$(basename "$file" | sed 's/\.ko.*/.ko/')
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -qdc "$file" ;;
		*.gz) gzip -dc "$file" ;;
		*) cat "$file" ;;
		esac >"$out"
		nr=$((nr + 1))
	done <"$dir/needed"
}

[ -z "${PACKAGE-}" ] || take_package "$PACKAGE"
[ -f "${VMLINUZ:-}" ] ||
	die "there is no kernel image ${VMLINUZ:-, and no PACKAGE}: name one with VMLINUZ="
name=$(release "$VMLINUZ") || die "$VMLINUZ is no x86 kernel image (bzImage)"
dir=$B/judge/$name
mkdir -p "$dir"
cp "$VMLINUZ" "$dir/bzImage"
modules
set -- "$tests"/*
for file in "$dir"/modules/*.ko; do
	[ ! -f "$file" ] || set -- "$@" "$file"
done
lab/stages/image.sh "$dir/guest.cpio" lab/guest/init "$@"
boot_and_judge judge "$name" "$dir/guest.cpio" "$dir"
echo
awk -v release="Linux $name" -f lab/views/table.awk -f lab/views/kernels.awk "$dir/verdict"
echo "log: $dir/results.tap"
