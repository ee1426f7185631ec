#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# list.sh [PATTERN...]: the cases and what each is about, read from the tests' source; or
# only those that fit a PATTERN, as of a shell: FIXTURE.TEST, or FIXTURE.VARIANT.TEST.
. lab/lib.sh

awk -v patterns="$*" '
	# A pattern of the shell, as a regular expression.
	function regex(pattern)
	{
		gsub(/\./, "[.]", pattern)
		gsub(/\*/, ".*", pattern)
		gsub(/\?/, ".", pattern)
		return "^" pattern "$"
	}

	function fits(fixture, test,	i, v, name)
	{
		for (i = 1; i <= asked; i++) {
			if (fixture "." test ~ wanted[i])
				return 1
			for (v = 1; v <= variants[fixture]; v++)
				if (fixture "." variant[fixture, v] "." test ~ wanted[i])
					return 1
		}
		return !asked
	}

	BEGIN {
		asked = split(patterns, wanted, " ")
		for (i = 1; i <= asked; i++)
			wanted[i] = regex(wanted[i])
	}
	/^(TEST|TEST_F|TEST_F_TIMEOUT|FIXTURE_VARIANT_ADD)\(/ { split($0, word, /[(, )]+/) }
	/^FIXTURE_VARIANT_ADD\(/ { variant[word[2], ++variants[word[2]]] = word[3]; next }
	/^TEST/ {
		fixture[++n] = /^TEST\(/ ? "global" : word[2]
		test[n] = /^TEST\(/ ? word[2] : word[3]
		next
	}
	n && title[n] == "" && /CASE\(/ && match($0, /"[^"]*"/) {
		title[n] = substr($0, RSTART + 1, RLENGTH - 2)
	}
	END {
		for (i = 1; i <= n; i++)
			if (fits(fixture[i], test[i]) && ++shown)
				printf "%-36s %s\n", fixture[i] "." test[i], title[i]
		for (name in variants) {
			line = name ".VARIANT.TEST, where VARIANT is"
			for (v = 1; v <= variants[name]; v++)
				line = line " " variant[name, v]
			if (!asked)
				print line
		}
		exit !shown
	}' tools/testing/selftests/mm/*.h tools/testing/selftests/mm/*.c lab/guest/race/*.c ||
	die "no case fits $*: make list names them"
