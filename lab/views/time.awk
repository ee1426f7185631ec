# SPDX-License-Identifier: GPL-2.0
# Reads START STAGE WHAT SECONDS, twice, and prints the seconds of each stage, of each kernel, of
# the last make that unpacked one source and booted two kernels: "STAGE KERNEL" SECONDS.
NR == FNR {
	sources[$1] += $2 == "SOURCE"
	boots[$1] += $2 == "BOOT"
	if (sources[$1] == 1 && boots[$1] == 2)
		start = $1
	next
}

$1 == start {
	name = tolower($2)
	sub(/\/kernel.log$/, "", $3)
	if (name ~ /kernel|boot/ && match($3, /[^\/]+\/[^\/]+$/))
		name = name " " substr($3, RSTART)
	if (!(name in seconds))
		order[++stages] = name
	seconds[name] += $4
}

END {
	for (i = 1; i <= stages; i++)
		printf "\"%s\" %d\n", order[i], seconds[order[i]]
	exit !stages
}
