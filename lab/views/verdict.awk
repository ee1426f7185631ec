# SPDX-License-Identifier: GPL-2.0
# After table.awk: the verdict table of one base.  Holds each kernel to what the series
# claims of it, and fails if one does not do that.

# What the series did to a case: fixed, broken, or unchanged, which a case is too that
# before could not run.
function change(row,	was, is)
{
	was = cell("before", row)
	is = cell("after", row)
	if (was == is || was == "skip" || was == "-")
		return "unchanged"
	return is == "ok" ? "fixed" : "broken"
}

# What the series claims of a result: of the case, or of this variant of it.
function due_of(kernel, name)
{
	if ((kernel, name) in claim)
		return claim[kernel, name]
	return (kernel, row_of[name]) in claim ? claim[kernel, row_of[name]] : "ok"
}

# Whether a skip is right: nothing was claimed, or another variant has failed as claimed.
function may_skip(kernel, name, due)
{
	return due == "ok" || (!((kernel, name) in claim) && failures[kernel, row_of[name]])
}

# A kernel fails in all that is claimed of it, as claimed, and in nothing else.
function hold(kernel, name,	is, due)
{
	if (only_after && kernel ~ /^(stock|before|(debug-)?(without|wrong)-)/)
		return
	is = (kernel, name) in result ? result[kernel, name] : "-"
	due = due_of(kernel, name)
	# A control is asked only for what it must fail in.
	if (is == "-" && due == "ok" && kernel ~ /^(debug-)?(without|wrong)-/)
		return
	if (kernel != "stock" && is != due && !(is == "skip" && may_skip(kernel, name, due)))
		error[++errors] = kernel ": " name " is " is \
			(is == "skip" ? " (" skips[kernel, row_of[name]] ")" : "") \
			", where the series says " due
	if (kernel == "after" && is == "skip" && result["before", name] !~ /^(skip)?$/)
		error[++errors] = "after: " name " is skip, where before is " \
			result["before", name]
}

END {
	for (name in claimed)
		if (!(name in known)) {
			text[name] = name
			rows[++nr_rows] = row_of[name] = name
			results[name] = 1
		}
	both = "before" in kernels && "after" in kernels
	row_width()
	for (c = 1; c <= columns; c++)
		if (ran[order[c]] == 0)
			error[++errors] = order[c] ": no case could run"
	printf "\n%-*s", width, ""
	print_cells("")
	print ""
	for (r = 1; r <= nr_rows; r++) {
		printf "%-*.*s", width, width, text[rows[r]]
		print_cells(rows[r])
		did = both ? change(rows[r]) : ""
		changes[did]++
		print "  " (did == "unchanged" ? "" : did)
	}
	for (name in results)
		for (c = 1; c <= columns; c++)
			hold(order[c], name)
	if (both)
		printf "\n%s: %d fixed, %d broken, %d unchanged (%s)\n", title, changes["fixed"],
		       changes["broken"], changes["unchanged"], footer
	else
		for (c = 1; c <= columns; c++)
			printf "\n%s, %s: %d ok, %d failed, %d skipped (%s)\n", title, order[c],
			       passed[order[c]], failed[order[c]], skipped[order[c]], footer
	finish()
}
