// SPDX-License-Identifier: GPL-2.0
/*
 * Each check of lost_pages.h, on memory where it must hold, and on memory where it must fail.
 *
 * A lost page is one of a file that is empty: an access is SIGBUS.  pagemap is an array.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "lost_pages.h"
#include "vm_util.h"

static char *mem;
static uint64_t pagemap[NR_PAGES];
static int empty, bad;
/* A page that the first access changes: it is not lost at the second one. */
static char *heals;

uint64_t pagemap_get_entry(int fd, char *start)
{
	return pagemap[(start - mem) / page_size];
}

/* Page @i is none that is lost, and has in it what fill() gave it. */
static char *data(unsigned int i)
{
	char *page = mmap(mem + i * page_size, page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	char *copy = malloc(NR_PAGES * page_size);

	fill(copy, NR_PAGES);
	memcpy(page, copy + i * page_size, page_size);
	free(copy);
	return page;
}

static char *lost(unsigned int i)
{
	return mmap(mem + i * page_size, page_size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, empty, 0);
}

static char *zeroes(unsigned int i)
{
	return memset(data(i), 0, page_size);
}

static void as_it_should_be(void)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++) {
		if (is_lost(i))
			lost(i);
		else
			data(i);
		pagemap[i] = i;
	}
	heals = NULL;
}

static struct sigaction handler;

static void heal(int sig, siginfo_t *info, void *context)
{
	if (heals && info->si_addr >= (void *)heals &&
	    info->si_addr < (void *)(heals + page_size))
		data((heals - mem) / page_size);
	handler.sa_sigaction(sig, info, context);
}

/* Begins, and ends, to keep what is said from stdout; the end returns it. */
static char said[4096];
static int out, kept;

static void listen(void)
{
	fflush(stdout);
	out = dup(1);
	kept = memfd_create("said", 0);
	dup2(kept, 1);
}

static void end(const char *what, bool got, const char *how)
{
	char fail[64] = "";
	ssize_t len;

	dup2(out, 1);
	close(out);
	len = pread(kept, said, sizeof(said) - 1, 0);
	said[len > 0 ? len : 0] = '\0';
	close(kept);
	if (how)
		snprintf(fail, sizeof(fail), "# fail: %s: ", how);
	if (got == !how && (how ? strstr(said, fail) != NULL : !*said))
		return;
	printf("%s: %s, and it says \"%s\"; due is %s\n", what, got ? "holds" : "fails", said,
	       how ? how : "that it holds");
	bad++;
}

#define IS(how, check)		do { listen(); end(#check, check, how); } while (0)
#define HOLDS(check)		IS(NULL, check)
/* It fails, with the word @how, after @change, and holds again without it. */
#define FAILS(how, change, check) do {				\
	HOLDS(check);						\
	change;							\
	IS(how, check);						\
	as_it_should_be();					\
} while (0)

static bool touches_lost(char *at)
{
	return at[page_size];
}

static bool is_true(char *at)
{
	return true;
}

static bool is_false(char *at)
{
	return false;
}

static void accesses(void)
{
	FAILS("data", data(5), check(mem, READ, BUS, DATA));
	FAILS("corrupt", zeroes(5), check(mem, READ, BUS, DATA));
	FAILS("corrupt", mem[4 * page_size]++, check(mem, READ, BUS, DATA));
	FAILS("corrupt", mem[5 * page_size - 1]++, check(mem, READ, BUS, DATA));
	FAILS("SIGBUS", lost(4), check(mem, READ, BUS, DATA));
	FAILS("SIGSEGV", mprotect(mem, page_size, PROT_NONE), check(mem, READ, BUS, DATA));
	FAILS("SIGSEGV", munmap(mem + page_size, page_size), check(mem, READ, BUS, DATA));

	FAILS("data", data(63), reads(mem));
	FAILS("data", heals = mem + 5 * page_size, reads(mem));
	FAILS("data", heals = mem + 5 * page_size, writes(mem));
	FAILS("SIGSEGV", mprotect(mem, page_size, PROT_READ), writes(mem));
	FAILS("SIGSEGV", mprotect(mem, page_size, PROT_READ), reads_and_writes(mem));
	FAILS("data", data(1), reads_and_writes(mem));

	FAILS("data", data(9), part_is_lost(mem, 9, 12));
	FAILS("SIGBUS", lost(12), part_is_lost(mem, 9, 12));
	FAILS("SIGSEGV", mprotect(mem + 10 * page_size, page_size, PROT_READ),
	      part_is_lost(mem, 9, 12));
	data(7);
	lost(14);
	HOLDS(part_is_lost(mem, 8, 13));
	as_it_should_be();
}

static void fresh(void)
{
	zeroes(3);
	HOLDS(are_fresh(mem, 3, 3, 0));
	IS("corrupt", are_fresh(mem, 4, 4, 0));
	zeroes(3);
	IS("corrupt", are_fresh(mem, 3, 5, 0));
	IS("SIGBUS", are_fresh(mem, 5, 5, 0));
	zeroes(3)[page_size - 1] = 1;
	IS("corrupt", are_fresh(mem, 3, 3, 0));
	zeroes(3)[page_size / 2] = 1;
	IS("corrupt", are_fresh(mem, 3, 3, 0));
	zeroes(3);
	IS("corrupt", are_fresh(mem, 3, 3, 0x5a));
	zeroes(3);
	mprotect(mem + 3 * page_size, page_size, PROT_READ);
	IS("SIGSEGV", are_fresh(mem, 3, 3, 0));
	as_it_should_be();
}

static void entries(void)
{
	uint64_t old[NR_PAGES];
	unsigned int i;

	get_entries(mem, old);
	FAILS("changed", pagemap[5] |= PM_UFFD_WP, same_entries(mem, old, 0));
	FAILS("changed", pagemap[63] = 0, same_entries(mem, old, PM_SOFT_DIRTY));
	pagemap[5] |= PM_SOFT_DIRTY;
	pagemap[4] |= PM_UFFD_WP;
	HOLDS(same_entries(mem, old, PM_SOFT_DIRTY));
	as_it_should_be();

	FAILS("changed", pagemap[5] |= PM_SOFT_DIRTY, are_soft_dirty(mem, false));
	FAILS("changed", pagemap[4] |= PM_UFFD_WP, healthy_uffd_wp(mem, false));
	IS("swap", healthy_in_swap(mem));
	for (i = 1; i < NR_PAGES; i += 2)
		pagemap[i] |= PM_SOFT_DIRTY | PM_SWAP;
	HOLDS(are_soft_dirty(mem, true));
	pagemap[5] &= ~PM_SOFT_DIRTY;
	IS("unchanged", are_soft_dirty(mem, true));
	IS("swap", healthy_in_swap(mem));
	pagemap[62] |= PM_SWAP;
	HOLDS(healthy_in_swap(mem));
	for (i = 0; i < NR_PAGES; i += 2)
		pagemap[i] |= PM_UFFD_WP;
	HOLDS(healthy_uffd_wp(mem, true));
	pagemap[62] &= ~PM_UFFD_WP;
	IS("changed", healthy_uffd_wp(mem, true));
	as_it_should_be();
}

static void results(void)
{
	HOLDS(is_result("read", 5, EIO, 5, 0));
	HOLDS(is_result("read", -1, EIO, -1, EIO));
	IS("errno", is_result("read", 4, 0, 5, 0));
	IS("errno", is_result("read", 0, EIO, -1, EIO));
	IS("errno", is_result("read", -1, EFAULT, -1, EIO));

	HOLDS(is_count("count", 5, 7, 2));
	IS("counter", is_count("count", 4, 7, 2));
	IS("counter", is_count("count", 1, 0, 0));

	HOLDS(in_child(is_true, mem));
	HOLDS(in_child(reads, mem));
	HOLDS(!in_child(is_false, mem));
	FAILS("data", data(5), in_child(reads, mem));
	/* A fault that is none of touch() is not taken for one. */
	touch(mem + page_size, 1, READ);
	IS("child", in_child(touches_lost, mem));

	HOLDS(count("/proc/self/status", "Threads:") == 1);
	HOLDS(count("/proc/self/status", "Threads!") == -1);
	HOLDS(count("/proc/self/none", "") == -1);
	HOLDS(smaps_kb(mem, mem_size, "Size:") == (long)mem_size / 1024);
	HOLDS(smaps_kb(mem, mem_size, "Rss:") > 0);
	HOLDS(smaps_kb(mem, mem_size, "Swap:") == 0);
}

int main(void)
{
	struct sigaction healing = { .sa_sigaction = heal, .sa_flags = SA_SIGINFO };

	lost_pages_init();
	sigaction(SIGBUS, NULL, &handler);
	sigaction(SIGBUS, &healing, NULL);
	empty = memfd_create("empty", 0);
	mem = mmap(NULL, mem_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	as_it_should_be();
	accesses();
	fresh();
	entries();
	results();
	return bad > 0;
}
