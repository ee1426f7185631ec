#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the tree's own semantic patches say of the files that the series touches.
. lab/t/tap.sh

reads() {
	base=$1
	ok "$base: coccicheck" lab_make "$base" cocci
	grep '^COCCI' "$out" >&2
}
on_bases "coccicheck" reads
done_testing
