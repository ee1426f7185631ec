#!/bin/sh
# boot.sh BASE KERNEL [IMAGE DIR]: boots KERNEL with the tests in IMAGE, for at most
# LIMIT seconds, and leaves console.log and results.log in DIR/run.  The logs of a guest
# that did not come to its end are in DIR/run.failed.  DIR is build/BASE/KERNEL and
# IMAGE the base's guest image if they are not named.
. lab/lib.sh
. lab/qemu.sh
: "${LIMIT:=300}"

base=$1 kernel=$2
bzImage=$B/$base/$kernel/bzImage
image=${3:-$B/$base/guest.cpio.gz}
run=${4:-$B/$base/$kernel}/run

on_exit() {
	[ -z "$job" ] || kill -KILL "$job" 2>/dev/null || :
	rm -rf "$run.tmp"
}

failed() {
	rm -rf "$run.failed"
	mv "$run.tmp" "$run.failed"
	die "$base/$kernel: $1 (log: $run.failed/console.log)"
}

# In the background, so that a signal is acted on at once.
boot() {
	(qemu "$bzImage" "$image" "" \
		-serial "file:$run.tmp/console.log" -serial "file:$run.tmp/results.log" \
		>"$run.tmp/qemu.log" 2>&1 </dev/null) &
	job=$!
}

# Returns QEMU's exit status, or 124 when LIMIT seconds are over.
wait_for_end() {
	end=$(($(date +%s) + LIMIT))
	while kill -0 "$job" 2>/dev/null; do
		[ "$(date +%s)" -lt "$end" ] || return 124
		if [ -t 1 ] && [ -z "${GUESTS-}" ]; then
			printf '\r%sBOOT%s    %s/%s: %d tests done\033[K' "$bold" "$plain" "$base" \
				"$kernel" "$(grep -cE '^(not )?ok ' "$run.tmp/results.log" 2>/dev/null)"
		fi
		sleep 0.2
	done
	[ ! -t 1 ] || [ -n "${GUESTS-}" ] || printf '\r\033[K'
	wait "$job"
}

# They share the CPUs.
LIMIT=$((LIMIT * ${GUESTS:-1}))
say BOOT "$base/$kernel: in QEMU with $(accel), at most ${LIMIT}s (log: $run/console.log)"
rm -rf "$run" "$run.tmp" "$run.failed"
mkdir -p "$run.tmp"
boot
status=0
wait_for_end || status=$?
console=$run.tmp/console.log
[ $status -ne 124 ] || failed "the guest hung: no end after ${LIMIT}s (LIMIT= gives it more)"
job=''
[ $status -eq 0 ] || failed "QEMU failed: $(tail -n 1 "$run.tmp/qemu.log")"
panic=$(grep -a -m 1 -o 'Kernel panic.*' "$console" | tr -d '\r' || :)
[ -z "$panic" ] || failed "the guest died: $panic"
[ "$(tail -n 1 "$run.tmp/results.log" 2>/dev/null)" = "done" ] ||
	failed "the guest ended early, the results are cut short"
mv "$run.tmp" "$run"
