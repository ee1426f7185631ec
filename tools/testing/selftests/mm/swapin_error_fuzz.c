// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: in any order of what is done to a page.
 *
 * A process knows of each page of some mappings what it must read as, does what it is told by
 * a list of random steps to them, and compares after each.  The same seed makes the same list.
 * What does not come out as it should is tried again with fewer steps, and the shortest list
 * that still fails is shown as lines of C.
 *
 * It does one thing at a time, but for what fuzz_races.c has beside it; so other races are not
 * found here, and neither is what another architecture makes of a fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
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
#include "badswap.h"
#include "fuzz_shadow.h"
#include "fuzz_steps.h"
#include "lost_pages.h"

#define MAX_STEPS	2000
#define MAX_THREADS	16

/*
 * One run
 */

enum which { ANON, PRIVATE, SHARED, TMPFS, HUGE, LARGE, LARGE_SHARED, NR_WHICH };

static const struct kind {
	const char *name;
	unsigned int maps;
	enum badswap_kind device;
} kinds[] = {
	{ "anon", 1 << ANON, BADSWAP_BIO },
	{ "private", 1 << ANON | 1 << PRIVATE, BADSWAP_BIO },
	{ "shared", 1 << SHARED | 1 << PRIVATE, BADSWAP_BIO },
	{ "all", 1 << ANON | 1 << PRIVATE | 1 << SHARED | 1 << TMPFS, BADSWAP_BIO },
	{ "slow", 1 << ANON | 1 << SHARED, BADSWAP_DISK },
	{ "huge", 1 << HUGE, BADSWAP_BIO },
	{ "large", 1 << LARGE | 1 << LARGE_SHARED, BADSWAP_BIO },
	{ "zram", 1 << LARGE | 1 << LARGE_SHARED, BADSWAP_ZRAM },
};

static struct file *open_file(unsigned int which, unsigned int pages)
{
	struct file *f = &run->file[which == TMPFS];

	if (f->name)
		return f;
	f->name = which == TMPFS ? "file" : "memfd";
	f->size = pages;
	f->mounted = which == TMPFS;
	if (f->mounted) {
		f->fd = open("/tmp/fuzz", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		unlink("/tmp/fuzz");
	} else {
		f->fd = memfd_create("fuzz", MFD_CLOEXEC);
	}
	must("ftruncate", ftruncate(f->fd, f->size * page_size), 0, 0);
	return f;
}

static void map_one(struct map *m, unsigned int which)
{
	static const char *const names[NR_WHICH] = {
		"anon", "private", "shared", "tmpfs", "huge", "large", "large_shared",
	};
	unsigned int i;

	m->name = names[which];
	m->pages = which == HUGE ? huge_size() / page_size : which >= LARGE ? 2 * PAGES : PAGES;
	m->shared = which == SHARED || which == TMPFS || which == LARGE_SHARED;
	m->file = m->shared || which == PRIVATE ? open_file(which, m->pages) : NULL;
	m->large = which >= LARGE;
	m->uffd = -1;
	m->mem = mmap(arena + 2 * (m - maps) * SLOT, m->pages * page_size, PROT_READ | PROT_WRITE,
		      (m->shared ? MAP_SHARED : MAP_PRIVATE) | (m->file ? 0 : MAP_ANONYMOUS) |
		      MAP_FIXED, m->file ? m->file->fd : -1, 0);
	if (m->mem == MAP_FAILED)
		wrong("setup", "%s can't be mapped: %s", m->name, strerror(errno));
	madvise(m->mem, m->pages * page_size, which >= HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (i = 0; i < m->pages; i++)
		m->page[i].prot = PROT_READ | PROT_WRITE;
}

static void map_all(const struct kind *kind)
{
	unsigned int which, i;

	arena = mmap(NULL, (2 * MAX_MAPS + 1) * SLOT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	arena += -(uintptr_t)arena & (SLOT - 1);
	for (which = 0; which < NR_WHICH; which++)
		if (kind->maps >> which & 1)
			map_one(&maps[nr_maps++], which);
	/* A new mapping is soft-dirty as a whole: from here on each page is, or is not. */
	must("clear_refs", write_text("4", "/proc/self/clear_refs"), 0, 0);
	for (i = 0; i < nr_maps; i++)
		write_pages(&maps[i], 0, maps[i].pages);
}

/* With nothing left, nothing is counted. */
static void check_counts(void)
{
	unsigned int i;
	long swap;

	for (i = 0; i < nr_maps; i++)
		munmap(maps[i].mem, maps[i].pages * page_size);
	for (i = 0; i < MAX_FILES; i++) {
		struct file *f = &run->file[i];

		if (!f->name)
			continue;
		must("ftruncate", ftruncate(f->fd, 0), 0, 0);
		if (blocks_of(f))
			wrong("counter", "%s is empty, and has blocks for %ld pages", f->name,
			      blocks_of(f));
		f->size = 0;
		check_file(f, 0);
	}
	swap = count("/proc/meminfo", "SwapFree:");
	if (swap)
		wrong("counter", "SwapFree is %ld kB, and there is no swap", swap);
	if (cgroup_bytes("memory.swap.current") > 0)
		wrong("counter", "memory.swap.current is %ld", cgroup_bytes("memory.swap.current"));
}

/*
 * Threads that are in the way, with memory of their own, which is swapped to the same device
 */

static unsigned int nr_threads;
static pthread_t threads[MAX_THREADS];
static bool quiet;

static void *make_noise(void *arg)
{
	const size_t len = PAGES * page_size;
	char *mem, byte;

	while (!__atomic_load_n(&quiet, __ATOMIC_RELAXED)) {
		mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mem == MAP_FAILED)
			continue;
		memset(mem, 0x5a, len);
		madvise(mem, len, MADV_PAGEOUT);
		mprotect(mem, len / 2, PROT_READ);
		if (copy_bytes(&byte, mem + len / 4, 1) == DATA && byte != 0x5a)
			wrong("corrupt", "a thread's page has %#x", byte);
		smaps_kb(mem, len, "Swap:");
		munmap(mem, len);
	}
	return NULL;
}

static void start_threads(void)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++)
		must("pthread_create", pthread_create(&threads[i], NULL, make_noise, NULL), 0, 0);
}

static void stop_threads(void)
{
	unsigned int i;

	__atomic_store_n(&quiet, true, __ATOMIC_RELAXED);
	for (i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
}

static int cpu;		/* that a device was made on, as badswap_create() says */

/* Does not return. */
static void work(const struct kind *kind, const struct step *from, unsigned int nr)
{
	setpgid(0, 0);
	pin_to(cpu);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	swap_reset();
	mlock(buf, page_size);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	lseek(kmsg, 0, SEEK_END);
	map_all(kind);
	start_threads();
	run_steps(from, nr);
	stop_threads();
	check_counts();
	if (!kmsg_is_clean())
		_exit(1);
	_exit(0);
}

/*
 * The supervisor
 */

#define PATIENCE	10	/* seconds without progress */

static unsigned int patience = PATIENCE;
static bool stuck;			/* in a process that nothing can end */

/* Waits up to @seconds, or longer where the machine is so busy that we don't get to run either. */
static bool ends(pid_t pid, int *status, unsigned int seconds)
{
	unsigned int polls = seconds * 500;

	do {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		usleep(2000);
	} while (polls--);
	return false;
}

/* Returns whether all is well; if not, run->how and why. */
static bool try(const struct kind *kind, const struct step *from, unsigned int nr, bool verbose)
{
	unsigned int progress = 0;
	int status = 0;
	pid_t pid;

	shadow_reset();
	run->verbose = verbose;
	write_text("1", "/sys/kernel/debug/clear_warn_once");
	pid = fork();
	if (!pid)
		work(kind, from, nr);
	while (!ends(pid, &status, patience)) {
		if (run->beats + run->step != progress) {
			progress = run->beats + run->step;
			continue;
		}
		kill(-pid, SIGKILL);
		stuck = !ends(pid, &status, 5);
		mismatch("hang", "no end of step %u after %u seconds%s", run->step, patience,
			 stuck ? ", and nothing ends it" : "");
		return false;
	}
	if (status)
		mismatch("killed", "status %#x", status);
	return kmsg_is_clean();
}

static unsigned int random_u32(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) >> 16;
}

static void make_steps(uint64_t seed, struct step *list, unsigned int nr)
{
	unsigned int i, op, dice, sum = 0;

	for (op = 0; op_weight(op); op++)
		sum += op_weight(op);
	for (i = 0; i < nr; i++) {
		dice = random_u32(&seed) % sum;
		for (op = 0; dice >= op_weight(op); op++)
			dice -= op_weight(op);
		list[i].op = op;
		list[i].a = random_u32(&seed);
		list[i].b = random_u32(&seed);
		list[i].c = random_u32(&seed);
		list[i].d = random_u32(&seed);
	}
}

static double shrink_seconds = 30;
static bool verbose;

/* Leaves out what does not take part in it, in ever smaller pieces.  Returns how many are left. */
static unsigned int shrink(const struct kind *kind, struct step *list, unsigned int nr)
{
	static struct step fewer[MAX_STEPS];
	const double end = now() + shrink_seconds;
	unsigned int piece, at, n;
	char how[16];

	memcpy(how, run->how, sizeof(how));
	patience = 4;
	for (piece = MAX(nr / 2, 1); piece && !stuck; piece /= 2)
		for (at = 0; at < nr && now() < end && !stuck;) {
			n = MIN(piece, nr - at);
			memcpy(fewer, list, at * sizeof(*list));
			memcpy(fewer + at, list + at + n, (nr - at - n) * sizeof(*list));
			if (!try(kind, fewer, nr - n, false) && !strcmp(run->how, how)) {
				nr -= n;
				memcpy(list, fewer, nr * sizeof(*list));
			} else {
				at += n;
			}
		}
	patience = PATIENCE;
	return nr;
}

static double began;

static bool fuzz(const struct kind *kind, uint64_t seed, unsigned int nr)
{
	static struct step list[MAX_STEPS];

	make_steps(seed, list, nr);
	if (try(kind, list, nr, verbose))
		return true;
	fail(run->how, "%s", run->why);
	say("found", "--kind=%s --seed=%llu, at step %u of %u, after %.1f s", kind->name,
	    (unsigned long long)seed, run->step, nr, now() - began);
	nr = MIN(run->step + 1, nr);
	if (stuck) {
		say("steps", "nothing is tried again, these were the last:");
		last_lines();
	} else {
		nr = shrink(kind, list, nr);
		say("steps", "%u are left:", nr);
	}
	if (!stuck && try(kind, list, nr, true))
		say("steps", "it did not happen this time");
	else if (!stuck)
		fail(run->how, "%s", run->why);
	return false;
}

/* Whether the two pages that were read while they could not be are back when they can. */
static bool back(char *mem, bool off)
{
	bool yes;

	madvise(mem, 2 * page_size, MADV_DONTNEED);
	fill(mem, 2);
	if (badswap_swapon(&bs) || badswap_pageout(&bs, mem, 2 * page_size) ||
	    badswap_lose(&bs, mem) || badswap_lose(&bs, mem + page_size))
		wrong("setup", "no page can be lost");
	touch(mem, 0, READ);
	touch(mem + page_size, 1, READ);
	must("heal", badswap_heal(&bs), 0, 0);
	if (off)
		must("swapoff", badswap_swapoff(&bs), 0, 0);
	yes = touch(mem, 0, READ) == DATA && touch(mem + page_size, 1, READ) == DATA;
	if (!off)
		must("swapoff", badswap_swapoff(&bs), 0, 0);
	return yes;
}

/*
 * Whether an error that is over is over.  Of old it is not; a kernel that has it so anywhere
 * must have it so everywhere.
 */
static bool probe(char *mem)
{
	char *shared = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const bool fault = back(mem, false), off = back(mem, true);

	run->again = fault || off || back(shared, false);
	return true;
}

static const struct option options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "steps", required_argument, NULL, 'n' },
	{ "seconds", required_argument, NULL, 't' },
	{ "kind", required_argument, NULL, 'k' },
	{ "threads", required_argument, NULL, 'T' },
	{ "shrink", required_argument, NULL, 'S' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static const char usage[] =
	"usage: swapin_error_fuzz [OPTION]...\n"
	"  --seed=N      the first seed (1); the next ones follow\n"
	"  --steps=N     of each seed (150)\n"
	"  --seconds=N   for all kinds of mappings together (28); 0 for one seed of each\n"
	"  --kind=NAME   only these mappings: anon, private, shared, all, slow, huge, large, zram\n"
	"  --threads=N   that do something else meanwhile (0): no run is like another then\n"
	"  --shrink=N    seconds to shorten what fails (30)\n"
	"  --verbose     show what is done\n";

/*
 * One that is off.  The supervisor is elsewhere, if it can: a process that spins may not let it
 * run.
 */
static int create_device(enum badswap_kind kind)
{
	int ret = badswap_create_kind(&bs, MAX_PAGES, kind);

	cpu = sched_getcpu();
	unpin();
	return ret ? ret : badswap_swapoff(&bs);
}

/* Returns why there can't be these mappings, or NULL. */
static const char *missing(const struct kind *kind)
{
	if (kind->maps & 1 << HUGE && (!huge_size() || huge_size() > MAX_PAGES * page_size))
		return "needs transparent huge pages";
	if (kind->maps & 1 << LARGE && large_swapped_out() < 0)
		return "needs large folios in shared memory";
	return NULL;
}

/* The same, of the device that they are to be on. */
static const char *prepare(const struct kind *kind)
{
	const bool cgroup = bs.cgroup[0];
	int ret = 0;

	if (missing(kind))
		return missing(kind);
	if (kind->maps & 1 << LARGE && !(set_large_knob("enabled", "madvise") &&
					 set_large_knob("shmem_enabled", "advise")))
		return "needs large folios in shared memory";
	if (kind->device != bs.kind) {
		badswap_destroy(&bs);
		ret = create_device(kind->device);
	}
	if (ret == -ENODEV)
		return kind->device == BADSWAP_ZRAM ?
		       "needs zram with a backing device (CONFIG_ZRAM_WRITEBACK)" :
		       "needs null_blk that a timer completes, and mq-deadline";
	/* Where a read is not tried again, a page would be lost with its neighbours. */
	if (!ret && kind->device == BADSWAP_DISK && run->again)
		ret = badswap_merge(&bs, PAGES);
	if (ret)
		ksft_exit_fail_msg("no device: %s\n", strerror(-ret));
	if (cgroup && !bs.cgroup[0])
		ksft_exit_fail_msg("no cgroup any more\n");
	return NULL;
}

static unsigned int nr_steps = 150;
static double seconds = 28;		/* for all kinds */
static uint64_t first_seed = 1;

/* ksft_test_result_skip() has no room for a name. */
static void skip(const char *name, const char *why)
{
	ksft_cnt.ksft_xskip++;
	printf("ok %u %s # SKIP %s\n", ksft_test_num(), name, why);
}

static void test(const struct kind *kind, double budget)
{
	const double end = now() + budget;
	const char *needs = prepare(kind);
	unsigned int seeds = 0;
	bool good;

	if (needs) {
		skip(kind->name, needs);
		return;
	}
	do {
		good = fuzz(kind, first_seed + seeds++, nr_steps);
	} while (good && now() < end);
	ksft_test_result(good, "%s: %u seeds from %llu, %u steps each\n", kind->name, seeds,
			 (unsigned long long)first_seed, nr_steps);
}

static const char *parse(int argc, char **argv)
{
	const char *only = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (opt) {
		case 's':
			first_seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			nr_steps = MIN(strtoul(optarg, NULL, 0), (unsigned long)MAX_STEPS);
			break;
		case 't':
			seconds = atof(optarg);
			break;
		case 'k':
			only = optarg;
			break;
		case 'T':
			nr_threads = MIN(strtoul(optarg, NULL, 0), (unsigned long)MAX_THREADS);
			break;
		case 'S':
			shrink_seconds = atof(optarg);
			break;
		case 'v':
			verbose = true;
			break;
		default:
			fputs(usage, opt == 'h' ? stdout : stderr);
			exit(opt == 'h' ? 0 : 1);
		}
	return only;
}

static void init(void)
{
	/* With another area, pages might go there. */
	if (count("/proc/meminfo", "SwapTotal:"))
		ksft_exit_skip("needs a machine that swaps to nothing else\n");
	if (!shadow_init())
		ksft_exit_fail_msg("no memory\n");
	mlockall(MCL_CURRENT);
	/* The other first, which is not to be in the cgroup of this one. */
	if (!own_tmp("size=64m") || other_create() || create_device(BADSWAP_BIO))
		ksft_exit_fail_msg("no tmpfs, or no device\n");
	if (!in_child(probe, mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
		ksft_exit_fail_msg("%s: %s\n", run->how, run->why);
	say("again", "an error that is over is %s", run->again ? "over" : "not over");
	/* It copies pages too. */
	set_knob("/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
		 "600000000");
	/* What is read ahead while it is bad stays so. */
	if (!run->again)
		set_knob("/proc/sys/vm/page-cluster", "0");
}

int main(int argc, char **argv)
{
	const char *only = parse(argc, argv);
	unsigned int i, tests = 0, share = 0;

	began = now();
	/* What is said must be out before the machine may end. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	lost_pages_init();
	keep_knobs();
	badswap_or_skip(PAGES);
	init();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (only && strcmp(only, kinds[i].name))
			continue;
		tests++;
		share += !missing(&kinds[i]);
	}
	ksft_print_header();
	ksft_set_plan(tests);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (only && strcmp(only, kinds[i].name))
			continue;
		if (stuck)
			skip(kinds[i].name, "a process is stuck in the kernel");
		else
			test(&kinds[i], seconds / share);
	}
	set_knobs_back();
	/* What is left of it then is for its guard. */
	if (stuck)
		ksft_exit_fail();
	badswap_destroy(&bs);
	other_destroy();
	ksft_finished();
}
