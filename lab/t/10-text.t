#!/bin/sh
# What can be said of our files by reading them.
. lab/t/tap.sh

for script in lab/*.sh lab/init lab/t/*.sh lab/t/*.t .ci/run; do
	ok "shellcheck $script" shellcheck -x -e SC1091 "$script"
done
ok "codespell" codespell -q 3 README.md Makefile lab/*.* lab/t/*.t patches series tools \
	--skip 'v6.2.blobs' -L afterall
done_testing
