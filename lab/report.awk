# Reads .../KERNEL/claims and .../KERNEL/verdict in pairs, prints the table.

function cell(kernel, name)
{
	if (!((kernel, name) in status))
		return "-"
	if (status[kernel, name] == "fail")
		return reason[kernel, name]
	return status[kernel, name] == "pass" ? "ok" : "skip"
}

function colour(text)
{
	return text == "ok" ? green : text == "skip" || text == "-" ? "" : red
}

function note(name,	was, is)
{
	if (!("before" in kernels) || !("after" in kernels))
		return ""
	was = cell("before", name)
	is = cell("after", name)
	if (was == is || was == "skip" || was == "-") {
		unchanged++
		return ""
	}
	if (is == "ok") {
		fixed++
		return "fixed"
	}
	broken++
	if (is == "skip")
		error[++errors] = "after: " name " is skip, where before is " was
	return "broken"
}

# A kernel fails in all that is claimed of it, as claimed, and in nothing else.
function hold(kernel, name,	is, due)
{
	is = cell(kernel, name)
	due = (kernel, name) in claim ? claim[kernel, name] : "ok"
	if (kernel == "stock" || is == due || (is == "skip" && due == "ok"))
		return
	error[++errors] = kernel ": " name " is " is ", where the series says " due
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
	status[kernel, name] = field[2]
	reason[kernel, name] = field[3]
	if (!(name in text)) {
		text[name] = field[4]
		names[++rows] = name
		if (length(field[4]) > width)
			width = length(field[4])
	}
	if (name != "console" && field[2] != "skip")
		ran[kernel]++
	if (field[2] == "pass")
		passed[kernel]++
	else
		(field[2] == "fail") ? failed[kernel]++ : skipped[kernel]++
}

END {
	for (name in claimed)
		if (!(name in text)) {
			text[name] = name
			names[++rows] = name
		}
	if (width > 66)
		width = 66
	for (c = 1; c <= columns; c++)
		if (ran[order[c]] == 0)
			error[++errors] = order[c] ": no case could run"
	printf "\n%-*s", width, ""
	for (c = 1; c <= columns; c++)
		printf "  %s%-8s%s", bold, order[c], plain
	print ""
	for (r = 1; r <= rows; r++) {
		name = names[r]
		printf "%-*.*s", width, width, text[name]
		for (c = 1; c <= columns; c++) {
			is = cell(order[c], name)
			pad = length(order[c]) > 8 ? length(order[c]) : 8
			printf "  %s%-*s%s", colour(is), pad, is, plain
			hold(order[c], name)
		}
		printf "  %s\n", note(name)
	}
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
