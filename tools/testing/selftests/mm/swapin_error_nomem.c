// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: when memory runs out meanwhile.
 *
 * What is done to lost pages may then fail, and be tried again, but they stay lost, and the
 * others have their data.  By fault injection, one allocation at a time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "badswap.h"
#include "lost_pages.h"

#define DEBUGFS	"/sys/kernel/debug"
#define MOST	4096		/* allocations, more than there are in any of this */

FIXTURE(swapin_error_nomem)
{
	struct badswap bs;
	char *mem;
	int fd;
};

FIXTURE_VARIANT(swapin_error_nomem)
{
	bool shared;
};

FIXTURE_VARIANT_ADD(swapin_error_nomem, private)
{
	.shared = false,
};

FIXTURE_VARIANT_ADD(swapin_error_nomem, shared)
{
	.shared = true,
};

static int fail_nth;		/* an open file, of this thread only */

/* Has the @nth allocation from now on fail, or none with 0. */
static void fail_at(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fail_nth, text, len, 0) != len)
		_exit(1);
}

/* Ends that.  Returns whether there were as many. */
static bool has_failed(void)
{
	char text[16] = "";
	bool left = pread(fail_nth, text, sizeof(text) - 1, 0) > 0 && strcmp(text, "0\n");

	fail_at(0);
	return !left;
}

/* Those that may wait fail too, and those of user pages, and without a word. */
static bool can_fail(void)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc" };
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(kinds); i++) {
		ret = write_text("N", DEBUGFS "/%s/ignore-gfp-wait", kinds[i]);
		if (!ret)
			ret = write_text("0", DEBUGFS "/%s/verbose", kinds[i]);
	}
	if (!ret)
		ret = write_text("0", DEBUGFS "/fail_page_alloc/min-order");
	if (!ret)
		ret = write_text("N", DEBUGFS "/fail_page_alloc/ignore-gfp-highmem");
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return !ret && fail_nth >= 0;
}

/* New pages, of which swap can't read lost ones back. */
static int lose(struct badswap *bs, char **mem, int fd)
{
	int ret;

	if (*mem)
		munmap(*mem, mem_size);
	if (fd >= 0 && (ftruncate(fd, 0) || ftruncate(fd, mem_size)))
		return -errno;
	*mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
		    fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (*mem == MAP_FAILED)
		return -errno;
	madvise(*mem, mem_size, MADV_NOHUGEPAGE);
	ret = badswap_heal(bs);
	if (!ret)
		fill(*mem, NR_PAGES);
	if (!ret)
		ret = badswap_pageout(bs, *mem, mem_size);
	return ret ? ret : badswap_lose_some(bs, *mem, NR_PAGES, is_lost);
}

FIXTURE_SETUP(swapin_error_nomem)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	self->mem = NULL;
	self->fd = -1;
	if (!can_fail())
		SKIP(return, "needs fault injection (CONFIG_FAILSLAB) and debugfs");
	if (variant->shared)
		self->fd = memfd_create("nomem", MFD_CLOEXEC);
	keep_knobs();
	ASSERT_EQ(0, badswap_create(&self->bs, NR_PAGES));
}

FIXTURE_TEARDOWN(swapin_error_nomem)
{
	if (self->mem)
		munmap(self->mem, mem_size);
	close(self->fd);
	badswap_destroy(&self->bs);
}

TEST_F(swapin_error_nomem, fork)
{
	bool failed = true;
	unsigned int nth;
	int status;
	pid_t pid;

	CASE("nomem: a fork that fails, or does not, loses no swapin error");
	ASSERT_EQ(0, lose(&self->bs, &self->mem, self->fd));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	for (nth = 1; failed && nth < MOST; nth++) {
		fail_at(nth);
		pid = fork();
		if (!pid)
			_exit(!reads(self->mem));
		failed = has_failed();
		if (pid < 0)
			continue;
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
	}
	EXPECT_FALSE(failed);
	EXPECT_TRUE(reads_and_writes(self->mem));
}

/* The 1st, 2nd, 4th, 7th... allocation fails, up to one that is not made. */

TEST_F(swapin_error_nomem, fault)
{
	unsigned int nth, i;
	bool failed = true;
	enum outcome got;

	CASE("nomem: a fault of a page in swap fails, or does not");
	for (nth = 1; failed && nth < MOST; nth += nth / 2 + 1) {
		ASSERT_EQ(0, lose(&self->bs, &self->mem, self->fd));
		fail_at(nth);
		for (i = 0; i < NR_PAGES; i++) {
			got = touch(self->mem + i * page_size, i, READ);
			if (got != BUS && (got != DATA || is_lost(i)))
				break;
		}
		failed = has_failed();
		ASSERT_EQ(NR_PAGES, i);
		EXPECT_TRUE(reads_and_writes(self->mem));
	}
	EXPECT_FALSE(failed);
}

TEST_F(swapin_error_nomem, swapoff)
{
	bool failed = true;
	unsigned int nth;
	int ret;

	CASE("nomem: a swapoff that fails is tried again");
	for (nth = 1; failed && nth < MOST; nth += nth / 2 + 1) {
		ASSERT_EQ(0, lose(&self->bs, &self->mem, self->fd));
		fail_at(nth);
		ret = badswap_swapoff(&self->bs);
		failed = has_failed();
		if (ret) {
			EXPECT_TRUE(reads_and_writes(self->mem));
			ret = badswap_swapoff(&self->bs);
		}
		ASSERT_EQ(0, ret);
		EXPECT_TRUE(reads_and_writes(self->mem));
		ASSERT_EQ(0, badswap_swapon(&self->bs));
	}
	EXPECT_FALSE(failed);
}

TEST_F(swapin_error_nomem, truncate)
{
	const unsigned int kept = NR_PAGES / 2;
	bool failed = true;
	unsigned int nth;

	CASE("nomem: what truncation keeps is still lost");
	if (!variant->shared)
		SKIP(return, "is for files");
	for (nth = 1; failed && nth < MOST; nth += nth / 2 + 1) {
		ASSERT_EQ(0, lose(&self->bs, &self->mem, self->fd));
		ASSERT_EQ(0, badswap_swapoff(&self->bs));
		fail_at(nth);
		/* In the middle of a page that is lost. */
		EXPECT_EQ(0, ftruncate(self->fd, kept * page_size - page_size / 2));
		failed = has_failed();
		ASSERT_EQ(0, ftruncate(self->fd, mem_size));
		EXPECT_TRUE(part_is_lost(self->mem, 0, kept - 1));
		EXPECT_TRUE(are_fresh(self->mem, kept, NR_PAGES - 1, 0));
		ASSERT_EQ(0, badswap_swapon(&self->bs));
	}
	EXPECT_FALSE(failed);
}

static bool all_zero(const char *mem, size_t len)
{
	return !mem[0] && !memcmp(mem, mem + 1, len - 1);
}

TEST_F(swapin_error_nomem, truncate_swapped)
{
	const unsigned int last = NR_PAGES / 2;
	const size_t end = last * page_size + page_size / 2;
	bool failed = true;
	unsigned int nth;

	CASE("nomem: what truncation cuts off a page in swap is gone");
	if (!variant->shared)
		SKIP(return, "is for files");
	/* Or the page is asked for twice. */
	if (!set_knob("/proc/sys/vm/page-cluster", "0"))
		SKIP(return, "needs vm.page-cluster to write to");
	for (nth = 1; failed && nth < MOST; nth++) {
		ASSERT_EQ(0, lose(&self->bs, &self->mem, self->fd));
		fail_at(nth);
		EXPECT_EQ(0, ftruncate(self->fd, end));
		failed = has_failed();
		ASSERT_EQ(0, ftruncate(self->fd, mem_size));
		EXPECT_TRUE(all_zero(self->mem + end, page_size / 2) ||
			    fail("corrupt", "of page %u, with allocation %u", last, nth));
		EXPECT_TRUE(are_fresh(self->mem, last + 1, NR_PAGES - 1, 0));
		EXPECT_TRUE(part_is_lost(self->mem, 0, last - 1));
	}
	EXPECT_FALSE(failed);
	EXPECT_TRUE(set_knobs_back());
}

int main(int argc, char **argv)
{
	lost_pages_init();
	if (!only_lists(argc, argv))
		badswap_or_skip(NR_PAGES);
	return test_harness_run(argc, argv);
}
