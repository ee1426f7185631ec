#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Real guests that go wrong: what the lab says when they do.
. lab/t/tap.sh

ok "6.1: a kernel and a guest image" lab_make 6.1 kernel image KERNEL=after
real=$(cd "$B" && pwd)
guest=$tmp/b/6.1/after
# So little that there is one guest, as its init wants it.
echo "MemAvailable: 1 kB" >"$tmp/little"
mkdir -p "$guest"
ln -s "$real/6.1/after/bzImage" "$guest/bzImage"
cp "$B/accel" "$tmp/b/accel" 2>/dev/null

# guest SHELL [LIMIT [TEST]]: boots with an init that does SHELL, and judges.
guest() (
	printf '#!/bin/sh\nexport PATH=/bin\nmkdir -p /proc /sys /dev
		mount -t devtmpfs dev /dev\n%s\n' "$1" >"$tmp/init"
	chmod +x "$tmp/init"
	export B="$tmp/b" LIMIT="${2:-60}" MEMINFO="$tmp/little"
	lab/stages/image.sh "$B/6.1/guest.cpio" "$tmp/init" ${3:+"$3"} && lab/stages/boot.sh 6.1 after &&
		lab/stages/verdict.sh "$guest"
)

good='exec 3>/dev/ttyS1; stty -F /dev/ttyS1 raw
printf "begin t\n1..1\nok 1 it\nend t 0\ndone\n" >&3; exec 3>&-'
warns() {
	guest "$good; echo WARNING: CPU: 0 at here > /dev/kmsg; reboot -f" &&
		grep -q "^console$(printf '\t')fail" "$guest/verdict"
}

ok "a guest that does its work" guest "$good; reboot -f"
ok "a guest that warns fails in its console" warns
fails "a guest that panics" "the guest died: Kernel panic" guest "exit 3"
fails "a guest that reboots early" "ended early" guest "reboot -f"
fails "a guest that hangs" "the guest hung: no end after 6s" guest "sleep 1000" 6
ok "no QEMU is left" sh -c "! pgrep -f '[q]emu-system.*$tmp'"

# The selftest, killed on its way: swap and configfs are as they were.
interrupted() {
	guest "
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t configfs configfs /sys/kernel/config
		exec 3>/dev/ttyS1; stty -F /dev/ttyS1 raw
		end_it() {
			until owner=\$(grep -o 'badswap-[0-9]*' /proc/swaps); do :; done
			kill -$1 \$(sed -n 's/^PPid:.//p' /proc/\${owner#badswap-}/status)
		}
		end_it &
		/tests/swapin_error >/dev/null 2>&1
		sleep 3
		left=\$(grep badswap /proc/swaps; ls -d /sys/kernel/config/nullb/badswap*)
		printf 'begin t\n1..1\n%s 1 %s\nend t %s\ndone\n' \
			\"\${left:+not }ok\" \"\$left\" \$((\${#left} > 0)) >&3
		exec 3>&-
		reboot -f" 60 "$real/6.1/tests/swapin_error" &&
		cat "$guest/verdict" && ! grep -q fail "$guest/verdict"
}
for signal in INT TERM KILL; do
	ok "the selftest, ended by SIG$signal, leaves no device" interrupted $signal
done

where() {
	lab_make 6.1 where KERNEL=after >"$tmp/where" &&
		while IFS='=' read -r name path; do
			[ "$name" = branch ] || [ -e "$path" ] || { echo "$name: no $path"; return 1; }
		done <"$tmp/where"
}
lab_make 6.1 verdict >/dev/null 2>&1
ok "make where names what is there" where

# A user's own test, and a user's own guest image.
printf '#!/bin/sh\necho 1..1\necho ok 1 mine\n' >"$tmp/mine"
printf '#!/bin/sh\nexport PATH=/bin\necho this is my guest\nreboot -f\n' >"$tmp/init"
chmod +x "$tmp/mine" "$tmp/init"
says() {
	want=$1
	shift
	lab_make 6.1 "$@" >"$tmp/said" 2>&1
	status=$?
	cat "$tmp/said"
	grep -qa "$want" "$tmp/said" && return $status
}
ok "make boot TEST= runs it" says "ok 1 mine" boot KERNEL=after TEST="$tmp/mine"
printf '#!/bin/sh\nprintf "1..1\\nok 1 mine, without an end of line"\n' >"$tmp/mine"
ok "make boot TEST= whose last line has no end" says "ok 1 mine, without an end of line" \
	boot KERNEL=after TEST="$tmp/mine"
printf '#!/bin/sh\necho 1..1\necho not ok 1 mine\nexit 1\n' >"$tmp/mine"
ok "make boot TEST= fails where it fails" sh -c \
	"! make BASE=6.1 KSRC= boot KERNEL=after TEST='$tmp/mine'"
printf '#!/bin/sh\necho 1..1\ngrep -q lab.mine=7 /proc/cmdline && echo ok 1 mine\n' >"$tmp/mine"
ok "make boot CMDLINE= reaches the guest" says "ok 1 mine" boot KERNEL=after TEST="$tmp/mine" \
	CMDLINE=lab.mine=7
ok "make a guest image" lab/stages/image.sh "$tmp/my.cpio" "$tmp/init"
ok "make boot INITRD= boots it" says "this is my guest" boot KERNEL=after INITRD="$tmp/my.cpio"

# Some cases, some times, and no trace of it in the verdict.
cp "$real/6.1/after/verdict" "$tmp/verdict"
ok "make CASE= REPEAT= runs these, so often" \
	says "^8 tests, 2 times: 0 came out in different ways, 0 failures on after" \
	verdict KERNEL=after CASE='swapin_error.anon.fork_* global.*' REPEAT=2
fails "make CASE= of a case that there is not" "no case fits swapin_error.none" \
	lab_make 6.1 verdict KERNEL=after CASE=swapin_error.none
ok "the verdict is still of all cases" cmp "$real/6.1/after/verdict" "$tmp/verdict"
done_testing
