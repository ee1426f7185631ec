#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Machines, users and environments other than ours: the lab works there, or says in one line
# what is wrong.
# shellcheck disable=SC1003,SC2016 # $ and \ are meant
. lab/t/tap.sh

# A copy of our files that anybody may read, and a tiny tree in place of a kernel's, which is
# not to see what our caller has for compilers and kernels.
chmod 755 "$tmp"
umask 022
copy=$tmp/copy
mkdir -p "$copy" "$tmp/deb" "$tmp/bin" "$tmp/tiny/linux/mm"
cp -R Makefile .gitattributes lab series patches tools Documentation "$copy"
cat >"$tmp/tiny/linux/Makefile" <<'END'
VERSION = 6
PATCHLEVEL = 1
kernelversion:
	@[ -z "$(LLVM)$(KCFLAGS)$(CC:cc=)$(ARCH)$(V)$(GIT_DIR)" ]
	@echo 6.1.0
END
: >"$tmp/tiny/linux/Kbuild"
: >"$tmp/tiny/linux/mm/memory.c"
tar -C "$tmp/tiny" -cJf "$tmp/deb/linux-source-6.1.tar.xz" linux
B=$tmp/b
unset KSRC

# lab ARG...: make in the copy, with a build folder of its own and the tiny tree.
lab() {
	make --no-print-directory -C "$copy" B="$tmp/b" DEBSRC="$tmp/deb" KSRC= "$@"
}

# stand_in NAME: makes the script on stdin the command NAME, for who has $tmp/bin in PATH.
stand_in() {
	cat >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}
with_stand_ins() {
	env PATH="$tmp/bin:$PATH" "$@"
}

## names that make cannot quote

# refused TEXT PATTERN COMMAND...: passes if COMMAND fails with one line, which has PATTERN.
refused() {
	text=$1 pattern=$2
	shift 2
	! "$@" >"$out" 2>&1 </dev/null && [ "$(wc -l <"$out")" = 1 ] && grep -q -e "$pattern" "$out"
	result $? "$text"
}
for name in B KSRC VMLINUZ MODULES INITRD TEST CONFIG DEBSRC; do
	refused "$name with a space" "$name=/tmp/my builds: make cannot quote this" \
		make -n distclean "$name=/tmp/my builds"
	refused "$name with a space, in the environment" "make cannot quote this" \
		env "$name=/tmp/my builds" make -n distclean
done
for sign in ' ' "'" '"' '`' '$HOME' ';' '&' '|' '<' '>' '*' '?' '[' ']' '{' '}' '~' '%' \
		'\' ':' '=' '!' '#' '(' ')'; do
	refused "B with a $sign" "make cannot quote this" env B="/tmp/my${sign}builds" make -n distclean
done
refused "an empty B" "B= is empty" make -n distclean B=
cp -R "$copy" "$tmp/a copy"
refused "a checkout in a path with a space" "name a checkout in a path without" \
	make -C "$tmp/a copy" --no-print-directory -n distclean
rm -r "$tmp/a copy"
refused "MAKEFILES" "MAKEFILES is set" env MAKEFILES=/dev/null make -n help
odd_base() {
	touch "$copy/series/6.12.orig" "$copy/series/6.12~"
	cmp "$tmp/bases" - <<-END
		$(cd "$copy" && bases)
	END
}
bases >"$tmp/bases"
ok "what an editor leaves in series/ is no base" odd_base

## what leaks in from the user's environment

leaks="LLVM=1 LLVM_IAS=0 KCFLAGS=-DX CFLAGS=-DX HOSTCC=none CC=none ARCH=arm64 CROSS_COMPILE=x- V=1
	KBUILD_OUTPUT=/none MAKEFLAGS=k MFLAGS=-k MAKELEVEL=7 GIT_DIR=/none GIT_INDEX_FILE=/none
	PERL5OPT=-Mnone TAR_OPTIONS=--none GREP_OPTIONS=-v PROVE_OPTS=-j9 HARNESS_OPTIONS=j9"
none_left() {
	# shellcheck disable=SC2086 # a list
	env $leaks sh -c '. lab/lib.sh; env' >"$tmp/env" || return
	for leak in $leaks; do
		! grep "^${leak%%=*}=" "$tmp/env" || return
	done
}
ok "what is for other tools does not reach ours" none_left
# make takes MAKEFLAGS for itself, and V is a knob.
leaks=$(echo "$leaks" | sed 's/MAKEFLAGS=k//; s/ V=1//')
# shellcheck disable=SC2086
ok "make source with all of these" env $leaks make --no-print-directory -C "$copy" B="$tmp/b" \
	DEBSRC="$tmp/deb" KSRC= BASE=6.1 source
rm -rf "$tmp/b"
ok "make source LLVM=1 KCFLAGS=-DX V=2" lab BASE=6.1 LLVM=1 KCFLAGS=-DX V=2 source
rm -rf "$tmp/b"
ok "make source with a git of other ways" env GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=core.bare \
	GIT_CONFIG_VALUE_0=true GIT_CONFIG_KEY_1=commit.gpgSign GIT_CONFIG_VALUE_1=true \
	make --no-print-directory -C "$copy" B="$tmp/b" DEBSRC="$tmp/deb" KSRC= BASE=6.1 source

# Tests of ours that would fail side by side, or in another order.
mkdir -p "$tmp/home" "$tmp/t"
printf '%s\n' -j9 --shuffle >"$tmp/home/.proverc"
for test in 1 2 3 4; do
	cat >"$tmp/t/$test.t" <<-END
		#!/bin/sh
		echo 1..1
		[ "\$(cat "$tmp/t/*.now" 2>/dev/null)" = "" ] && touch "$tmp/t/$test.now" || exit
		echo $test >>"$tmp/t/order"
		sleep 0.3
		rm "$tmp/t/$test.now"
		echo ok 1
	END
	chmod +x "$tmp/t/$test.t"
done
in_order() {
	mkdir -p "$tmp/bc" && echo "1.2 KERNEL x 5" >"$tmp/bc/times"
	(cd "$copy" && START=1.2 HOME=$tmp/home PROVE_OPTS='-j9 --shuffle' HARNESS_OPTIONS=j9 \
		T="$tmp/t/1.t $tmp/t/2.t $tmp/t/3.t $tmp/t/4.t" B=$tmp/bc lab/t/check.sh) >"$tmp/said" &&
		[ "$(paste -sd '' "$tmp/t/order")" = 1234 ]
}
ok "the tests, with -j9 --shuffle in ~/.proverc" in_order
ok "where their time went" grep -x 'kernel *5 s' "$tmp/said"
ok "where their time went, as JUnit" grep '<testcase name="kernel" time="5"/>' "$tmp/bc/junit.xml"

# A clone on a machine that turns line ends into Windows'.
clone() {
	git -C "$copy" init -q && git -C "$copy" add -A && git -C "$copy" commit -q -m all &&
		git clone -q "$copy" "$tmp/clone" && make -C "$tmp/clone" help >/dev/null &&
		! grep -rlI "$(printf '\r')" "$tmp/clone/lab"
}
printf '[core]\n\tautocrlf = true\n[user]\n\tname = me\n\temail = me@localhost\n' \
	>"$tmp/home/.gitconfig"
in_windows() (
	unset GIT_CONFIG_COUNT
	export HOME="$tmp/home"
	clone
)
ok "a clone with core.autocrlf=true" in_windows
rm -rf "$copy/.git"

## other users, who are root's to try

# A tree in git, with a hook that is not ours to run.
git_tree() {
	cp -R "$tmp/tiny/linux" "$tmp/ksrc" && git -C "$tmp/ksrc" init -q &&
		git -C "$tmp/ksrc" add -A && (as_nobody; git -C "$tmp/ksrc" commit -q -m all) &&
		printf '#!/bin/sh\ntouch %s\n' "$tmp/hooked" >"$tmp/ksrc/.git/hooks/fsmonitor" &&
		chmod +x "$tmp/ksrc/.git/hooks/fsmonitor" &&
		git -C "$tmp/ksrc" config core.fsmonitor .git/hooks/fsmonitor
}
git_tree
from_ksrc() {
	lab BASE=6.1 KSRC="$tmp/ksrc" source && [ -f "$tmp/b/6.1/src/mm/memory.c" ] &&
		[ ! -e "$tmp/hooked" ]
}
nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "$@"
}
by_nobody() {
	nobody make --no-print-directory -C "$copy" B="$tmp/b" DEBSRC="$tmp/deb" KSRC= "$@"
}
if [ "$(id -u)" = 0 ] && nobody true; then
	chown -R 12345 "$tmp/ksrc"
	ok "a KSRC of another user's" from_ksrc
	for target in source tree kernel tests boot verdict where; do
		fails "make $target in a build folder of root's" "which is root's: sudo chown -R nobody" \
			by_nobody BASE=6.1 "$target"
	done
	fails "make in a build folder of root's" "which is root's: sudo chown -R nobody" by_nobody
	fails "make clean in a build folder of root's" "which is root's: sudo chown -R nobody" \
		by_nobody clean
	chown 65534 "$tmp/b" "$tmp/b/6.1"
	fails "make in a build folder that is half root's" "which is root's: sudo chown -R nobody" \
		by_nobody BASE=6.1 source
	chown 65534 "$tmp/b/6.1/lock"
	fails "make in a build folder with a tree of root's" "which is root's: sudo chown -R nobody" \
		by_nobody BASE=6.1 source
	chown -R 65534 "$tmp/b"
	ok "and when it is done as it says" by_nobody BASE=6.1 source
	mkdir "$tmp/roots"
	fails "an empty build folder of root's" "is root's: sudo chown" \
		by_nobody B="$tmp/roots" BASE=6.1 source
	fails "a build folder where we cannot make one" "is root's: sudo chown" \
		by_nobody B="$tmp/roots/b" BASE=6.1 source
else
	skip "a KSRC of another user's, a build folder of root's" "needs root"
fi
rm -rf "$tmp/b"

## packages

stand_in uname <<'END'
#!/bin/sh
[ "$1" = -m ] && echo aarch64 || exec /bin/uname "$@"
END
fails "another machine than x86_64" "this machine is aarch64, and the lab" \
	with_stand_ins lab/stages/deps.sh make
rm "$tmp/bin/uname"

# An apt-get that finds its lock held until $tmp/locked has lost all its lines.
stand_in sudo <<'END'
#!/bin/sh
case $1 in -*) shift ;; esac
exec "$@"
END
stand_in apt-get <<END
#!/bin/sh
echo "\$*" >>"$tmp/apt"
[ -s "$tmp/locked" ] || exit 0
sed -i 1d "$tmp/locked"
echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt)" >&2
exit 100
END
apt_waits() {
	echo 1 >"$tmp/locked"
	with_stand_ins env B="$tmp/b" lab/stages/deps.sh no-such-package >"$tmp/said" &&
		grep 'waiting, where another apt runs' "$tmp/said" &&
		[ "$(grep -c DPkg::Lock::Timeout=120 "$tmp/apt")" = 3 ]
}
ok "apt's lock is held for a moment" apt_waits
seq 9 >"$tmp/locked"
fails "apt's lock is held" "Could not get lock /var/lib/apt/lists/lock. It is held by process 1" \
	with_stand_ins env APT_WAIT=1 B="$tmp/b" lab/stages/deps.sh no-such-package
gone() {
	[ -z "$(find "$tmp/b" -name 'deps.errors')" ]
}
ok "apt's lock is held: nothing is left but the log" gone
rm -rf "$tmp/b" "$tmp/bin/sudo" "$tmp/bin/apt-get"

## nothing is downloaded that nobody asked for

stand_in curl <<END
#!/bin/sh
echo "\$*" >>"$tmp/curl"
exit 7
END
unasked() {
	with_stand_ins make --no-print-directory -C "$copy" B="$tmp/b" DEBSRC="$tmp/deb" KSRC= BASE= "$@" \
		>"$tmp/said" 2>&1
	status=$?
	cat "$tmp/said"
	[ ! -e "$tmp/curl" ] && [ $status = 0 ]
}
dry_run() {
	unasked -n && [ ! -e "$tmp/b" ] && grep -q 'base 6.1: the source of 6.2 is not here' "$tmp/said"
}
ok "make -n without BASE: nothing is made or downloaded" dry_run
ok "make without BASE: 6.1, and nothing is downloaded" unasked source
ok "make where without BASE: nothing is downloaded" unasked where
fails "make BASE=6.2 downloads it" "SOURCE" with_stand_ins make -C "$copy" B="$tmp/b" KSRC= \
	BASE=6.2 source
ok "make BASE=6.2: with progress, and a limit to a stall" \
	grep -e '-fL .*--speed-limit .*--speed-time .*https://' "$tmp/curl"
done_testing
