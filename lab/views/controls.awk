# SPDX-License-Identifier: GPL-2.0
# After table.awk: which cases show each fix, and whether the failures of before are
# those of the kernels without a fix, no more and no fewer.

END {
	for (name in results)
		for (c = 1; c <= columns; c++) {
			is = result[order[c], name]
			if (is == "" || is == "ok" || is == "skip")
				continue
			if (order[c] == "before")
				before[name] = is
			else if (order[c] ~ /^without-/)
				without[name] = order[c]
		}
	for (c = 1; c <= columns; c++) {
		kernel = order[c]
		if (kernel !~ /^(without|wrong)-/)
			continue
		nr = 0
		for (r = 1; r <= nr_rows; r++)
			if (failures[kernel, rows[r]])
				printf "%-22s %-8s %s\n", (nr++ ? "" : kernel),
				       reason[kernel, rows[r]], text[rows[r]]
		if (!nr)
			error[++errors] = kernel ": no case fails"
	}
	for (name in before)
		if (!(name in without))
			error[++errors] = name " fails on before, and on no kernel without a fix"
	for (name in without)
		if (!(name in before))
			error[++errors] = name " fails on " without[name] ", and not on before"
	finish()
}
