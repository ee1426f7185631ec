# SPDX-License-Identifier: GPL-2.0
# After table.awk, for kernels of one base: the cases that fail on one of them.  A kernel of
# the list that has no verdict here keeps the column that it has in the file old, which is
# what this has printed before.

BEGIN {
	nr = split("stock before after", list, " ")
	while ((getline line <old) > 0) {
		if (line ~ / ok, .* failed, .* skipped$/) {
			split(line, field, " ")
			total[field[1]] = line
		}
		for (k = 1; k <= nr; k++) {
			was = substr(line, 10 * k - 9, 9)
			sub(/ +$/, "", was)
			kept[substr(line, 31), list[k]] = was
		}
	}
}

function title(row)
{
	return row == "console" ? "console: no warning, oops or other report" : text[row]
}

function is(row, kernel,	word)
{
	if (kernel in kernels) {
		word = cell(kernel, row)
		sub(/ .*/, "", word)
		return word
	}
	return (title(row), kernel) in kept ? kept[title(row), kernel] : "?"
}

END {
	print release
	printf "%-9s %-9s %-9s %s\n", list[1], list[2], list[3], "case"
	for (r = 1; r <= nr_rows; r++) {
		bad = 0
		for (k = 1; k <= nr; k++)
			bad += is(rows[r], list[k]) !~ /^(ok|skip|-|\?)$/
		if (!bad) {
			good++
			continue
		}
		printf "%-9s %-9s %-9s %s\n", is(rows[r], list[1]), is(rows[r], list[2]),
		       is(rows[r], list[3]), title(rows[r])
	}
	printf "\n%d more cases are ok, or not for the kernel, on all three.\n", good
	for (k = 1; k <= nr; k++)
		if (list[k] in kernels)
			printf "%-6s  %4d ok, %3d failed, %3d skipped\n", list[k],
			       passed[list[k]], failed[list[k]], skipped[list[k]]
		else if (list[k] in total)
			print total[list[k]]
}
