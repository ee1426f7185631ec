#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# boot.sh BASE KERNEL [IMAGE DIR]: boots KERNEL with the tests in IMAGE, for at most
# LIMIT seconds, and leaves console.log and results.log in DIR/run.  The logs of a guest
# that did not come to its end are in DIR/run.failed.  DIR is build/BASE/KERNEL and
# IMAGE the base's guest image if they are not named.  A guest that KVM gives up on runs
# again with TCG, if ACCEL is auto.
#
# Where there are the CPUs and the memory, all tests are run by two guests side by side, each
# of which is a part of the run: the logs are those of the first, then of the second.
. lab/lib.sh
. lab/series.sh
. lab/guest/qemu.sh
: "${LIMIT:=300}" "${LAB_GUESTS:=1}"

base=$1 kernel=$2
bzImage=$B/$base/$kernel/bzImage
image=${3:-$B/$base/guest.cpio}
run=${4:-$B/$base/$kernel}/run
# The cases that match LAB_ONLY, or those that the kernel is there for; nothing is all.
asked=${LAB_ONLY-}
[ $# -gt 2 ] || asked=$(only "$base" "$kernel")

on_exit() {
	# shellcheck disable=SC2086 # a list
	[ -z "$job" ] || kill -KILL $job 2>/dev/null || :
	rm -rf "$run.tmp" "$B/probe.$$"
}

# The logs of all guests, in one.
join() {
	for log in console.log results.log qemu.log; do
		cat "$run.tmp"/[12]/$log >"$run.tmp/$log" 2>/dev/null || :
	done
}

failed() {
	join
	rm -rf "$run.failed"
	mv "$run.tmp" "$run.failed"
	die "$base/$kernel: $1 (log: $run.failed/console.log)"
}

# asked_of GUEST: what it is asked for, in its words.  By the last letter of its name a test is
# in one of two parts, and about as much is in each.
asked_of() {
	case $parts-$1 in
	2-1) echo 'lab.part=*[a-g]' ;;
	2-2) echo 'lab.part=*[!a-g]' ;;
	*) [ -z "$asked" ] || echo "lab.only=$(echo "$asked" | paste -sd ,)" ;;
	esac
}

alive() {
	for guest in $job; do
		! kill -0 "$guest" 2>/dev/null || return 0
	done
	return 1
}

# The guest image, with the module of the race test that was built for this kernel.
pack() {
	cp "$image" "$run.tmp/image"
	[ -f "${bzImage%/*}/race.ko" ] || return 0
	mkdir "$run.tmp/modules"
	cp "${bzImage%/*}/race.ko" "$run.tmp/modules/"
	echo modules/race.ko | cpio -o -H newc -R 0:0 --quiet -D "$run.tmp" >>"$run.tmp/image"
}

# In the background, so that a signal is acted on at once.
boot() {
	rm -rf "$run.tmp"
	mkdir -p "$run.tmp"
	pack
	for guest in $(seq "$parts"); do
		logs=$run.tmp/$guest
		mkdir "$logs"
		# shellcheck disable=SC2046 # a list of options
		(qemu "$bzImage" "$run.tmp/image" "$(asked_of "$guest")" -serial "file:$logs/console.log" \
			$(report_port "$logs/results.log") >"$logs/qemu.log" 2>&1 </dev/null) &
		job="$job $!"
	done
	began=$(date +%s)
	[ ! -t 1 ] || { tick BOOT "$run.tmp/1/results.log" & ticker=$!; }
}

# kvm_gave_up SECONDS: whether it did, after SECONDS, with the reason in $why.
kvm_gave_up() {
	[ "$ACCEL" = kvm ] || return 1
	why=$(cat "$run.tmp"/[12]/qemu.log | grep -a -m 1 -i -E \
		'KVM internal error|kvm.*(failed|not supported)|initialize kvm') && return
	why="the guest said nothing in ${PATIENCE}s"
	[ "$1" -ge "$PATIENCE" ] || return
	for guest in $(seq "$parts"); do
		[ -s "$run.tmp/$guest/console.log" ] || return 0
	done
	return 1
}

# Returns QEMU's exit status, 124 when LIMIT seconds are over, or 125 when KVM gave up.
wait_for_end() {
	while alive; do
		seconds=$(($(date +%s) - began))
		[ $seconds -lt "$LIMIT" ] || return 124
		! kvm_gave_up $seconds || return 125
		sleep 0.2
	done
	status=0
	for guest in $job; do
		wait "$guest" || status=$?
	done
	job=''
	[ $status = 0 ] || ! kvm_gave_up 0 || return 125
	return $status
}

end_guest() {
	end_ticker
	# shellcheck disable=SC2086 # a list
	[ -z "$job" ] || { kill -KILL $job; wait $job; } 2>/dev/null || :
	job=''
}

# Sets status: as wait_for_end says.
run_guest() {
	boot
	status=0
	wait_for_end || status=$?
	end_guest
}

lock "$run.lock" "for another make that boots $base/$kernel"
by_user=$ACCEL
choose_accel "$bzImage"
parts=1
# The counts of a gcov kernel are of one guest.  One pair of guests at a time.
if [ $# = 2 ] && [ -z "$asked" ] && [ "$kernel" != gcov ] && [ "$(guests)" -gt 1 ]; then
	parts=2
	exec 7>>"$B/guests"
	background flock 7
fi
# Guests side by side, and a kernel's build, share the CPUs.
[ "$LAB_GUESTS" = 1 ] || LIMIT=$((LIMIT * 2 * (1 + (LAB_GUESTS * SMP - 1) / $(nproc))))
# Of what does not come to its end now, there is no verdict.
rm -rf "$run" "$run.failed" "${run%/run}/verdict"
what=''
[ -z "$asked" ] || what=", $(echo "$asked" | wc -w) cases of all"
say BOOT "$base/$kernel$what: in QEMU with $ACCEL, at most ${LIMIT}s (log: $run/console.log)"
run_guest
if [ $status = 125 ]; then
	[ "$by_user" = auto ] || failed "KVM gave up: $why: ACCEL=tcg does without it"
	say BOOT "$base/$kernel: KVM gave up ($why): again, and from now on, with tcg"
	remember tcg
	ACCEL=tcg
	run_guest
fi
[ $status -ne 124 ] || failed "the guest hung: no end after ${LIMIT}s (LIMIT= gives it more)"
[ $status -le 128 ] ||
	failed "QEMU was killed by signal $((status - 128)), 9 maybe for want of memory (MEM= is ${MEM}M)"
[ $status -eq 0 ] || failed "QEMU failed: $(cat "$run.tmp"/[12]/qemu.log | tail -n 1)"
for guest in $(seq "$parts"); do
	panic=$(grep -a -m 1 -o 'Kernel panic.*' "$run.tmp/$guest/console.log" | tr -d '\r' || :)
	[ -z "$panic" ] || failed "the guest died: $panic"
	[ "$(tail -n 1 "$run.tmp/$guest/results.log" 2>/dev/null)" = "done" ] ||
		failed "the guest ended early, the results are cut short"
done
join
rm -rf "$run.tmp/image" "$run.tmp/modules" "$run.tmp"/[12]
mv "$run.tmp" "$run"
timed BOOT "$base/$kernel" $(($(date +%s) - began))
