# SPDX-License-Identifier: GPL-2.0
# Reads a verdict, prints it as JSON: a list of objects, one a test.

function json(text)
{
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[[:cntrl:]]/, " ", text)
	return "\"" text "\""
}

BEGIN { FS = "\t"; print "[" }

{
	printf "%s  {\"test\": %s, \"status\": %s, \"reason\": %s, \"text\": %s, \"case\": %s, \"seconds\": %s}", \
	       (NR > 1 ? ",\n" : ""), json($1), json($2), json($3), json($4), json($5), \
	       ($6 == "" ? "null" : $6)
}

END { print "\n]" }
