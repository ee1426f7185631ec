#!/bin/sh
# where.sh BASE KERNEL: the paths of what is made for a kernel, one name=path a line.
. lab/lib.sh
. lab/series.sh

patches_of "$1" "$2" >/dev/null
dir=$(mkdir -p "$B" && cd "$B" && pwd)/$1
obj=$dir/obj
[ "$2" != debug ] || obj=$dir/debug/obj
cat <<END
tree=$dir/src
branch=$2
build=$obj
bzImage=$dir/$2/bzImage
vmlinux=$dir/$2/vmlinux
image=$dir/guest.cpio.gz
tests=$dir/tests
results=$dir/$2/results.tap
verdict=$dir/$2/verdict
console=$dir/$2/run/console.log
END
