# SPDX-License-Identifier: GPL-2.0
# Reads the KTAP of swap_read_again of two kernels, before and after.  For each kind of swap,
# private and shared: how many pages swapoff has lost, where so many could not be read, and how
# many were not back, of 256, when the error was over.
FNR == 1 { file++ }

/^# +RUN +/ {
	split($3, part, ".")
	kind = part[1] == "swap_read_again" ? part[2] : ""
	test = part[3]
	if (kind == "private" || kind == "shared")
		kind = "null_blk_" kind
	sub(/_(private|shared)$/, " &", kind)
	sub(/ _/, " ", kind)
	split(kind, word, " ")
	if (kind != "" && !(word[1] in seen)) {
		seen[word[1]] = 1
		name[++n] = word[1]
	}
}

# lost: N of M that can't be read
kind != "" && $2 == "lost:" {
	if (test == "swapoff") {
		lost[file, kind] += $3
		bad[file, kind] += $5
	} else if (test ~ /healed$/ && $5 == 0 && $3 >= 0 + away[file, kind]) {
		away[file, kind] = $3
	}
}
kind != "" && /# fail: (corrupt|data):/ {
	sub(/:$/, "", $3)
	wrong[file, kind] = $3
}

kind != "" && /# SKIP/ {
	sub(/.*# SKIP */, "")
	why[$0] = 1
}

function cell(counts) {
	if (wrong[file, kind_of])
		return wrong[file, kind_of]
	if (!((file, kind_of) in counts))
		return "-"
	# A test that broke off has not counted all.
	return what == 2 || bad[file, kind_of] == most ? counts[file, kind_of] : "failed"
}

function row(kind,	text, i) {
	text = sprintf("%-12s", kind)
	for (what = 1; what <= 2; what++)
		for (i = 1; i <= 4; i++) {
			file = i % 2 ? 1 : 2
			kind_of = kind (i < 3 ? " private" : " shared")
			text = text sprintf("%-7s ", what == 1 ? cell(lost) : cell(away))
		}
	sub(/ +$/, "", text)
	return text
}

END {
	for (key in bad)
		if (bad[key] > most)
			most = bad[key]
	print "            lost by swapoff, " most " unreadable   not back when the error is over"
	print "            private         shared          private         shared"
	print "            before  after   before  after   before  after   before  after"
	for (i = 1; i <= n; i++)
		print row(name[i])
	for (reason in why)
		print "-: " reason
	exit !n
}
