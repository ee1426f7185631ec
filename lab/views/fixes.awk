# SPDX-License-Identifier: GPL-2.0
# After table.awk, for before and after: a line for each fix of the file fixes, which has
# "FIX CASE" lines: how many cases it is for, and the first of them.

END {
	printf "%-9s %-5s %5s  %-14s %s\n", "before", "after", "cases", "fix", "first case"
	for (r = 1; r <= nr_rows; r++)
		place[rows[r]] = r
	while ((getline <fixes) > 0) {
		row = $2 in row_of ? row_of[$2] : $2
		if (!cases[$1]++)
			fix_at[++nr] = $1
		if (!($1 in first) || place[row] < place[first[$1]])
			first[$1] = row
	}
	for (f = 1; f <= nr; f++) {
		fix = fix_at[f]
		was = cell("before", first[fix])
		sub(/ .*/, "", was)
		printf "%-9s %-5s %5d  %-14s %s\n", was, cell("after", first[fix]), cases[fix],
		       fix, text[first[fix]]
	}
}
