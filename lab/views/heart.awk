# SPDX-License-Identifier: GPL-2.0
# Reads patches: what they change, and the line before and after it.  With file set, of
# that file only; the line numbers give way to its name and the function's.

/^diff --git / { mine = file == "" || $3 == "a/" file; hunk = last = "" }
/^(diff|index|---|\+\+\+) / || !mine { next }
/^@@ / {
	match($0, /[a-z_0-9]+\(/)
	hunk = "@@ " file ": " substr($0, RSTART, RLENGTH) ") @@"
	last = ""
	next
}
hunk == "" { next }
/^[-+]/ {
	if (hunk != shown)
		print hunk
	shown = hunk
	if (last != "")
		print last
	print
	last = ""
	after = 1
	next
}
after { print; after = 0; next }
{ last = $0 }
