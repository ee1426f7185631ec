#!/bin/sh
# sent.sh: prints a name for what make series makes mails of, as it is committed.
. lab/lib.sh

for path in series patches lib tools Documentation; do
	git rev-parse "HEAD:./$path" || exit 1
done | sha256sum
