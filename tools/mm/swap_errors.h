/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of swap_errors share. */
#ifndef SWAP_ERRORS_H
#define SWAP_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/types.h>

/* Exit status. */
#define EXIT_LOST	1
#define EXIT_COULD_NOT	2

/* An entry of pagemap, see Documentation/admin-guide/mm/pagemap.rst. */
#define PM_PRESENT	0x8000000000000000ULL
#define PM_SWAP		0x4000000000000000ULL
#define PM_TYPE(entry)	((unsigned int)((entry) & 0x1f))
#define PM_OFFSET(entry) ((entry) << 9 >> 14)

/* The bits of a PTE marker, which stand where a page in swap has its offset. */
#define MARKER_UFFD_WP		1
#define MARKER_POISONED		2	/* of a swapin error; since 6.6 of UFFDIO_POISON too */
#define MARKER_GUARD		4
#define MARKER_SWAPIN_ERROR	8	/* together with MARKER_POISONED, where there is it */

#define TYPE_LAST	31		/* of all swap types */

/* Types above may be of no swap area; no kernel gives areas less. */
#define NR_SWAP_TYPES	22
#define SECTOR_BYTES	512

extern size_t pagesize;

/* swap_errors.c */

/* Lost pages in a row. */
struct range {
	uint64_t start, pages;
	bool own_bit;		/* their marker is one that UFFDIO_POISON does not make */
};

struct mapping {
	uint64_t start, end;
	char perms[5], name[256];
	bool uffd;		/* userfaultfd watches it */
	struct range *ranges;
	size_t nr_ranges;
};

struct process {
	pid_t pid;
	unsigned int uid;
	char comm[64];
	struct mapping *mappings;
	size_t nr_mappings;
};

/* On tmpfs, or shared memory. */
struct shm_file {
	uint64_t dev, ino;
	uint64_t absent;	/* pages that it has, but not in memory */
	char name[256];
	pid_t *pids;		/* who maps it */
	size_t nr_pids;
};

/* A sector that could not be read, as in the kernel log, and the page in swap that it is. */
struct wanted {
	unsigned int major, minor;
	unsigned long long sector;
	int area;		/* or -1 */
	unsigned long long page;
};

extern struct wanted *wanted;
extern size_t nr_wanted;

/* What is found in a process. */
struct report {
	size_t size;		/* of this report */
	enum {
		REPORT_SCANNED, REPORT_MAPPING, REPORT_RANGE, REPORT_UFFD, REPORT_FILE,
		REPORT_HELD, REPORT_TYPE, REPORT_FAILED, REPORT_DONE,
	} what;
	bool own_bit;
	char perms[5];
	unsigned int type;	/* of swap */
	uint64_t start, end, pages, dev, ino;
	char name[256];		/* last: as long as it is */
};

/* Of a page in swap that is asked for, or of one in the same place of another area. */
struct holder {
	pid_t pid;
	unsigned int uid, type;
	char comm[64], perms[5], name[256];
	uint64_t addr, page;
};

/* What is seen of a swap type in the page tables. */
struct seen_type {
	unsigned long long pages, last;
	int area;		/* or -1, if it is not known */
};

/* All that was found. */
struct findings {
	struct process *processes;
	struct shm_file *files;
	struct holder *holders;
	size_t nr_processes, nr_files, nr_holders;
	struct seen_type types[NR_SWAP_TYPES];
	unsigned long nr_scanned, nr_failed;	/* processes */
	unsigned long long pages_scanned;
	bool saw_own_bit;	/* swapin errors that UFFDIO_POISON has not */
};

extern struct findings all;

/* Says why on stderr.  Returns EXIT_COULD_NOT. */
int could_not(const char *fmt, ...);

/* What may harm a terminal, or JSON, is '?' in it from now on.  Returns @text. */
char *clean(char *text);

/* Room for one more in an array of @nr, which only this has made. */
void *grow(void *array, size_t nr, size_t size);

struct shm_file *find_file(uint64_t dev, uint64_t ino);
void add_file(const struct report *report, pid_t pid);

/* swap_errors_report.c */

struct total {
	unsigned long long lost, processes, maybe, file_pages;
	bool sure;		/* that what all.files have out of memory is lost */
};

/* Sums up what was found; @total knows already whether it is sure. */
void sum_up(struct total *total);

/* Whether a process has a page that is asked for. */
bool any_held(void);

void print_text(const struct total *total, int verbose);
void print_json(const struct total *total);

/* swap_errors_judge.c */

struct judgement {
	bool own_type;		/* swapin errors have a swap type of their own */
	bool poison_looks_same;	/* the marker of UFFDIO_POISON may look as a swapin error */
};

extern struct judgement judgement;

/* Finds out how this kernel marks swapin errors.  Returns 0, or an exit status. */
int judge_kernel(void);

/*
 * Whether it is the entry of a page that could not be read back from swap.  It surely is, and
 * no UFFDIO_POISON, with an @own_bit.
 */
bool is_swapin_error(uint64_t entry, bool *own_bit);

bool in_first_pid_ns(void);

/* swap_errors_scan.c */

/* Returns how many there are. */
size_t all_pids(pid_t **pids);

/* @pid, or a thread of it that is left, or 0 if it has no memory. */
pid_t with_memory(pid_t pid);

/* A child that looks at a process. */
struct scan {
	pid_t child;
	int pipe;
	char buf[65536];
	size_t len, pos;
};

/* Returns 0, or -1 with errno. */
int scan_start(struct scan *scan, pid_t pid);

/* Returns false where there is no report in @timeout seconds. */
bool scan_next(struct scan *scan, struct report *report, int timeout);

void scan_end(struct scan *scan);

/* swap_errors_areas.c */

/* Both return whether any area has a page, the second one whether there are the @same, too. */
bool read_swap_areas(void);
bool read_swap_areas_again(bool *same);

const char *swap_area_name(int area);
void print_swap_areas(void);
void json_swap_areas(void);

/* Finds the areas of the types seen. */
void find_types(struct seen_type *types);

/* Finds the page and the area of the sector. */
void find_sector(struct wanted *wanted);

#endif /* SWAP_ERRORS_H */
