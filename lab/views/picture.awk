# SPDX-License-Identifier: GPL-2.0
# Reads the KTAP of two kernels, and draws as SVG what swapoff has left of 256 private pages,
# before and after, where swap_read_again made every eighth unreadable.
FNR == 1 { file++ }

/^# +RUN +/ { mine = $3 == "swap_read_again.private.swapoff" }

# In rows of 64.
mine && $2 == "map:" {
	row = rows[file]++
	if (row >= 4 && row < 8)
		map[file] = map[file] $3
}

# All pages of one class, as one path.
function cells(map, sign, class, left,	i, path)
{
	for (i = 0; i < 256; i++)
		if (substr(map, i + 1, 1) == sign)
			path = path sprintf("M%d %dh10v10h-10z", left + i % 16 * 12, 44 + int(i / 16) * 12)
	if (path != "")
		printf "<path class=\"%s\" d=\"%s\"/>\n", class, path
}

function grid(map, title, left,	lost)
{
	lost = gsub(/!/, "!", map)
	printf "<text x=\"%d\" y=\"32\" class=\"title\">%s: %d pages lost</text>\n", left, title,
		lost + gsub(/x/, "x", map)
	cells(map, ".", "data", left)
	cells(map, "x", "bad", left)
	cells(map, "!", "lost", left)
}

function key(x, class, text)
{
	printf "<path class=\"%s\" d=\"M%d 250h10v10h-10z\"/><text x=\"%d\" y=\"259\">%s</text>\n",
		class, x, x + 16, text
}

END {
	if (length(map[1]) != 256 || length(map[2]) != 256)
		exit 1
	print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 480 272\" width=\"480\" role=\"img\">"
	print "<title>What swapoff leaves of 256 pages, 32 of which can't be read</title>"
	print "<style>text{font:12px sans-serif;fill:#222}.title{font-weight:bold}" \
		".data{fill:#9aa5b1}.bad{fill:#222}.lost{fill:#d62828}" \
		"@media(prefers-color-scheme:dark){text{fill:#ddd}.data{fill:#4a5560}.bad{fill:#eee}" \
		".lost{fill:#ff5a5a}}</style>"
	grid(map[1], "before", 24)
	grid(map[2], "after", 264)
	key(24, "data", "has its data")
	key(126, "bad", "can't be read")
	key(230, "lost", "can be read, and is lost")
	print "</svg>"
}
