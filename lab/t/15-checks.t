#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The checks that the selftests are made of can fail: each does, where it must.
. lab/t/tap.sh

mm=tools/testing/selftests/mm

# built SED: the checks, of what SED makes of lost_pages.c.
built() {
	sed "$1" $mm/lost_pages.c >"$tmp/lost_pages.c" &&
		gcc -Wall -O2 -Ilab/t/checks -I$mm -o "$tmp/checks" lab/t/checks/checks.c \
			"$tmp/lost_pages.c" -lpthread
}

hold() {
	built '' && timeout 10 "$tmp/checks"
}

# blind SED: such a check is found out.
blind() {
	built "$1" && ! cmp -s "$tmp/lost_pages.c" $mm/lost_pages.c && ! timeout 10 "$tmp/checks"
}

ok "each check holds where it should, and fails where it must" hold
while read -r what; do
	ok "a check that is blind is found out: $what" blind "$what"
done <<'END'
s/want = is_lost(i) ? lost : healthy;/want = touch(mem + i * page_size, i, access);/
s/if (\*word++ != next++)/if (*word++ != next++ \&\& !i)/
s/ && check(mem, READ, BUS, DATA);/;/
s/ && check(mem, WRITE, BUS, DATA);/;/
s/return reads(mem) && writes(mem);/return reads(mem);/
s/page\[page_size - 1\] == byte && //
s/if (!touching) {/if (0) {/
s/_exit(!test(mem));/_exit(0);/
s/(now\[i\] ^ old\[i\]) & ~ignore/0/
s/!(now\[i\] & PM_SOFT_DIRTY) == dirty/!dirty/
s/!(now\[i\] & PM_UFFD_WP) == wp/!wp/
s/!is_lost(i) && now\[i\] & PM_SWAP/now[i] \& PM_SWAP/
s/ret == due_ret && (ret >= 0 || err == due_err)/ret == due_ret/
s/labs(value - due) <= slack/value >= due/
END
for header in badswap.h badswap_over.h lost_pages.h; do
	ok "$header compiles alone" gcc -Wall -Werror -x c -fsyntax-only $mm/$header
done
done_testing
