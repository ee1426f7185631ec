# SPDX-License-Identifier: GPL-2.0
# Reads .../KERNEL/some/N/verdict: a line a test and kernel, with how often it came out how.

BEGIN { FS = "\t" }

FNR == 1 { split(FILENAME, part, "/some/"); kernel = part[1]; sub(/.*\//, "", kernel) }

{
	test = kernel "\t" $1
	is = $2 == "pass" ? "ok" : $2 == "skip" ? "skip (" $3 ")" : $3
	if (!(test in text)) {
		order[++n] = test
		text[test] = $4
	}
	if (!count[test, is]++)
		outcomes[test] = outcomes[test] (outcomes[test] == "" ? "" : "\t") is
	bad += kernel ~ /^(after|debug)$/ && $2 == "fail"
}

END {
	for (i = 1; i <= n; i++) {
		test = order[i]
		split(test, part, "\t")
		nr = split(outcomes[test], outcome, "\t")
		differ += nr > 1
		line = ""
		for (o = 1; o <= nr; o++)
			line = line (o > 1 ? ", " : "") outcome[o] \
				(nr > 1 ? " " count[test, outcome[o]] "/" times : "")
		printf "%-8s %-40s %s\n", part[1], part[2], line
	}
	if (ended)
		print "no end: " ended
	printf "\n%d tests, %d times: %d came out in different ways, %d failures on after or debug\n", \
	       n, times, differ, bad
	exit differ || bad || ended
}
