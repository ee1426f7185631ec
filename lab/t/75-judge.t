#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Kernels that are built already, and machines that have no lab.
. lab/t/tap.sh

# A kernel image with a name, and a folder as /lib/modules/RELEASE: null_blk's file is packed
# and wants what configfs's has.
release=6.1.0-made-up
root=$tmp/root modules=$tmp/root/lib/modules/$release
make_up() {
	{
		head -c 514 /dev/zero
		printf 'HdrS\0\0\0\0\0\0\0\0\0\002'
		head -c 496 /dev/zero
		printf '%s (someone)\0' "$release"
	} >"$tmp/vmlinuz"
	mkdir -p "$modules/kernel" "$tmp/tests" "$tmp/empty"
	cd "$modules/kernel" &&
		echo 'char it[] __attribute__((section("__ksymtab_strings"))) = "configfs_it";' |
			gcc -x c -c -o configfs.ko - &&
		echo 'int configfs_it(void); int null_blk(void) { return configfs_it(); }' |
			gcc -x c -c -o null_blk.ko - && xz null_blk.ko && cd - &&
		: >"$modules/modules.order" && : >"$modules/modules.builtin" &&
		/usr/sbin/depmod -b "$root" "$release" && cp lab/t/fake-qemu "$tmp/tests/test"
}

# judge [VARIABLE=VALUE...]: with recorded logs in place of a guest, and a user's PATH.
judge() {
	env B="$tmp/B" VMLINUZ="$tmp/vmlinuz" PATH=/usr/bin:/bin QEMU=lab/t/fake-qemu FAKE=good \
		ACCEL=tcg "$@" lab/checks/judge.sh "$tmp/tests"
}

# has NAME...: whether these modules, and no others, came into the guest image, in order.
has() {
	found=$(cpio -t --quiet <"$tmp/B/judge/$release/guest.cpio" |
		sed -n 's,^\(\./\)*modules/\(.*\.ko\),\2,p' | sort | paste -sd ' ')
	echo "found: $found"
	[ "$found" = "$*" ]
}

ok "a made up kernel with modules" make_up
ok "judge: a kernel, by a user" judge MODULES="$modules"
ok "judge: what null_blk needs comes first" has 10-configfs.ko 11-null_blk.ko
echo kernel/drivers/block/null_blk.ko >"$modules/modules.builtin"
mv "$modules/kernel/null_blk.ko.xz" "$tmp"
ok "null_blk is built in" sh -c "/usr/sbin/depmod -b '$root' $release"
ok "judge: null_blk built in: a kernel" judge MODULES="$modules"
ok "judge: null_blk built in: no modules" has
fails "judge: no kernel" "name one with VMLINUZ=" judge VMLINUZ=
fails "judge: a file that is no kernel" "is no x86 kernel image" judge VMLINUZ=README.md
fails "judge: a folder without modules" "has no modules.dep" judge MODULES="$tmp/empty"

# run_bundle SIGNAL: the bundle's runner, with a test that does not end, is sent SIGNAL alone.
mkdir -p "$tmp/bundle/module" "$tmp/bin"
cp lab/guest/run.sh "$tmp/bundle"
printf '#!/bin/sh\necho $$ >started\nexec sleep 100\n' >"$tmp/bundle/swapin_endless"
for tool in make insmod rmmod modprobe mount; do
	printf '#!/bin/sh\necho "$*" >>%s/%s\n' "$tmp" "$tool" >"$tmp/bin/$tool"
done
chmod +x "$tmp"/bin/* "$tmp/bundle/swapin_endless"
run_bundle() {
	rm -f "$tmp/bundle/started" "$tmp/rmmod"
	PATH=$tmp/bin:$PATH TMPDIR=$tmp env --default-signal=INT,HUP "$tmp/bundle/run.sh" >"$tmp/ktap" &
	run=$!
	tries=0
	until [ -s "$tmp/bundle/started" ] || [ $((tries += 1)) -gt 100 ]; do
		sleep 0.1
	done
	kill "-$1" $run
	(sleep 30; kill -KILL $run) 2>/dev/null &
	late=$!
	wait $run
	status=$?
	kill $late
	cat "$tmp/ktap"
	echo "status $status"
	# What is left is ours to end.
	! kill "$(cat "$tmp/bundle/started")" 2>/dev/null && [ $status = "$2" ] &&
		grep -q test_swapin_race "$tmp/rmmod"
}

# The runner of the bundle: KTAP, whatever this machine has.
bundle() {
	make --no-print-directory bundle && tar -C "$tmp" -xzf "$B/swapin-tests.tar.gz" &&
		"$tmp/swapin-tests/run.sh" >"$tmp/ktap"
	status=$?
	cat "$tmp/ktap"
	tests=$(find "$B/6.12/tests" -name 'swapin_*' | wc -l)
	[ $status -le 1 ] && [ "$tests" -gt 0 ] && grep -q "^1\.\.$tests\$" "$tmp/ktap" &&
		[ "$(grep -cE '^(not )?ok [0-9]+ swapin_' "$tmp/ktap")" = "$tests" ] &&
		grep -qE '^(not )?ok [0-9]+ swapin_race' "$tmp/ktap"
}

# Of two that pack at the same time, where tar takes a second.
printf '#!/bin/sh\nsleep 1\nexec /bin/tar "$@"\n' >"$tmp/bin/tar"
chmod +x "$tmp/bin/tar"
two_bundles() {
	PATH=$tmp/bin:$PATH lab/guest/bundle.sh "$tmp/tests" "$tmp/two.tar.gz" >"$tmp/one" 2>&1 &
	sleep 1.5
	PATH=$tmp/bin:$PATH lab/guest/bundle.sh "$tmp/tests" "$tmp/two.tar.gz"
	status=$?
	wait $! && cat "$tmp/one" && [ $status = 0 ] && tar -tzf "$tmp/two.tar.gz"
}
ok "bundle: two makes that pack the same" two_bundles
rm "$tmp/bin/tar"

# As its runner does where headers are, with those of a kernel of ours.
module() {
	make -s -C "$(cd "$B/6.1/obj" && pwd)" M="$tmp/swapin-tests/module" \
		KBUILD_MODPOST_WARN=1 modules &&
		[ -s "$tmp/swapin-tests/module/test_swapin_race.ko" ]
}

if [ "$(id -u)" = 0 ]; then
	ok "bundle: Ctrl-C ends the test, and takes the module away" run_bundle INT 130
	ok "bundle: so does TERM" run_bundle TERM 143
	ok "bundle: so does HUP" run_bundle HUP 129
	ok "bundle: it runs, and gives KTAP" bundle
else
	skip "bundle: it runs, and gives KTAP" "needs root"
fi

ok "6.1: a kernel" lab_make 6.1 kernel KERNEL=stock
ok "bundle: its module builds" module
# The kernel of 6.1's maintainers has I6's bugs and none of the marker's.
stock() {
	make --no-print-directory judge VMLINUZ="$B/6.1/stock/bzImage" >"$tmp/judged" 2>&1
	status=$?
	cat "$tmp/judged"
	[ $status = 0 ] && grep -q '^hang.* shmem: swapoff of what a truncated file' "$tmp/judged" &&
		! grep -q ' fork: ' "$tmp/judged"
}
ok "judge: 6.1 as its makers ship it" stock
done_testing
