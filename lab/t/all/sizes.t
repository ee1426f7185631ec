#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The tests with other numbers of CPUs and pages, and with CPUs that run side by side.
. lab/t/tap.sh

sizes() {
	base=$1
	for guest in "SMP=1 MEM=256" "SMP=4 MEM=1024" "SMP=2 ACCEL=tcg,thread=multi"; do
		# shellcheck disable=SC2086 # a list of knobs
		ok "$base: $guest" lab_make "$base" verdict KERNEL=after $guest
	done
}
on_bases "other sizes" sizes

# Of other machines, without the races: arm64, with pages of each size, and s390x, which is
# big-endian.  An outer make has told us its own QEMU and MEM.
for pages in 4k 16k 64k; do
	ok "6.12: arm64, pages of $pages" lab_make 6.12 verdict ARCH=arm64 PAGES=$pages QEMU= MEM=1024
done
ok "6.12: s390x" lab_make 6.12 verdict ARCH=s390x QEMU= MEM=512
done_testing
