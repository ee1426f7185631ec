# SPDX-License-Identifier: GPL-2.0
# After table.awk: the joint table, of the cases that fail somewhere.

END {
	for (r = 1; r <= nr_rows; r++) {
		bad[r] = 0
		for (c = 1; c <= columns; c++)
			bad[r] += failures[order[c], rows[r]] > 0
		good += !bad[r]
	}
	row_width()
	printf "%-*s", width, ""
	print_cells("")
	print ""
	for (r = 1; r <= nr_rows; r++) {
		if (!bad[r])
			continue
		printf "%-*.*s", width, width, text[rows[r]]
		print_cells(rows[r])
		print ""
	}
	printf "\n%d more cases are ok, or not for the kernel, everywhere.\n", good
	print "KTAP of all:"
	for (c = 1; c <= columns; c++)
		printf "  %-*s %4d ok, %3d failed, %3d skipped\n", 12, order[c], passed[order[c]],
		       failed[order[c]], skipped[order[c]]
}
