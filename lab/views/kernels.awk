# SPDX-License-Identifier: GPL-2.0
# After table.awk, for kernels of one base: the cases that fail on one of them.  With old, a
# file that has what this printed before, of stock, before and after; one of these that has no
# verdict here keeps its column.

function title(row)
{
	return row == "console" ? "console: no warning, oops or other report" : text[row]
}

function is(row, kernel,	word)
{
	if (kernel in kernels) {
		word = cell(kernel, row)
		if (old != "")
			sub(/ .*/, "", word)
		return word
	}
	return (title(row), kernel) in kept ? kept[title(row), kernel] : "?"
}

END {
	if (old != "")
		columns = split("stock before after", order, " ")
	while (old != "" && (getline line <old) > 0) {
		if (line ~ / ok, .* failed, .* skipped$/) {
			split(line, field, " ")
			total[field[1]] = line
		}
		for (c = 1; c <= columns; c++) {
			was = substr(line, 10 * c - 9, 9)
			sub(/ +$/, "", was)
			kept[substr(line, 31), order[c]] = was
		}
	}
	print release
	for (r = 0; r <= nr_rows; r++) {
		line = ""
		bad = !r
		for (c = 1; c <= columns; c++) {
			word = r ? is(rows[r], order[c]) : order[c]
			bad += word !~ /^(ok|skip|-|\?)$/
			wide = old != "" || length(order[c]) < 12 ? 9 : length(order[c])
			line = line sprintf("%-*s ", wide, word)
		}
		if (bad)
			print line (r ? title(rows[r]) : "case")
		good += !bad
	}
	printf "\n%d more cases are ok, or not for the kernel.\n", good
	for (c = 1; c <= columns; c++)
		if (order[c] in kernels)
			printf "%-6s  %4d ok, %3d failed, %3d skipped\n", order[c],
			       passed[order[c]], failed[order[c]], skipped[order[c]]
		else if (order[c] in total)
			print total[order[c]]
}
