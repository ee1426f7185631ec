#!/bin/sh
# report.sh BASE KERNEL...: prints the verdict table, a column a kernel, and holds
# each kernel to what the series says of it.  Exits 1 if one does not do that.
. lab/lib.sh
. lab/series.sh

base=$1
shift
files=''
for kernel; do
	dir=$B/$base/$kernel
	claims "$base" "$kernel" >"$dir/claims"
	case $kernel in
	without-* | wrong-*)
		[ -s "$dir/claims" ] || say NOTE "$kernel: no case shows this yet" ;;
	esac
	files="$files $dir/claims $dir/verdict"
done
release=$(make -s -C "$B/$base/src" kernelversion)
took=$(($(date +%s) - ${START:-$(date +%s)}))
# shellcheck disable=SC2086 # a list of files
awk -v title="$release + series/$base" -v bold="$bold" -v red="$red" -v green="$green" \
	-v plain="$plain" -v footer="$(printf 'KTAP: %s/%s/*/results.tap, %dm%02ds' \
	"$B" "$base" $((took / 60)) $((took % 60)))" -f lab/table.awk -f lab/report.awk $files
