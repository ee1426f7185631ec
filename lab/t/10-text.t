#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What can be said of our files by reading them.
. lab/t/tap.sh

for script in lab/*.sh lab/*/*.sh lab/guest/init lab/guest/ksft lab/guest/regress lab/t/*.t \
		lab/t/all/*.t lab/t/sink lab/t/fake-qemu .ci/run; do
	ok "shellcheck $script" shellcheck -x -e SC1091 "$script"
done
ok "make warns of nothing" sh -c '! make help 2>&1 >/dev/null | grep .'
ok "codespell" codespell -q 3 README.md Makefile .ci lab patches series tools Documentation \
	--skip '*.blobs' -L afterall,uptodate
for text in Documentation/*/*.rst Documentation/*/*/*.rst; do
	ok "docutils: $text" rst2html --halt=warning "$text" /dev/null
done
done_testing
