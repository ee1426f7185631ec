#!/bin/sh
# package.sh PACKAGE: unpacks the kernel of a Debian package into build/judge/PACKAGE.deb,
# without installing it, and prints VMLINUZ=path and MODULES=path.  A package that only
# names the newest one, such as linux-image-amd64, is followed.
. lab/lib.sh

mkdir -p "$B/judge"
top=$(cd "$B/judge" && pwd)

on_exit() { rm -rf "$top/deb.tmp"; }

# The package with the kernel in it.
real_package() {
	next=$(apt-cache depends "$1" 2>/dev/null | sed -n 's/^  Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	if [ -n "$next" ]; then
		echo "$next"
	else
		echo "$1"
	fi
}

unpack() {
	rm -rf "$top/deb.tmp" && mkdir "$top/deb.tmp" && cd "$top/deb.tmp" &&
		apt-get -q download "$1" && dpkg-deb -x ./*.deb . && rm ./*.deb &&
		cd lib/modules && depmod -b "$top/deb.tmp" "$(echo *)"
}

package=$(real_package "$1")
dir=$top/$package.deb
if [ ! -d "$dir" ]; then
	need_space "$top" 700
	logged JUDGE "$top/package.log" unpack "$package" >&2
	mv "$top/deb.tmp" "$dir"
fi
for file in "$dir"/boot/vmlinuz-*; do
	[ -f "$file" ] || die "$package has no kernel in it: name a package such as linux-image-amd64"
	echo "VMLINUZ=$file"
	echo "MODULES=$dir/lib/modules/${file##*/vmlinuz-}"
done
