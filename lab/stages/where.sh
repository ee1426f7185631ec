#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# where.sh BASE KERNEL: the paths of what is made for a kernel, one name=path a line.
. lab/lib.sh
. lab/series.sh

patches_of "$1" "$2" >/dev/null
ours "$B"
B=$(cd "$B" && pwd)
dir=$B/$1
cat <<END
tree=$dir/src
branch=$2
build=$(obj_of "$1" "$2")
bzImage=$dir/$2/bzImage
vmlinux=$dir/$2/vmlinux
race=$dir/$2/race.ko
image=$dir/guest.cpio
tests=$dir/tests
results=$dir/$2/results.tap
verdict=$dir/$2/verdict
console=$dir/$2/run/console.log
END
