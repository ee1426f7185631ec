#!/bin/sh
# bundle.sh TESTS OUT: writes the tarball OUT with the static test programs in the folder
# TESTS, the source of the test module, a runner and a page of instructions.
. lab/lib.sh

tests=$1 out=$2
tmp=$out.tmp
name=$(basename "$out" .tar.gz)

on_exit() { rm -rf "$tmp"; }

rm -rf "$tmp" "$out"
mkdir -p "$tmp/$name/module"
cp "$tests"/* lab/guest/run.sh "$tmp/$name"
cp lab/guest/bundle.README "$tmp/$name/README"
cp lab/guest/race/test_swapin_race.c "$tmp/$name/module"
cat >"$tmp/$name/module/Makefile" <<END
obj-m := test_swapin_race.o
all:
	\$(MAKE) -C /lib/modules/\$(shell uname -r)/build M=\$(CURDIR) modules
END
tar -C "$tmp" --owner=0 --group=0 --sort=name --mtime=@0 -czf "$tmp/$name.tar.gz" "$name"
mv "$tmp/$name.tar.gz" "$out"
say BUNDLE "$out: $(tar -tzf "$out" | grep -vc '/$') files, $(du -k "$out" | cut -f1) KiB"
