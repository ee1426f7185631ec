# SPDX-License-Identifier: GPL-2.0
# After table.awk: the kernels after each patch, in order, what each has repaired, and what
# it has broken.

function due(name)
{
	return (kernel, name) in claim || (kernel, row_of[name]) in claim
}

END {
	while ((getline line <warnings) > 0) {
		split(line, field, "\t")
		new[field[1]]++
		error[++errors] = field[1] ": new warning: " field[2]
	}
	printf "%3s  %-62.62s %8s %5s %6s %7s %8s\n", "", "patch", "warnings", "ok", \
	       "failed", "skipped", "repaired"
	for (c = 1; c <= columns; c++) {
		kernel = order[c]
		repaired = 0
		for (name in results) {
			is = result[kernel, name]
			bad = is != "ok" && is != "skip" && is != ""
			was = result[order[c - 1], name]
			repaired += c > 1 && is == "ok" && was != "ok" && was != "skip"
			if (bad && was == "ok")
				error[++errors] = kernel ": " name " was ok, and is " is
			else if (bad && !due(name))
				error[++errors] = kernel ": " name " is " is ", which no later patch says it repairs"
			else if (is == "ok" && (kernel, name) in claim)
				error[++errors] = kernel ": " name " is ok before the patch that says it repairs it"
		}
		getline title <titles
		printf "%3d  %-62.62s %8s %5d %6d %7d %8s\n", c - 1, title, \
		       (c > 1 ? (new[kernel] ? new[kernel] : "none") : ""), passed[kernel], \
		       failed[kernel], skipped[kernel], (repaired ? repaired : "")
	}
	finish()
}
