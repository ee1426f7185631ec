// SPDX-License-Identifier: GPL-2.0
/* What is done to what the pages are swapped to, and to get them there.  See fuzz_steps.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../kselftest.h"
#include "fuzz_shadow.h"
#include "fuzz_steps.h"
#include "vm_util.h"

#define MAX_BAD_SLOTS	500U		/* a table of badblocks has room for 512 ranges */
#define CHUNK		64U		/* pages of the device that are read at once */

/*
 * Devices
 */

static struct badswap *other;		/* which loses nothing */
static pid_t owner;			/* a process has no more than one */

/* Does not return. */
static void own_other(pid_t parent, int ready)
{
	sigset_t term;
	int sig, ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	ret = badswap_create(other, MAX_PAGES);
	if (!ret)
		ret = badswap_swapoff(other);
	if (write(ready, &ret, sizeof(ret)) == sizeof(ret) && !ret) {
		sigwait(&term, &sig);
		badswap_destroy(other);
	}
	_exit(0);
}

int other_create(void)
{
	const pid_t us = getpid();
	int ready[2], ret;

	other = mmap(NULL, sizeof(*other), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (other == MAP_FAILED || pipe(ready))
		return -errno;
	owner = fork();
	if (!owner)
		own_other(us, ready[1]);
	close(ready[1]);
	if (read(ready[0], &ret, sizeof(ret)) != sizeof(ret))
		ret = -ECHILD;
	close(ready[0]);
	return ret;
}

void other_destroy(void)
{
	kill(owner, SIGTERM);
	waitpid(owner, NULL, 0);
}

long cgroup_bytes(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", bs.cgroup, name);
	return count(path, "");
}

void swap_reset(void)
{
	badswap_heal(&bs);
	badswap_swapoff(&bs);
	badswap_swapoff(other);
}

bool is_out(struct map *m, unsigned int i)
{
	char *at = m->mem + i * page_size;
	unsigned char in_core = 1;
	uint64_t entry;

	if (mincore(at, page_size, &in_core) || in_core & 1)
		return false;
	entry = pagemap_get_entry(pagemap, at);
	return m->shared || (entry & PM_SWAP && !is_marker(entry));
}

bool swap_on(void)
{
	if (run->armed)
		return false;
	if (run->swap_on)
		return true;
	line("badswap_swapon(&bs);");
	must("swapon", badswap_swapon(&bs), 0, 0);
	run->swap_on = true;
	return true;
}

/*
 * What is read ahead may not be there yet, and what is written can't be freed.  What waits in the
 * scheduler is not counted, and gets its turn when the disk is done with another.
 */
static void wait_for_disk(void)
{
	unsigned int tries, idle = 0, requests;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", bs.name);
	for (tries = 0; bs.kind == BADSWAP_DISK && idle < 4 && tries < 1000; tries++) {
		file = fopen(path, "r");
		/* The ninth says how many it is busy with. */
		if (file && fscanf(file, "%*u %*u %*u %*u %*u %*u %*u %*u %u", &requests) == 1 &&
		    requests)
			idle = 0;
		else
			idle++;
		if (file)
			fclose(file);
		usleep(500);
	}
}

/* Some are left in the swap cache, which only pressure empties. */
static void empty_swap_cache(struct map *m)
{
	unsigned int i, tries, left;
	unsigned char in_core;
	char amount[24];

	for (tries = 0; tries < 4 && bs.cgroup[0]; tries++) {
		wait_for_disk();
		for (i = left = 0; i < m->pages; i++) {
			char *at = m->mem + i * page_size;

			left += !mincore(at, page_size, &in_core) && in_core & 1 &&
				!(pagemap_get_entry(pagemap, at) & PM_PRESENT);
		}
		if (!left)
			break;
		snprintf(amount, sizeof(amount), "%zu", left * page_size);
		write_text(amount, "%s/memory.reclaim", bs.cgroup);
	}
	must("writeback", badswap_flush(&bs), 0, 0);
}

void page_out(struct map *m)
{
	unsigned char in_core;
	unsigned int i;

	/* Only what is mapped is paged out. */
	for (i = 0; m->shared && i < m->pages; i++)
		if (!mincore(m->mem + i * page_size, page_size, &in_core) && in_core & 1)
			read_page(m, i, false);
	line("madvise(%s, %u * page_size, MADV_PAGEOUT);", m->name, m->pages);
	must("MADV_PAGEOUT", madvise(m->mem, m->pages * page_size, MADV_PAGEOUT), 0, 0);
	empty_swap_cache(m);
}

void do_pageout(const struct step *s)
{
	unsigned int i;

	if (!swap_on())
		return;
	for (i = 0; i < nr_maps; i++)
		if (s->b % 2 || i == s->a % nr_maps)
			page_out(&maps[i]);
}

/* The versions that are in @nr slots from @slot on, 0 where there is none. */
static void read_slots(unsigned int slot, unsigned int nr, unsigned int *versions)
{
	static char *chunk;
	ssize_t len;
	unsigned int i;

	if (!chunk)
		chunk = aligned_alloc(page_size, CHUNK * page_size);
	len = pread(bs.fd, chunk, nr * page_size, slot * page_size);
	for (i = 0; i < nr; i++) {
		uint64_t *word = (uint64_t *)(chunk + i * page_size);

		/* One is bad, which one? */
		if (len != (ssize_t)(nr * page_size) &&
		    pread(bs.fd, word, page_size, (slot + i) * page_size) < 0)
			*word = 0;
		versions[i] = version_of(*word);
		/* It is not to be found if it is swapped itself. */
		*word = 0;
	}
}

/*
 * Makes all slots bad that have one of the versions that are @wanted.  What is still on its way
 * to the disk may be for a slot that has an old copy of one: so it looks twice.
 */
static bool lose_versions(const bool *wanted)
{
	const unsigned int slots = bs.size / page_size;
	unsigned int versions[CHUNK], list[2 * MAX_PAGES], nr = 0, slot, i;

	for (slot = 0; slot < slots; slot += CHUNK) {
		read_slots(slot, CHUNK, versions);
		for (i = 0; i < CHUNK; i++)
			if (versions[i] && wanted[versions[i]] && nr < ARRAY_SIZE(list))
				list[nr++] = slot + i;
	}
	if (run->bad_slots + nr > MAX_BAD_SLOTS)
		return false;
	usleep(2000);
	for (i = 0; i < nr; i++) {
		read_slots(list[i], 1, versions);
		if (!versions[0] || !wanted[versions[0]])
			continue;
		must("badblocks", badswap_lose_slot(&bs, list[i]), 0, 0);
		run->health[versions[0]] = BAD;
		run->armed = true;
		run->bad_slots++;
	}
	return true;
}

static void say_lost(struct map *m, const unsigned int *list, unsigned int nr)
{
	unsigned int i, n;

	/* Those that are as far from each other, in one line. */
	for (i = 0; i < nr; i += n) {
		for (n = 1; i + n < nr && list[i + n] - list[i + n - 1] == list[i + 1] - list[i];)
			n++;
		n = n > 2 ? n : 1;
		if (n > 1)
			line("for (i = %u; i <= %u; i += %u)", list[i], list[i + n - 1],
			     list[i + 1] - list[i]);
		if (n > 1)
			line("\tbadswap_lose(&bs, %s + i * page_size);", m->name);
		else
			line("badswap_lose(&bs, %s + %u * page_size);", m->name, list[i]);
	}
}

void do_lose(const struct step *s)
{
	static bool wanted[MAX_VERSIONS];
	struct range r = range_of(s);
	unsigned int i, version, list[MAX_PAGES], nr = 0;

	/* What is on the other, or still in zram, may have old copies here. */
	if (!run->swap_on || run->other_on || (bs.kind == BADSWAP_ZRAM && run->armed))
		return;
	must("writeback", badswap_flush(&bs), 0, 0);
	wait_for_disk();
	memset(wanted, 0, sizeof(wanted));
	for (i = r.first; i < r.first + r.nr; i++) {
		version = shows(r.m, i);
		/* Of all, or one by one. */
		if (!version || run->health[version] != GOOD || (s->d % 4 && (i ^ s->d) & 1))
			continue;
		if ((r.m->shared || r.m->page[i].state == OWN) && is_out(r.m, i)) {
			wanted[version] = true;
			list[nr++] = i;
		}
	}
	if (!nr || !lose_versions(wanted))
		return;
	say_lost(r.m, list, nr);
	/* Somebody's readahead may have been faster. */
	wait_for_disk();
	for (i = 0; i < nr && is_out(r.m, list[i]); i++)
		;
	if (i < nr)
		do_heal(s);
}

void change_health(enum health from, enum health to)
{
	unsigned int i;

	for (i = 1; i <= run->versions; i++)
		if (run->health[i] == from)
			run->health[i] = to;
	run->touched = false;
	run->armed = false;
	run->bad_slots = 0;
}

/* Where an error is never over, a page that had one may be read again, or may not. */
void do_heal(const struct step *s)
{
	if (!run->armed || (run->touched && !run->again))
		return;
	line("badswap_heal(&bs);");
	must("heal", badswap_heal(&bs), 0, 0);
	change_health(BAD, GOOD);
}

void do_swapoff(const struct step *s)
{
	if (!run->swap_on)
		return;
	line("badswap_swapoff(&bs);");
	must("swapoff", badswap_swapoff(&bs), 0, 0);
	run->swap_on = false;
	must("heal", badswap_heal(&bs), 0, 0);
	change_health(BAD, DEAD);
}

/* All of that at once, of one mapping; its pages may be read before the error is over. */
void do_cycle(const struct step *s)
{
	const struct step some = { .a = s->a, .d = s->d | 1 };
	struct map *m = &maps[s->a % nr_maps];

	if (!swap_on())
		return;
	page_out(m);
	do_lose(&some);
	if (s->b & 1) {
		line("read(%s);", m->name);
		check_map(m, 0);
	}
	/* Before a swapoff only what was read meanwhile, which has to read it again. */
	if (s->b & 4 && (s->b & 3) != 2)
		do_heal(s);
	if (s->b & 2)
		do_swapoff(s);
}

/* What is paged out now goes there, until it is off again. */
void do_other(const struct step *s)
{
	line("badswap_swap%s(&other);", run->other_on ? "off" : "on");
	must("the other", run->other_on ? badswap_swapoff(other) : badswap_swapon(other), 0, 0);
	run->other_on = !run->other_on;
}

/* As where others want memory: what is not in use goes to swap, be it bad by now. */
void do_reclaim(const struct step *s)
{
	char bytes[24];

	/* Where an error is never over, it counts who has read what. */
	if (!run->again || !bs.cgroup[0])
		return;
	snprintf(bytes, sizeof(bytes), "%ld", cgroup_bytes("memory.current") / 8 * (1 + s->d % 4));
	line("write_text(\"%s\", \"%s/memory.reclaim\");", bytes, bs.cgroup);
	write_text(bytes, "%s/memory.reclaim", bs.cgroup);
}

void swap_only(void)
{
	if (run->other_on)
		do_other(NULL);
	if (run->armed)
		do_swapoff(NULL);
	swap_on();
}
