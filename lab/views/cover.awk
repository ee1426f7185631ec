# SPDX-License-Identifier: GPL-2.0
# After table.awk, for a kernel without the series and one with it: what a cover letter
# says of them.

END {
	for (r = 1; r <= nr_rows; r++) {
		was = cell(order[1], rows[r])
		is = cell(order[2], rows[r])
		if (failures[order[1], rows[r]] || failures[order[2], rows[r]])
			printf "  %-12s %-4s %s\n", was, is, text[rows[r]]
	}
	for (c = 1; c <= 2; c++)
		printf "  %s the series: %d ok, %d failed, %d skipped\n",
		       (c == 1 ? "before" : "after"), passed[order[c]], failed[order[c]],
		       skipped[order[c]]
}
