# SPDX-License-Identifier: GPL-2.0
# Reads a verdict, prints it as JUnit, with the guest's seconds; suite is its name.

function xml(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	return text
}

BEGIN { FS = "\t" }

{
	tests++
	failures += $2 == "fail"
	skipped += $2 == "skip"
	seconds += $6
	fate = $2 == "pass" ? "" : sprintf("<%s message=\"%s\"/>", $2 == "fail" ? "failure" : "skipped", xml($3))
	line[tests] = sprintf("  <testcase classname=\"%s\" name=\"%s\" time=\"%.2f\">%s</testcase>", \
			      xml(suite), xml($1 ": " $4), $6, fate)
}

END {
	print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	printf "<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" skipped=\"%d\" time=\"%.2f\">\n", \
	       xml(suite), tests, failures, skipped, seconds
	for (i = 1; i <= tests; i++)
		print line[i]
	print "</testsuite>"
}
