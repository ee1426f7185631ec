#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All tests and the fuzzer on a kernel that looks closely, and the tests as mm's CI runs them.
. lab/t/tap.sh

debug() {
	base=$1
	ok "$base: make debug" lab_make "$base" debug LIMIT=1800 MEM=1024
	[ "$base" != 7.1 ] || ok "$base: make ksft" lab_make "$base" ksft
}
on_bases "debug kernel" debug
done_testing
