#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# sender.sh: prints who sends the series, as "NAME <ADDRESS>", from their git config.
# Fails if git knows no name or address, or if what would be sent is not committed.
. lab/lib.sh

name=$(git config --get user.name) ||
	die "git does not know who sends the series: git config --global user.name 'Your Name'"
email=$(git config --get user.email) ||
	die "git does not know who sends the series: git config --global user.email you@example.org"
changed=$(git status --porcelain -- series patches lib tools Documentation) ||
	die "the series is sent from a git checkout of the project, and this is none"
[ -z "$changed" ] ||
	die "not committed: $(echo "$changed" | cut -c4- | paste -sd ' '): what is sent must be known, so commit it first"
echo "$name <$email>"
