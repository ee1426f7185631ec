/* SPDX-License-Identifier: GPL-2.0 */
/* What is done to the mappings of fuzz_shadow.h, and to what they are swapped to. */
#ifndef FUZZ_STEPS_H
#define FUZZ_STEPS_H

#include "fuzz_shadow.h"

/* Not all libcs know it. */
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

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

void do_dontneed(const struct step *s);
void do_mprotect(const struct step *s);
void do_punch(const struct step *s);

/* Of swap: */

/* Swaps on, if that can be now: while some are bad, no others are to join them. */
bool swap_on(void);

/* The same, to the one that loses pages and no other, of which none is bad. */
void swap_only(void);

/* Pages a mapping out. */
void page_out(struct map *m);

/* Whether page @i is in swap, and nowhere else. */
bool is_out(struct map *m, unsigned int i);

/* Of all versions; nothing is bad after that. */
void change_health(enum health from, enum health to);

/* What the cgroup has in a file @name. */
long cgroup_bytes(const char *name);

/* A second device to swap to, which is off.  Returns 0, or a negative errno. */
int other_create(void);
void other_destroy(void);

/* What a run may have left. */
void swap_reset(void);

void do_cycle(const struct step *s);
void do_heal(const struct step *s);
void do_lose(const struct step *s);
void do_other(const struct step *s);
void do_pageout(const struct step *s);
void do_reclaim(const struct step *s);
void do_swapoff(const struct step *s);

/* With others beside it. */
void do_busy(const struct step *s);
void do_interrupt(const struct step *s);
void do_kill(const struct step *s);

/* Of userfaultfd. */
int protect(struct map *m, unsigned int first, unsigned int nr, bool wp);
void unwatch(struct map *m, bool unregister);

/* Leaves uffd-wp markers that nobody watches in empty entries, if the kernel does. */
bool leave_markers(struct map *m);

/* What a close leaves protected on older kernels would be writable, and they would warn. */
void unprotect_rest(struct map *m);

void do_watch(const struct step *s);
void do_protect(const struct step *s);
void do_unwatch(const struct step *s);
void do_fill(const struct step *s);
void do_minor(const struct step *s);
void do_scan(const struct step *s);

#endif /* FUZZ_STEPS_H */
