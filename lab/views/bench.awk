# SPDX-License-Identifier: GPL-2.0
# Reads what bench counted, NAME PAGES LOST INSTRUCTIONS, from files KERNEL-RUN, and prints for
# each NAME the instructions a page on each kernel: the slope of a line through all numbers of
# pages, by least squares of what it is off in parts of the count; the last kernel's in parts of
# the first one's, where it is no noise; and what is off, and two boots apart, in percent.
FNR == 1 {
	kernel = FILENAME
	sub(/.*\//, "", kernel)
	run = kernel
	sub(/.*-/, "", run)
	sub(/-[^-]*$/, "", kernel)
	if (run == 1)
		column[++kernels] = kernel
}

{ what = $1 ($3 == 2 ? ", half lost" : $3 == 1 ? ", lost" : "") }

run == 1 {
	if (!(what in known)) {
		known[what] = 1
		row[++rows] = what
	}
	weight = 1 / $4 ^ 2
	n[kernel, what] += weight
	x[kernel, what] += weight * $2
	y[kernel, what] += weight * $4
	xx[kernel, what] += weight * $2 * $2
	xy[kernel, what] += weight * $2 * $4
	first[kernel, what, $2] = $4
	sizes[$2]
	next
}

# By how much of it the second run is another.
{
	differ = $4 / first[kernel, what, $2] - 1
	if (differ < 0)
		differ = -differ
	if (differ > differs[kernel, what])
		differs[kernel, what] = differ
}

function slope(kernel, what,	spread)
{
	spread = n[kernel, what] * xx[kernel, what] - x[kernel, what] ^ 2
	return spread <= 0 ? 0 : (n[kernel, what] * xy[kernel, what] - \
		x[kernel, what] * y[kernel, what]) / spread
}

# What is the same for any number of pages.
function constant(kernel, what)
{
	return (y[kernel, what] - slope(kernel, what) * x[kernel, what]) / n[kernel, what]
}

function ratio(what,	first_slope, most, size)
{
	first_slope = slope(column[1], what)
	for (size in sizes)
		if (((column[1], what, size) in first) && size + 0 > most)
			most = size + 0
	if (first_slope * most < constant(column[1], what) / 100 ||
			slope(column[kernels], what) < 0)
		return "-"
	return sprintf("%.4f", slope(column[kernels], what) / first_slope)
}

function residual(kernel, what,	size, is_off, most)
{
	for (size in sizes) {
		if (!((kernel, what, size) in first))
			continue
		is_off = (constant(kernel, what) + slope(kernel, what) * size) / \
			first[kernel, what, size] - 1
		if (is_off < 0)
			is_off = -is_off
		if (is_off > most)
			most = is_off
	}
	return 100 * most
}

# Of all kernels, the most.
function apart(what,	k, most)
{
	for (k = 1; k <= kernels; k++)
		if (differs[column[k], what] > most)
			most = differs[column[k], what]
	return 100 * most
}

END {
	printf "%-22s", "instructions a page"
	for (k = 1; k <= kernels; k++)
		printf " %10s", column[k]
	printf "  %s/%s  off apart\n", column[kernels], column[1]
	for (r = 1; r <= rows; r++) {
		what = row[r]
		printf "%-22s", what
		for (k = 1; k <= kernels; k++)
			printf " %10.1f", slope(column[k], what)
		printf "  %11s %4.1f %5.1f\n", ratio(what), residual(column[kernels], what), apart(what)
	}
	print "off: " column[kernels] " is at most so many % from a line; apart: two boots of a kernel are"
	exit !rows
}
