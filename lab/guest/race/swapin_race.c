// SPDX-License-Identifier: GPL-2.0
/*
 * A page is lost while a fault on what was there before is being handled.
 *
 * A fault handler clears only the PTE marker that it has faulted on:
 *
 *	victim				main
 *	------				----
 *	read: stalls in the fault
 *	on a stale uffd-wp marker
 *					write: the marker is gone, the page a private one
 *					page out, lose it, swapoff: a swapin error
 *	goes on: SIGBUS
 *
 * If the victim's fault takes the swapin error for its uffd-wp marker, it clears it, and
 * reads what the file has in place of the data that was written.
 *
 * A fault waits for userfaultfd only if that can resolve it:
 *
 *	read: stalls in the fault
 *	on a missing page
 *					UFFDIO_COPY, and as above
 *	goes on: SIGBUS
 *
 * If it takes the swapin error for a page that is still missing, it waits for a monitor,
 * who can't fill the page.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "badswap.h"
#include "lost_pages.h"

#define DEVICE	"/dev/test_swapin_race"
#define ROUNDS	50
#define FILE_BYTE	0x5a
#define SECONDS	3		/* for a victim to come back, even where all is emulated */

/* What the victim and main have in common. */
struct victim {
	char *page;
	int cpu;
	pid_t tid;
	bool go, done;
	enum outcome outcome;
};

static void *victim_run(void *arg)
{
	struct victim *victim = arg;

	pin_to(victim->cpu);
	__atomic_store_n(&victim->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&victim->go, __ATOMIC_ACQUIRE))
		sched_yield();
	victim->outcome = touch(victim->page, 0, READ);
	__atomic_store_n(&victim->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* The second of the CPUs that we may use, or -1; the first one is for main. */
static int other_cpu(void)
{
	cpu_set_t set;
	int cpu, first = -1;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (first < 0) {
			first = cpu;
			continue;
		}
		pin_to(first);
		return cpu;
	}
	return -1;
}

/*
 * A private page of @fd with a uffd-wp marker, but no longer a userfaultfd.  The end of
 * write-protection takes its markers along; a change to another mode forgets them.
 */
static char *map_stale_marker(int fd)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	int uffd;

	if (page == MAP_FAILED)
		return NULL;
	uffd = uffd_watch_wp(page);
	reg.range = (struct uffdio_range){ .start = (uintptr_t)page, .len = page_size };
	if (uffd < 0 || uffd_protect(uffd, page, true) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg)) {
		munmap(page, page_size);
		page = NULL;
	}
	close(uffd);
	return page;
}

/* A private page that is missing, and its userfaultfd. */
static char *map_missing(int *uffd)
{
	char *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	*uffd = uffd_watch(page, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (*uffd >= 0)
		return page;
	munmap(page, page_size);
	return NULL;
}

static bool comes_back(struct victim *victim)
{
	int tries;

	for (tries = 0; tries < SECONDS * 1000; tries++) {
		if (__atomic_load_n(&victim->done, __ATOMIC_ACQUIRE))
			return true;
		usleep(1000);
	}
	return false;
}

static bool is_state(int fd, const char *state)
{
	char now[16] = "";

	return pread(fd, now, sizeof(now) - 1, 0) > 0 && !strcmp(now, state);
}

static bool wait_for(int fd, const char *state)
{
	int tries;

	for (tries = 0; tries < 5000; tries++) {
		if (is_state(fd, state))
			return true;
		usleep(100);
	}
	return fail("race", "the module never said %s", state);
}

/*
 * What main does while the victim is stalled; no mmap(2) or brk(2), which would wait.
 * With a @uffd the page is missing, and has what is at @src before it is written.
 */
static int lose_page(struct badswap *bs, char *page, int uffd, const char *src)
{
	int ret;

	if (uffd >= 0 && uffd_copy(uffd, page, src))
		return -errno;
	fill(page, 1);
	ret = badswap_pageout(bs, page, page_size);
	if (!ret)
		ret = badswap_lose(bs, page);
	if (!ret)
		ret = badswap_swapoff(bs);
	return ret;
}

FIXTURE(swapin_race)
{
	struct badswap bs;
	int device;		/* of the module */
	int file;
	char *src;		/* for UFFDIO_COPY */
	int cpu;		/* for the victim */
};

FIXTURE_SETUP(swapin_race)
{
	char byte[64];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	mem_size = page_size;
	self->cpu = other_cpu();
	self->device = open(DEVICE, O_RDWR | O_CLOEXEC);
	/* All that malloc() will be asked for comes from memory that is there. */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	free(memset(malloc(8 << 20), 1, 8 << 20));
	self->src = calloc(1, page_size);
	ASSERT_NE(NULL, self->src);

	self->file = memfd_create("race", MFD_CLOEXEC);
	memset(byte, FILE_BYTE, sizeof(byte));
	for (i = 0; i < page_size / sizeof(byte); i++)
		ASSERT_EQ(sizeof(byte), write(self->file, byte, sizeof(byte)));
	ASSERT_EQ(0, badswap_create(&self->bs, 1));
}

FIXTURE_TEARDOWN(swapin_race)
{
	free(self->src);
	close(self->file);
	close(self->device);
	badswap_destroy(&self->bs);
}

#define WAITED	(CORRUPT + 1)

/*
 * Returns what the victim's read, or a write after it, gave, or WAITED.  Where the race
 * could not be had, it says so and returns -1.
 */
static int one_round(FIXTURE_DATA(swapin_race) *self, bool missing)
{
	struct victim victim = { .cpu = self->cpu };
	struct badswap *bs = &self->bs;
	int device = self->device, ret, uffd = -1;
	bool waited = false;
	pthread_t thread;
	char arm[32];

	ret = badswap_heal(bs);
	if (!ret)
		ret = badswap_swapon(bs);
	if (!ret)
		victim.page = missing ? map_missing(&uffd) : map_stale_marker(self->file);
	if (!victim.page || pthread_create(&thread, NULL, victim_run, &victim)) {
		fail("race", "can't prepare: %s", strerror(-ret));
		return -1;
	}
	while (!__atomic_load_n(&victim.tid, __ATOMIC_ACQUIRE))
		sched_yield();
	snprintf(arm, sizeof(arm), "%d 5000", victim.tid);
	ret = write(device, arm, strlen(arm)) < 0 ? -errno : 0;
	__atomic_store_n(&victim.go, true, __ATOMIC_RELEASE);
	if (!ret && wait_for(device, "stalled\n"))
		ret = lose_page(bs, victim.page, uffd, self->src);
	if (!ret)
		waited = !comes_back(&victim);
	/* No one waits for a userfaultfd that is closed. */
	close(uffd);
	pthread_join(thread, NULL);
	if (ret || !is_state(device, "released\n")) {
		fail("race", "not had: %s", ret ? strerror(-ret) : "the fault went on before");
		badswap_swapoff(bs);
		return -1;
	}
	if (victim.outcome == BUS)
		victim.outcome = touch(victim.page, 0, WRITE);
	munmap(victim.page, page_size);
	return waited ? WAITED : victim.outcome;
}

static void race(struct __test_metadata *_metadata, FIXTURE_DATA(swapin_race) *self,
		 bool missing)
{
	unsigned int round, got[WAITED + 1] = { 0 }, missed = 0;

	if (self->device < 0)
		SKIP(return, "needs the module test_swapin_race");
	if (self->cpu < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	for (round = 0; round < ROUNDS && missed < 3 && !got[WAITED]; round++) {
		int is = one_round(self, missing);

		if (is < 0)
			missed++;
		else
			got[is]++;
	}
	say("rounds", "%u SIGBUS, %u corrupt, %u waited, %u not had, of %u", got[BUS],
	    got[CORRUPT], got[WAITED], missed, round);
	/* A kernel that is to have it and skips is found out by what the series claims. */
	if (missed == round)
		SKIP(return, "not had: is the swapin error of this kernel a PTE marker?");
	EXPECT_TRUE(!got[CORRUPT] ||
		    fail("corrupt", "a lost page read as what the file has"));
	EXPECT_TRUE(!got[WAITED] ||
		    fail("hang", "a fault on a lost page waits for userfaultfd"));
	/* One or two may be missed, where the host or another process was in the way. */
	EXPECT_LT(missed, 3);
	EXPECT_EQ(round - missed, got[BUS]);
}

TEST_F_TIMEOUT(swapin_race, fault, 150)
{
	CASE("race: a fault clears no swapin error that came in between");
	race(_metadata, self, false);
}

TEST_F_TIMEOUT(swapin_race, missing, 150)
{
	CASE("race: a fault waits for no monitor when the page was lost in between");
	race(_metadata, self, true);
}

int main(int argc, char **argv)
{
	lost_pages_init();
	if (!only_lists(argc, argv))
		badswap_or_skip(NR_PAGES);
	return test_harness_run(argc, argv);
}
