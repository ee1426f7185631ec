# Reads .../KERNEL/claims and .../KERNEL/verdict in pairs, prints the table.  A case that
# was run for several kinds of mapping (FIXTURE.VARIANT.TEST) is one row; where they
# differ, the cell says how many of them failed.

# The case of a result, without its variant.
function case_of(name,	part, n)
{
	n = split(name, part, ".")
	return n == 3 ? part[1] "." part[3] : name
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

function note(row,	was, is)
{
	if (!("before" in kernels) || !("after" in kernels))
		return ""
	was = cell("before", row)
	is = cell("after", row)
	if (was == is || was == "skip" || was == "-") {
		unchanged++
		return ""
	}
	if (is == "ok") {
		fixed++
		return "fixed"
	}
	broken++
	return "broken"
}

# What the series claims of a result: of the case, or of this variant of it.
function due_of(kernel, name,	row)
{
	row = case_of(name)
	if ((kernel, name) in claim)
		return claim[kernel, name]
	return (kernel, row) in claim ? claim[kernel, row] : "ok"
}

# Whether a skip is right: nothing was claimed, or another variant has failed as claimed.
function may_skip(kernel, name, due)
{
	return due == "ok" || (!((kernel, name) in claim) && failures[kernel, case_of(name)])
}

# A kernel fails in all that is claimed of it, as claimed, and in nothing else.
function hold(kernel, name,	is, due)
{
	is = (kernel, name) in result ? result[kernel, name] : "-"
	due = due_of(kernel, name)
	if (kernel != "stock" && is != due && !(is == "skip" && may_skip(kernel, name, due)))
		error[++errors] = kernel ": " name " is " is ", where the series says " due
	if (kernel == "after" && is == "skip" && result["before", name] !~ /^(skip)?$/)
		error[++errors] = "after: " name " is skip, where before is " \
			result["before", name]
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
	row = case_of(name)
	known[name] = known[row] = 1
	if (!(row in text)) {
		text[row] = field[4]
		rows[++nr_rows] = row
		if (length(field[4]) > width)
			width = length(field[4])
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
		skips[kernel, row] = 1
		skipped[kernel]++
	} else {
		result[kernel, name] = field[3]
		failures[kernel, row]++
		failed[kernel]++
		if (!((kernel, row) in reason))
			reason[kernel, row] = field[3]
	}
}

END {
	for (name in claimed)
		if (!(name in known)) {
			text[name] = name
			rows[++nr_rows] = name
			results[name] = 1
		}
	if (width > 66)
		width = 66
	for (c = 1; c <= columns; c++)
		if (ran[order[c]] == 0)
			error[++errors] = order[c] ": no case could run"
	printf "\n%-*s", width, ""
	for (c = 1; c <= columns; c++)
		printf "  %s%-11s%s", bold, order[c], plain
	print ""
	for (r = 1; r <= nr_rows; r++) {
		row = rows[r]
		printf "%-*.*s", width, width, text[row]
		for (c = 1; c <= columns; c++) {
			is = cell(order[c], row)
			pad = length(order[c]) > 11 ? length(order[c]) : 11
			printf "  %s%-*s%s", colour(is), pad, is, plain
		}
		printf "  %s\n", note(row)
	}
	for (name in results)
		for (c = 1; c <= columns; c++)
			hold(order[c], name)
	if ("before" in kernels && "after" in kernels)
		printf "\n%s: %d fixed, %d broken, %d unchanged (%s)\n", title, fixed, broken,
		       unchanged, footer
	else
		for (c = 1; c <= columns; c++)
			printf "\n%s, %s: %d ok, %d failed, %d skipped (%s)\n", title, order[c],
			       passed[order[c]], failed[order[c]], skipped[order[c]], footer
	for (e = 1; e <= errors; e++)
		print red "error:" plain " " error[e] > "/dev/stderr"
	exit errors > 0
}
