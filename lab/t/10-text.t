#!/bin/sh
# What can be said of our files by reading them.
. lab/t/tap.sh

for script in lab/*.sh lab/guest/init lab/t/*.sh lab/t/*.t lab/t/all/*.t lab/t/sink .ci/run; do
	ok "shellcheck $script" shellcheck -x -e SC1091 "$script"
done
ok "codespell" codespell -q 3 README.md Makefile lab/*.* lab/t/*.t patches series tools \
	Documentation lib \
	--skip 'v6.2.blobs' -L afterall
for text in Documentation/*/*.rst Documentation/*/*/*.rst; do
	ok "docutils: $text" rst2html --halt=warning "$text" /dev/null
done
done_testing
