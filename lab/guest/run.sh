#!/bin/sh
# Runs the tests of this folder on this machine, as root.  KTAP on stdout; exits 0 if
# nothing has failed.
cd "$(dirname "$0")" || exit 1

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 4; }
[ -d /sys/kernel/config/nullb ] || modprobe -q null_blk nr_devices=0
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config

# The race needs the module: built here where there are headers, else the test skips.
race=''
if [ ! -e /dev/test_swapin_race ] && [ -d "/lib/modules/$(uname -r)/build" ] &&
		command -v make >/dev/null; then
	make -s -C module >module/build.log 2>&1 && insmod module/test_swapin_race.ko 2>/dev/null &&
		race=yes
fi
trap '[ -z "$race" ] || rmmod test_swapin_race' EXIT

echo "KTAP version 1"
set -- swapin_*
echo "1..$#"
n=0 failed=0
for test; do
	n=$((n + 1))
	./"$test" >"$test.tap" 2>&1
	status=$?
	sed 's/^/  /' "$test.tap"
	if [ $status = 0 ]; then
		echo "ok $n $test"
	elif [ $status = 4 ]; then
		echo "ok $n $test # SKIP $(sed -n 's/.*# SKIP *//p' "$test.tap" | head -n 1)"
	else
		echo "not ok $n $test"
		failed=1
	fi
	rm "$test.tap"
done
exit $failed
