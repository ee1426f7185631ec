// SPDX-License-Identifier: GPL-2.0
/*
 * Only what cannot be read is lost.
 *
 * A read of swap may fail because of another page that is read along with it, or because of
 * an error that is over.  The page then has to be read again before an access to it fails,
 * and before swapoff gives it up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>

#include "../kselftest_harness.h"
#include "badswap.h"
#include "lost_pages.h"

#define PAGES	256

struct pages {
	struct badswap bs;
	char *mem;
	bool large;		/* of folios */
	bool bad[PAGES];	/* it can't be read */
};

FIXTURE(swap_read_again)
{
	struct pages pages;
};

FIXTURE_VARIANT(swap_read_again)
{
	enum badswap_kind kind;
	int flags;
};

FIXTURE_VARIANT_ADD(swap_read_again, private)
{
	.kind = BADSWAP_MQ,
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, shared)
{
	.kind = BADSWAP_MQ,
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, zram_private)
{
	.kind = BADSWAP_ZRAM,
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, zram_shared)
{
	.kind = BADSWAP_ZRAM,
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, zswap_private)
{
	.kind = BADSWAP_ZSWAP,
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, zswap_shared)
{
	.kind = BADSWAP_ZSWAP,
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, loop_private)
{
	.kind = BADSWAP_LOOP,
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, loop_shared)
{
	.kind = BADSWAP_LOOP,
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, dm_private)
{
	.kind = BADSWAP_DM,
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, dm_shared)
{
	.kind = BADSWAP_DM,
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, ext4_private)
{
	.kind = BADSWAP_EXT4,
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, ext4_shared)
{
	.kind = BADSWAP_EXT4,
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, ext2_private)
{
	.kind = BADSWAP_EXT2,
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, ext2_shared)
{
	.kind = BADSWAP_EXT2,
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

/* What there has to be for each. */
static const char *const needs[] = {
	[BADSWAP_MQ] = "needs null_blk with a queue",
	[BADSWAP_SLOW] = "needs null_blk that a timer completes",
	[BADSWAP_DISK] = "needs null_blk that a timer completes, and mq-deadline",
	[BADSWAP_ZRAM] = "needs zram with a backing device (CONFIG_ZRAM_WRITEBACK)",
	[BADSWAP_ZSWAP] = "needs zswap to be on, and memory.zswap.writeback of cgroup v2",
	[BADSWAP_LOOP] = "needs loop devices (CONFIG_BLK_DEV_LOOP)",
	[BADSWAP_DM] = "needs the device mapper (CONFIG_BLK_DEV_DM)",
	[BADSWAP_EXT4] = "needs ext4 and mke2fs",
	[BADSWAP_EXT2] = "needs ext2 and mke2fs",
	[BADSWAP_ONCE] = "needs bad blocks of null_blk that fail once",
};

static int heal(struct pages *pages)
{
	memset(pages->bad, 0, sizeof(pages->bad));
	return badswap_heal(&pages->bs);
}

/* Pages that are on the device, and all can be read. */
static int page_out(struct pages *pages, int flags)
{
	int ret = heal(pages);

	if (pages->mem)
		munmap(pages->mem, PAGES * page_size);
	pages->mem = map_large(PAGES * page_size, flags, -1);
	if (pages->mem == MAP_FAILED)
		return -1;
	if (!pages->large)
		madvise(pages->mem, PAGES * page_size, MADV_NOHUGEPAGE);
	fill(pages->mem, PAGES);
	return ret ? ret : badswap_pageout(&pages->bs, pages->mem, PAGES * page_size);
}

/* Shared by all tests, each of which is a process: what one has found out. */
static bool *missing;

/* Returns why there can't be pages on swap of this @kind, or NULL; @ret is 0 or an errno. */
static const char *prepare(struct pages *pages, enum badswap_kind kind, int flags, int *ret)
{
	if (missing[kind])
		return needs[kind];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	keep_knobs();
	pages->mem = NULL;
	pages->large = false;
	*ret = badswap_create_kind(&pages->bs, PAGES, kind);
	if (*ret) {
		missing[kind] = *ret == -ENODEV;
		return missing[kind] ? needs[kind] : NULL;
	}
	*ret = page_out(pages, flags);
	/* Some of our own, be they of the test, may have gone with them. */
	if (*ret || !badswap_merge(&pages->bs, PAGES + PAGES / 2))
		return NULL;
	badswap_destroy(&pages->bs);
	return "needs a machine on which nobody else swaps";
}

FIXTURE_SETUP(swap_read_again)
{
	int ret;
	const char *why = prepare(&self->pages, variant->kind, variant->flags, &ret);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(swap_read_again)
{
	munmap(self->pages.mem, PAGES * page_size);
	badswap_destroy(&self->pages.bs);
}

static int make_bad(struct pages *pages, unsigned int i)
{
	pages->bad[i] = true;
	return badswap_lose(&pages->bs, pages->mem + i * page_size);
}

/* Makes every page unreadable whose number is @rest, modulo @step. */
static int make_every(struct pages *pages, unsigned int step, unsigned int rest)
{
	unsigned int i;
	int ret = 0;

	for (i = rest; !ret && i < PAGES; i += step)
		ret = make_bad(pages, i);
	return ret;
}

/*
 * All pages have their data, but for the bad ones, which are SIGBUS.  Says of each whether it
 * has (.), has not as it can't be read (x), or has not though it can (!).
 */
static bool only_bad_are_lost(struct pages *pages)
{
	unsigned int i, bad = 0, lost = 0, first = PAGES;
	char map[PAGES + 1] = "";
	enum outcome got;

	for (i = 0; i < PAGES; i++) {
		got = touch(pages->mem + i * page_size, i, READ);
		bad += pages->bad[i];
		lost += got == BUS;
		if (got == DATA && pages->bad[i])
			return fail("data", "page %u can't be read", i);
		if (got != DATA && got != BUS)
			return fail("corrupt", "page %u", i);
		if (got == BUS && !pages->bad[i] && first == PAGES)
			first = i;
		map[i] = got == DATA ? '.' : pages->bad[i] ? 'x' : '!';
	}
	for (i = 0; i < PAGES; i += NR_PAGES)
		say("map", "%.*s", NR_PAGES, map + i);
	say("lost", "%u of %u that can't be read", lost, bad);
	return lost == bad ||
	       fail("SIGBUS", "%u pages, of which %u can't be read, page %u can", lost, bad,
		    first);
}

/* Every so many pages can't be read: half of them, to one, and all. */
static const unsigned int steps[] = { 2, 8, 16, 128, PAGES, 1 };

TEST_F(swap_read_again, swapoff)
{
	unsigned int i;

	CASE("again: swapoff gives up what can't be read, and nothing else");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_EQ(0, make_every(&self->pages, steps[i], steps[i] / 2));
		ASSERT_EQ(0, badswap_swapoff(&self->pages.bs));
		EXPECT_TRUE(only_bad_are_lost(&self->pages));
		ASSERT_EQ(0, badswap_swapon(&self->pages.bs));
		ASSERT_EQ(0, page_out(&self->pages, variant->flags));
	}
	ASSERT_EQ(0, make_bad(&self->pages, 0));
	ASSERT_EQ(0, make_bad(&self->pages, PAGES - 1));
	ASSERT_EQ(0, badswap_swapoff(&self->pages.bs));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

TEST_F(swap_read_again, fault)
{
	unsigned int i;

	CASE("again: an access fails where a page can't be read, only there");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_EQ(0, make_every(&self->pages, steps[i], steps[i] / 2));
		EXPECT_TRUE(only_bad_are_lost(&self->pages));
		EXPECT_TRUE(only_bad_are_lost(&self->pages));
		ASSERT_EQ(0, page_out(&self->pages, variant->flags));
	}
}

TEST_F(swap_read_again, fault_healed)
{
	CASE("again: an error that is over is over: at the next access");
	ASSERT_EQ(0, make_every(&self->pages, 1, 0));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	ASSERT_EQ(0, heal(&self->pages));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	ASSERT_EQ(0, badswap_swapoff(&self->pages.bs));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

TEST_F(swap_read_again, swapoff_healed)
{
	CASE("again: an error that is over is over: at swapoff");
	ASSERT_EQ(0, make_every(&self->pages, 1, 0));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	ASSERT_EQ(0, heal(&self->pages));
	ASSERT_EQ(0, badswap_swapoff(&self->pages.bs));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

static bool has_data_in_child(char *mem)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		if (touch(mem + i * page_size, i, READ) != DATA)
			return fail("SIGBUS", "page %u, in a child", i);
	return true;
}

TEST_F(swap_read_again, child)
{
	CASE("again: an error that is over is over: for a child too");
	ASSERT_EQ(0, make_every(&self->pages, 2, 1));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	ASSERT_EQ(0, heal(&self->pages));
	EXPECT_TRUE(in_child(has_data_in_child, self->pages.mem));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

/* With the device, it is given up. */
TEST_F(swap_read_again, given_up)
{
	CASE("again: what swapoff has given up stays so");
	ASSERT_EQ(0, make_every(&self->pages, 2, 1));
	ASSERT_EQ(0, badswap_swapoff(&self->pages.bs));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	ASSERT_EQ(0, badswap_heal(&self->pages.bs));
	ASSERT_EQ(0, badswap_swapon(&self->pages.bs));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

TEST_F(swap_read_again, readahead)
{
	static const char *const clusters[] = { "0", "5" };
	static const char knob[] = "/proc/sys/vm/page-cluster";
	unsigned int i;

	CASE("again: however much is read ahead");
	for (i = 0; i < ARRAY_SIZE(clusters); i++) {
		ASSERT_EQ(0, make_every(&self->pages, 8, 5));
		if (!set_knob(knob, clusters[i]))
			SKIP(return, "needs vm.page-cluster to write to");
		EXPECT_TRUE(only_bad_are_lost(&self->pages));
		EXPECT_TRUE(set_knobs_back());
		ASSERT_EQ(0, page_out(&self->pages, variant->flags));
		ASSERT_EQ(0, make_every(&self->pages, 8, 5));
		ASSERT_TRUE(set_knob(knob, clusters[i]));
		EXPECT_EQ(0, badswap_swapoff(&self->pages.bs));
		EXPECT_TRUE(set_knobs_back());
		EXPECT_TRUE(only_bad_are_lost(&self->pages));
		ASSERT_EQ(0, badswap_swapon(&self->pages.bs));
		ASSERT_EQ(0, page_out(&self->pages, variant->flags));
	}
}

/*
 * A device that fails now and then.  Of what is read at once, one page at most does: which fails
 * once more when it is read alone is lost.
 */

FIXTURE(swap_read_once)
{
	struct pages pages;
};

FIXTURE_VARIANT(swap_read_once)
{
	int flags;
};

FIXTURE_VARIANT_ADD(swap_read_once, private)
{
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_once, shared)
{
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_SETUP(swap_read_once)
{
	int ret;
	const char *why = prepare(&self->pages, BADSWAP_ONCE, variant->flags, &ret);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, make_every(&self->pages, 32, 16));
	memset(self->pages.bad, 0, sizeof(self->pages.bad));
}

FIXTURE_TEARDOWN(swap_read_once)
{
	munmap(self->pages.mem, PAGES * page_size);
	badswap_destroy(&self->pages.bs);
}

TEST_F(swap_read_once, fault)
{
	CASE("again: a read that fails once is tried again: by an access");
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

TEST_F(swap_read_once, swapoff)
{
	CASE("again: a read that fails once is tried again: by swapoff");
	ASSERT_EQ(0, badswap_swapoff(&self->pages.bs));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

/*
 * A device whose reads have to be waited for.  Who waits may give the lock of the memory up
 * meanwhile, and tries from the beginning then: that has to end.  Of a file it waits anyhow.
 */

FIXTURE(swap_read_slow)
{
	struct pages pages;
};

FIXTURE_SETUP(swap_read_slow)
{
	int ret;
	const char *why = prepare(&self->pages, BADSWAP_SLOW, MAP_PRIVATE | MAP_ANONYMOUS,
				  &ret);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, make_every(&self->pages, 128, 65));
}

FIXTURE_TEARDOWN(swap_read_slow)
{
	munmap(self->pages.mem, PAGES * page_size);
	badswap_destroy(&self->pages.bs);
}

TEST_F(swap_read_slow, fault)
{
	CASE("again: an access waits, and fails where a page can't be read");
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

TEST_F_TIMEOUT(swap_read_slow, mlock, 10)
{
	CASE("again: mlock ends where a page can't be read");
	EXPECT_EQ(-1, mlock(self->pages.mem, PAGES * page_size));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	ASSERT_EQ(0, heal(&self->pages));
	EXPECT_EQ(0, mlock(self->pages.mem, PAGES * page_size));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

TEST_F(swap_read_slow, swapoff)
{
	CASE("again: swapoff waits, and gives up what can't be read");
	ASSERT_EQ(0, badswap_swapoff(&self->pages.bs));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

/*
 * A swapoff that is stopped before it has tried all pages: the device stays swapped to, and
 * may be well again.
 */

FIXTURE(swap_read_killed)
{
	struct pages pages;
};

FIXTURE_VARIANT(swap_read_killed)
{
	int flags;
};

FIXTURE_VARIANT_ADD(swap_read_killed, private)
{
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_killed, shared)
{
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_SETUP(swap_read_killed)
{
	int ret;
	const char *why = prepare(&self->pages, BADSWAP_SLOW, variant->flags, &ret);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, make_every(&self->pages, 1, 0));
	/* Only we have the pages, and nobody's exit gives them up. */
	ASSERT_EQ(0, madvise(self->pages.mem, PAGES * page_size, MADV_DONTFORK));
}

FIXTURE_TEARDOWN(swap_read_killed)
{
	munmap(self->pages.mem, PAGES * page_size);
	badswap_destroy(&self->pages.bs);
}

TEST_F(swap_read_killed, swapoff)
{
	unsigned int i, lost = 0;
	int status;
	pid_t pid;

	CASE("again: swapoff gives nothing more up once it is killed");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		badswap_swapoff(&self->pages.bs);
		_exit(0);
	}
	/* It takes more than a second for all pages. */
	usleep(100000);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, heal(&self->pages));
	for (i = 0; i < PAGES; i++)
		lost += touch(self->pages.mem + i * page_size, i, READ) != DATA;
	say("lost", "%u of %u that can be read again", lost, PAGES);
	EXPECT_TRUE(lost < PAGES / 2 || fail("SIGBUS", "%u pages can be read", lost));
}

/*
 * A disk that is busy: what is read again waits there, next to what others read, and can't.
 */

#define BUSY_BAD	8

FIXTURE(swap_read_busy)
{
	struct pages pages;
	pthread_t readers[BUSY_BAD];
};

FIXTURE_VARIANT(swap_read_busy)
{
	int flags;
};

FIXTURE_VARIANT_ADD(swap_read_busy, private)
{
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_busy, shared)
{
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

static bool enough;

/* Reads a page that can't be read, as fast as it can. */
static void *read_bad(void *page)
{
	while (!__atomic_load_n(&enough, __ATOMIC_RELAXED))
		touch(page, 0, READ);
	return NULL;
}

/* Every other of the first pages can't be read. */
FIXTURE_SETUP(swap_read_busy)
{
	unsigned int i;
	int ret;
	const char *why = prepare(&self->pages, BADSWAP_DISK, variant->flags, &ret);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, ret);
	for (i = 0; i < BUSY_BAD; i++)
		ASSERT_EQ(0, make_bad(&self->pages, 2 * i + 1));
	for (i = 0; i < BUSY_BAD; i++)
		ASSERT_EQ(0, pthread_create(&self->readers[i], NULL, read_bad,
					    self->pages.mem + (2 * i + 1) * page_size));
}

static void stop_reading(pthread_t *readers)
{
	unsigned int i;

	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
	for (i = 0; i < BUSY_BAD; i++)
		pthread_join(readers[i], NULL);
}

FIXTURE_TEARDOWN(swap_read_busy)
{
	munmap(self->pages.mem, PAGES * page_size);
	badswap_destroy(&self->pages.bs);
}

TEST_F(swap_read_busy, fault)
{
	CASE("again: an access fails for no read of others");
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	stop_reading(self->readers);
}

TEST_F(swap_read_busy, swapoff)
{
	CASE("again: swapoff gives nothing up for reads of others");
	EXPECT_EQ(0, badswap_swapoff(&self->pages.bs));
	stop_reading(self->readers);
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

/*
 * Large folios, of a device that reads them as such: zram with the bad disk behind it.
 */

FIXTURE(swap_read_large)
{
	struct pages pages;
};

FIXTURE_SETUP(swap_read_large)
{
	long before = large_swapped_out();
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	keep_knobs();
	self->pages.mem = NULL;
	self->pages.large = true;
	/* Slots for a large folio come from a whole cluster, of as many pages as a huge one. */
	ret = badswap_create_kind(&self->pages.bs, MAX(2 * huge_size() / page_size, PAGES),
				  BADSWAP_ZRAM);
	if (ret == -ENODEV)
		SKIP(return, "%s", needs[BADSWAP_ZRAM]);
	ASSERT_EQ(0, ret);
	set_large_knob("enabled", "madvise");
	ASSERT_EQ(0, page_out(&self->pages, MAP_PRIVATE | MAP_ANONYMOUS));
	if (large_swapped_out() < before + PAGES / LARGE_PAGES) {
		set_knobs_back();
		badswap_destroy(&self->pages.bs);
		SKIP(return, "needs swap of large folios");
	}
}

FIXTURE_TEARDOWN(swap_read_large)
{
	set_knobs_back();
	munmap(self->pages.mem, PAGES * page_size);
	badswap_destroy(&self->pages.bs);
}

/* One page of every second folio, wherever in it. */
static int make_some(struct pages *pages)
{
	unsigned int i;
	int ret = 0;

	for (i = 5; !ret && i < PAGES; i += 2 * LARGE_PAGES + 1)
		ret = make_bad(pages, i);
	return ret;
}

TEST_F(swap_read_large, fault)
{
	CASE("again: of a large folio, an access fails where it can't be read");
	ASSERT_EQ(0, make_some(&self->pages));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
	ASSERT_EQ(0, heal(&self->pages));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

TEST_F(swap_read_large, swapoff)
{
	CASE("again: of a large folio, swapoff gives up what can't be read");
	ASSERT_EQ(0, make_some(&self->pages));
	ASSERT_EQ(0, badswap_swapoff(&self->pages.bs));
	EXPECT_TRUE(only_bad_are_lost(&self->pages));
}

int main(int argc, char **argv)
{
	lost_pages_init();
	missing = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (missing == MAP_FAILED)
		return 1;
	if (!only_lists(argc, argv))
		badswap_or_skip(PAGES);
	return test_harness_run(argc, argv);
}
