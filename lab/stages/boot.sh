#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# boot.sh BASE KERNEL [IMAGE DIR]: boots KERNEL with the tests in IMAGE, for at most
# LIMIT seconds, and leaves console.log and results.log in DIR/run.  The logs of a guest
# that did not come to its end are in DIR/run.failed.  DIR is build/BASE/KERNEL and
# IMAGE the base's guest image if they are not named.  A guest that KVM gives up on runs
# again with TCG, if ACCEL is auto.
. lab/lib.sh
. lab/series.sh
. lab/guest/qemu.sh
: "${LIMIT:=300}" "${LAB_GUESTS:=1}"

base=$1 kernel=$2
bzImage=$B/$base/$kernel/bzImage
image=${3:-$B/$base/guest.cpio.gz}
run=${4:-$B/$base/$kernel}/run
# The cases that match LAB_ONLY, or those that the kernel is there for; nothing is all.
asked=${LAB_ONLY-}
[ $# -gt 2 ] || asked=$(only "$base" "$kernel")

on_exit() {
	[ -z "$job" ] || kill -KILL "$job" 2>/dev/null || :
	rm -rf "$run.tmp" "$B/probe.$$"
}

failed() {
	rm -rf "$run.failed"
	mv "$run.tmp" "$run.failed"
	die "$base/$kernel: $1 (log: $run.failed/console.log)"
}

# What a run of some cases only is asked for, in the guest's words.
cmdline() {
	[ -z "$asked" ] || printf 'lab.only=%s ' "$(echo "$asked" | paste -sd ,)"
}

# The guest image, with the module of the race test that was built for this kernel.
pack() {
	cp "$image" "$run.tmp/image"
	[ -f "${bzImage%/*}/race.ko" ] || return 0
	mkdir "$run.tmp/modules"
	cp "${bzImage%/*}/race.ko" "$run.tmp/modules/"
	(cd "$run.tmp" && echo modules/race.ko | cpio -o -H newc -R 0:0 --quiet | gzip -1n) \
		>>"$run.tmp/image"
}

# In the background, so that a signal is acted on at once.
boot() {
	rm -rf "$run.tmp"
	mkdir -p "$run.tmp"
	pack
	(qemu "$bzImage" "$run.tmp/image" "$(cmdline)" \
		-serial "file:$run.tmp/console.log" -serial "file:$run.tmp/results.log" \
		>"$run.tmp/qemu.log" 2>&1 </dev/null) &
	job=$!
	began=$(date +%s)
	[ ! -t 1 ] || { tick BOOT "$run.tmp/results.log" & ticker=$!; }
}

# kvm_gave_up SECONDS: whether it did, after SECONDS, with the reason in $why.
kvm_gave_up() {
	[ "$ACCEL" = kvm ] || return 1
	why=$(grep -a -m 1 -i -E 'KVM internal error|kvm.*(failed|not supported)|initialize kvm' \
		"$run.tmp/qemu.log" 2>/dev/null) && return
	why="the guest said nothing in ${PATIENCE}s"
	[ "$1" -ge "$PATIENCE" ] && [ ! -s "$run.tmp/console.log" ]
}

# Returns QEMU's exit status, 124 when LIMIT seconds are over, or 125 when KVM gave up.
wait_for_end() {
	while kill -0 "$job" 2>/dev/null; do
		seconds=$(($(date +%s) - began))
		[ $seconds -lt "$LIMIT" ] || return 124
		! kvm_gave_up $seconds || return 125
		sleep 0.2
	done
	status=0
	wait "$job" || status=$?
	job=''
	[ $status = 0 ] || ! kvm_gave_up 0 || return 125
	return $status
}

end_guest() {
	end_ticker
	[ -z "$job" ] || kill -KILL "$job" 2>/dev/null || :
	[ -z "$job" ] || wait "$job" 2>/dev/null || :
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
console=$run.tmp/console.log
[ $status -ne 124 ] || failed "the guest hung: no end after ${LIMIT}s (LIMIT= gives it more)"
[ $status -le 128 ] ||
	failed "QEMU was killed by signal $((status - 128)), 9 maybe for want of memory (MEM= is ${MEM}M)"
[ $status -eq 0 ] || failed "QEMU failed: $(tail -n 1 "$run.tmp/qemu.log")"
panic=$(grep -a -m 1 -o 'Kernel panic.*' "$console" | tr -d '\r' || :)
[ -z "$panic" ] || failed "the guest died: $panic"
[ "$(tail -n 1 "$run.tmp/results.log" 2>/dev/null)" = "done" ] ||
	failed "the guest ended early, the results are cut short"
rm -rf "$run.tmp/image" "$run.tmp/modules"
mv "$run.tmp" "$run"
timed BOOT "$base/$kernel" $(($(date +%s) - began))
