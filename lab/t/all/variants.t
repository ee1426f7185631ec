#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Kernels without what gives swap types of its own to other things, and with more of these:
# what swap_errors takes for a lost page is one.
. lab/t/tap.sh

# options NAME: what it has, an option a line.
options() {
	case $1 in
	no-migration) printf '# CONFIG_%s is not set\n' \
		TRANSPARENT_HUGEPAGE TRANSPARENT_HUGEPAGE_MADVISE COMPACTION MIGRATION ;;
	no-memory-failure) printf '# CONFIG_%s is not set\n' MEMORY_FAILURE ;;
	device-private) printf 'CONFIG_%s=y\n' MEMORY_HOTPLUG MEMORY_HOTREMOVE \
		ZONE_DEVICE DEVICE_PRIVATE ;;
	esac
}

variant() {
	base=$1
	for name in no-migration no-memory-failure device-private; do
		options $name >"$tmp/$name.config"
		ok "$base: $name" lab_make "$base" verdict KERNEL=after TESTS=swap_errors_test \
			CONFIG="$tmp/$name.config" B="$B/variants"
	done
}
on_bases "other options" variant
done_testing
