# SPDX-License-Identifier: GPL-2.0
# Reads what the guest's init wrote, prints a line a test:
#	name <tab> pass|fail|skip <tab> reason <tab> description <tab> case <tab> seconds
# A test that is run for several kinds of mapping, FIXTURE.VARIANT.TEST, is of the case
# FIXTURE.TEST.  The seconds are the guest's, or nothing.
# Fails, with a line on stderr, where the log proves nothing: no test, no plan, not
# as many results as planned, a program that ended otherwise than its results say.  Of two
# guests that have a part of the tests each, there are the logs of both.

function bad(why)
{
	print "bad results: " why > "/dev/stderr"
	failed = 1
	exit 1
}

# The case of a test, without its variant.
function case_of(name,	part, n)
{
	n = split(name, part, ".")
	return n == 3 ? part[1] "." part[3] : name
}

function result(status)
{
	if (nested && !fail && !todo)
		bad(program " says ok " name ", though in it " nested " failed")
	if (name in known)
		bad("two results for " name)
	known[name] = 1
	seen++
	total++
	if (status == "fail") {
		failures++
		if (reason == "")
			reason = "failed"
	} else if (status == "pass") {
		reason = ""
	}
	gsub(/\t/, " ", name)
	gsub(/\t/, " ", reason)
	gsub(/\t/, " ", text)
	print name "\t" status "\t" reason "\t" (text == "" ? name : text) "\t" case_of(name) \
		"\t" (now == "" ? "" : now - since)
	name = text = reason = nested = ""
	since = now
}

{
	sub(/\r$/, "")
	if (match($0, /^\[ *[0-9]+\.[0-9]+\] ?/)) {
		now = substr($0, 2, RLENGTH - 2) + 0
		$0 = substr($0, RLENGTH + 1)
		if (since == "")
			since = now
	}
}

$1 == "only" && !programs { for (i = 2; i <= NF; i++) asked++; next }

$1 == "part" && !program { parts++; next }

$1 == "begin" && !program { program = $2; plan = ""; seen = failures = nothing = 0; programs++; since = ""; next }

(asked || parts) && /^1\.\.0 # SKIP no test of that name/ { plan = 0; nothing = 1; next }
/^1\.\.0/	{ bad(program " skipped everything: " $0) }
/^1\.\.[0-9]+/	{ plan = substr($1, 4) + 0; next }

/^# +RUN +/	{ name = $3; text = reason = ""; next }
/^# case: /	{ text = substr($0, 9); next }
/^# fail: /	{ if (reason == "") { reason = $3; sub(/:$/, "", reason) } next }
/^# .*Test terminated by timeout/ { if (reason == "") reason = "timeout"; next }

# What failed in a result that has results of its own.
/^[ \t]+not ok [0-9]+/ && !/# (SKIP|TODO)/ { nested = $0; sub(/^[ \t]+not /, "", nested); next }

/^(not )?ok [0-9]+/ {
	line = $0
	todo = line ~ /^not .*# TODO/
	skip = todo || line ~ /# SKIP/
	fail = line ~ /^not / && !todo
	if (name == "") {
		name = line
		sub(/^(not )?ok [0-9]+ *-? */, "", name)
		sub(/ *#.*/, "", name)
	}
	if (skip && !fail) {
		sub(/.*# (SKIP *)?/, "", line)
		reason = line
	}
	result(fail ? "fail" : skip ? "skip" : "pass")
	next
}

$1 == "end" && $2 == program {
	if (plan == "")
		bad(program " gave no plan")
	if (seen != plan)
		bad(program " gave " seen " results, its plan was " plan)
	if ($3 + 0 > 127)
		bad(program " died, with status " $3)
	if (nested)
		bad(program " says nothing of " nested ", which failed")
	if ($3 + 0 != 0 && !failures && !nothing)
		bad(program " ended with status " $3 ", though no result says so")
	if ($3 + 0 == 0 && failures)
		bad(program " ended with status 0, though " failures " results failed")
	given[program] += seen
	program = ""
	next
}

$0 == "done"	{ done++ }

END {
	if (failed)
		exit 1
	if (program)
		bad(program " did not end")
	if (!done || parts && (done != 2 || parts != 2))
		bad("the log is cut short")
	for (program in given)
		if (parts && !given[program])
			bad(program " has no test in either part")
	if (!programs)
		bad("no test ran")
	if (asked && !total)
		bad("there is no test of the name that was asked for")
}
