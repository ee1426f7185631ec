#!/bin/sh
# Kernels that are built already, and machines that have no lab.
. lab/t/tap.sh

fails "judge: no kernel" "name one with VMLINUZ=" lab/checks/judge.sh "$tmp"
fails "judge: a file that is no kernel" "is no x86 kernel image" env VMLINUZ=README.md lab/checks/judge.sh "$tmp"
ok "6.1: a kernel" lab_make 6.1 kernel KERNEL=stock
ok "6.12: the tests" lab_make 6.12 tests
mkdir -p "$tmp/modules"
fails "judge: a folder without modules" "has no modules.dep" \
	env VMLINUZ="$B/6.1/stock/bzImage" MODULES="$tmp/modules" lab/checks/judge.sh "$B/6.12/tests"

# The kernel of 6.1's maintainers has I6's bugs and none of the marker's.
judge() {
	make --no-print-directory judge VMLINUZ="$B/6.1/stock/bzImage" >"$tmp/judged" 2>&1
	status=$?
	cat "$tmp/judged"
	[ $status = 0 ] && grep -q '^shmem: swapoff of what a truncated file.* hang' "$tmp/judged" &&
		! grep -q '^fork:' "$tmp/judged"
}
ok "judge: 6.1 as its makers ship it" judge

# The runner of the bundle: KTAP, whatever this machine has.
bundle() {
	make --no-print-directory bundle && tar -C "$tmp" -xzf "$B/swapin-tests.tar.gz" &&
		"$tmp/swapin-tests/run.sh" >"$tmp/ktap"
	status=$?
	cat "$tmp/ktap"
	tests=$(find "$B/6.12/tests" -name 'swapin_*' | wc -l)
	[ $status -le 1 ] && [ "$tests" -gt 0 ] && grep -q "^1\.\.$tests\$" "$tmp/ktap" &&
		[ "$(grep -cE '^(not )?ok [0-9]+ swapin_' "$tmp/ktap")" = "$tests" ]
}
if [ "$(id -u)" = 0 ]; then
	ok "bundle: it runs, and gives KTAP" bundle
else
	skip "bundle: it runs, and gives KTAP" "needs root"
fi
done_testing
