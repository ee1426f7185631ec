#!/bin/sh
# controls.sh BASE KERNEL...: prints which cases show each fix, leaves it in
# build/BASE/controls, and fails if a KERNEL without a fix fails nothing, or all of them
# together not exactly what before fails.
. lab/lib.sh

base=$1
shift
files=''
for kernel in before "$@"; do
	files="$files $B/$base/$kernel/verdict"
done
status=0
# shellcheck disable=SC2086 # a list of files
awk -v red="$red" -v plain="$plain" -f lab/table.awk -f lab/controls.awk $files \
	>"$B/$base/controls.new" || status=$?
mv "$B/$base/controls.new" "$B/$base/controls"
echo
cat "$B/$base/controls"
exit $status
