#!/bin/sh
# cocci.sh BASE: has the tree's own coccicheck read each file that the series touches, and
# prints a line for each.  Fails, with what it says, if it reports what it did not before
# the series.
. lab/lib.sh

base=$1
src=$(cd "$B/$base/src" && pwd)
out=$(mkdir -p "$B/$base/cocci" && cd "$B/$base/cocci" && pwd)

coccicheck() {
	(cd "$src" && child env C=1 MODE=report srctree=. \
		LINUXINCLUDE="-I./include -I./arch/x86/include" bash scripts/coccicheck "$1")
}

# reports COMMIT FILE: leaves in $out/reports what is reported of FILE in COMMIT, without
# line numbers, sorted.
reports() {
	check_out "$src" "$1"
	[ -f "$src/$2" ] || { : >"$out/reports"; return; }
	log=$out/$1-$(echo "$2" | tr / -).log
	logged COCCI "$log" coccicheck "$2"
	sed -n "s,^\(\./\)*$2:[0-9:-]*: ,$2: ,p" "$log" | sed 's/ line [0-9]*/ line/' |
		sort >"$out/reports"
}

one_at_a_time "$base"
status=0
for file in $(touched "$src"); do
	reports after "$file"
	mv "$out/reports" "$out/new"
	if [ -s "$out/new" ]; then
		reports stock "$file"
		comm -13 "$out/reports" "$out/new" >"$out/newer"
		mv "$out/newer" "$out/new"
	fi
	say COCCI "$base: $file: $(wc -l <"$out/new") new reports"
	if [ -s "$out/new" ]; then
		cat "$out/new"
		status=1
	fi
done
[ $status = 0 ]
