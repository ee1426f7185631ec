/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private memory with lost pages, for tests that include this: each is run for each
 * kind of mapping that has its pages' data in page table entries of its own.  What
 * mappings share is in swapin_error_shmem.c.
 */
#ifndef LOST_PRIVATE_H
#define LOST_PRIVATE_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "lost_pages_test.h"

/* A huge page with most sizes of pages; with others, the thp variant is as anon. */
#define HUGE_SIZE		((size_t)2 << 20 > mem_size ? (size_t)2 << 20 : mem_size)

static bool get(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, size - 1);

	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return len > 0;
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

/* Maps what the pages are in, fills them, and returns them; @len is of the mapping. */
static char *map_anon(size_t *len)
{
	char *mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*len = mem_size;
	if (mem == MAP_FAILED)
		return NULL;
	madvise(mem, mem_size, MADV_NOHUGEPAGE);
	fill(mem, NR_PAGES);
	return mem;
}

/* All of a huge page, of which ours are the first. */
static char *map_thp(size_t *len)
{
	char *mem = mmap(NULL, 2 * HUGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *huge;

	*len = HUGE_SIZE;
	if (mem == MAP_FAILED)
		return NULL;
	huge = (char *)(((uintptr_t)mem + HUGE_SIZE - 1) & -HUGE_SIZE);
	munmap(mem, huge - mem);
	munmap(huge + HUGE_SIZE, mem + HUGE_SIZE - huge);
	madvise(huge, HUGE_SIZE, MADV_HUGEPAGE);
	fill(huge, HUGE_SIZE / page_size);
	return huge;
}

/* Of the memfd variant. */
static int file_under;

/* Written over what the file has, so that it shows if it comes through again. */
static char *map_memfd(size_t *len)
{
	int fd = memfd_create("private", MFD_CLOEXEC);
	char *mem;

	file_under = fd;
	*len = mem_size;
	if (ftruncate(fd, mem_size))
		return NULL;
	mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return NULL;
	memset(mem, 0x5a, mem_size);
	munmap(mem, mem_size);
	mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (mem == MAP_FAILED)
		return NULL;
	fill(mem, NR_PAGES);
	return mem;
}

/* Merged with a twin that goes away: MADV_PAGEOUT takes no page that others map. */
static char *map_ksm(size_t *len)
{
	char *mem = map_anon(len), *twin = map_anon(len);
	char run[16] = "", millisecs[16] = "";
	int tries;

	if (!mem || !twin || madvise(mem, mem_size, MADV_MERGEABLE) ||
	    madvise(twin, mem_size, MADV_MERGEABLE) ||
	    !get("/sys/kernel/mm/ksm/run", run, sizeof(run)) ||
	    !get("/sys/kernel/mm/ksm/sleep_millisecs", millisecs, sizeof(millisecs)))
		return NULL;
	put("/sys/kernel/mm/ksm/sleep_millisecs", "1");
	put("/sys/kernel/mm/ksm/run", "1");
	for (tries = 0; tries < 1000; tries++) {
		if (count("/proc/self/ksm_merging_pages", "") >= 2 * NR_PAGES)
			break;
		usleep(4000);
	}
	put("/sys/kernel/mm/ksm/run", run);
	put("/sys/kernel/mm/ksm/sleep_millisecs", millisecs);
	munmap(twin, mem_size);
	return tries < 1000 ? mem : NULL;
}

FIXTURE(swapin_error)
{
	struct badswap bs;
	char *mem;
	size_t len;		/* of the mapping that begins with mem */
	const char *missing;
	/* With all pages on the device, in KiB and bytes. */
	long vm_swap, cgroup_swap;
	long swap_total;	/* before the device came, in KiB */
	uint64_t old[NR_PAGES];	/* pagemap entries, after all has been lost */
};

FIXTURE_VARIANT(swapin_error)
{
	char *(*map)(size_t *len);
	const char *needs;	/* for @map to succeed */
	unsigned char under;	/* what a page that was given up has in it */
};

FIXTURE_VARIANT_ADD(swapin_error, anon)
{
	.map = map_anon, .needs = "needs memory",
};

FIXTURE_VARIANT_ADD(swapin_error, thp)
{
	.map = map_thp, .needs = "needs memory",
};

FIXTURE_VARIANT_ADD(swapin_error, memfd)
{
	.map = map_memfd, .needs = "needs memfd_create (CONFIG_TMPFS)", .under = 0x5a,
};

FIXTURE_VARIANT_ADD(swapin_error, ksm)
{
	.map = map_ksm, .needs = "needs KSM that merges pages within seconds",
};

FIXTURE_SETUP(swapin_error)
{
	char path[128];

	pin_to(sched_getcpu());
	prctl(PR_SET_PDEATHSIG, SIGKILL);

	self->swap_total = count("/proc/meminfo", "SwapTotal:");
	ASSERT_EQ(0, badswap_create(&self->bs, device_mib));
	self->mem = variant->map(&self->len);
	/* The harness of old kernels can't skip from here. */
	self->missing = self->mem ? NULL : variant->needs;
	if (self->missing)
		return;
	/* A new mapping is soft-dirty as a whole: from here on each page is, or is not. */
	ASSERT_TRUE(put("/proc/self/clear_refs", "4"));
	if (variant->map != map_ksm)
		fill(self->mem, self->len / page_size);
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, self->len));
	ASSERT_EQ(0, lose_pages(&self->bs, self->mem, NR_PAGES));
	self->vm_swap = count("/proc/self/status", "VmSwap:");
	snprintf(path, sizeof(path), "%s/memory.swap.current", self->bs.cgroup);
	self->cgroup_swap = count(path, "");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_TRUE(get_entries(self->mem, self->old));
}

FIXTURE_TEARDOWN(swapin_error)
{
	if (self->mem)
		munmap(self->mem, self->len);
	badswap_destroy(&self->bs);
}

/* All is as at the beginning: entries, lost pages, healthy pages. */
#define UNHARMED(ignore) do {						\
	EXPECT_TRUE(same_entries(self->mem, self->old, (ignore)));	\
	EXPECT_TRUE(reads_and_writes(self->mem));			\
} while (0)

#endif /* LOST_PRIVATE_H */
