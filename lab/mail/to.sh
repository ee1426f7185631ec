#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# to.sh people|lists MAIL: whom get_maintainer.pl of the tree that we are in names for the
# files of MAIL, an address a line; for the cover letter, of all mails.  For git send-email.
case $2 in
*-cover-letter.patch)
	# shellcheck disable=SC2046 # a list of files
	set -- "$1" $(find "${2%/*}" -name '*.patch' ! -name '*-cover-letter.patch')
	;;
esac
case $1 in
people) which=--no-l ;;
lists) which='--no-m --no-r' ;;
esac
shift
# All of mm goes to linux-mm, whichever files it touches.
[ "$which" = --no-l ] || echo linux-mm@kvack.org
# shellcheck disable=SC2086 # options
perl scripts/get_maintainer.pl --no-git --no-git-fallback --no-fixes --no-rolestats $which "$@"
