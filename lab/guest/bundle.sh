#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bundle.sh TESTS OUT: writes the tarball OUT with the static test programs in the folder
# TESTS, the source of the test module, a runner and a page of instructions.
. lab/lib.sh

tests=$1 out=$2
tmp=$out.tmp
name=$(basename "$out" .tar.gz)

on_exit() { rm -rf "$tmp"; }

lock "$out.lock" "for another make that packs $out"
rm -rf "$tmp" "$out"
mkdir -p "$tmp/$name/module"
cp "$tests"/* lab/guest/run.sh "$tmp/$name"
cp lab/guest/bundle.README "$tmp/$name/README"
cp lab/guest/race/Kbuild lab/guest/race/test_swapin_race.c "$tmp/$name/module"
tar -C "$tmp" --owner=0 --group=0 --sort=name --mtime=@0 -czf "$tmp/$name.tar.gz" "$name"
mv "$tmp/$name.tar.gz" "$out"
say BUNDLE "$out: $(tar -tzf "$out" | grep -vc '/$') files, $(du -k "$out" | cut -f1) KiB"
