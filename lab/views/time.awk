# SPDX-License-Identifier: GPL-2.0
# Reads START STAGE WHAT SECONDS, twice, and prints the seconds of each stage, of each kernel, of
# the make that unpacked a source last: "STAGE KERNEL" SECONDS.
NR == FNR {
	if ($2 == "SOURCE")
		start = $1
	next
}

$1 == start {
	stage = tolower($2)
	sub(/\/kernel.log$/, "", $3)
	sub(/.*\//, "", $3)
	name = stage (stage ~ /kernel|boot/ ? " " $3 : "")
	if (!(name in seconds))
		order[++stages] = name
	seconds[name] += $4
}

END {
	for (i = 1; i <= stages; i++)
		printf "\"%s\" %d\n", order[i], seconds[order[i]]
	exit !stages
}
