#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# send.sh BASE: gives the mails of make series to git send-email, with the options in
# SENDFLAGS, each to those whom the base's get_maintainer.pl names.
. lab/lib.sh
: "${SENDFLAGS=--dry-run}"

base=$1
dir=$(cd "$B/$base" && pwd)
set -- "$dir"/series/*.patch
[ -f "$1" ] || die "there are no mails of $base yet: run make series BASE=$base"
[ "$(lab/sent.sh)" = "$(cat "$dir/series/of")" ] ||
	die "the mails are of another commit than is here: run make series BASE=$base again"
sender=$(lab/mail/sender.sh)
to=$PWD/lab/mail/to.sh
one_at_a_time "$base"
check_out "$dir/src" after
cd "$dir/src"
version=$(cat "$dir/series/version")
# Before they go: what fails half way was sent too.
case " $SENDFLAGS " in
*" --dry-run "*) ;;
*) git update-ref "refs/lab/sent-v$version" "mails-v$version" ;;
esac
# shellcheck disable=SC2086 # options
git send-email --from="$sender" --suppress-cc=author --suppress-cc=self --suppress-cc=sob \
	--suppress-cc=misc-by --suppress-cc=body --to-cmd="'$to' people" \
	--cc-cmd="'$to' lists" $SENDFLAGS "$@"
