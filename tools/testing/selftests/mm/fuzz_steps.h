/* SPDX-License-Identifier: GPL-2.0 */
/* What is done to the mappings of fuzz_shadow.h, and to what they are swapped to. */
#ifndef FUZZ_STEPS_H
#define FUZZ_STEPS_H

#include "fuzz_shadow.h"

#define PAGES	32		/* of a mapping that is not huge, nor has large folios */
#define SLOT	(4UL << 20)	/* of address space, for a mapping and what is after it */

struct step {
	unsigned char op;
	unsigned int a, b, c, d;	/* what it is done to, as random numbers */
};

/* What it is done to, mostly. */
struct range {
	struct map *m;
	unsigned int first, nr;
	char *at;
	size_t len;
	char text[64];		/* as arguments */
};

struct range range_of(const struct step *s);

/* How likely a step is to be this one, to the sum of all; 0 for what is none. */
unsigned int op_weight(unsigned int op);

/* Fills pages with new versions. */
void write_pages(struct map *m, unsigned int first, unsigned int nr);

/* Two places for each mapping, between which it moves. */
extern char *arena;

/* Does all, checks after each, and swaps off. */
void run_steps(const struct step *list, unsigned int nr);

/* Of userfaultfd. */
int protect(struct map *m, unsigned int first, unsigned int nr, bool wp);
void unwatch(struct map *m, bool unregister);
void do_watch(const struct step *s);
void do_protect(const struct step *s);
void do_unwatch(const struct step *s);
void do_fill(const struct step *s);
void do_minor(const struct step *s);
void do_scan(const struct step *s);

#endif /* FUZZ_STEPS_H */
