#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# README.md and RESULTS.md say what was measured here, and what was not is left alone.
. lab/t/tap.sh

ok "README.md and RESULTS.md are as measured" lab/checks/results.sh --check
ok "no line of them is wider than 100 columns" \
	sh -c '! LC_ALL=C.UTF-8 grep -nE "^.{101}" README.md RESULTS.md'

# A copy of the project, in which 6.1 has some verdicts.
copy=$tmp/copy
mkdir "$copy"
cp -r README.md RESULTS.md lab patches series "$copy"

# measured KERNEL...: they have two cases, of which the first one fails on before only.
measured() {
	rm -rf "$copy/b"
	mkdir -p "$copy/b/6.1/src"
	printf 'kernelversion:\n\t@echo 6.1.0\n' >"$copy/b/6.1/src/Makefile"
	for kernel; do
		mkdir "$copy/b/6.1/$kernel"
		is='pass\t'
		[ "$kernel" != before ] || is='fail\tcorrupt'
		printf 'f.a\t%b\tcase a\tf.a\nf.b\tpass\t\tcase b\tf.b\n' "$is" >"$copy/b/6.1/$kernel/verdict"
	done
}

# shellcheck disable=SC2120 # ok and fails pass some
results() {
	(cd "$copy" && B=b lab/checks/results.sh "$@")
}

drift() {
	! results --check
}

# row_is LINE: whether that is in RESULTS.md.
row_is() {
	grep -qx "$1" "$copy/RESULTS.md" || { grep -n ' case [ab]$' "$copy/RESULTS.md"; return 1; }
}

unchanged() {
	# shellcheck disable=SC2119
	results && cmp README.md "$copy/README.md" && cmp RESULTS.md "$copy/RESULTS.md"
}
rest_is_kept() {
	sed '/kernels 6.1 -->/,/end -->/d' RESULTS.md >"$tmp/was"
	sed '/kernels 6.1 -->/,/end -->/d' "$copy/RESULTS.md" | cmp "$tmp/was" -
}
mode_is_kept() {
	sed -i '/ case a$/d' "$copy/RESULTS.md"
	chmod 664 "$copy/RESULTS.md"
	# shellcheck disable=SC2119
	(umask 077 && results) && [ "$(stat -c %a "$copy/RESULTS.md")" = 664 ]
}

measured
ok "nothing measured: nothing changes" unchanged
measured stock before after
ok "drift is seen" drift
ok "stock, before and after" results
ok "stock, before and after: their cells" row_is "ok        corrupt   ok        case a"
ok "the other tables stay" rest_is_kept
ok "then there is no drift" results --check
measured before after
ok "no stock" results
ok "no stock: its column stays" row_is "ok        corrupt   ok        case a"
measured before
sed -i 's/\tfail\tcorrupt/\tfail\thang/' "$copy/b/6.1/before/verdict"
fails "before only, and otherwise" "make results" results --check
ok "before only" results
ok "before only: the others' columns stay" row_is "ok        hang      ok        case a"
measured stock before after
ok "mode" mode_is_kept
sed -i 's/^-\t\tif (userfaultfd_wp/-\t\tif (other_wp/' "$copy/patches/fix/fork.patch"
fails "a patch that README.md does not show" "make results" results --check
done_testing
