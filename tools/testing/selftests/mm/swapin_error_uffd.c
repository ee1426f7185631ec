// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: private memory and userfaultfd.
 *
 * A lost page is neither missing nor write-protected.  See lost_private.h for the
 * mappings, and swapin_error_fill.c for what fills pages.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/fs.h>
#include <sys/mman.h>

#include "lost_private.h"
#include "lost_pages_uffd.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

/* Returns a userfaultfd that write-protects, or -1 where the test is skipped. */
static int watch_wp(struct __test_metadata *_metadata, char *mem)
{
	int uffd = uffd_watch_wp(mem);

	if (uffd == -1)
		SKIP(return -1, UFFD_NEEDED);
	EXPECT_LE(0, uffd);
	return uffd;
}

/*
 * I2: a child has lost what its parent has lost.
 */

TEST_F(swapin_error, fork_uffd_wp)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "fork: the child of a parent with uffd-wp too"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	/* Without UFFD_FEATURE_EVENT_FORK the child is not registered. */
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	UNHARMED(0);
	close(uffd);
}

/* Takes the userfaultfd of a child, so that its fork ends.  Returns it. */
static void *take_child(void *arg)
{
	int uffd = *(int *)arg;
	struct pollfd poll_uffd = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	while (poll(&poll_uffd, 1, 5000) == 1)
		if (read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_FORK)
			return (void *)(long)msg.arg.fork.ufd;
	return (void *)-1L;
}

TEST_F(swapin_error, fork_uffd_event)
{
	pthread_t monitor;
	void *child;
	int uffd;

	if (!begin(_metadata, self->missing,
		   "fork: a child that is registered itself too"))
		return;
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_WP,
			  UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_EVENT_FORK);
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, pthread_create(&monitor, NULL, take_child, &uffd));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	ASSERT_EQ(0, pthread_join(monitor, &child));
	EXPECT_LE(0, (long)child);
	close((long)child);
	UNHARMED(0);
	close(uffd);
}

/*
 * I4: write-protection leaves a lost page's entry alone.
 */

TEST_F(swapin_error, uffd_wp_protect)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: write-protect leaves lost pages as they are"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, true));
	EXPECT_TRUE(same_entries(self->mem, self->old, 0));
	EXPECT_TRUE(reads(self->mem));
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_unprotect)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: write-unprotect leaves lost pages as they are"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, false));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
}

/* A healthy page that shows what is under it. */
#define EMPTY	8

static bool has_uffd_wp(char *page, bool due)
{
	uint64_t entry = 0;

	pagemap_entries(page, 1, &entry);
	return !(entry & PM_UFFD_WP) == !due ||
	       fail("changed", "an empty page is %swrite-protected", due ? "not " : "");
}

static bool has_errors_only(char *mem)
{
	return has_uffd_wp(mem + EMPTY * page_size, false) &&
	       part_is_lost(mem, 0, EMPTY - 1) && part_is_lost(mem, EMPTY + 1, NR_PAGES - 1);
}

/*
 *	page	...	7	8		9	...
 *		data	error	uffd-wp marker	error	data
 */
TEST_F(swapin_error, uffd_wp_marker)
{
	char *empty = self->mem + EMPTY * page_size, *src;
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: fork and fill tell an empty page's marker from lost pages"))
		return;
	if (!variant->under)
		SKIP(return, "is for what has a file under it");
	src = malloc(page_size);
	ASSERT_NE(NULL, src);
	memset(src, 0x33, page_size);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP,
			  UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	if (uffd < 0)
		SKIP(return, uffd == -1 ? UFFD_NEEDED :
		     "needs write-protection of files (CONFIG_PTE_MARKER_UFFD_WP)");

	/* The marker is not for a child that nobody watches, lost pages are. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(has_uffd_wp(empty, true));
	EXPECT_TRUE(in_child(has_errors_only, self->mem));

	/* It outlives the page, and can be filled, where lost pages can't. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	EXPECT_TRUE(has_uffd_wp(empty, true));
	EXPECT_EQ(0, uffd_copy(uffd, empty, src));
	EXPECT_EQ(0, memcmp(empty, src, page_size));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(has_errors_only(self->mem));

	/* What is unmapped is not protected. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(empty, mmap(empty, page_size, PROT_READ, MAP_PRIVATE | MAP_FIXED,
			      file_under, empty - self->mem));
	EXPECT_TRUE(has_uffd_wp(empty, false));
	close(uffd);
	free(src);
}

TEST_F(swapin_error, uffd_wp_unregister)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: unregister leaves lost pages as they are"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_unregister(uffd, self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_close)
{
	int uffd;
	unsigned int i;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: close leaves lost pages as they are"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, close(uffd));
	EXPECT_TRUE(reads(self->mem));
	EXPECT_TRUE(same_entries(self->mem, self->old, 0));
	/*
	 * No write to healthy pages: they keep their uffd-wp bit on v6.2, which
	 * then warns of a writable page that has it.
	 */
	for (i = 1; i < NR_PAGES; i += 2)
		EXPECT_EQ(BUS, touch(self->mem + i * page_size, i, WRITE));
}

TEST_F(swapin_error, uffd_wp_fork)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: a child of fork under write-protect has lost pages"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(in_child(reads, self->mem));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
}

#ifdef PAGEMAP_SCAN
TEST_F(swapin_error, pagemap_scan)
{
	struct page_region regions[NR_PAGES];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = PM_SCAN_WP_MATCHING,
		.start = (uintptr_t)self->mem,
		.end = (uintptr_t)self->mem + mem_size,
		.vec = (uintptr_t)regions,
		.vec_len = NR_PAGES,
		.category_anyof_mask = PAGE_IS_WRITTEN,
		.return_mask = PAGE_IS_WRITTEN,
	};
	unsigned int i;
	int fd, uffd;

	if (!begin(_metadata, self->missing,
		   "PAGEMAP_SCAN: write-protect leaves lost pages as they are"))
		return;
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_WP,
			  UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_ASYNC |
			  UFFD_FEATURE_WP_UNPOPULATED);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_WP_ASYNC");
	ASSERT_LE(0, uffd);
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, ioctl(fd, PAGEMAP_SCAN, &arg));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, true));
	EXPECT_TRUE(same_entries(self->mem, self->old, 0));

	/* Lost pages are reported again; with a mask, it takes another path. */
	arg.category_mask = PAGE_IS_WRITTEN;
	arg.category_anyof_mask = 0;
	EXPECT_EQ(NR_PAGES / 2, ioctl(fd, PAGEMAP_SCAN, &arg));
	for (i = 0; i < NR_PAGES / 2; i++)
		EXPECT_EQ((uintptr_t)self->mem + (2 * i + 1) * page_size, regions[i].start);
	UNHARMED(0);

	/* Without a vector, it takes a third one.  Healthy pages are in swap meanwhile. */
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	ASSERT_EQ(0, madvise(self->mem, self->len, MADV_PAGEOUT));
	arg.vec = 0;
	arg.vec_len = 0;
	ASSERT_LE(0, ioctl(fd, PAGEMAP_SCAN, &arg));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, true));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	UNHARMED(0);
	close(fd);
	close(uffd);
}
#endif

/*
 * I3: an error is no missing page.
 */

TEST_F(swapin_error, uffd_missing)
{
	struct uffd_monitor monitor;
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd missing: a lost page is SIGBUS, and no missing page"))
		return;
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_monitor_start(&monitor, uffd));
	UNHARMED(0);
	EXPECT_EQ(0, monitor.faults);

	/* Given up, it is missing, but where there is a file that has a page. */
	ASSERT_EQ(0, madvise(self->mem + page_size, page_size, MADV_DONTNEED));
	EXPECT_TRUE(are_fresh(self->mem, 1, 1, variant->under));
	EXPECT_EQ(!variant->under, uffd_monitor_stop(&monitor));
	close(uffd);
}

int main(int argc, char **argv)
{
	return run_tests(argc, argv);
}
