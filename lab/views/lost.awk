# SPDX-License-Identifier: GPL-2.0
# Reads the KTAP of two kernels, before and after: of the pages of swap_read_again, how many
# could not be read, and how many swapoff has then lost.
FNR == 1 { file++ }

/^# +RUN +/ {
	split($3, part, ".")
	kind = part[1] == "swap_read_again" && part[3] == "swapoff" ? part[2] : ""
}

# lost: N of M that can't be read
kind != "" && $2 == "lost:" {
	row = ++rows[file, kind]
	lost[file, kind, row] = $3
	bad[row] = $5
	if (row > n)
		n = row
}

END {
	print "can't be   private: lost    shared: lost"
	print "read       before  after   before  after"
	for (row = 1; row <= n; row++)
		printf "%-10d %-7s %-7s %-7s %s\n", bad[row], lost[1, "private", row],
			lost[2, "private", row], lost[1, "shared", row], lost[2, "shared", row]
	exit !n
}
