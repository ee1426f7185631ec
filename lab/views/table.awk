# SPDX-License-Identifier: GPL-2.0
# Reads .../BASE/KERNEL/claims and .../verdict of any number of kernels, for the reports
# that follow it.  A case that was run for several kinds of mapping is one row; where they
# differ, the cell says how many of them failed.

BEGIN {
	bold = ENVIRON["bold"]
	red = ENVIRON["red"]
	green = ENVIRON["green"]
	plain = ENVIRON["plain"]
}

# Ends a report: with each error[], which makes it fail.
function finish(	e)
{
	for (e = 1; e <= errors; e++)
		print red "error:" plain " " error[e] > "/dev/stderr"
	exit errors > 0
}

function cell(kernel, row)
{
	if (failures[kernel, row])
		return reason[kernel, row] \
			(passes[kernel, row] ? " " failures[kernel, row] "/" \
			 failures[kernel, row] + passes[kernel, row] : "")
	return passes[kernel, row] ? "ok" : (kernel, row) in skips ? "skip" : "-"
}

function colour(text)
{
	return text == "ok" ? green : text == "skip" || text == "-" ? "" : red
}

# Sets width: of the column of texts.
function row_width(	r)
{
	for (r = 1; r <= nr_rows; r++)
		if (length(text[rows[r]]) > width)
			width = length(text[rows[r]])
	if (width > 66)
		width = 66
}

# Prints the cells of a row, or with no row the names of the kernels.
function print_cells(row,	c, is, wide)
{
	for (c = 1; c <= columns; c++) {
		is = row == "" ? order[c] : cell(order[c], row)
		wide = length(order[c]) > 11 ? length(order[c]) : 11
		printf "  %s%-*s%s", (row == "" ? bold : colour(is)), wide, is, plain
	}
}

FNR == 1 {
	n = split(FILENAME, part, "/")
	kernel = part[n - 1]
	if (!(kernel in kernels)) {
		kernels[kernel] = 1
		order[++columns] = kernel
	}
}

FILENAME ~ /\/claims$/ { claim[kernel, $1] = $2; claimed[$1] = 1; next }

{
	split($0, field, "\t")
	name = field[1]
	row = row_of[name] = field[5]
	known[name] = known[row] = 1
	if (!(row in text)) {
		text[row] = field[4]
		rows[++nr_rows] = row
	}
	results[name] = 1
	if (name != "console" && field[2] != "skip")
		ran[kernel]++
	if (field[2] == "pass") {
		result[kernel, name] = "ok"
		passes[kernel, row]++
		passed[kernel]++
	} else if (field[2] == "skip") {
		result[kernel, name] = "skip"
		skips[kernel, row] = field[3]
		skipped[kernel]++
	} else {
		result[kernel, name] = field[3]
		failures[kernel, row]++
		failed[kernel]++
		if (!((kernel, row) in reason))
			reason[kernel, row] = field[3]
	}
}
