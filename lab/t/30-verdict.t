#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The judge: what it makes of a recorded log, and of the same log gone wrong.
# shellcheck disable=SC2016 # a $ of sed's is no variable
. lab/t/tap.sh

# judge SED-SCRIPT [CONSOLE-LINE]: judges the recorded log, edited.
judge() {
	rm -rf "$tmp/guest"
	mkdir -p "$tmp/guest/run"
	sed "$1" lab/t/logs/results.log >"$tmp/guest/run/results.log"
	cp lab/t/logs/console.log "$tmp/guest/run/console.log"
	[ -z "${2-}" ] || echo "$2" >>"$tmp/guest/run/console.log"
	B=$tmp/b lab/stages/verdict.sh "$tmp/guest"
}

judge_is() {
	judge "$1" "${3-}" && cmp "$tmp/guest/verdict" "$2"
}

# A report on the console is a failed case, whatever the tests say.
console_fails() {
	judge '' "$1" && grep -q "^console${tab}fail" "$tmp/guest/verdict"
}

# What kernels say when all is well is no report.
console_passes() {
	judge '' "$1" && grep -q "^console${tab}pass" "$tmp/guest/verdict"
}

# nested TAP: judges results of results, in place of the first one.
nested() {
	judge "s/^\(\[[^]]*\] \)ok 1 .*/$1/"
}
nested_fails() {
	nested "$1" && grep -q "^global.killed_owner${tab}fail" "$tmp/guest/verdict"
}

# first STATUS REASON SED-SCRIPT: what the first result is.
first() {
	judge "$3" && [ "$(grep '^global.killed_owner' "$tmp/guest/verdict" | cut -f 2,3)" = "$1$tab$2" ]
}

# A log that proves nothing leaves no verdict behind.
refused() {
	fails "$1" "$2" judge "$3"
	ok "$1: no verdict is left" [ ! -e "$tmp/guest/verdict" ]
}

tab=$(printf '\t')
ok "the recorded log" judge_is '' lab/t/logs/verdict
ok "the recorded log with carriage returns" judge_is "s/\$/$(printf '\r')/" lab/t/logs/verdict
# Without time stamps, as logs were before there were any.
plain='s/^\[[0-9.]*\] //'
sed 's/[0-9.]*$//' lab/t/logs/verdict >"$tmp/timeless"
ok "the recorded log without time stamps" judge_is "$plain" "$tmp/timeless"
cp "$tmp/guest/results.tap" "$tmp/plain.tap"
same_tap() {
	judge '' && cmp "$tmp/guest/results.tap" "$tmp/plain.tap" &&
		! grep -E '^(\[|begin|end)' "$tmp/plain.tap"
}
ok "the KTAP as the tests gave it, with time stamps and without" same_tap
columns() {
	[ "$(awk -F '\t' 'NF != 6' "$tmp/guest/verdict")" = "" ] &&
		awk -F '\t' '$1 != "console" && ($6 <= 0 || $6 > 1) { exit 1 }' "$tmp/guest/verdict"
}
ok "six columns, and the first test's time is its own" columns
refused "an empty log" "cut short" '1,$d'
refused "no done at the end" "cut short" '/^done/d'
refused "a log that is cut" "did not end" '/ end swapin_error/,$d'
refused "no plan" "gave no plan" '/ 1\.\./d'
refused "a short plan" "gave 4 results, its plan was 3" 's/1\.\.4/1..3/'
refused "a long plan" "gave 4 results, its plan was 5" 's/1\.\.4/1..5/'
refused "all skipped" "skipped everything" 's/1\.\.4/1..0 # SKIP needs root/'
refused "no test" "no test ran" '1,/ end swapin_error/d'
refused "a failure that the status hides" "ended with status 0" 's/end swapin_error 1/end swapin_error 0/'
refused "a program that died" "died, with status 139" 's/end swapin_error 1/end swapin_error 139/'
refused "two results of one name" "two results for" 's/swapin_error.fork_read/global.killed_owner/'
refused "a status that no result explains" "no result says so" 's/ not ok/ ok/'
refused "a status that no result explains, of TODO only" "no result says so" 's/ not ok.*/& # TODO/'

# KTAP has results in results.
tick='[3.30] '
refused "a nested failure in what passes" "though in it ok 2 y failed" \
	"s/^\[[^]]*\] ok 1 .*/$tick    ok 1 x\n$tick    not ok 2 y\n&/"
refused "a nested failure, without time stamps" "though in it ok 2 y failed" \
	"$plain; s/^ok 1 .*/    ok 1 x\n    not ok 2 y\n&/"
refused "a nested failure in what is skipped" "though in it ok 2 y failed" \
	"s/^\[[^]]*\] ok 3 .*/$tick    not ok 2 y\n&/"
refused "a nested failure that no result follows" "says nothing of" \
	"s/^\[[^]]*\] end .*/$tick    not ok 2 y\n&/"
ok "a nested failure in what fails" nested_fails "\1    not ok 2 y\n\1not ok 1 suite"
ok "nested results that pass" first pass '' \
	"s/^\(\[[^]]*\] \)ok 1 .*/\1    ok 1 x\n\1    ok 2 y # SKIP no\n&/"
ok "a nested failure that is TODO" first pass '' \
	"s/^\(\[[^]]*\] \)ok 1 .*/\1    not ok 1 x # TODO later\n&/"
ok "not ok, TODO: it is skipped" first skip "TODO later" 's/ ok 1 .*/ not ok 1 x # TODO later/'
ok "ok, TODO: it passes" first pass '' 's/ ok 1 .*/& # TODO later/'
tabs() {
	judge 's/# case: device: a killed/# case: device:\ta killed/' && columns
}
ok "a tab in a title" tabs

# Of a run of some tests, a program may have none.
only() {
	judge "1s/^/only *fork*\nbegin other\n1..0 # SKIP no test of that name\nend other 4\n/"
}
ok "some tests only: a program that has none of them" only
refused "some tests only: none at all" "no test of the name that was asked for" \
	'1!d; s/.*/only none\nbegin t\n1..0 # SKIP no test of that name\nend t 4\ndone/'

# The logs of two guests with a part of the tests each, of which one may have none of a program.
none='1..0 # SKIP no test of that name'
# parts FIRST SECOND: what the first one has before the recorded log, and the second one.
parts() {
	judge "1s/^/part *[a-g]\n$1/; \$s/\$/\npart *[!a-g]\n$2/"
}
parts_are() {
	parts '' "begin swapin_error\n$none\nend swapin_error 4\ndone" &&
		cmp "$tmp/guest/verdict" lab/t/logs/verdict && ! grep part "$tmp/guest/results.tap"
}
ok "two parts, one of them with nothing in it" parts_are
fails "two parts: one is missing" "cut short" judge "1s/^/part *[a-g]\n/"
fails "two parts: one is cut" "did not end" parts '' "begin swapin_error\n1..4"
fails "two parts: one is cut between programs" "cut short" parts '' "begin other\n1..1\nok 1 a\nend other 0"
fails "two parts: a program has nothing in both" "other has no test in either part" \
	parts "begin other\n$none\nend other 4\n" "begin other\n$none\nend other 4\ndone"

for report in \
	"WARNING: CPU: 0 PID: 87 at mm/memory.c:888 copy_page_range+0x11/0x17" \
	"BUG: Bad rss-counter state mm:00000000 type:MM_SWAPENTS val:1" \
	"BUG: KASAN: use-after-free in do_swap_page" \
	"INFO: task swapoff:61 blocked for more than 120 seconds." \
	"WARNING: possible circular locking dependency detected" \
	"swap_info_get: Unused swap offset entry 00001009" \
	"mm/pgtable-generic.c:51: bad pmd 00000000(0000000000000002)" \
	"rcu: INFO: rcu_sched self-detected stall on CPU" \
	"unreferenced object 0xffff888003a1e000 (size 64):" \
	"general protection fault, probably for non-canonical address" \
	"BUG: unable to handle page fault for address: 0000000000001000" \
	"kernel BUG at mm/memory.c:888!" \
	"------------[ cut here ]------------ WARNING: CPU: 1 PID: 1"
do
	ok "console: $report" console_fails "[    1.000000] $report"
done
for report in \
	"PM: DEBUG: all fine" \
	"MY_WARNING: no" \
	"Kernel command line: console=ttyS0 rcupdate.rcu_cpu_stall_timeout=60 softlockup_panic=1" \
	"rcu: \tRCU CPU stall warnings timeout set to 60 (rcu_cpu_stall_timeout)." \
	"check: Scanning for low memory corruption every 60 seconds" \
	"MCE: Killing swapin_error:87 due to hardware memory corruption fault at 7f0000000000"
do
	ok "console: no report: $report" console_passes "[    1.000000] $report"
done

# What the series claims of a kernel must be seen on it, and nothing else.
report() {
	rm -rf "$tmp/b"
	mkdir -p "$tmp/b/6.1/src" "$tmp/b/6.1/before" "$tmp/b/6.1/after"
	printf 'kernelversion:\n\t@echo 6.1.0\n' >"$tmp/b/6.1/src/Makefile"
	{
		claims 6.1 before |
			while read -r name reason; do
				printf '%s\tfail\t%s\t%s\t%s\t1\n' "$name" "$reason" "$name" "$name"
			done
		printf 'swapin_error.read\tpass\t\treading\tswapin_error.read\t1\n'
	} >"$tmp/b/6.1/before/verdict"
	sed 's/fail\t[a-zA-Z]*/pass\t/' "$tmp/b/6.1/before/verdict" >"$tmp/b/6.1/after/verdict"
	sed -i "$1" "$tmp/b/6.1/before/verdict"
	sed -i "$2" "$tmp/b/6.1/after/verdict"
	B=$tmp/b lab/stages/report.sh verdict 6.1 before after
}

ok "before as claimed, after all ok" report '' ''
took() {
	printf '%s\n' "1.2 KERNEL a 5" "1.3 KERNEL a 9" "1.2 KERNEL b 6" >"$tmp/b/times"
	START=1.2 B=$tmp/b lab/stages/report.sh verdict 6.1 before after | grep -x 'kernel *11 s'
}
ok "the seconds of each stage, of this make" took
fails "before passes a case that it should fail" "fork_read is ok, where the series says corrupt" \
	report 's/^\(swapin_error.fork_read\)\tfail\tcorrupt/\1\tpass\t/' ''
fails "before fails for another reason" "fork_read is SIGSEGV, where the series says corrupt" \
	report 's/^\(swapin_error.fork_read\)\tfail\tcorrupt/\1\tfail\tSIGSEGV/' ''
fails "before skips a case that it should fail" "fork_read is skip (no root), where" \
	report 's/^\(swapin_error.fork_read\)\tfail\tcorrupt/\1\tskip\tno root/' ''
fails "before was not asked" "fork_read is -" report '/^swapin_error.fork_read/d' ''
fails "before fails what nobody claims" "swapin_error.read is corrupt" \
	report 's/^\(swapin_error.read\)\tpass\t/\1\tfail\tcorrupt/' ''
ok "a case that both skip" report 's/^\(swapin_error.read\)\tpass\t/\1\tskip\tno root/' \
	's/^\(swapin_error.read\)\tpass\t/\1\tskip\tno root/'
fails "after skips what before ran" "is skip, where before is" \
	report '' 's/^\(swapin_error.fork_read\)\tpass\t/\1\tskip\tno root/'
only_skips() {
	sed -i 's/\tpass\t/\tskip\tno root/' "$tmp/b/6.1/after/verdict" &&
		B=$tmp/b lab/stages/report.sh verdict 6.1 after
}
fails "after skips all" "after: no case could run" only_skips
fails "after fails" "after: swapin_error.read is corrupt" \
	report '' 's/^\(swapin_error.read\)\tpass\t/\1\tfail\tcorrupt/'

# Of a case that is run for several kinds of mapping, each result is held to the claim.
variants='s/^swapin_error\.fork_read\t\(.*\)/swapin_error.a.fork_read\t\1\nswapin_error.b.fork_read\t\1/'
ok "two variants fail as claimed" report "$variants" "$variants"
fails "one of two variants passes" "swapin_error.b.fork_read is ok, where the series says corrupt" \
	report "$variants; s/\(b.fork_read\)\tfail\tcorrupt/\1\tpass\t/" "$variants"
ok "one of two variants skips" report "$variants; s/\(b.fork_read\)\tfail\tcorrupt/\1\tskip\tno/" \
	"$variants; s/\(b.fork_read\)\tpass/\1\tskip/"

# The failures of before are those of the kernels without a fix, no more and no fewer.
controls() {
	for kernel in before without-fork without-fault; do
		mkdir -p "$tmp/b/6.1/$kernel"
		printf '%s\tfail\tcorrupt\tcase\t%s\t1\n' one one two two |
			sed "$1" >"$tmp/b/6.1/$kernel/verdict"
		shift
	done
	B=$tmp/b lab/stages/report.sh controls 6.1 before without-fork without-fault
}
pass='s/fail\tcorrupt/pass\t/'
ok "controls: all of before" controls '' "/two/$pass" "/one/$pass"
fails "controls: one that fails nothing" "without-fault: no case fails" \
	controls "/two/$pass" "/two/$pass" "$pass"
fails "controls: one too few" "two fails on before, and on no kernel" \
	controls '' "/two/$pass" "/two/$pass"
fails "controls: one too many" "two fails on without-fork, and not on before" \
	controls "/two/$pass" '' "/two/$pass"

# Two runs, and what differs.
for run in one two; do
	mkdir -p "$tmp/b/runs/$run"
	printf 'a.x\tpass\t\t\ta.x\t1\na.y\tfail\tcorrupt\t\ta.y\t1\n' >"$tmp/b/runs/$run/verdict"
done
compare() {
	B=$tmp/b lab/checks/compare.sh "$@"
}
ok "compare: two runs that are the same" compare one two
sed -i 's/fail\tcorrupt/pass\t/' "$tmp/b/runs/two/verdict"
differ() {
	! compare one two >"$tmp/differ" && cat "$tmp/differ" &&
		grep -q '^corrupt  *ok  *a.y$' "$tmp/differ" && grep -q '^1 tests differ' "$tmp/differ"
}
ok "compare: one test that differs" differ
fails "compare: a run that there is not" "there is no run three" compare one three

# Some tests, some times: the same twice, and not the same.
some() {
	for i in 1 2; do
		mkdir -p "$tmp/b/6.1/after/some/$i"
		printf 'a.x\tpass\t\t\ta.x\t1\na.y\t%s\t\ta.y\t1\n' "$1" >"$tmp/b/6.1/after/some/$i/verdict"
		shift
	done
	awk -v times=2 -f lab/views/some.awk "$tmp"/b/6.1/after/some/*/verdict >"$tmp/some"
	status=$?
	cat "$tmp/some"
	return $status
}
pass2=$(printf 'pass\t') fail2=$(printf 'fail\tcorrupt')
ok "some: always the same" some "$pass2" "$pass2"
flaky() {
	! some "$pass2" "$fail2" && grep -q 'a.y  *ok 1/2, corrupt 1/2$' "$tmp/some" &&
		grep -q '1 came out in different ways, 1 failures' "$tmp/some"
}
ok "some: not always the same" flaky
done_testing
