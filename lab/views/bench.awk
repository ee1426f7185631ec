# SPDX-License-Identifier: GPL-2.0
# Reads what bench counted, NAME PAGES LOST INSTRUCTIONS, from files KERNEL-RUN, and prints for
# each NAME the instructions a page, as the slope of a line through all numbers of pages; the
# last kernel's in parts of the first one's; and how far, in percent, it is from that line where
# it is farthest.
FNR == 1 {
	kernel = FILENAME
	sub(/.*\//, "", kernel)
	run = kernel
	sub(/.*-/, "", run)
	sub(/-[^-]*$/, "", kernel)
	if (run == 1)
		column[++kernels] = kernel
}

{ what = $1 (($3 == 1) ? ", lost" : "") }

run == 1 {
	if (!(what in known)) {
		known[what] = 1
		row[++rows] = what
	}
	n[kernel, what]++
	x[kernel, what] += $2
	y[kernel, what] += $4
	xx[kernel, what] += $2 * $2
	xy[kernel, what] += $2 * $4
	first[kernel, what, $2] = $4
	sizes[$2]
	next
}

# By how much of it the second run is another.
{
	apart = $4 / first[kernel, what, $2] - 1
	if (apart < 0)
		apart = -apart
	if (apart > differs[kernel, what])
		differs[kernel, what] = apart
}

function slope(kernel, what,	count)
{
	count = n[kernel, what]
	return count ? (count * xy[kernel, what] - x[kernel, what] * y[kernel, what]) / \
		(count * xx[kernel, what] - x[kernel, what] ^ 2) : 0
}

function residual(kernel, what,	count, from, size, apart, most)
{
	count = n[kernel, what]
	from = (y[kernel, what] - slope(kernel, what) * x[kernel, what]) / count
	for (size in sizes) {
		if (!((kernel, what, size) in first))
			continue
		apart = (from + slope(kernel, what) * size) / first[kernel, what, size] - 1
		if (apart < 0)
			apart = -apart
		if (apart > most)
			most = apart
	}
	return 100 * most
}

END {
	printf "%-24s", "instructions a page"
	for (k = 1; k <= kernels; k++)
		printf " %12s", column[k]
	printf "  %s/%s  off\n", column[kernels], column[1]
	for (r = 1; r <= rows; r++) {
		what = row[r]
		printf "%-24s", what
		for (k = 1; k <= kernels; k++)
			printf " %11.1f%s", slope(column[k], what), \
				(differs[column[k], what] > 0.001 ? "~" : " ")
		printf "  %11.4f  %.1f\n", slope(column[kernels], what) / slope(column[1], what),
			residual(column[kernels], what)
	}
	print "~: two boots of the kernel are more than 0.1 % apart"
	exit !rows
}
