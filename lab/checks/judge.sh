#!/bin/sh
# judge.sh TESTS: boots the x86_64 kernel image VMLINUZ with the test programs in the
# folder TESTS, and prints its verdicts.  What null_blk and configfs are, where they are
# not built in, is taken from MODULES, a folder as /lib/modules/RELEASE.  With PACKAGE,
# both are of that Debian package.  Succeeds if there is a verdict, whatever it is.
. lab/lib.sh
. lab/series.sh

tests=$1
if [ -n "${PACKAGE-}" ]; then
	paths=$(lab/checks/package.sh "$PACKAGE") || exit 1
	VMLINUZ=$(echo "$paths" | sed -n 's/^VMLINUZ=//p')
	MODULES=$(echo "$paths" | sed -n 's/^MODULES=//p')
fi
[ -f "${VMLINUZ:-}" ] || die "there is no kernel image ${VMLINUZ:-, and no PACKAGE}: name one with VMLINUZ="

# release FILE: of the kernel in a bzImage, whose header says where its name is.
release() {
	[ "$(dd if="$1" bs=1 skip=514 count=4 2>/dev/null)" = HdrS ] || return 1
	at=$(od -An -tu2 -j 526 -N 2 "$1")
	dd if="$1" bs=1 skip=$((at + 512)) count=128 2>/dev/null | tr '\0' '\n' |
		sed -n '1s/ .*//p'
}

# module NAME: prints its file and those that it needs, the needed ones first.
module() {
	sed -n "s,^\(.*/$1\.ko[^:]*\): *\(.*\),\2 \1,p" "$MODULES/modules.dep" | tr ' ' '\n' |
		sed '/^$/d'
}

# Puts what null_blk needs into DIR/modules, in order and uncompressed.
modules() {
	rm -rf "$dir/modules"
	mkdir -p "$dir/modules"
	[ -n "${MODULES-}" ] || return 0
	[ -f "$MODULES/modules.dep" ] ||
		die "$MODULES has no modules.dep: name a folder as /lib/modules/RELEASE"
	nr=10
	for file in $(module configfs) $(module null_blk); do
		out=$dir/modules/$nr-$(basename "$file" | sed 's/\.ko.*/.ko/')
		case $file in
		*.xz) xz -dc "$MODULES/$file" >"$out" ;;
		*.zst) zstd -qdc "$MODULES/$file" >"$out" ;;
		*.gz) gzip -dc "$MODULES/$file" >"$out" ;;
		*) cp "$MODULES/$file" "$out" ;;
		esac
		nr=$((nr + 1))
	done
}

name=$(release "$VMLINUZ") || die "$VMLINUZ is no x86 kernel image (bzImage)"
dir=$B/judge/$name
mkdir -p "$dir"
cp "$VMLINUZ" "$dir/bzImage"
modules
set -- "$tests"/*
for file in "$dir"/modules/*.ko; do
	[ ! -f "$file" ] || set -- "$@" "$file"
done
lab/stages/image.sh "$dir/guest.cpio.gz" lab/guest/init "$@"
lab/stages/boot.sh judge "$name" "$dir/guest.cpio.gz" "$dir"
lab/stages/verdict.sh "$dir"
echo
awk -v bold="$bold" -v red="$red" -v green="$green" -v plain="$plain" \
	-f lab/views/table.awk -f lab/views/joint.awk "$dir/verdict"
echo "log: $dir/results.tap"
