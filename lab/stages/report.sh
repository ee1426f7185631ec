#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# report.sh VIEW BASE KERNEL...: prints the table VIEW of these kernels' verdicts, and exits
# 1 if one of them does not do what the series says of it.  VIEW is verdict (a column a
# kernel), controls (which cases show each fix) or each (what each patch repairs); the last
# two are left in build/BASE/VIEW.
. lab/lib.sh
. lab/series.sh

view=$1 base=$2
shift 2
out=$B/$base/$view
files=''
for kernel; do
	dir=$B/$base/$kernel
	[ "$view" = controls ] || claims "$base" "$kernel" >"$dir/claims"
	case $view-$kernel in
	verdict-*without-* | verdict-*wrong-*)
		[ -s "$dir/claims" ] || say NOTE "$kernel: no case shows this yet" ;;
	each-each-0) : >"$out.warnings" ;;
	each-*) sed "s/^/$kernel	/" "$B/$base/warnings/$kernel" >>"$out.warnings" ;;
	esac
	[ "$view" = controls ] || files="$files $dir/claims"
	files="$files $dir/verdict"
done
case $view in
each)
	echo "(before the first patch)"
	for patch in $(to_send "$base"); do
		sed -n '1s/^Subject: //p' "patches/$patch"
	done
	;;
esac >"$out.titles"
release=$(make -s -C "$B/$base/src" kernelversion)
status=0
# shellcheck disable=SC2086 # a list of files
table() {
	# What patches claim of kernels is of x86_64.
	awk -v only_after="$cross" -v title="$release + series/$base" -v titles="$out.titles" -v warnings="$out.warnings" \
		-v footer="KTAP: $B/$base/*/results.tap" \
		-f lab/views/table.awk -f "lab/views/$view.awk" $files
}
if [ "$view" = verdict ]; then
	table || status=$?
	echo
	took
else
	table >"$out.new" || status=$?
	mv "$out.new" "$out"
	echo
	cat "$out"
fi
exit $status
