// SPDX-License-Identifier: GPL-2.0
/* See lost_pages.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "../kselftest.h"
#include "lost_pages.h"

size_t page_size;
size_t mem_size;
unsigned int device_mib;
int last_si_code;

static uint64_t seed;
static sigjmp_buf fault_env;

void say(const char *what, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(STDOUT_FILENO, "# %s: %s\n", what, text);
}

bool fail(const char *how, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("fail", "%s: %s", how, text);
	return false;
}

/* What follows goes to memory, whatever the compiler knows of it. */
static void barrier(void)
{
	asm volatile("" : : : "memory");
}

/* Word @w of page @i, never 0, and another one in each run. */
static uint64_t pattern(unsigned int i, unsigned int w)
{
	return ((seed ^ (uint64_t)i << 32) | 1ULL << 63) + w;
}

void fill(char *mem, unsigned int pages)
{
	uint64_t *word = (uint64_t *)mem, *end, next;
	unsigned int i;

	for (i = 0; i < pages; i++) {
		next = pattern(i, 0);
		for (end = word + page_size / sizeof(*word); word < end; word++)
			*word = next++;
	}
}

bool has_data(const char *page, unsigned int i)
{
	const uint64_t *word = (const uint64_t *)page;
	const uint64_t *end = word + page_size / sizeof(*word);
	uint64_t next = pattern(i, 0);

	barrier();
	while (word < end)
		if (*word++ != next++)
			return false;
	return true;
}

static const char *const outcome_name[] = { "data", "SIGBUS", "SIGSEGV", "corrupt" };

static void fault_handler(int sig, siginfo_t *info, void *context)
{
	last_si_code = info->si_code;
	siglongjmp(fault_env, sig);
}

static enum outcome outcome_of(int sig)
{
	return sig == SIGBUS ? BUS : SEGV;
}

enum outcome touch(char *page, unsigned int i, enum access access)
{
	const unsigned int w = page_size / sizeof(uint64_t) / 2;
	int sig = sigsetjmp(fault_env, 1);

	if (sig)
		return outcome_of(sig);
	if (access == EXEC)
		((void (*)(void))page)();
	if (access == WRITE)
		((uint64_t *)page)[w] = pattern(i, w);
	return has_data(page, i) ? DATA : CORRUPT;
}

bool check(char *mem, enum access access, enum outcome lost, enum outcome healthy)
{
	enum outcome got, want, bad_got = DATA, bad_want = DATA;
	unsigned int i, bad = 0, first = 0;

	for (i = 0; i < NR_PAGES; i++) {
		want = is_lost(i) ? lost : healthy;
		got = touch(mem + i * page_size, i, access);
		if (got == want || bad++)
			continue;
		first = i;
		bad_got = got;
		bad_want = want;
	}
	if (!bad)
		return true;
	return fail(outcome_name[bad_got], "%s page %u, to %s, where %s is due (%u of %u pages)",
		    is_lost(first) ? "lost" : "healthy", first,
		    access == READ ? "read" : "write", outcome_name[bad_want],
		    bad, NR_PAGES);
}

bool reads(char *mem)
{
	return check(mem, READ, BUS, DATA) && check(mem, READ, BUS, DATA);
}

bool writes(char *mem)
{
	return check(mem, WRITE, BUS, DATA) && check(mem, WRITE, BUS, DATA);
}

bool reads_and_writes(char *mem)
{
	return reads(mem) && writes(mem);
}

bool part_is_lost(char *mem, unsigned int first, unsigned int last)
{
	enum outcome got, want;
	unsigned int i, access;

	for (i = first; i <= last; i++)
		for (access = READ; access <= WRITE; access++) {
			want = is_lost(i) ? BUS : DATA;
			got = touch(mem + i * page_size, i, access);
			if (got != want)
				return fail(outcome_name[got], "page %u, where %s is due",
					    i, outcome_name[want]);
		}
	return true;
}

/* Whether @page has nothing but @byte in it; DATA is yes. */
static enum outcome fresh(unsigned char *page, unsigned char byte)
{
	int sig = sigsetjmp(fault_env, 1);

	if (sig)
		return outcome_of(sig);
	/* All bytes are as the next one, and the last one is @byte. */
	if (page[page_size - 1] != byte || memcmp(page, page + 1, page_size - 1))
		return CORRUPT;
	memset(page, 0xa5, page_size);
	return DATA;
}

bool are_fresh(char *mem, unsigned int first, unsigned int last, unsigned char byte)
{
	enum outcome got;
	unsigned int i;

	for (i = first; i <= last; i++) {
		got = fresh((unsigned char *)mem + i * page_size, byte);
		if (got != DATA)
			return fail(outcome_name[got], "page %u was given up, but is not %#x",
				    i, byte);
	}
	return true;
}

bool in_child(bool (*test)(char *mem), char *mem)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(!test(mem));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("child", "fork or wait: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return fail("child", "killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status) == 0;
}

bool get_entries(char *mem, uint64_t *entries)
{
	return !pagemap_entries(mem, NR_PAGES, entries) ||
	       fail("changed", "can't read pagemap");
}

bool same_entries(char *mem, const uint64_t *old, uint64_t ignore)
{
	uint64_t now[NR_PAGES];
	unsigned int i;

	if (!get_entries(mem, now))
		return false;
	for (i = 0; i < NR_PAGES; i++)
		if (is_lost(i) && (now[i] ^ old[i]) & ~ignore)
			return fail("changed", "page %u had the entry %#llx, now %#llx", i,
				    (unsigned long long)old[i],
				    (unsigned long long)now[i]);
	return true;
}

bool are_soft_dirty(char *mem, bool dirty)
{
	uint64_t now[NR_PAGES];
	unsigned int i;

	if (!get_entries(mem, now))
		return false;
	for (i = 0; i < NR_PAGES; i++)
		if (is_lost(i) && !(now[i] & PM_SOFT_DIRTY) == dirty)
			return fail(dirty ? "unchanged" : "changed", "lost page %u is %ssoft-dirty",
				    i, dirty ? "not " : "");
	return true;
}

bool healthy_uffd_wp(char *mem, bool wp)
{
	uint64_t now[NR_PAGES];
	unsigned int i;

	if (!get_entries(mem, now))
		return false;
	for (i = 0; i < NR_PAGES; i++)
		if (!is_lost(i) && !(now[i] & PM_UFFD_WP) == wp)
			return fail("changed", "page %u should %sbe write-protected", i,
				    wp ? "" : "not ");
	return true;
}

bool is_result(const char *what, long ret, int err, long due_ret, int due_err)
{
	if (ret == due_ret && (ret >= 0 || err == due_err))
		return true;
	return fail("errno", "%s gave %ld (%s), where %ld (%s) is due", what, ret,
		    ret < 0 ? strerror(err) : "no error", due_ret,
		    due_ret < 0 ? strerror(due_err) : "no error");
}

bool is_count(const char *what, long value, long due, long slack)
{
	if (labs(value - due) <= slack)
		return true;
	return fail("counter", "%s is %ld, where %ld is due", what, value, due);
}

long count(const char *path, const char *key)
{
	char line[256];
	long value = -1;
	FILE *file = fopen(path, "r");

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtol(line + strlen(key), NULL, 10);
	fclose(file);
	return value;
}

long smaps_kb(const void *mem, size_t len, const char *key)
{
	unsigned long start, end, first = (uintptr_t)mem, last = first + len;
	bool inside = false;
	char line[256];
	long sum = 0;
	FILE *file = fopen("/proc/self/smaps", "r");

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start < last && end > first;
		else if (inside && !strncmp(line, key, strlen(key)))
			sum += strtol(line + strlen(key), NULL, 10);
	}
	fclose(file);
	return sum;
}

int lose_pages(struct badswap *bs, char *mem, unsigned int pages)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < pages; i++)
		if (is_lost(i))
			ret = badswap_lose(bs, mem + i * page_size);
	return ret;
}

void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Tries the device, in a process of its own: a refusal is only seen by using it. */
static const char *try_device(void)
{
	struct badswap bs;
	int status = 0;
	pid_t pid;

	pid = fork();
	if (!pid) {
		char *mem;
		int ret;

		pin_to(sched_getcpu());
		ret = badswap_create(&bs, device_mib);
		if (ret)
			_exit(-ret);
		mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mem == MAP_FAILED)
			_exit(ENOMEM);
		fill(mem, NR_PAGES);
		ret = badswap_pageout(&bs, mem, mem_size);
		badswap_destroy(&bs);
		_exit(-ret);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return NULL;	/* The tests will tell. */
	switch (WEXITSTATUS(status)) {
	case EPERM:
	case EACCES:
	case EROFS:
		return "needs CAP_SYS_ADMIN, and configfs to write to";
	case EXDEV:
		return "needs swap for itself: another area takes our pages";
	case EAGAIN:
		return "needs memory.reclaim of cgroup v2 to empty the swap cache";
	default:
		return NULL;
	}
}

void lost_pages_init(void)
{
	struct sigaction action = {
		.sa_sigaction = fault_handler,
		.sa_flags = SA_SIGINFO,
	};
	const char *why;

	page_size = sysconf(_SC_PAGESIZE);
	mem_size = NR_PAGES * page_size;
	/* Swap that is less than half full lets a page that is read keep its slot. */
	device_mib = mem_size > 1 << 20 ? mem_size >> 17 : 8;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = getpid();
	seed &= ~(1ULL << 62);	/* no sum is more than 64 bits */
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	why = badswap_missing();
	if (!why)
		why = try_device();
	if (why) {
		ksft_print_header();
		ksft_exit_skip("%s\n", why);
	}
}
