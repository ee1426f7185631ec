#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# KASAN, lockdep, kmemleak and the rest say nothing of one kind of each memory, nor where an
# allocation fails; check-all asks them of all.
. lab/t/tap.sh

few='swapin_error.anon.* swapin_error_shmem.memfd.* swap_read_again.private.*'
few="$few swap_read_again.shared.* swapin_error_nomem.* swapin_nomem_large.*"
ok "6.12: make KERNEL=debug" lab_make 6.12 verdict KERNEL=debug CASE="$few" LIMIT=1800 MEM=1024
grep '^ok' "$out" >&2
ok "6.12: a fix that only shows there, left out" lab_make 6.12 verdict KERNEL=debug-without-shmem-partial
done_testing
