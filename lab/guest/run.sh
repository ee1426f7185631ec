#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the tests of this folder on this machine, as root.  KTAP on stdout; exits 0 if
# nothing has failed.
cd "$(dirname "$0")" || exit 1
PATH=$PATH:/usr/sbin:/sbin

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 4; }
tap=$(mktemp) || exit 1
job='' race=''

# The test takes its device away as it ends, and the module is in use until then.
# shellcheck disable=SC2317 # by the traps
on_exit() {
	[ -z "$job" ] || kill "$job"
	[ -z "$job" ] || wait "$job"
	rm -f "$tap"
	[ -n "$race" ] || return
	for _ in 1 2 3 4 5; do
		rmmod test_swapin_race 2>/dev/null && return
		sleep 1
	done
	echo "error: test_swapin_race is still in use: run rmmod test_swapin_race" >&2
}
# Not all shells do, when a signal ends them, what they do on exit.
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

[ -d /sys/kernel/config/nullb ] || modprobe -q null_blk nr_devices=0
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config

# The race needs the module: built here where there are headers, else the test skips.
if [ ! -e /dev/test_swapin_race ] &&
		make -s -C "/lib/modules/$(uname -r)/build" M="$PWD/module" modules >module/build.log 2>&1; then
	insmod module/test_swapin_race.ko && race=loaded
fi

echo "KTAP version 1"
set -- swapin_*
echo "1..$#"
n=0 failed=0
for test; do
	n=$((n + 1))
	# In the background, so that a signal is acted on at once.
	./"$test" >"$tap" 2>&1 </dev/null &
	job=$!
	wait $job
	status=$?
	job=''
	sed 's/^/  /' "$tap"
	case $status in
	0) echo "ok $n $test" ;;
	4) echo "ok $n $test # SKIP $(sed -n 's/.*# SKIP *//p' "$tap" | head -n 1)" ;;
	*)
		echo "not ok $n $test"
		failed=1
		;;
	esac
done
exit $failed
