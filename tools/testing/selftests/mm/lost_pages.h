/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of which every second page is lost, its neighbours are not:
 *
 *	page	0	1	2	3	...
 *		data	lost	data	lost
 *
 * and what comes out when it is accessed.  A check that fails says so in a line
 * "# fail: HOW: what and where", with HOW one word:
 *
 *	corrupt		neither what was written nor a signal
 *	data		what was written, from a page that is lost
 *	changed		another page table entry than before
 *	SIGBUS, SIGSEGV	a signal, where it should have been another or none
 *	counter		a count that is not back to where it began
 *	errno		a system call with another result than is due
 */
#ifndef LOST_PAGES_H
#define LOST_PAGES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NR_PAGES	64

extern size_t page_size;
extern size_t mem_size;		/* of NR_PAGES */

/* Sets the above, and has SIGBUS and SIGSEGV come out as outcomes. */
void lost_pages_init(void);

/* Whether the harness is told to list its tests (-l), which needs nothing to be there. */
bool only_lists(int argc, char **argv);

/* Output goes out at once: a process of ours may end by a signal. */
void say(const char *what, const char *fmt, ...);

/* The line of a failed check.  Returns false. */
bool fail(const char *how, const char *fmt, ...);

#define CASE(text)		say("case", "%s", text)

static inline bool is_lost(unsigned int i)
{
	return i % 2;
}

/* Fills @pages pages with what no other page of the machine has. */
void fill(char *mem, unsigned int pages);

/* Whether @page has what fill() put into page @i. */
bool has_data(const char *page, unsigned int i);

enum access { READ, WRITE, EXEC };
enum outcome { DATA, BUS, SEGV, CORRUPT };

/*
 * Accesses page @i at @page.  A write is of what is there, so it leaves healthy pages
 * healthy.  EXEC is for pages that are not expected to be executed.
 */
enum outcome touch(char *page, unsigned int i, enum access access);

/* Copies @len bytes; DATA, or the signal if @src or @dst gave one. */
enum outcome copy_bytes(void *dst, const void *src, size_t len);

/* The si_code of the last signal that touch() or copy_bytes() got. */
extern int last_si_code;

/* Touches all pages of @mem, of which lost ones should come out as @lost. */
bool check(char *mem, enum access access, enum outcome lost, enum outcome healthy);

/* check()s for SIGBUS, twice: the first access must not change what the second gets. */
bool reads(char *mem);
bool writes(char *mem);
bool reads_and_writes(char *mem);

/* As reads_and_writes(), for pages @first to @last only. */
bool part_is_lost(char *mem, unsigned int first, unsigned int last);

/*
 * Pages @first to @last have nothing but @byte in them, no trace of what they were,
 * and can be used.
 */
bool are_fresh(char *mem, unsigned int first, unsigned int last, unsigned char byte);

/* @test of @mem in a child of fork(). */
bool in_child(bool (*test)(char *mem), char *mem);

/* What pagemap shows of the pages. */
bool get_entries(char *mem, uint64_t *entries);

/* Lost pages have the entries that they had, but for the bits in @ignore. */
bool same_entries(char *mem, const uint64_t *old, uint64_t ignore);

/* Whether a page that was just written is soft-dirty: not all machines have that. */
bool has_soft_dirty(void);

/* All lost pages are, or are not, soft-dirty. */
bool are_soft_dirty(char *mem, bool dirty);

/* The healthy pages are, or are not, write-protected by userfaultfd. */
bool healthy_uffd_wp(char *mem, bool wp);

/* Some of the healthy pages are. */
bool healthy_in_swap(char *mem);

/* Whether a system call gave @ret and @err, where @due_ret and @due_err are due. */
bool is_result(const char *what, long ret, int err, long due_ret, int due_err);

/* Whether @value is @due, give or take @slack. */
bool is_count(const char *what, long value, long due, long slack);

/* Reads the beginning of a file, as text.  Returns whether there is any. */
bool read_text(const char *path, char *text, size_t size);

/* The number behind @key in the file @path, or -1. */
long count(const char *path, const char *key);

/* The sum, in KiB, of what smaps says behind @key for what it lists of the range. */
long smaps_kb(const void *mem, size_t len, const char *key);

/* Of a huge page, or 0 where there are none, or none that are worth a test. */
size_t huge_size(void);

/* Folios of so many pages, which are large but not huge. */
#define LARGE_PAGES	16

/* Maps @len bytes at a multiple of a large folio, for large folios. */
char *map_large(size_t len, int flags, int fd);

/*
 * Settings of the whole machine.  keep_knobs() starts a process that sets them back when ours is
 * gone, even killed; call it before there are pages that a child must not share, or a cgroup that
 * it would keep busy.  set_knob() returns false where there is none at @path, or not for us;
 * set_knobs_back() where one could not be set back.
 */
void keep_knobs(void);
bool set_knob(const char *path, const char *text);
bool set_knobs_back(void);

/*
 * The same of large folios, by name: with "enabled", or "shmem_enabled" for files, map_large()
 * gets some.
 */
bool set_large_knob(const char *name, const char *text);

/* How many large folios have been swapped out as such, or -1. */
long large_swapped_out(void);

/* MADV_COLLAPSE; tries again where that says that it may help. */
int collapse(char *mem, size_t len);

/* Mounts a tmpfs on /tmp that nobody else sees, and that is gone with us. */
bool own_tmp(const char *options);

/*
 * What is asked of userfaultfd; ioctls return as ioctl(2) does.
 *
 * uffd_watch() returns a userfaultfd that has @features and watches @mem_size bytes at @mem
 * in @mode, -1 where there is none, and -2 where there is, but not for @mem.
 */
int uffd_watch(char *mem, uint64_t mode, uint64_t features);
int uffd_watch_wp(char *mem);
int uffd_unwatch(int fd, char *mem);
int uffd_protect(int fd, char *mem, bool wp);

/* Fills the page at @mem with what is at @src, with zeroes, with what its file has. */
int uffd_copy(int fd, char *mem, const char *src);
int uffd_zeropage(int fd, char *mem);
int uffd_continue(int fd, char *mem);

/* Has it look like broken memory; where the headers know UFFDIO_POISON. */
int uffd_poison(int fd, char *mem);

/* A thread that lets each fault that it is told of go on, and counts them. */
struct uffd_monitor {
	int uffd;
	int stop[2];		/* a pipe */
	unsigned int faults;
	pthread_t thread;
};

/* Returns 0 or an errno. */
int uffd_monitor_start(struct uffd_monitor *monitor, int uffd);

/* Returns how many faults there were. */
unsigned int uffd_monitor_stop(struct uffd_monitor *monitor);

#endif /* LOST_PAGES_H */
