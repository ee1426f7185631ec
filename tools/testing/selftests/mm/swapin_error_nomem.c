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
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "badswap.h"
#include "lost_pages.h"

#define DEBUGFS	"/sys/kernel/debug"
#define NEEDS	"needs fault injection (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC) and debugfs"
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
	bool good = true;
	unsigned int i;
	char path[64];

	for (i = 0; good && i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s/ignore-gfp-wait", kinds[i]);
		good = set_knob(path, "N");
		snprintf(path, sizeof(path), DEBUGFS "/%s/verbose", kinds[i]);
		good = good && set_knob(path, "0");
	}
	good = good && set_knob(DEBUGFS "/fail_page_alloc/min-order", "0") &&
		set_knob(DEBUGFS "/fail_page_alloc/ignore-gfp-highmem", "N");
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (good && fail_nth >= 0)
		return true;
	set_knobs_back();
	return false;
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
	keep_knobs();
	if (!can_fail())
		SKIP(return, NEEDS);
	if (variant->shared)
		self->fd = memfd_create("nomem", MFD_CLOEXEC);
	ASSERT_EQ(0, badswap_create(&self->bs, NR_PAGES));
}

FIXTURE_TEARDOWN(swapin_error_nomem)
{
	if (self->mem)
		munmap(self->mem, mem_size);
	close(self->fd);
	set_knobs_back();
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
}

/* For the pages that the device takes, which else has it off. */
static bool set_zswap(struct badswap *bs)
{
	const char *pool = "/sys/module/zswap/parameters/zpool";

	/* The others' objects can be mapped for long, and newer kernels have no other. */
	return (access(pool, F_OK) || set_knob(pool, "zsmalloc")) &&
		set_knob("/sys/module/zswap/parameters/enabled", "Y") &&
		(!bs->cgroup[0] || !write_text("max", "%s/memory.zswap.max", bs->cgroup));
}

static long zswapped(void)
{
	return count("/proc/meminfo", "Zswapped:");
}

/* Whether the page is in zswap, where nothing else is, and nowhere else. */
static bool zswap_out(char *page)
{
	unsigned char in_core;
	unsigned int tries;

	for (tries = 0; tries < 100; tries++) {
		madvise(page, page_size, MADV_PAGEOUT);
		if (!mincore(page, page_size, &in_core) && !(in_core & 1))
			return zswapped() == (long)page_size / 1024;
		usleep(1000);
	}
	return false;
}

TEST_F(swapin_error_nomem, zswap)
{
	char *page = self->mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool failed = true;
	enum outcome got;
	unsigned int nth;

	CASE("nomem: what zswap has is not read from the disk");
	if (variant->shared)
		SKIP(return, "is for private memory");
	ASSERT_NE(MAP_FAILED, page);
	madvise(page, mem_size, MADV_NOHUGEPAGE);
	if (zswapped() > 0)
		SKIP(return, "needs a zswap that nobody uses");
	if (!set_zswap(&self->bs) || !set_knob("/proc/sys/vm/page-cluster", "0"))
		SKIP(return, "needs zswap and zsmalloc");
	for (nth = 1; failed && nth < MOST; nth++) {
		fill(page, 1);
		if (!zswap_out(page))
			SKIP(return, "needs a zswap that nobody uses, and that has room");
		fail_at(nth);
		got = touch(page, 0, READ);
		failed = has_failed();
		EXPECT_TRUE(got == DATA || got == BUS);
		EXPECT_TRUE(touch(page, 0, READ) == DATA ||
			    fail("corrupt", "with allocation %u", nth));
	}
	EXPECT_FALSE(failed);
}

/*
 * A large folio of a file, as long as there is no memory
 */

FIXTURE(swapin_nomem_large)
{
	struct badswap bs;
	char *mem;
	int fd;
};

FIXTURE_SETUP(swapin_nomem_large)
{
	const long before = large_swapped_out();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	keep_knobs();
	if (!can_fail())
		SKIP(return, NEEDS);
	/* Slots for a large folio come from a whole cluster, of as many pages as a huge one. */
	ASSERT_EQ(0, badswap_create(&self->bs, MAX(2 * huge_size() / page_size, NR_PAGES)));
	self->fd = memfd_create("large", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(self->fd, mem_size));
	self->mem = map_large(mem_size, MAP_SHARED, self->fd);
	ASSERT_NE(MAP_FAILED, self->mem);
	set_large_knob("shmem_enabled", "advise");
	fill(self->mem, NR_PAGES);
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, mem_size));
	if (large_swapped_out() < before + NR_PAGES / LARGE_PAGES) {
		set_knobs_back();
		badswap_destroy(&self->bs);
		SKIP(return, "needs swap of large folios of shared memory");
	}
	ASSERT_TRUE(set_knob(DEBUGFS "/fail_page_alloc/task-filter", "Y"));
	ASSERT_TRUE(set_knob(DEBUGFS "/fail_page_alloc/times", "-1"));
	ASSERT_TRUE(set_knob(DEBUGFS "/fail_page_alloc/probability", "100"));
}

FIXTURE_TEARDOWN(swapin_nomem_large)
{
	close(self->fd);
	set_knobs_back();
	badswap_destroy(&self->bs);
}

/* The errno of a child that reads or truncates the file without memory; -1: it does not end. */
static int without_memory(int fd, off_t pos, bool truncates)
{
	int status = 0, tries;
	char byte;
	pid_t pid;

	pid = fork();
	if (!pid) {
		/* It may not let others run. */
		unpin();
		sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
		if (write_text("1", "/proc/self/make-it-fail"))
			_exit(255);
		_exit((truncates ? ftruncate(fd, pos) : pread(fd, &byte, 1, pos)) < 0 ? errno : 0);
	}
	for (tries = 0; pid > 0 && tries < 300; tries++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		usleep(50000);
	}
	fail("hang", "%s", truncates ? "ftruncate" : "pread");
	/* It ends with memory. */
	set_knob(DEBUGFS "/fail_page_alloc/probability", "0");
	waitpid(pid, &status, 0);
	return -1;
}

TEST_F(swapin_nomem_large, read)
{
	const unsigned int page = LARGE_PAGES + 5;

	CASE("nomem: a read in the middle of a large folio in swap fails");
	EXPECT_EQ(ENOMEM, without_memory(self->fd, page * page_size, false));
	EXPECT_EQ(DATA, touch(self->mem + page * page_size, page, READ));
}

TEST_F(swapin_nomem_large, truncate)
{
	const unsigned int last = LARGE_PAGES + 5;
	const size_t end = last * page_size + page_size / 2;

	CASE("nomem: truncation in the middle of a large folio in swap ends");
	ASSERT_EQ(0, without_memory(self->fd, end, true));
	ASSERT_EQ(0, ftruncate(self->fd, mem_size));
	EXPECT_TRUE(all_zero(self->mem + end, page_size / 2));
	EXPECT_TRUE(are_fresh(self->mem, last + 1, NR_PAGES - 1, 0));
	EXPECT_EQ(DATA, touch(self->mem + (last - 1) * page_size, last - 1, READ));
}

int main(int argc, char **argv)
{
	lost_pages_init();
	if (!only_lists(argc, argv))
		badswap_or_skip(NR_PAGES);
	return test_harness_run(argc, argv);
}
