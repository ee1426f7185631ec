// SPDX-License-Identifier: GPL-2.0
/*
 * A fault handler clears only the PTE marker that it has faulted on.
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lost_pages_test.h"
#include "lost_pages_uffd.h"

#define DEVICE	"/dev/test_swapin_race"
#define ROUNDS	200
#define FILE_BYTE	0x5a

/* What the victim and main have in common. */
struct victim {
	char *page;
	int cpu;
	pid_t tid;
	bool go;
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

/* What main does while the victim is stalled; no mmap(2) or brk(2), which would wait. */
static int lose_page(struct badswap *bs, char *page)
{
	int ret;

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

	self->file = memfd_create("race", MFD_CLOEXEC);
	memset(byte, FILE_BYTE, sizeof(byte));
	for (i = 0; i < page_size / sizeof(byte); i++)
		ASSERT_EQ(sizeof(byte), write(self->file, byte, sizeof(byte)));
	ASSERT_EQ(0, badswap_create(&self->bs, device_mib));
}

FIXTURE_TEARDOWN(swapin_race)
{
	close(self->file);
	close(self->device);
	badswap_destroy(&self->bs);
}

/*
 * Returns what the victim's read, or a write after it, gave.  Where the race could not be
 * had, it says so and returns -1.
 */
static int one_round(struct badswap *bs, int device, int file, int cpu)
{
	struct victim victim = { .cpu = cpu };
	pthread_t thread;
	char arm[32];
	int ret;

	ret = badswap_heal(bs);
	if (!ret)
		ret = badswap_swapon(bs);
	victim.page = ret ? NULL : map_stale_marker(file);
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
		ret = lose_page(bs, victim.page);
	pthread_join(thread, NULL);
	if (ret || !is_state(device, "released\n")) {
		fail("race", "not had: %s", ret ? strerror(-ret) : "the fault went on before");
		badswap_swapoff(bs);
		return -1;
	}
	if (victim.outcome == BUS)
		victim.outcome = touch(victim.page, 0, WRITE);
	munmap(victim.page, page_size);
	return victim.outcome;
}

TEST_F_TIMEOUT(swapin_race, fault, 150)
{
	unsigned int round, count[CORRUPT + 1] = { 0 }, missed = 0;

	CASE("race: a fault clears no swapin error that came in between");
	if (self->device < 0)
		SKIP(return, "needs the module test_swapin_race");
	if (self->cpu < 0)
		SKIP(return, "needs two CPUs");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	for (round = 0; round < ROUNDS && missed < 3; round++) {
		int got = one_round(&self->bs, self->device, self->file, self->cpu);

		if (got < 0)
			missed++;
		else
			count[got]++;
	}
	say("rounds", "%u SIGBUS, %u corrupt, %u not had, of %u", count[BUS],
	    count[CORRUPT], missed, ROUNDS);
	/* A kernel that is to have it and skips is found out by what the series claims. */
	if (!count[BUS] && !count[CORRUPT] && !count[DATA])
		SKIP(return, "not had: is the swapin error of this kernel a PTE marker?");
	EXPECT_TRUE(!count[CORRUPT] ||
		    fail("corrupt", "a lost page read as what the file has"));
	EXPECT_EQ(ROUNDS, count[BUS]);
}

int main(int argc, char **argv)
{
	return run_tests(argc, argv);
}
