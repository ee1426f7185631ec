#!/bin/sh
# readme.sh: puts the last verdicts into README.md, each between its two marks:
# <!-- verdict BASE --> and <!-- end -->.
. lab/lib.sh

tables=$(mktemp -d)
on_exit() { rm -rf "$tables" README.md.new; }

for base in $(cd series && echo *); do
	if [ ! -f "$B/$base/before/verdict" ] || [ ! -f "$B/$base/after/verdict" ]; then
		say SKIP "$base: it has no verdict yet, its table stays as it is"
		continue
	fi
	lab/report.sh "$base" before after >"$tables/raw"
	{
		echo '```'
		sed '1d; s/[[:space:]]*$//; s/ (KTAP:.*//' "$tables/raw"
		echo '```'
	} >"$tables/$base"
	say README "$base: $(tail -n 2 "$tables/$base" | head -n 1)"
done
awk -v tables="$tables" '
	/^<!-- end -->$/ { hidden = 0 }
	!hidden
	/^<!-- verdict .* -->$/ {
		file = tables "/" $3
		hidden = (getline line <file) > 0
		if (hidden)
			do print line; while ((getline line <file) > 0)
	}' README.md >README.md.new
mv README.md.new README.md
