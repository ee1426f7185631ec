#!/bin/sh
# each.sh BASE KERNEL...: prints a row for the kernel after each patch of the series.
# Fails if a patch brings a warning of W=1 or sparse, or a failure where there was none,
# or does not repair what it says.
. lab/lib.sh
. lab/series.sh

base=$1
shift
out=$B/$base/each
files=''
for kernel; do
	claims "$base" "$kernel" >"$B/$base/$kernel/claims"
	files="$files $B/$base/$kernel/claims $B/$base/$kernel/verdict"
	[ "$kernel" = each-0 ] || sed "s/^/$kernel	/" "$B/$base/warnings/$kernel"
done >"$out.warnings"
{
	echo "(before the first patch)"
	for patch in $(to_send "$base"); do
		sed -n '1s/^Subject: //p' "patches/$patch"
	done
} >"$out.titles"
status=0
# shellcheck disable=SC2086 # a list of files
awk -v red="$red" -v plain="$plain" -v titles="$out.titles" -v warnings="$out.warnings" \
	-f lab/table.awk -f lab/each.awk $files >"$out.new" || status=$?
mv "$out.new" "$out"
echo
cat "$out"
exit $status
