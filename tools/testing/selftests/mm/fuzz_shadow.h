/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each page of some mappings must read as, whatever is done to them.
 *
 * No two pages ever have the same contents: what is written is a new version.  A page is lost
 * with its version, whoever has it, which is what makes this simple: in shared memory it says
 * of each version if it can be read, and a child has a copy of who has which.
 */
#ifndef FUZZ_SHADOW_H
#define FUZZ_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "badswap.h"
#include "lost_pages.h"

#define MAX_PAGES	512		/* of a mapping that is huge */
#define MAX_MAPS	6
#define MAX_FILES	2
#define MAX_VERSIONS	65536
#define NR_LINES	32U

enum health { GOOD, BAD, DEAD };	/* BAD can't be read now, DEAD never again */

struct file {
	const char *name;
	int fd;
	bool mounted;			/* on a tmpfs that has nothing else */
	unsigned int size;		/* in pages */
	unsigned int has[MAX_PAGES];	/* a version, or 0 for zeroes */
	unsigned int gone[MAX_PAGES];	/* how often truncation took it from all mappings */
	unsigned int holes[MAX_PAGES];	/* how often a hole did, and zeroes from private ones */
};

/* What a process and its children have in common, and what they tell the supervisor. */
extern struct run {
	unsigned int step;		/* that is being done */
	unsigned int beats;		/* lines so far */
	char log[NR_LINES][112];	/* the last of them */
	unsigned int depth;
	bool verbose;
	bool swap_on;
	bool other_on;
	bool armed;			/* there are bad blocks */
	unsigned int bad_slots;
	bool touched;			/* private pages, while they could not be read */
	bool again;			/* an error that is over is over: see probe() */
	uint64_t tag;			/* in all words, as on the device are those of old runs */
	unsigned int versions;
	unsigned char health[MAX_VERSIONS];
	bool of_file[MAX_VERSIONS];
	bool halved[MAX_VERSIONS];	/* zeroes in the second half */
	struct file file[MAX_FILES];
	char how[16];			/* it went wrong, or empty */
	char why[256];
} *run;

enum state {
	NONE,		/* shows what is under it: of a file, or zeroes */
	OWN,		/* a version of its own */
	EITHER,		/* that, or what is under it: MADV_FREE */
	ZERO,		/* zeroes of its own */
	POISON,		/* by userfaultfd */
	GUARD,		/* by MADV_GUARD_INSTALL */
};

struct page {
	unsigned char state;
	unsigned char prot;
	bool dirty;		/* it was written after clear_refs */
	unsigned int version;
	unsigned int gone;	/* of the file, when it became what it is */
	unsigned int holes;
	uint64_t entry;		/* the marker that pagemap shows for it, once it is lost */
};

extern struct map {
	const char *name;
	char *mem;
	unsigned int pages;
	struct file *file;
	bool shared;
	bool merged;		/* by KSM: what is moved is no longer */
	bool large;		/* folios, so what is after the end of the file may be mapped */
	bool dontfork, wipeonfork;
	int uffd;
	bool async;		/* it is told of writes, and does not stop them */
	bool missing;		/* what is missing is SIGBUS */
	struct page page[MAX_PAGES];
} maps[MAX_MAPS];

extern unsigned int nr_maps;
extern struct badswap bs;
extern int kmsg, pagemap;
extern char *buf;	/* a page; it has nothing that is found on the device */

/* Before all else. */
bool shadow_init(void);

/* Before each run. */
void shadow_reset(void);

/* In seconds. */
double now(void);

/* What came out wrong; the first is what counts. */
void mismatch(const char *how, const char *fmt, ...);

/* Does not return. */
#define wrong(how, ...) do {		\
	mismatch((how), __VA_ARGS__);	\
	_exit(1);			\
} while (0)

/* @what is due: a result, and if it is below 0 an errno. */
void must(const char *what, long ret, long due_ret, int due_err);

/* What is done, as it could be pasted into a test. */
void line(const char *fmt, ...);

/* Shows the last lines. */
void last_lines(void);

/* A version is a page's contents; 0 is zeroes. */
unsigned int new_version(bool of_file);
unsigned int version_of(uint64_t first_word);
void make_page(unsigned int version);	/* in buf */
void forget_buf(void);

/* Somebody has tried to read it. */
void touched(unsigned int version);

/* Page @i, which truncation by another process may have changed. */
struct page *page_of(struct map *m, unsigned int i);
void set_page(struct map *m, unsigned int i, enum state state, unsigned int version);

/* The version that it shows, or 0. */
unsigned int shows(struct map *m, unsigned int i);
bool is_dead(struct map *m, unsigned int i);
bool is_after_end(struct map *m, unsigned int i);

/* What an access may give; more than one thing only where the kernel is free to choose. */
struct due {
	bool zero, bus, segv;
	unsigned int version;
};

struct due due(struct map *m, unsigned int i, bool write);

/* @got is what an access has given, of one word or of the @whole page, which is in buf. */
void compare(struct map *m, unsigned int i, enum outcome got, bool write, bool whole);
void read_page(struct map *m, unsigned int i, bool whole);

bool is_marker(uint64_t entry);
bool kmsg_is_clean(void);
long blocks_of(struct file *f);		/* in pages */

/* All pages are what they should be; @dice says which are read, 0 for all. */
void check_map(struct map *m, unsigned int dice);
void check_file(struct file *f, unsigned int dice);
void check_smaps(struct map *m);
void check_all(unsigned int dice);

#endif /* FUZZ_SHADOW_H */
