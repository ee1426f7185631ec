#!/bin/sh
# readme.sh: puts what make matrix and make controls have printed last into README.md, each
# between its two marks: <!-- matrix --> or <!-- controls BASE -->, and <!-- end -->.
. lab/lib.sh

parts=$(mktemp -d)
on_exit() { rm -rf "$parts" README.md.new; }

# part FILE MARK: what stands in FILE is for MARK.
part() {
	if [ ! -f "$1" ]; then
		say SKIP "there is no $1 yet: what README.md has stays as it is"
		return
	fi
	{
		echo '```'
		sed 's/[[:space:]]*$//' "$1"
		echo '```'
	} >"$parts/$2"
	say README "$2: from $1"
}

part "$B/matrix" matrix
for base in $(cd series && echo *); do
	part "$B/$base/controls" "controls $base"
done
awk -v parts="$parts" '
	/^<!-- end -->$/ { hidden = 0 }
	!hidden
	/^<!-- (matrix|controls .*) -->$/ {
		file = parts "/" substr($0, 6, length($0) - 9)
		hidden = (getline line <file) > 0
		if (hidden)
			do print line; while ((getline line <file) > 0)
	}' README.md >README.md.new
mv README.md.new README.md
