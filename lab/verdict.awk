# Reads what the guest's init wrote, prints a line a case:
#	name <tab> pass|fail|skip <tab> reason <tab> description
# Fails, with a line on stderr, where the log proves nothing: no test, no plan, not
# as many results as planned, a program that ended otherwise than its results say.

function bad(why)
{
	print "bad results: " why > "/dev/stderr"
	failed = 1
	exit 1
}

function result(status)
{
	if (name in known)
		bad("two results for " name)
	known[name] = 1
	seen++
	if (status == "fail") {
		failures++
		if (reason == "")
			reason = "failed"
	} else if (status == "pass") {
		reason = ""
	}
	print name "\t" status "\t" reason "\t" (text == "" ? name : text)
	name = text = reason = ""
}

{ sub(/\r$/, "") }

$1 == "begin" && !program { program = $2; plan = ""; seen = failures = 0; programs++; next }

/^1\.\.0/	{ bad(program " skipped everything: " $0) }
/^1\.\.[0-9]+/	{ plan = substr($1, 4) + 0; next }

/^# +RUN +/	{ name = $3; text = reason = ""; next }
/^# case: /	{ text = substr($0, 9); next }
/^# fail: /	{ if (reason == "") { reason = $3; sub(/:$/, "", reason) } next }
/^# .*Test terminated by timeout/ { if (reason == "") reason = "timeout"; next }

/^(not )?ok [0-9]+/ {
	line = $0
	skip = line ~ /# SKIP/
	fail = line ~ /^not /
	if (name == "") {
		name = line
		sub(/^(not )?ok [0-9]+ *-? */, "", name)
		sub(/ *#.*/, "", name)
	}
	if (skip && !fail) {
		sub(/.*# SKIP */, "", line)
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
	if ($3 + 0 != 0 && !failures)
		bad(program " ended with status " $3 ", though no result says so")
	if ($3 + 0 == 0 && failures)
		bad(program " ended with status 0, though " failures " results failed")
	program = ""
	next
}

$0 == "done"	{ done = 1 }

END {
	if (failed)
		exit 1
	if (program)
		bad(program " did not end")
	if (!done)
		bad("the log is cut short")
	if (!programs)
		bad("no test ran")
}
