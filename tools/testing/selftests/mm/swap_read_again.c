// SPDX-License-Identifier: GPL-2.0
/*
 * Only what cannot be read is lost.
 *
 * A read of swap may fail because of another page that is read along with it, or because of
 * an error that is over.  The page then has to be read again before an access to it fails,
 * and before swapoff gives it up.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "../kselftest_harness.h"
#include "badswap.h"
#include "lost_pages.h"

#define PAGES	256

FIXTURE(swap_read_again)
{
	struct badswap bs;
	char *mem;
	bool bad[PAGES];	/* it can't be read */
};

FIXTURE_VARIANT(swap_read_again)
{
	int flags;
};

FIXTURE_VARIANT_ADD(swap_read_again, private)
{
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap_read_again, shared)
{
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

/* Pages that are on the device, and all can be read. */
static int page_out(FIXTURE_DATA(swap_read_again) *self, int flags)
{
	int ret = badswap_heal(&self->bs);

	memset(self->bad, 0, sizeof(self->bad));
	if (self->mem)
		munmap(self->mem, PAGES * page_size);
	self->mem = mmap(NULL, PAGES * page_size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (self->mem == MAP_FAILED)
		return -1;
	madvise(self->mem, PAGES * page_size, MADV_NOHUGEPAGE);
	fill(self->mem, PAGES);
	return ret ? ret : badswap_pageout(&self->bs, self->mem, PAGES * page_size);
}

FIXTURE_SETUP(swap_read_again)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	self->mem = NULL;
	ASSERT_EQ(0, badswap_create(&self->bs, PAGES));
	ASSERT_EQ(0, page_out(self, variant->flags));
	if (badswap_merge(&self->bs, PAGES)) {
		badswap_destroy(&self->bs);
		SKIP(return, "needs a machine on which nobody else swaps");
	}
}

FIXTURE_TEARDOWN(swap_read_again)
{
	munmap(self->mem, PAGES * page_size);
	badswap_destroy(&self->bs);
}

static int make_bad(FIXTURE_DATA(swap_read_again) *self, unsigned int i)
{
	self->bad[i] = true;
	return badswap_lose(&self->bs, self->mem + i * page_size);
}

/* Makes every page unreadable whose number is @rest, modulo @step. */
static int make_every(FIXTURE_DATA(swap_read_again) *self, unsigned int step,
		      unsigned int rest)
{
	unsigned int i;
	int ret = 0;

	for (i = rest; !ret && i < PAGES; i += step)
		ret = make_bad(self, i);
	return ret;
}

/* All pages have their data, but for the bad ones, which are SIGBUS. */
static bool only_bad_are_lost(FIXTURE_DATA(swap_read_again) *self)
{
	unsigned int i, bad = 0, lost = 0, first = PAGES;
	enum outcome got;

	for (i = 0; i < PAGES; i++) {
		got = touch(self->mem + i * page_size, i, READ);
		bad += self->bad[i];
		lost += got == BUS;
		if (got == DATA && self->bad[i])
			return fail("data", "page %u can't be read", i);
		if (got != DATA && got != BUS)
			return fail("corrupt", "page %u", i);
		if (got == BUS && !self->bad[i] && first == PAGES)
			first = i;
	}
	say("lost", "%u of %u that can't be read", lost, bad);
	return lost == bad ||
	       fail("SIGBUS", "%u pages, of which %u can't be read, page %u can", lost, bad,
		    first);
}

static int heal(FIXTURE_DATA(swap_read_again) *self)
{
	memset(self->bad, 0, sizeof(self->bad));
	return badswap_heal(&self->bs);
}

TEST_F(swap_read_again, swapoff)
{
	static const unsigned int steps[] = { 2, 8, 16, 128, PAGES, 1 };
	unsigned int i;

	CASE("again: swapoff gives up what can't be read, and nothing else");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_EQ(0, make_every(self, steps[i], steps[i] / 2));
		ASSERT_EQ(0, badswap_swapoff(&self->bs));
		EXPECT_TRUE(only_bad_are_lost(self));
		ASSERT_EQ(0, badswap_swapon(&self->bs));
		ASSERT_EQ(0, page_out(self, variant->flags));
	}
	ASSERT_EQ(0, make_bad(self, 0));
	ASSERT_EQ(0, make_bad(self, PAGES - 1));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(only_bad_are_lost(self));
}

TEST_F(swap_read_again, fault)
{
	static const unsigned int steps[] = { 2, 8, 16, 128, PAGES, 1 };
	unsigned int i;

	CASE("again: an access fails where the page can't be read, and nowhere else");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_EQ(0, make_every(self, steps[i], steps[i] / 2));
		EXPECT_TRUE(only_bad_are_lost(self));
		EXPECT_TRUE(only_bad_are_lost(self));
		ASSERT_EQ(0, page_out(self, variant->flags));
	}
}

TEST_F(swap_read_again, fault_healed)
{
	CASE("again: an error that is over is over: at the next access");
	ASSERT_EQ(0, make_every(self, 1, 0));
	EXPECT_TRUE(only_bad_are_lost(self));
	ASSERT_EQ(0, heal(self));
	EXPECT_TRUE(only_bad_are_lost(self));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(only_bad_are_lost(self));
}

TEST_F(swap_read_again, swapoff_healed)
{
	CASE("again: an error that is over is over: at swapoff");
	ASSERT_EQ(0, make_every(self, 1, 0));
	EXPECT_TRUE(only_bad_are_lost(self));
	ASSERT_EQ(0, heal(self));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(only_bad_are_lost(self));
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
	ASSERT_EQ(0, make_every(self, 2, 1));
	EXPECT_TRUE(only_bad_are_lost(self));
	ASSERT_EQ(0, heal(self));
	EXPECT_TRUE(in_child(has_data_in_child, self->mem));
	EXPECT_TRUE(only_bad_are_lost(self));
}

/* With the device, it is given up. */
TEST_F(swap_read_again, given_up)
{
	CASE("again: what swapoff has given up stays so");
	ASSERT_EQ(0, make_every(self, 2, 1));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(only_bad_are_lost(self));
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	EXPECT_TRUE(only_bad_are_lost(self));
}

int main(int argc, char **argv)
{
	lost_pages_init();
	badswap_or_skip(PAGES);
	return test_harness_run(argc, argv);
}
