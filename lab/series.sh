# SPDX-License-Identifier: GPL-2.0
# Sourced.  What a kernel's name means, in patches.
# shellcheck shell=sh

# bases: those that there is a series for, oldest first, a name a line.
bases() {
	find series -maxdepth 1 -type f -printf '%f\n' | grep -xE '[0-9]+\.[0-9]+' | sort -V
}

# about BASE KEY: what series/BASE says of its source in a line "# KEY: VALUE".  KEY is
# package (of Debian), or url and sha256; a base with none of them is for KSRC alone.
about() {
	sed -n "s/^# $2: //p" "series/$1"
}

# version_of DIR: the VERSION.PATCHLEVEL of the kernel tree DIR; dies if it is none.
version_of() {
	{ [ -f "$1/Kbuild" ] && [ -f "$1/mm/memory.c" ]; } ||
		die "KSRC=$1 is no kernel source: name the top folder of a Linux tree"
	sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p' "$1/Makefile" | paste -sd .
}

# at_hand BASE: whether its source is here, or to be had from Debian.
at_hand() {
	[ -n "$(about "$1" package)" ] || [ -f "$B/$1/source.id" ] ||
		[ -f "$B/dl/linux-$1.tar.xz" ] ||
		{ [ -n "${KSRC-}" ] && [ "$(version_of "$KSRC")" = "$1" ]; }
}

# default_base: the base to take when the user names none; says why on stderr where it is
# not 6.2, for which the fixes of fork, fault and mprotect are.
default_base() {
	if [ -n "${KSRC-}" ]; then
		base=$(version_of "$KSRC") || exit 1
		[ -f "series/$base" ] ||
			die "KSRC is Linux $base, and there is no series/$base for it"
		echo "$base"
	elif at_hand 6.2; then
		echo 6.2
	else
		echo "base 6.1: the source of 6.2 is not here (make BASE=6.2 downloads it, KSRC= names one)" >&2
		echo 6.1
	fi
}

# series BASE: its patches in order, one path below patches/ a line.
series() {
	[ -f "series/$1" ] ||
		die "there is no base $1: the bases are $(bases | paste -sd ' ')"
	sed 's/[[:space:]]*#.*//; /^$/d' "series/$1"
}

# topics BASE: what of it is sent, each apart from the others, a name a line.  series/BASE
# begins one with "# topic NAME: TITLE", and what is not sent with "# not sent".  One that
# needs another below it says "# topic NAME on OTHER: TITLE".
topics() {
	sed -n 's/^# topic \([a-z]*\).*/\1/p' "series/$1"
}

# topic BASE NAME: its patches, one path below patches/ a line.
topic() {
	sed -n "/^# topic $2[ :]/,/^# \(topic\|not sent\)/{/^[^#]/p}" "series/$1"
}

# stacked BASE: the topics that are on another one, a line each: NAME OTHER.
stacked() {
	sed -n 's/^# topic \([a-z]*\) on \([a-z]*\):.*/\1 \2/p' "series/$1"
}

# below BASE NAME: the patches that the topic is on, of the base and of another topic.
below() {
	series "$1" | sed -n '/^base\//p'
	stacked "$1" | while read -r name on; do
		[ "$name" != "$2" ] || topic "$1" "$on"
	done
}

# above BASE PATCH: the fixes that may not apply without PATCH: those of the topics on its own,
# and those that say "Needs: PATCH".
above() {
	for other in $(series "$1"); do
		! field Needs "$other" | grep -qx "${2%.patch}" || echo "$other"
	done
	stacked "$1" | while read -r name on; do
		! topic "$1" "$on" | grep -qx "$2" || topic "$1" "$name" | sed -n '/^fix\//p'
	done
}

# mailed BASE [NAME]: the kernel that is sent: of the topic NAME, or of the only one.
mailed() {
	case " $(topics "$1" | paste -sd ' ') " in
	*" ${2:-?} "*) echo "topic-$2" ;;
	'  ') echo after ;;
	*' '*' '*' '*) die "series/$1 is sent by topic: name one with TOPIC=, of $(topics "$1" | paste -sd ' ')" ;;
	*) [ -z "${2-}" ] || die "series/$1 has no topic $2, but $(topics "$1")"
		echo "topic-$(topics "$1")" ;;
	esac
}

# fix_of BASE FIX: the patch that makes FIX on BASE: fix/FIX, or fix/BASE-FIX where other
# bases have another one.
fix_of() {
	series "$1" | grep -x -e "fix/$2.patch" -e "fix/$1-$2.patch" ||
		die "series/$1 has no fix/$2.patch"
}

# left_out BASE FIX: what without-FIX is without, a patch a line.
left_out() {
	fix=$(fix_of "$1" "$2") || exit 1
	echo "$fix"
	above "$1" "$fix"
}

# wrong_of BASE FIX: the patch that makes FIX wrong on BASE: wrong/BASE-FIX, or wrong/FIX;
# nothing if there is none.
wrong_of() {
	for patch in "wrong/$1-$2.patch" "wrong/$2.patch"; do
		[ ! -f "patches/$patch" ] || { echo "$patch"; return; }
	done
}

# patches_of BASE KERNEL: the patches that make KERNEL.  KERNEL is stock, before (all but
# the fixes), after, debug, gcov and ksft (after, with other options), devices-KERNEL (with more
# kinds of swap) and debug-KERNEL, without-FIX or wrong-FIX, or topic-NAME (what is sent).
patches_of() {
	case $2 in
	stock) ;;
	before) series "$1" | grep -e '^base/' -e '^test/' ;;
	after | debug | gcov | ksft) series "$1" ;;
	devices-* | debug-*) patches_of "$1" "${2#*-}" ;;
	without-*)
		without=$(left_out "$1" "${2#without-}") || exit 1
		series "$1" | grep -vxF "$without"
		;;
	each-*)
		series "$1" | sed -n '/^base\//p'
		to_send "$1" | head -n "${2#each-}"
		;;
	topic-*)
		topics "$1" | grep -qx "${2#topic-}" || die "series/$1 has no topic ${2#topic-}"
		below "$1" "${2#topic-}"
		topic "$1" "${2#topic-}"
		;;
	wrong-*)
		[ -n "$(wrong_of "$1" "${2#wrong-}")" ] ||
			die "there is no patches/wrong/${2#wrong-}.patch"
		series "$1"
		wrong_of "$1" "${2#wrong-}"
		;;
	*) die "there is no kernel $2: stock, before, after, debug, topic-NAME, each-N, without-FIX or wrong-FIX" ;;
	esac
}

# tests_from BASE: a name for what the tests are made from, which is less than a kernel is.
tests_from() {
	git -C "$B/$1/src" ls-tree after include/uapi arch/x86/include/uapi tools/include \
		tools/testing/selftests/ tools/testing/selftests/mm |
		grep -v "^040000.*selftests/[^m]" | sha256sum
	sha256sum <lab/guest/race/swapin_race.c
}

# tests BASE: the test programs that its series adds, a name a line; but the fuzzer, which has
# its own command.
tests() {
	for patch in $(series "$1"); do
		field Adds "$patch"
	done | sed -n '/_fuzz/d; s,.*/selftests/mm/\(swap[a-z]*_[a-z_]*\)\.c$,\1,p'
}

# link_test BASE OUT SOURCE...: builds a static program with what our tests share, from the
# branch after, which is checked out.  Before 6.3, the others' library is in vm.
link_test() {
	mm=$B/$1/src/tools/testing/selftests/mm obj=$B/$1/tests-obj out=$2
	shift 2
	child "${cross-}gcc" -Wall -Werror -O2 -static -isystem "$obj/usr/include" -I"$mm" -I"$mm/.." \
		-o "$out" "$@" "$mm/lost_pages.c" "$mm"/badswap*.c \
		"$(find "$mm" "$mm/../vm" -maxdepth 1 -name vm_util.c | head -n 1)" -lpthread
}

# obj_of BASE KERNEL: the folder that it is built in: one for all kernels of a base that have
# the same options.
obj_of() {
	case $2 in
	debug | gcov | ksft) echo "$B/$1/$2/obj" ;;
	devices-* | debug-*) echo "$B/$1/${2%%-*}/obj" ;;
	*) echo "$B/$1/obj" ;;
	esac
}

# config_of BASE KERNEL: the files that its options are in, on top of tinyconfig; CONFIG is
# the user's.  A ksft kernel has what the tree's tests ask for, on top of defconfig.
config_of() {
	if [ "$2" = ksft ]; then
		echo "$B/$1/src/tools/testing/selftests/mm/config"
		return
	fi
	for file in lab/guest/guest.config "lab/guest/$MACHINE.config" \
			"lab/guest/$MACHINE-$PAGES.config" "lab/guest/$1.config" "lab/guest/${2%%-*}.config" \
			${CONFIG:+"$CONFIG"}; do
		[ ! -f "$file" ] || echo "$file"
	done | paste -sd ' '
}

# to_send BASE [KERNEL]: its patches but those that bring it to where they begin; all of the
# series', or the topic's that KERNEL is of.
to_send() {
	case ${2-} in
	topic-*) topic "$1" "${2#topic-}" ;;
	*) series "$1" | grep -v '^base/' ;;
	esac
}

# each BASE: the kernels with the first 0, 1, 2... patches of the series, a name a line.
each() {
	seq -f 'each-%g' 0 "$(to_send "$1" | wc -l)"
}

# controls BASE: the kernels that must fail, a name a line.  What is wrong for a fix is
# for bases that have the fix.  A fix without a case is for what only a debug kernel shows, and
# debug-without-FIX must fail.
controls() {
	for fix in $(series "$1" | sed -n "s,^fix/\(.*\)\.patch\$,\1,p" | sed "s/^$1-//"); do
		[ -z "$(field Case "$(fix_of "$1" "$fix")")" ] || echo "without-$fix"
	done
	for fix in $(series "$1" | sed -n "s,^[fp][a-z]*/\(.*\)\.patch\$,\1,p" | sed "s/^$1-//"); do
		[ -z "$(wrong_of "$1" "$fix")" ] || echo "wrong-$fix"
	done
}

# hunted BASE: the kernels on which the fuzzer must find what the fix is for that is left out, and
# those on which it must find nothing.  A fault is interrupted only where the kernel can be
# preempted, as with debug's options.
hunted() {
	echo after
	controls "$1" | sed -n 's/^without-fault$/debug\ndebug-&/; /without-/p'
}

# field NAME PATCH: the values of the lines "NAME: value" in the message.
field() {
	sed -n "/^---\$/q; s/^\($1\): //p" "patches/$2"
}

# only BASE KERNEL: the cases that KERNEL is booted for, a name a line, or nothing for all: a
# control is there for those that it must fail in.  With FULL it runs the others too.
only() {
	case ${FULL-}${2#debug-} in
	without-* | wrong-*) claims "$1" "$2" | sed 's/ .*//' ;;
	esac
}

# claims BASE KERNEL: what should fail on KERNEL, and how, as "case reason" lines.  A
# patch says so in "Case: case reason [base...]"; without a base it holds on all.  Of debug-KERNEL
# it says so in "Debug:".
claims() {
	case ${2#debug-} in
	before) fixes=$(series "$1" | grep '^fix/') ;;
	without-*) fixes=$(left_out "$1" "${2#*without-}") ;;
	wrong-*) fixes=$(wrong_of "$1" "${2#*wrong-}") ;;
	topic-*) fixes=$(series "$1" | grep '^fix/' | grep -vxF "$(patches_of "$1" "$2")") ;;
	each-*) fixes=$(to_send "$1" | tail -n "+$((${2#each-} + 1))" | sed -n '/^fix\//p') ;;
	*) fixes='' ;;
	esac
	for patch in $fixes; do
		case $2 in
		debug-*) field Debug "$patch" ;;
		*) field Case "$patch" ;;
		esac
	done | awk -v base="$1" '
		{ for (i = 3; i <= NF; i++) if ($i == base) break }
		NF == 2 || i <= NF { print $1, $2 }' | sort -u
}
