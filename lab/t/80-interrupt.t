#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Ctrl-C in the middle of a stage: it ends at once and non-zero, leaves no QEMU and
# nothing that the next make takes for finished; that one then succeeds.
. lab/t/tap.sh

make=''
on_exit() {
	[ -z "$make" ] || env kill -KILL -- "-$make" 2>/dev/null
	rm -rf "$tmp"
}

real=$(mkdir -p "$B" && cd "$B" && pwd)

# interrupt PATTERN SIGNAL TARGET...: sends SIGNAL to a make of TARGET, as a terminal
# would to all of its processes, when PATTERN shows up in the list of processes.
interrupt() {
	pattern=$1 signal=$2
	shift 2
	# A shell's background jobs ignore SIGINT unless told otherwise.
	env --default-signal=INT setsid make --no-print-directory KSRC= "$@" \
		>"$tmp/log" 2>&1 &
	make=$!
	tries=0
	until pgrep -g "$make" -f "$pattern" >/dev/null; do
		tries=$((tries + 1))
		if [ $tries -gt 1000 ] || ! kill -0 $make 2>/dev/null; then
			env kill -KILL -- -$make
			echo "$pattern was never seen"
			cat "$tmp/log"
			return 1
		fi
		sleep 0.05
	done
	case $signal in
	INT) env kill -INT -- -$make ;;
	*) env kill -"$signal" $make ;;
	esac
	wait $make
	status=$?
	cat "$tmp/log"
	[ $status -ne 0 ] || return 1
	tries=0
	while pgrep -a -r D,R,S,T -g $make; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || return 1
		sleep 0.1
	done
}

ends() {
	stage=$1 pattern=$2 signal=$3
	shift 3
	ok "$stage: it ends, and all of its processes" interrupt "$pattern" "$signal" BASE=6.1 "$@"
}

gone() {
	ok "$1: nothing is left" [ ! -e "$2" ]
}

again() {
	text=$1
	shift
	ok "$text: make recovers" make --no-print-directory BASE=6.1 KSRC= "$@"
}

ok "6.1: make" lab_make 6.1 verdict

# Of the source, what the patches are about: quick to unpack.
mkdir "$tmp/deb"
# shellcheck disable=SC2046 # a list
git -C "$real/6.1/src" archive --prefix=linux/ stock Makefile MAINTAINERS mm \
	tools/testing/selftests/Makefile \
	$(git -C "$real/6.1/src" diff --name-only --diff-filter=MD stock after) |
	xz -0 >"$tmp/deb/linux-source-6.1.tar.xz"
export DEBSRC="$tmp/deb"
for command in tar "git.* add"; do
	ends "source, in $command" "$command" INT B="$tmp/b" source
	gone "source, in $command" "$tmp/b/6.1/src"
done
again source B="$tmp/b" tree KERNEL=before
# Of these few files, its git commands are too short to be seen.
ends tree 'tree.sh 6.1 after' INT B="$tmp/b" tree KERNEL=after
again tree B="$tmp/b" tree KERNEL=after
rm -rf "$tmp/b"
unset DEBSRC

rm -f "$real/6.1/before/bzImage" "$real/6.1/obj/.lab-config"
ends "kernel's config, SIGKILL" 'kconfig/conf --allnoconfig' KILL kernel KERNEL=before
for signal in INT TERM KILL; do
	rm -f "$real/6.1/before/bzImage"
	check_out "$real/6.1/src" stock
	ends "kernel, SIG$signal" 'cc1' $signal kernel KERNEL=before
	gone "kernel, SIG$signal" "$real/6.1/before/bzImage"
done
again kernel kernel KERNEL=before

rm -r "$real/6.1/tests" "$real/6.1/guest.cpio"
ends tests 'selftests' INT tests
gone tests "$real/6.1/tests"
again tests tests

rm -f "$real/6.1/test.cpio"
truncate -s 2G "$tmp/big"
ends image cpio INT boot KERNEL=after TEST="$tmp/big"
gone image "$real/6.1/test.cpio"
rm "$tmp/big"
again image image

for signal in INT TERM KILL; do
	rm -rf "$real/6.1/after/run"
	ends "boot, SIG$signal" 'qemu-system[^ ]* -accel' $signal verdict KERNEL=after
	gone "boot, SIG$signal" "$real/6.1/after/run"
done
rm -rf "$real"/*/after/run
# Where there is no 6.2, this is what plain make does; it starts a make of its own.
ok "make without BASE, SIGTERM: it ends, and all of its processes" \
	interrupt 'qemu-system[^ ]* -accel' TERM B="$real" verdict KERNEL=after
# That is a stage of another.
ends "fuzz, SIGTERM" 'qemu-system[^ ]* -accel' TERM fuzz FUZZ=--seconds=300
gone "fuzz, SIGTERM" "$real/6.1/fuzz/run"
# One case tells.
again boot verdict KERNEL=after CASE='*killed_owner'
done_testing
