#!/bin/sh
# version.sh DIR: prints the VERSION.PATCHLEVEL of the kernel tree DIR.
. lab/lib.sh

{ [ -f "$1/Kbuild" ] && [ -f "$1/mm/memory.c" ]; } ||
	die "KSRC=$1 is no kernel source: name the top folder of a Linux tree"
sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p' "$1/Makefile" | paste -sd .
