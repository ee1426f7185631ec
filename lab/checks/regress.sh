#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# regress.sh BASE STOCK KERNEL: runs what lab/checks/regress.list names, the base's own mm tests
# and stress-ng, on both kernels, and prints what fails on one of them.  Fails where KERNEL does
# in what STOCK does not.  Leaves the table in build/BASE/regress/table.
. lab/lib.sh
. lab/series.sh

base=$1 stock=$2 kernel=$3
dir=$B/$base/regress
src=$(cd "$B/$base/src" && pwd)

# Of the branch stock, statically: what wants a library that is not here is left out, and said.
build() {
	mm=$src/tools/testing/selftests/mm
	[ -d "$mm" ] || mm=$src/tools/testing/selftests/vm
	obj=$(cd "$dir" && pwd)/obj
	usr=$(cd "$B/$base/tests-obj/usr" && pwd)
	sed -n 's/^[0-9]* \([^ ]*\).*/\1/p' lab/checks/regress.list | sort -u | while read -r program; do
		[ -f "$mm/$program.c" ] || continue
		rm -f "$obj/$program"
		machine_make -C "$mm" OUTPUT="$obj" KHDR_INCLUDES="-isystem $usr/include" \
			USERLDFLAGS=-static "$obj/$program" || echo "$program" >>"$dir/missing"
		[ ! -f "$obj/$program" ] || cp "$obj/$program" "$dir/root/regress/"
	done
}

[ -z "$cross" ] || die "regress is of x86_64 only: leave out ARCH=$MACHINE"
[ "$MEM" -ge 1024 ] || MEM=1024
[ "$LIMIT" -ge 1800 ] || LIMIT=1800
# Some of them map at addresses that are to be free, which is then so each time, or never.
export MEM LIMIT CMDLINE="${CMDLINE-} norandmaps"
ours "$dir"
rm -rf "$dir/root" "$dir/missing"
mkdir -p "$dir/root/regress" "$dir/obj"
one_at_a_time "$base"
check_out "$src" stock
say REGRESS "$base: building its tests (log: $dir/build.log)"
logged REGRESS "$dir/build.log" build
exec 9>&-
[ ! -f "$dir/missing" ] ||
	say REGRESS "$base: not built: $(paste -sd ' ' "$dir/missing") (log: $dir/build.log)"
cp lab/checks/regress.list "$dir/root/regress/list"
TOOLS="stress-ng setpriv" lab/stages/image.sh "$dir/guest.cpio" lab/guest/init lab/guest/regress "$dir/root/"
for one in "$stock" "$kernel"; do
	boot_and_judge "$base" "$one" "$dir/guest.cpio" "$dir/$one"
done
awk -v release="Linux $(make -s -C "$src" kernelversion), its own tests" -f lab/views/table.awk \
	-f lab/views/kernels.awk "$dir/$stock/verdict" "$dir/$kernel/verdict" >"$dir/table.new"
mv "$dir/table.new" "$dir/table"
echo
cat "$dir/table"
for one in "$stock" "$kernel"; do
	echo "$one: $(grep -c '# try 1' "$dir/$one/results.tap") were run a second time"
done
# Of a test that ends early there are results that are missing.
awk -F '\t' 'NR == FNR { was[$1] = $2; next }
	{ is[$1] = $2 }
	END {
		for (name in was)
			if (was[name] == "pass" && is[name] !~ /^(pass|skip)$/) {
				print "broken: " name
				broken++
			}
		exit broken > 0
	}' "$dir/$stock/verdict" "$dir/$kernel/verdict" ||
	die "$base/$kernel fails in what $stock does not, see above (logs: $dir)"
