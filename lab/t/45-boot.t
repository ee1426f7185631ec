#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Guests that end in all ways, with and without KVM, by a stand-in for QEMU.
# shellcheck disable=SC2016,SC2030,SC2031 # on purpose
. lab/t/tap.sh

guest=$tmp/b/6.1/after
mkdir -p "$guest" "$tmp/bin"
touch "$guest/bzImage" "$tmp/b/6.1/guest.cpio" "$tmp/kvm"
unset CMDLINE LAB_ONLY
export B="$tmp/b" ACCEL=tcg LIMIT=60 QEMU=lab/t/fake-qemu FAKE=good FAKE_KVM=good
# So little that there is one guest.
echo "MemAvailable: 1 kB" >"$tmp/little"
export MEMINFO="$tmp/little"
export DEV_KVM="$tmp/kvm" PATIENCE=1 LAB_GUESTS=1 SMP=2 MEM=512 STARTS="$tmp/starts" NAP
# Seconds that are ours alone, to know the process by.
NAP=60.$$

# boot VAR=VALUE...: boots, with what it said in $tmp/said.
boot() {
	: >"$STARTS"
	env "$@" lab/stages/boot.sh 6.1 after >"$tmp/said" 2>&1
	status=$?
	cat "$tmp/said"
	return $status
}
gone() {
	ok "$1: nothing is left" [ ! -e "$2" ]
}
no_qemu() {
	ok "$1: no QEMU is left" sh -c "! pgrep -fx 'sleep $NAP'"
}

ok "a good guest" boot
fails "a guest that hangs" "the guest hung: no end after 2s" boot FAKE=hang LIMIT=2
no_qemu "a guest that hangs"
fails "a QEMU that fails" "QEMU failed: qemu: could not load kernel" boot FAKE=crash
gone "a QEMU that fails" "$guest/run"
fails "a QEMU that the kernel kills" "QEMU was killed by signal 9" boot FAKE=killed
for knob in LIMIT=5m SMP=two MEM=1G; do
	fails "$knob" "$knob.*: give them as numbers" boot $knob
done

## KVM

# boots WITH STARTS VAR=VALUE...: it ends well, with WITH, having started QEMU so.
boots() {
	with=$1 starts=$2
	shift 2
	boot "$@" && [ -f "$guest/run/results.log" ] && grep -q "in QEMU with $with" "$tmp/said" &&
		[ "$(paste -sd , "$STARTS")" = "$starts" ]
}
# falls_back WHY STARTS VAR=VALUE...: it says WHY, and ends well with TCG.
falls_back() {
	why=$1
	shift
	boots kvm "$@" && grep "KVM gave up" "$tmp/said" >"$tmp/line" &&
		[ "$(wc -l <"$tmp/line")" = 1 ] &&
		grep "KVM gave up ($why.*): again, and from now on, with tcg" "$tmp/line"
}
fresh() {
	rm -f "$B/accel"
	"$@"
}
export ACCEL=auto
ok "KVM that works" fresh boots kvm 'kvm probe,kvm guest'
ok "KVM that works: it is remembered" boots kvm 'kvm guest'
ok "KVM that boots no kernel" fresh boots tcg 'kvm probe,tcg guest' FAKE_KVM=no-probe
ok "KVM that boots no kernel: it is remembered" boots tcg 'tcg guest' FAKE_KVM=no-probe
ok "KVM that a kernel module is missing for" fresh boots tcg 'kvm probe,tcg guest' FAKE_KVM=none
ok "no /dev/kvm" fresh boots tcg 'tcg guest' DEV_KVM="$tmp/none"
ok "KVM that gives up on the guest" fresh falls_back 'KVM internal error. Suberror: 1' \
	'kvm probe,kvm guest,tcg guest' FAKE_KVM=gives-up
ok "KVM that gives up: it is remembered" boots tcg 'tcg guest' FAKE_KVM=gives-up
ok "KVM whose guest says nothing" fresh falls_back 'the guest said nothing in 1s' \
	'kvm probe,kvm guest,tcg guest' FAKE_KVM=silent
ok "KVM whose guest says nothing: it is remembered" boots tcg 'tcg guest' FAKE_KVM=silent
no_qemu "KVM"
gone "KVM that boots no kernel" "$(find "$B" -name 'probe*' | grep . || echo "$tmp/none")"
fails "KVM that gives up, and a guest that hangs with TCG" "the guest hung: no end after 2s" \
	fresh boot FAKE_KVM=gives-up FAKE=hang LIMIT=2

# What the user asks for is what they get.
at_once() {
	began=$(date +%s)
	boot "$@"
	status=$?
	[ $(($(date +%s) - began)) -lt 10 ] && return $status
	echo "it took $(($(date +%s) - began))s"
	return 0
}
for how in gives-up silent none; do
	case $how in
	gives-up) why="KVM internal error. Suberror: 1" ;;
	silent) why="the guest said nothing in 1s" ;;
	none) why="failed to initialize kvm" ;;
	esac
	fails "ACCEL=kvm, and it is $how" "KVM gave up: .*$why.*: ACCEL=tcg does" \
		fresh at_once ACCEL=kvm FAKE_KVM=$how
	ok "ACCEL=kvm, and it is $how: it was not tried again" [ "$(cat "$STARTS")" = "kvm guest" ]
done
ok "ACCEL=tcg, whatever is remembered" boots tcg 'tcg guest' ACCEL=tcg

# What was true elsewhere, or before.
elsewhere() {
	rm -f "$B/accel"
	boot >/dev/null && sed -i "$1" "$B/accel" && boots tcg 'kvm probe,tcg guest' FAKE_KVM=no-probe
}
ok "what another user has found of KVM" elsewhere '1s/^[0-9]*/12345/'
ok "what another kernel of the host had" elsewhere "1s/$(uname -v)/#0 no kernel/"
ok "what another machine had" elsewhere "1s/ $(uname -n) / none /"
ok "what was so before it booted again" elsewhere "1s/$(cat /proc/sys/kernel/random/boot_id)/0/"
ok "a B/accel that was cut short" elsewhere '1,$d'
ok "a B/accel as the lab wrote it once" elsewhere '1s/.*/kvm/; 2d'
ok "KVM that works" fresh boots kvm 'kvm probe,kvm guest'
ok "what another QEMU had" boots tcg 'kvm probe,tcg guest' VERSION=2 FAKE_KVM=no-probe
ok "no KVM for this user" fresh boots tcg 'tcg guest' DEV_KVM="$tmp/none"
ok "no KVM for this user, who then is given it" boots kvm 'kvm probe,kvm guest'

# The guests that a person talks to.
shell() {
	rm -f "$B/accel"
	lab/guest/shell.sh shell 6.1 after && [ "$(paste -sd , "$STARTS")" = "$1" ]
}
: >"$STARTS"
ok "make shell tries KVM too" shell 'kvm probe,kvm guest'

## many at once

two() {
	START=1 FAKE=slow ACCEL=tcg lab/stages/boot.sh 6.1 after >"$tmp/one" 2>&1 &
	sleep 0.3
	boot START=2 FAKE=slow ACCEL=tcg
	second=$?
	wait $! && cat "$tmp/one" && [ $second = 0 ] && [ -f "$guest/run/results.log" ] &&
		grep -q "^WAIT .*for another make that boots 6.1/after" "$tmp/said"
}
ok "two makes that boot the same" two
judge_waits() {
	FAKE=slow ACCEL=tcg lab/stages/boot.sh 6.1 after >"$tmp/one" 2>&1 &
	sleep 0.3
	lab/stages/verdict.sh "$guest"
	status=$?
	wait $!
	return $status
}
ok "a verdict waits for what another make boots" judge_waits

# guests CPUS MIB: how many run at once there.
guests_at() (
	printf 'MemTotal: 99999999 kB\nMemAvailable: %d kB\n' $(($2 * 1024)) >"$tmp/meminfo"
	printf '#!/bin/sh\necho %s\n' "$1" >"$tmp/bin/nproc"
	chmod +x "$tmp/bin/nproc"
	# shellcheck disable=SC2123 # on purpose
	PATH=$tmp/bin:$PATH MEMINFO=$tmp/meminfo
	. lab/guest/qemu.sh
	guests
)
for is in "2 16000 2" "64 128000 64" "64 8000 11" "64 300 1" "1 16000 1"; do
	# shellcheck disable=SC2086 # a list
	set -- $is
	ok "$1 CPUs and $2 MiB: $3 guests" [ "$(guests_at "$1" "$2")" = "$3" ]
done
# in_parts PATTERN VAR=VALUE...: boots with two guests, and counts what both have said.
in_parts() {
	want=$1
	shift
	guests_at 2 99999 >/dev/null
	boot ACCEL=tcg PATH="$tmp/bin:$PATH" MEMINFO="$tmp/meminfo" "$@" || return
	[ "$(paste -sd , "$STARTS")" = "tcg guest,tcg guest" ] && [ "$(ls "$guest/run")" = "console.log
qemu.log
results.log" ] && [ "$(grep -c "$want" "$guest/run/results.log")" = 2 ] &&
		[ "$(grep -c 'Linux version' "$guest/run/console.log")" = 2 ]
}
ok "two guests: the logs of both" in_parts '^done'
ok "two guests: each has a part" in_parts '^part .*' FAKE=part
for how in crash killed hang panic; do
	case $how in
	crash) why="QEMU failed" ;;
	killed) why="QEMU was killed by signal 9" ;;
	hang) why="the guest hung: no end after 2s" ;;
	panic) why="the guest died: Kernel panic" ;;
	esac
	for one in 1 2; do
		fails "two guests: $one is $how" "$why" in_parts '^done' FAKE=$how FAKE_PART=$one LIMIT=2
	done
done
no_qemu "two guests"
fails "two guests: one ends early" "ended early" in_parts '^done' FAKE=early FAKE_PART=2
# limit CPUS GUESTS SECONDS: what the guests may take there.
limit() {
	guests_at "$1" 99999 >/dev/null
	boot ACCEL=tcg PATH="$tmp/bin:$PATH" LAB_GUESTS="$2" LIMIT=300 && grep -q "at most ${3}s" "$tmp/said"
}
ok "64 CPUs and 64 guests: none may take an hour" limit 64 64 1200
ok "64 CPUs and 32 guests" limit 64 32 600
ok "2 CPUs and 2 guests" limit 2 2 1200
ok "one guest at a time" limit 2 1 300

## image

fails "image: a test program that is not there" "there is no test program" \
	lab/stages/image.sh "$tmp/b/guest.cpio" lab/guest/init "$tmp/none"
gone "image: a test program that is not there" "$tmp/b/guest.cpio"
two_images() {
	lab/stages/image.sh "$tmp/b/guest.cpio" lab/guest/init README.md >"$tmp/one" 2>&1 &
	lab/stages/image.sh "$tmp/b/guest.cpio" lab/guest/init README.md
	status=$?
	wait $! && cat "$tmp/one" && [ $status = 0 ] &&
		cpio -t --quiet <"$tmp/b/guest.cpio" | grep -qx tests/README.md
}
ok "image: two makes that pack the same" two_images
gone "image" "$(find "$B" -name '*.root' -o -name '*.tmp' | grep . || echo "$tmp/none")"
done_testing
