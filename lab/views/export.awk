# SPDX-License-Identifier: GPL-2.0
# Reads a verdict, writes it as JSON to the file json, a list of objects, one a test; and to
# the file junit as JUnit, with the guest's seconds, of the suite of this name.

function for_json(text)
{
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[[:cntrl:]]/, " ", text)
	return "\"" text "\""
}

function for_xml(text)
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
	object[tests] = sprintf("  {\"test\": %s, \"status\": %s, \"reason\": %s, \"text\": %s, \"case\": %s, \"seconds\": %s}", \
				for_json($1), for_json($2), for_json($3), for_json($4), for_json($5), $6 == "" ? "null" : $6)
	fate = $2 == "pass" ? "" : sprintf("<%s message=\"%s\"/>", $2 == "fail" ? "failure" : "skipped", for_xml($3))
	element[tests] = sprintf("  <testcase classname=\"%s\" name=\"%s\" time=\"%.2f\">%s</testcase>", \
				 for_xml(suite), for_xml($1 ": " $4), $6, fate)
}

END {
	print "[" >json
	print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" >junit
	printf "<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" skipped=\"%d\" time=\"%.2f\">\n", \
	       for_xml(suite), tests, failures, skipped, seconds >junit
	for (i = 1; i <= tests; i++) {
		print object[i] (i < tests ? "," : "") >json
		print element[i] >junit
	}
	print "]" >json
	print "</testsuite>" >junit
}
