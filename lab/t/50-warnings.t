#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each patch leaves gcc with W=1 and sparse as silent about its files as before it.
. lab/t/tap.sh

# A tree of two files, whose make says what is run for them in the way of the kernel's.
tree=$tmp/B/6.1/src
plant() {
	mkdir -p "$tree/mm" "$tmp/B/6.1/devices/obj"
	: >"$tmp/B/6.1/devices/obj/.config"
	cat >"$tree/Makefile" <<'END'
FLAGS = -Wall -I$(CURDIR) -I.
olddefconfig prepare:
	@cp raw.h $(O)/made.h
%.o:
	@set -e; gcc $(FLAGS) -c -o $@ $(CURDIR)/$*.c ; :; sparse $(FLAGS) $(CURDIR)/$*.c
END
	echo 'static inline int twice(int a) { return 2 * a; }' >"$tree/twice.h"
	: >"$tree/raw.h"
	echo 'int one(int a); int one(int a) { return 1; }' >"$tree/mm/one.c"
	printf '%s\n' '#include "twice.h"' '#include "made.h"' \
		'int two(int a); int two(int a) { return twice(a); }' >"$tree/mm/two.c"
}

# change N: what the Nth patch does.
change() {
	cd "$tree" || return
	case $1 in
	1) printf 'no source\n' >MAINTAINERS ;;
	2) echo 'static int planted;' >>mm/one.c ;;
	3) echo 'static inline void none(void) { int planted; }' >>twice.h ;;
	4) printf '%s\n' '#ifdef __CHECKER__' 'int planted;' '#endif' >>twice.h ;;
	5) echo 'int made;' >raw.h ;;
	6) echo 'int three;' >mm/three.c ;;
	7) sed -i 's/-Wall/& -Wunused-parameter/' Makefile ;;
	8) echo 'static int two_of_it;' >>mm/two.c ;;
	esac
}

planted() {
	(
		as_nobody
		plant && git -C "$tree" init -q || exit 1
		for branch in stock $(each 6.1) after; do
			(change "${branch#each-}") && git -C "$tree" add -A &&
				git -C "$tree" commit -q --allow-empty -m "$branch" &&
				git -C "$tree" tag "$branch" || exit 1
		done
		B=$tmp/B lab/checks/warnings.sh 6.1
	)
}

# says N PATTERN: whether PATTERN, and nothing else, is new after the Nth patch.
says() {
	cat "$tmp/B/6.1/warnings/each-$1"
	[ "$(grep -c "$2" "$tmp/B/6.1/warnings/each-$1")" = 1 ] &&
		[ "$(wc -l <"$tmp/B/6.1/warnings/each-$1")" = 1 ]
}

looked_at() {
	[ "$(sed -n 's/^  W=1 C=1 //p' "$tmp/B/6.1/warnings/each-$1.log" | paste -sd ' ')" = "$2" ]
}

nothing_new() {
	cat "$1" && [ ! -s "$1" ]
}

ok "warnings: planted ones" planted
ok "no source: no new warning" nothing_new "$tmp/B/6.1/warnings/each-1"
ok "no source: nothing is looked at" looked_at 1 ""
ok "a file: new warning" says 2 '/mm/one.c: warning: .planted. defined but not used'
ok "a file: the other one is not looked at again" looked_at 2 mm/one.o
ok "a header that one file reads: new warning" says 3 '/twice.h: warning: unused variable'
ok "what only sparse reads: new warning" says 4 "/twice.h: warning: symbol 'planted'"
ok "a header that make writes: new warning" says 5 "made.h: warning: symbol 'made'"
ok "a new file: new warning" says 6 "/mm/three.c: warning: symbol 'three'"
ok "how files are built: new warning" says 7 "/mm/one.c: warning: unused parameter"
ok "a file that warned before: new warning" says 8 "/mm/two.c: warning: .two_of_it. defined"

# unbuilt BASE: whether it wants no kernel but a configured one.
unbuilt() {
	make --no-print-directory -n B="$tmp/n" BASE="$1" KSRC= warnings >"$tmp/n.log" 2>&1
	cat "$tmp/n.log"
	grep "kernel.sh $1 devices-after config" "$tmp/n.log" && ! grep 'kernel.sh.*after$' "$tmp/n.log"
}

warns() {
	base=$1
	ok "$base: make warnings builds no kernel" unbuilt "$base"
	ok "$base: make warnings" lab_make "$base" warnings
	for kernel in $(each "$base"); do
		ok "$base: no new warning in $kernel" nothing_new "$B/$base/warnings/$kernel"
	done
}
on_bases "no new warning" warns
done_testing
