# SPDX-License-Identifier: GPL-2.0
# Sourced by every stage.  POSIX sh.
# shellcheck shell=sh

set -eu
: "${B:=build}" "${JOBS:=2}"

# What was told to our make, to the user's git, perl or compiler, or to another kernel's
# build, is none of our tools' business, and what they say is read in English.
for variable in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
	case $variable in
	SENDFLAGS | GIT_CONFIG_GLOBAL | GIT_CONFIG_NOSYSTEM | GIT_SSH* | GIT_ASKPASS) ;;
	GIT_* | MAKE* | MFLAGS | *FLAGS | *FLAGS_* | KBUILD_* | KCONFIG_* | LLVM* | HOST* | CLANG* | \
	ARCH | SRCARCH | SUBARCH | CROSS_COMPILE | CC | CXX | CPP | LD | AS | AR | NM | OBJCOPY | \
	OBJDUMP | STRIP | READELF | CHECK | CF | V | W | C | M | O | INSTALL_* | LOCALVERSION | \
	PROVE* | HARNESS_* | PERL5* | PYTHON* | TAR_OPTIONS | XZ_* | GZIP | POSIXLY_CORRECT | \
	GREP_OPTIONS | CDPATH | ENV | BASH_ENV)
		unset "$variable" ;;
	esac
done
export LC_ALL=C
# A tree may be another user's, whose hooks are not ours to run.
export GIT_CONFIG_COUNT=4 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
	GIT_CONFIG_KEY_1=core.hooksPath GIT_CONFIG_VALUE_1=/dev/null \
	GIT_CONFIG_KEY_2=core.fsmonitor GIT_CONFIG_VALUE_2=false \
	GIT_CONFIG_KEY_3=core.autocrlf GIT_CONFIG_VALUE_3=false

if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
	bold=$(printf '\033[1m') red=$(printf '\033[31m') green=$(printf '\033[32m')
	plain=$(printf '\033[0m')
else
	bold='' red='' green='' plain=''
fi
export bold red green plain

# What kernels and tests are built for, and with which compiler; in words for the kernel's make,
# and for ours.
: "${MACHINE:=x86_64}" "${PAGES:=4k}"
cross='' for_machine=''
case $MACHINE in
arm64) cross=aarch64-linux-gnu- for_machine=arm64 ;;
s390x) cross=s390x-linux-gnu- for_machine=s390 ;;
esac
[ -z "$cross" ] || for_machine="ARCH=$for_machine CROSS_COMPILE=$cross"
export cross for_machine ours_for="ARCH=$MACHINE PAGES=$PAGES"

# say STAGE TEXT: what is being done, in one line.
say() {
	printf '%s%-7s%s %s\n' "$bold" "$1" "$plain" "$2"
}

# die TEXT: what went wrong and what to do, in one line; exits 1.
die() {
	printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2
	exit 1
}

# as_nobody: commits are made by nobody at no time, so that the same input gives the same
# commit, and what was built from it is still good.
as_nobody() {
	export GIT_AUTHOR_NAME=lab GIT_AUTHOR_EMAIL=lab@localhost \
		GIT_AUTHOR_DATE='946684800 +0000' GIT_COMMITTER_NAME=lab \
		GIT_COMMITTER_EMAIL=lab@localhost GIT_COMMITTER_DATE='946684800 +0000' \
		GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
}

# on_exit: what to undo, whichever way the script ends.  Scripts redefine it.
on_exit() { :; }
job='' ticker=''
# family PID: it, and all processes that come from it, of which some, as a make's shells,
# end without a word to their children.
family() {
	echo "$1"
	children=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || :
	for one in $children; do
		family "$one"
	done
}
# stop STATUS: ends what is running and then us.
stop() {
	for pid in $job $ticker; do
		# shellcheck disable=SC2046 # a list
		kill $(family "$pid") 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	exit "$1"
}
trap 'on_exit' EXIT
trap 'stop 130' INT
trap 'stop 143' TERM HUP

# child COMMAND...: runs COMMAND so that it ends with us, and by Ctrl-C also where
# the shell, having put it into the background, would have it ignored.
child() {
	setpriv --pdeathsig TERM env --default-signal=INT "$@"
}

# machine_make ARG...: a kernel's make, for the machine; guests that run beside go first.
machine_make() {
	# shellcheck disable=SC2086 # a list
	child nice make $for_machine "$@"
}

# background COMMAND...: runs it, and acts on signals meanwhile.  Returns its status.
background() {
	"$@" </dev/null &
	job=$!
	ended=0
	wait "$job" || ended=$?
	job=''
	return "$ended"
}

# boot_and_judge BASE KERNEL IMAGE DIR: as boot.sh, and leaves the verdict there.
boot_and_judge() {
	background lab/stages/boot.sh "$@" && lab/stages/verdict.sh "$4"
}

# replace FILE: takes new content from stdin; touches FILE only if it differs.
replace() {
	cat >"$1.new.$$"
	if cmp -s "$1.new.$$" "$1"; then
		rm "$1.new.$$"
	else
		mv "$1.new.$$" "$1"
	fi
}

# ours DIR: makes it, and dies if we cannot write there.  A B that was not there, or empty,
# gets a mark: what has it may be removed.
ours() {
	[ -n "$(ls -A "$B" 2>/dev/null)" ] || { mkdir -p "$B" && touch "$B/.lab"; } 2>/dev/null || :
	mkdir -p "$1" 2>/dev/null && [ -w "$1" ] && return
	at=$1
	until [ -e "$at" ]; do
		at=$(dirname "$at")
	done
	die "cannot write to $at, which is $(stat -c %U "$at")'s: sudo chown -R $(id -un) $B, or set B= to a folder of yours"
}

# may_write FILE: makes its folder, and dies if we cannot write it.
may_write() {
	ours "$(dirname "$1")"
	[ ! -e "$1" ] || [ -w "$1" ] || ours "$1"
}

# need_space DIR MIB: dies if DIR's disk has less than MIB free.
need_space() {
	ours "$1"
	free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
	[ "$free" -ge "$2" ] ||
		die "$1 has $free MiB free: make room for $2 MiB, or set B= to a folder on another disk"
}

# tick STAGE LOG: the moving line of a terminal, until our parent kills us; of one stage
# only where some run side by side.
tick() {
	exec 8>"$B/ticker"
	n=0
	until flock -n 8; do
		sleep 1
		n=$((n + 1))
	done
	while sleep 1 && kill -0 $$ 2>/dev/null; do
		n=$((n + 1))
		printf '\r%s%-7s%s %ds  %.60s\033[K' "$bold" "$1" "$plain" "$n" \
			"$(tail -c 400 "$2" 2>/dev/null | tr '\r' '\n' | tail -n 1 | tr -d '\t')"
	done
}

end_ticker() {
	[ -n "$ticker" ] || return 0
	kill "$ticker" 2>/dev/null || :
	wait "$ticker" 2>/dev/null || :
	ticker=''
	printf '\r\033[K'
}

# logged STAGE LOG COMMAND...: runs COMMAND with its output in LOG, and dies
# with the first error in LOG if it fails.
logged() {
	stage=$1 log=$2
	shift 2
	began=$(date +%s)
	may_write "$log"
	printf '+ %s\n' "$*" >"$log"
	if [ -t 1 ]; then
		tick "$stage" "$log" &
		ticker=$!
	fi
	status=0
	background "$@" >>"$log" 2>&1 || status=$?
	end_ticker
	if [ $status -eq 0 ]; then
		timed "$stage" "$log" $(($(date +%s) - began))
		return
	fi
	[ $status -le 128 ] ||
		die "$stage: it was killed by signal $((status - 128)), 9 maybe for want of memory: run make again (log: $log)"
	grep -q 'No space left on device' "$log" &&
		die "the disk is full: make room or set B= to a folder on another disk (log: $log)"
	die "$stage: $(grep -a -m 1 -E '(^|[ :])(fatal |)(error|fatal|ERROR): |^(E|curl|tar|xz|cp): |\*\*\* ' \
		"$log" || tail -n 1 "$log") (log: $log)"
}

# check_out SRC COMMIT: makes the files of the git tree SRC those of COMMIT.
check_out() {
	# We hold the lock of the tree: this one is from a git that was killed.
	rm -f "$1/.git/index.lock"
	if ! said=$(child git -C "$1" checkout -q -f "$2" 2>&1); then
		die "cannot check out $2 in $1: $(echo "$said" | head -n 1)"
	fi
}

# forget BASE: removes all that was made of the base's source, and leaves that.
forget() {
	[ ! -d "$B/$1" ] || find "$B/$1" -mindepth 1 -maxdepth 1 ! -name src ! -name 'source.*' \
		! -name lock -exec rm -rf {} +
}

# touched_files SRC: the C files of the kernel, as against its tools, that the series touches in
# the git tree SRC, a path a line.
touched_files() {
	git -C "$1" diff --name-only stock after -- '*.c' ':!tools'
}

# lock FILE WHAT: two makes must not write the same thing; waits for the other one, whose
# files on_exit would remove meanwhile, saying WHAT where it is not our own make.
lock() {
	may_write "$1"
	exec 9>>"$1"
	if ! flock -n 9; then
		[ "$(cat "$1")" = "${START-}" ] || say WAIT "$2"
		trap - EXIT
		background flock 9
		trap 'on_exit' EXIT
	fi
	echo "${START-}" >"$1"
}

# one_at_a_time BASE: for what works in the base's source tree or build folder.
one_at_a_time() {
	lock "$B/$1/lock" "for another make on $B/$1"
	theirs=$(find "$B/$1" -maxdepth 3 -type d ! -writable -print -quit)
	[ -z "$theirs" ] || ours "$theirs"
}

# timed STAGE WHAT SECONDS: notes how long a stage took; took prints the seconds of each stage
# of this make, some of which run side by side, and of all of it.
timed() {
	may_write "$B/times"
	echo "${START:-0} $1 $2 $3" >>"$B/times"
}
took() {
	[ ! -f "$B/times" ] || awk -v start="${START:-0}" '
		$1 == start { if (!($2 in sum)) order[++n] = $2; sum[$2] += $4 }
		END {
			for (i = 1; i <= n; i++)
				printf "%-8s %6d s\n", tolower(order[i]), sum[order[i]]
			if (start)
				printf "%-8s %6d s\n", "total", now - start
		}' now="$(date +%s)" "$B/times"
}
