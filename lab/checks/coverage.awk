# SPDX-License-Identifier: GPL-2.0
# Reads lab/checks/unreachable, whose lines are "FILE | LINE OF CODE | REASON", and gcov's reports
# with branches.  See coverage.sh.

function trim(text)
{
	gsub(/[ \t]+/, " ", text)
	gsub(/^ | $/, "", text)
	return text
}

# One line of code is done with: was it taken, and in all of its branches?
function judge(	key)
{
	if (!wanted)
		return
	wanted = 0
	key = file "|" code
	lines++
	taken += count > 0
	branches += nr
	branches_taken += nr_taken
	if (count > 0 && nr == nr_taken)
		return
	if (key in why) {
		excused[++nr_excused] = sprintf("%s:%d: %s: %s", file, number, code, why[key])
		return
	}
	error[++errors] = sprintf("%s:%d: %s: %s", file, number, code, \
		count > 0 ? nr - nr_taken " of " nr " branches not taken" : "not taken")
}

FILENAME ~ /unreachable$/ {
	if (!/^#/ && split($0, part, " [|] ") == 3)
		why[trim(part[1]) "|" trim(part[2])] = part[3]
	next
}

FNR == 1 { judge() }

/^branch / {
	if (wanted) {
		nr++
		nr_taken += /taken [1-9]/
	}
	next
}

/^(call|function) / { next }

/^ *[^:]*: *[0-9]+:/ {
	judge()
	split($0, part, ":")
	number = part[2] + 0
	code = $0
	sub(/^[^:]*:[^:]*:/, "", code)
	if (number == 0) {
		if (code ~ /^Source:/) {
			file = code
			sub(/^Source:.*\/(mm|fs)\//, "&", file)
			sub(/^Source:(.*\/src\/)?/, "", file)
		}
		next
	}
	code = trim(code)
	count = trim(part[1])
	if (count == "-" || file !~ /\.c$/ || \
	    code !~ /swapin_error|poisoned_swp|PTE_MARKER_|pte_marker/)
		next
	wanted = 1
	nr = nr_taken = 0
	count = count + 0
}

END {
	judge()
	if (!lines)
		error[++errors] = "no line names a swapin error: are these the right reports?"
	printf "%s: %d of %d lines that name a swapin error or PTE marker taken, %d of %d branches\n", \
	       base, taken, lines, branches_taken, branches
	for (e = 1; e <= nr_excused; e++)
		print "  not: " excused[e]
	for (e = 1; e <= errors; e++)
		print ENVIRON["red"] "error:" ENVIRON["plain"] " " error[e] > "/dev/stderr"
	exit errors > 0
}
