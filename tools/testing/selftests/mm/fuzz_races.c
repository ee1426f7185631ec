// SPDX-License-Identifier: GPL-2.0
/*
 * What is done while something else is: swapoff is killed, others read, faults are interrupted.
 * See fuzz_steps.h.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "fuzz_shadow.h"
#include "fuzz_steps.h"
#include "vm_util.h"

#define READERS		4
#define READS		3	/* that a swapoff has the time for, before it is killed */
#define READ_USEC	1000	/* that each takes: BADSWAP_DISK's completion_nsec */
#define MOST_GIVEN_UP	8	/* by it; more than one is asked for at once */
#define TRIES		16	/* to hit a moment */

/* All pages of a mapping are as new: none is lost, watched or protected. */
static void give_up_all(struct map *m)
{
	const struct step all = { .a = m - maps };

	unwatch(m, true);
	do_mprotect(&all);
	do_dontneed(&all);
	if (m->shared)
		do_punch(&all);
}

/* All pages of a mapping are new, and out; all, or as do_lose() has @d, can't be read. */
static void lose_new(struct map *m, unsigned int d)
{
	const struct step lose = { .a = m - maps, .d = d };

	swap_only();
	give_up_all(m);
	write_pages(m, 0, m->pages);
	page_out(m);
	do_lose(&lose);
}

/*
 * A swapoff that is killed
 */

/* Swaps off in a process that is killed meanwhile.  Returns whether it is off even so. */
static bool kill_swapoff(void)
{
	const struct itimerval soon = { .it_value.tv_usec = READS * READ_USEC };
	pid_t pid;

	/* With no copy of the memory, in which swapoff would look too. */
	pid = vfork();
	if (!pid) {
		setitimer(ITIMER_REAL, &soon, NULL);
		_exit(badswap_swapoff(&bs));
	}
	must("vfork", pid < 0 || waitpid(pid, NULL, 0) != pid, 0, 0);
	return !count("/proc/meminfo", "SwapTotal:");
}

/* What was bad was given up, or is not bad any more. */
static bool settle(unsigned int version, bool given_up)
{
	run->health[version] = given_up ? DEAD : GOOD;
	return given_up;
}

static unsigned int count_private(struct map *m)
{
	unsigned int i, lost = 0;

	for (i = 0; i < m->pages; i++) {
		const struct page *p = page_of(m, i);

		if (p->state == OWN && run->health[p->version] == BAD)
			lost += settle(p->version, is_marker(pagemap_get_entry(pagemap,
						m->mem + i * page_size)));
	}
	return lost;
}

static unsigned int count_file(struct file *f)
{
	unsigned int i, lost = 0;

	for (i = 0; i < f->size; i++)
		if (run->health[f->has[i]] == BAD)
			lost += settle(f->has[i], pread(f->fd, buf, 8, i * page_size) < 0);
	forget_buf();
	return lost;
}

/* Finds out which of the bad pages were given up, now that they can be read. */
static unsigned int count_given_up(void)
{
	unsigned int i, lost = 0;

	for (i = 0; i < nr_maps; i++)
		if (!maps[i].shared)
			lost += count_private(&maps[i]);
	for (i = 0; i < MAX_FILES; i++)
		lost += count_file(&run->file[i]);
	return lost;
}

/* It gives up what it has tried by then, and no more. */
void do_kill(const struct step *s)
{
	unsigned int lost;

	if (bs.kind != BADSWAP_DISK || run->depth || !run->again)
		return;
	lose_new(&maps[s->a % nr_maps], 0);
	line("/* badswap_swapoff(&bs) in a child that is killed meanwhile */");
	run->swap_on = !kill_swapoff();
	line("badswap_heal(&bs);");
	must("heal", badswap_heal(&bs), 0, 0);
	lost = count_given_up();
	change_health(BAD, DEAD);
	if (lost > MOST_GIVEN_UP)
		wrong("lost", "%u pages to a swapoff that was killed after %u reads", lost,
		      READS);
}

/*
 * Others that read what can't be read
 */

static bool enough;

static void *read_bad(void *page)
{
	char byte;

	while (!__atomic_load_n(&enough, __ATOMIC_RELAXED))
		copy_bytes(&byte, page, 1);
	return NULL;
}

/* What waits for a disk may be merged with what others read there, and must not fail with it. */
void do_busy(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	pthread_t readers[READERS];
	unsigned int i, nr = 0;

	if (bs.kind != BADSWAP_DISK || !run->again)
		return;
	lose_new(m, 1);
	line("/* %u threads read pages of %s that can't be read */", READERS, m->name);
	enough = false;
	for (i = 0; i < m->pages && nr < READERS; i++)
		if (run->health[shows(m, i)] == BAD)
			must("pthread_create", pthread_create(&readers[nr++], NULL, read_bad,
							      m->mem + i * page_size), 0, 0);
	if (s->b & 1)
		do_swapoff(s);
	check_map(m, 0);
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
	while (nr)
		pthread_join(readers[--nr], NULL);
}

/*
 * A fault that is interrupted
 */

#define AT_ONCE	4U	/* pages that are read */

static double began, ended;

/* Of this thread.  Not everybody may. */
static bool set_policy(int policy)
{
	const struct sched_param param = { .sched_priority = policy == SCHED_FIFO };

	return !pthread_setschedparam(pthread_self(), policy, &param);
}

static void *read_some(void *page)
{
	unsigned int i;
	char byte;

	/* It has the policy of who has made it. */
	set_policy(SCHED_OTHER);
	began = now();
	for (i = 0; i < AT_ONCE; i++)
		copy_bytes(&byte, page + i * page_size, 1);
	ended = now();
	return NULL;
}

/* Slots of private memory are what pagemap says. */
static void lose_swapped(struct map *m, unsigned int first)
{
	unsigned int i;

	for (i = first; i < first + AT_ONCE; i++) {
		const uint64_t entry = pagemap_get_entry(pagemap, m->mem + i * page_size);

		if (m->page[i].state != OWN || !is_out(m, i))
			continue;
		must("badblocks", badswap_lose_slot(&bs, PM_SWAP_OFFSET(entry)), 0, 0);
		run->health[m->page[i].version] = BAD;
		run->armed = true;
	}
}

/* While a thread reads pages, when in that time @dice says, they are written and lost. */
static void interrupt(struct map *m, unsigned int first, unsigned int dice)
{
	/* After how many seconds the first has been read, and the last: at first a guess. */
	static double from, to = 0.1;
	char *at = m->mem + first * page_size;
	struct timespec ts = { 0 };
	pthread_t reader;
	double start;

	ts.tv_nsec = 1e9 * (from + (to - from) * (dice % 256) / 256);
	line("/* a thread reads %s + %u * page_size, %u * page_size; meanwhile: */", m->name,
	     first, AT_ONCE);
	start = now();
	must("pthread_create", pthread_create(&reader, NULL, read_some, at), 0, 0);
	nanosleep(&ts, NULL);
	write_pages(m, first, AT_ONCE);
	madvise(at, AT_ONCE * page_size, MADV_PAGEOUT);
	line("/* madvise(MADV_PAGEOUT), and these are lost */");
	lose_swapped(m, first);
	do_swapoff(NULL);
	set_policy(SCHED_OTHER);
	pthread_join(reader, NULL);
	check_map(m, 0);
	/* If it was not interrupted, it takes no longer. */
	to = MIN(to, ended - start);
	if (began - start < to)
		from = began - start;
}

static bool can_be_preempted(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT");
}

/*
 * What a fault has seen may be another page, and that be lost, before it goes on: a thread of
 * higher priority, on the same CPU, does that without a pause.
 */
void do_interrupt(const struct step *s)
{
	struct map *m = NULL;
	unsigned int i;

	for (i = 0; i < nr_maps; i++)
		if (maps[i].file && !maps[i].shared)
			m = &maps[i];
	if (!m || !can_be_preempted())
		return;
	for (i = 0; i < TRIES; i++) {
		swap_only();
		give_up_all(m);
		if (!leave_markers(m) || !set_policy(SCHED_FIFO))
			break;
		interrupt(m, i * AT_ONCE % m->pages, s->b >> i);
	}
	unprotect_rest(m);
}
