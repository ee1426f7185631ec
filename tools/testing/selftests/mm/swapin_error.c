// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data.
 *
 * Every second page of a mapping is lost at swapoff, its neighbours are not:
 *
 *	page	0	1	2	3	...
 *		data	lost	data	lost
 *
 * Whatever is then done to the mapping, a lost page is SIGBUS (EFAULT in a
 * system call) and the others have their data, until the mapping gives the
 * pages up.
 *
 * Each test says in "# case:" what it is about, and in "# fail:" how a page came
 * out in place of what it should have been, in one word:
 *
 *	corrupt		neither what was written nor a signal
 *	data		what was written, from a page that is lost
 *	changed		another page table entry than before
 *	SIGBUS, SIGSEGV	a signal, where it should have been another or none
 *	counter		a count that is not back to where it began
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "badswap.h"

#define NR_PAGES	256
#define PM_SOFT_DIRTY	((uint64_t)1 << 55)

static size_t page_size;
static size_t mem_size;
static unsigned int device_mib;
static uint64_t seed;

/* Output goes out at once: a process of ours may end by a signal. */
static void say(const char *what, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(STDOUT_FILENO, "# %s: %s\n", what, text);
}

#define CASE(text)		say("case", "%s", text)
#define FAIL(how, fmt, ...)	(say("fail", "%s: " fmt, how, ##__VA_ARGS__), false)

/* What follows goes to memory, whatever the compiler knows of it. */
static void barrier(void)
{
	asm volatile("" : : : "memory");
}

static bool is_lost(unsigned int i)
{
	return i % 2;
}

/* Word @w of page @i, never 0, and another one in each run. */
static uint64_t pattern(unsigned int i, unsigned int w)
{
	return (seed ^ ((uint64_t)i << 32 | w)) | 1ULL << 63;
}

static void fill(char *mem)
{
	unsigned int i, w;

	for (i = 0; i < NR_PAGES; i++)
		for (w = 0; w < page_size / sizeof(uint64_t); w++)
			((uint64_t *)(mem + i * page_size))[w] = pattern(i, w);
}

static bool has_data(const char *page, unsigned int i)
{
	const uint64_t *word = (const uint64_t *)page;
	unsigned int w;

	barrier();
	for (w = 0; w < page_size / sizeof(*word); w++)
		if (word[w] != pattern(i, w))
			return false;
	return true;
}

/*
 * Accesses and their outcomes.
 */

enum access { READ, WRITE };
enum outcome { DATA, BUS, SEGV, CORRUPT };

static const char *const outcome_name[] = { "data", "SIGBUS", "SIGSEGV", "corrupt" };

static sigjmp_buf fault_env;

static void fault_handler(int sig)
{
	siglongjmp(fault_env, sig);
}

/* A write is of the word that is there, so it leaves healthy pages healthy. */
static enum outcome touch(char *page, unsigned int i, enum access access)
{
	const unsigned int w = page_size / sizeof(uint64_t) / 2;
	int sig = sigsetjmp(fault_env, 1);

	if (sig)
		return sig == SIGBUS ? BUS : SEGV;
	if (access == WRITE)
		((uint64_t *)page)[w] = pattern(i, w);
	return has_data(page, i) ? DATA : CORRUPT;
}

/* Touches all pages of @mem, of which lost ones should come out as @lost. */
static bool check(char *mem, enum access access, enum outcome lost,
		  enum outcome healthy)
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
	return FAIL(outcome_name[bad_got], "%s page %u, to %s, where %s is due (%u of %u pages)",
		    is_lost(first) ? "lost" : "healthy", first,
		    access == READ ? "read" : "write", outcome_name[bad_want],
		    bad, NR_PAGES);
}

/* Pages @first to @last have no trace of what they were, and can be used. */
static bool are_fresh(char *mem, unsigned int first, unsigned int last)
{
	static const char zeroes[1 << 16];
	unsigned int i;
	char *page;
	int sig;

	for (i = first; i <= last; i++) {
		page = mem + i * page_size;
		sig = sigsetjmp(fault_env, 1);
		if (sig)
			return FAIL(outcome_name[sig == SIGBUS ? BUS : SEGV],
				    "page %u was given up", i);
		if (memcmp(page, zeroes, page_size))
			return FAIL("corrupt", "page %u was given up, but is not zero", i);
		memset(page, 0x5a, page_size);
	}
	return true;
}

/* Twice, because the first access must not change what the second one gets. */
static bool reads(char *mem)
{
	return check(mem, READ, BUS, DATA) && check(mem, READ, BUS, DATA);
}

static bool writes(char *mem)
{
	return check(mem, WRITE, BUS, DATA) && check(mem, WRITE, BUS, DATA);
}

static bool reads_and_writes(char *mem)
{
	return reads(mem) && writes(mem);
}

static bool in_child(bool (*test)(char *mem), char *mem)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(!test(mem));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return FAIL("child", "fork or wait: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return FAIL("child", "killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status) == 0;
}

static bool in_child_reads(char *mem)
{
	return in_child(reads, mem);
}

static bool in_child_writes(char *mem)
{
	return in_child(writes, mem);
}

/*
 * Page table entries, as pagemap shows them.
 */

static bool get_entries(char *mem, uint64_t *entries)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		if (pagemap_entry(mem + i * page_size, &entries[i]))
			return FAIL("changed", "can't read pagemap");
	return true;
}

/* Lost pages have the entries that they had, but for the bits in @ignore. */
static bool same_entries(char *mem, const uint64_t *old, uint64_t ignore)
{
	uint64_t now[NR_PAGES];
	unsigned int i;

	if (!get_entries(mem, now))
		return false;
	for (i = 0; i < NR_PAGES; i++)
		if (is_lost(i) && (now[i] ^ old[i]) & ~ignore)
			return FAIL("changed", "page %u had the entry %#llx, now %#llx", i,
				    (unsigned long long)old[i],
				    (unsigned long long)now[i]);
	return true;
}

static bool healthy_uffd_wp(char *mem, bool wp)
{
	uint64_t now[NR_PAGES];
	unsigned int i;

	if (!get_entries(mem, now))
		return false;
	for (i = 0; i < NR_PAGES; i++)
		if (!is_lost(i) && !(now[i] & PM_UFFD_WP) == wp)
			return FAIL("changed", "page %u should %sbe write-protected", i,
				    wp ? "" : "not ");
	return true;
}

/*
 * userfaultfd
 */

#define UFFD_NEEDED	"needs userfaultfd with write-protection"

/*
 * Returns a userfaultfd that can write-protect @mem, -1 where there is none, and -2
 * where there is, but not for @mem.
 */
static int uffd_watch(char *mem)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)mem, .len = mem_size },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return -1;
	}
	if (ioctl(fd, UFFDIO_REGISTER, &reg)) {
		close(fd);
		return -2;
	}
	return fd;
}

static int uffd_unregister(int fd, char *mem)
{
	struct uffdio_range range = { .start = (uintptr_t)mem, .len = mem_size };

	return ioctl(fd, UFFDIO_UNREGISTER, &range);
}

static int uffd_protect(int fd, char *mem, bool wp)
{
	struct uffdio_writeprotect prot = {
		.range = { .start = (uintptr_t)mem, .len = mem_size },
		.mode = wp ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &prot);
}

/*
 * Preparation
 */

static char *map_pages(void)
{
	char *mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem != MAP_FAILED) {
		madvise(mem, mem_size, MADV_NOHUGEPAGE);
		fill(mem);
	}
	return mem;
}

/* Pages @mem out to @bs, and makes its lost pages unreadable there. */
static int lose_pages(struct badswap *bs, char *mem)
{
	unsigned int i;
	int ret;

	ret = badswap_pageout(bs, mem, mem_size);
	for (i = 0; !ret && i < NR_PAGES; i++)
		if (is_lost(i))
			ret = badswap_lose(bs, mem + i * page_size);
	return ret;
}

/* The number behind @key in the file @path, or -1. */
static long count(const char *path, const char *key)
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

FIXTURE(swapin_error)
{
	struct badswap bs;
	char *mem;
	/* Before the device came, in KiB, and with all pages on it, in KiB and bytes. */
	long swap_total, vm_swap, cgroup_swap;
};

FIXTURE_SETUP(swapin_error)
{
	struct sigaction action = { .sa_handler = fault_handler };
	char path[128];
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);

	self->swap_total = count("/proc/meminfo", "SwapTotal:");
	ASSERT_EQ(0, badswap_create(&self->bs, device_mib));
	self->mem = map_pages();
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, lose_pages(&self->bs, self->mem));
	self->vm_swap = count("/proc/self/status", "VmSwap:");
	snprintf(path, sizeof(path), "%s/memory.swap.current", self->bs.cgroup);
	self->cgroup_swap = count(path, "");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
}

FIXTURE_TEARDOWN(swapin_error)
{
	munmap(self->mem, mem_size);
	badswap_destroy(&self->bs);
}

/*
 * I1, I3: a lost page is SIGBUS, and stays so.
 */

TEST_F(swapin_error, read)
{
	CASE("fault: reading a lost page is SIGBUS");
	EXPECT_TRUE(reads(self->mem));
}

TEST_F(swapin_error, write)
{
	CASE("fault: writing a lost page is SIGBUS");
	EXPECT_TRUE(writes(self->mem));
}

TEST_F(swapin_error, mremap)
{
	uint64_t old[NR_PAGES];
	char *new;

	CASE("mremap: lost pages move along");
	new = mmap(NULL, mem_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, new);
	ASSERT_TRUE(get_entries(self->mem, old));
	ASSERT_EQ(new, mremap(self->mem, mem_size, mem_size,
			      MREMAP_MAYMOVE | MREMAP_FIXED, new));

	/* Moved entries count as soft-dirty. */
	EXPECT_TRUE(same_entries(new, old, PM_SOFT_DIRTY));
	EXPECT_TRUE(reads_and_writes(new));
	EXPECT_TRUE(check(self->mem, READ, SEGV, SEGV));
	self->mem = new;
}

TEST_F(swapin_error, madv_dontneed)
{
	CASE("MADV_DONTNEED: pages given up are fresh, others still lost");
	/* Give up two of each kind, in the middle. */
	ASSERT_EQ(0, madvise(self->mem + 8 * page_size, 4 * page_size, MADV_DONTNEED));
	EXPECT_TRUE(are_fresh(self->mem, 8, 11));
	EXPECT_EQ(BUS, touch(self->mem + 7 * page_size, 7, READ));
	EXPECT_EQ(DATA, touch(self->mem + 12 * page_size, 12, READ));

	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_DONTNEED));
	EXPECT_TRUE(are_fresh(self->mem, 0, NR_PAGES - 1));
}

TEST_F(swapin_error, munmap)
{
	char *mem;

	CASE("munmap: a new mapping at the place is fresh");
	ASSERT_EQ(0, munmap(self->mem, mem_size));
	mem = mmap(self->mem, mem_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ASSERT_EQ(self->mem, mem);
	EXPECT_TRUE(are_fresh(mem, 0, NR_PAGES - 1));
}

/*
 * I2: a child has lost what its parent has lost.
 */

TEST_F(swapin_error, fork_read)
{
	CASE("fork: a child's read of a lost page is SIGBUS");
	EXPECT_TRUE(in_child_reads(self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
}

TEST_F(swapin_error, fork_write)
{
	CASE("fork: a child's write to a lost page is SIGBUS");
	EXPECT_TRUE(in_child_writes(self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
}

TEST_F(swapin_error, fork_fork_read)
{
	CASE("fork: a grandchild's read of a lost page is SIGBUS");
	EXPECT_TRUE(in_child(in_child_reads, self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
}

TEST_F(swapin_error, fork_fork_write)
{
	CASE("fork: a grandchild's write to a lost page is SIGBUS");
	EXPECT_TRUE(in_child(in_child_writes, self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
}

TEST_F(swapin_error, fork_mprotect)
{
	CASE("fork: after mprotect(PROT_NONE) and back too");
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_WRITE));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
}

TEST_F(swapin_error, fork_uffd_wp)
{
	int uffd = uffd_watch(self->mem);

	CASE("fork: the child of a parent with uffd-wp too");
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
	ASSERT_LE(0, uffd);
	/* Without UFFD_FEATURE_EVENT_FORK the child is not registered. */
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
	close(uffd);
}

/*
 * I4: protection leaves a lost page's entry alone.
 */

TEST_F(swapin_error, mprotect)
{
	static const int prot[] = {
		PROT_READ, PROT_NONE, PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE,
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE | PROT_EXEC,
		PROT_NONE, PROT_READ | PROT_WRITE,
	};
	uint64_t old[NR_PAGES];
	unsigned int i;

	CASE("mprotect: every protection leaves lost pages as they are");
	ASSERT_TRUE(get_entries(self->mem, old));
	for (i = 0; i < ARRAY_SIZE(prot); i++) {
		/* In parts, so that the VMA is split and merged. */
		ASSERT_EQ(0, mprotect(self->mem + 5 * page_size, 9 * page_size, prot[i]));
		EXPECT_TRUE(same_entries(self->mem, old, 0));
		ASSERT_EQ(0, mprotect(self->mem, mem_size, prot[i]));
		EXPECT_TRUE(same_entries(self->mem, old, 0));
		EXPECT_TRUE(prot[i] & PROT_READ ? reads(self->mem) :
			    check(self->mem, READ, SEGV, SEGV));
		EXPECT_TRUE(prot[i] & PROT_WRITE ? writes(self->mem) :
			    check(self->mem, WRITE, SEGV, SEGV));
	}
}

TEST_F(swapin_error, uffd_wp_protect)
{
	int uffd = uffd_watch(self->mem);
	uint64_t old[NR_PAGES];

	CASE("uffd-wp: write-protect leaves lost pages as they are");
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
	ASSERT_LE(0, uffd);
	ASSERT_TRUE(get_entries(self->mem, old));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, true));
	EXPECT_TRUE(same_entries(self->mem, old, 0));
	EXPECT_TRUE(reads(self->mem));
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_unprotect)
{
	int uffd = uffd_watch(self->mem);
	uint64_t old[NR_PAGES];

	CASE("uffd-wp: write-unprotect leaves lost pages as they are");
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
	ASSERT_LE(0, uffd);
	ASSERT_TRUE(get_entries(self->mem, old));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, false));
	EXPECT_TRUE(reads_and_writes(self->mem));
	EXPECT_TRUE(same_entries(self->mem, old, 0));
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_unregister)
{
	int uffd = uffd_watch(self->mem);
	uint64_t old[NR_PAGES];

	CASE("uffd-wp: unregister leaves lost pages as they are");
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
	ASSERT_LE(0, uffd);
	ASSERT_TRUE(get_entries(self->mem, old));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_unregister(uffd, self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
	EXPECT_TRUE(same_entries(self->mem, old, 0));
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_close)
{
	int uffd = uffd_watch(self->mem);
	uint64_t old[NR_PAGES];
	unsigned int i;

	CASE("uffd-wp: close leaves lost pages as they are");
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
	ASSERT_LE(0, uffd);
	ASSERT_TRUE(get_entries(self->mem, old));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, close(uffd));
	EXPECT_TRUE(reads(self->mem));
	EXPECT_TRUE(same_entries(self->mem, old, 0));
	/*
	 * No write to healthy pages: they keep their uffd-wp bit on v6.2, which
	 * then warns of a writable page that has it.
	 */
	for (i = 1; i < NR_PAGES; i += 2)
		EXPECT_EQ(BUS, touch(self->mem + i * page_size, i, WRITE));
}

/*
 * I3: system calls find out too.
 */

TEST_F(swapin_error, syscall_write)
{
	const size_t half = page_size / 2;
	int fd = memfd_create("copy", MFD_CLOEXEC);
	char *buf = malloc(page_size);
	int fds[2];

	CASE("write(2): from a lost page is EFAULT");
	ASSERT_NE(NULL, buf);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(-1, write(fds[1], self->mem + page_size, page_size));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, write(fd, self->mem + page_size, page_size));
	EXPECT_EQ(EFAULT, errno);

	/* Up to the end of a healthy page, not a byte further. */
	EXPECT_EQ(half, write(fd, self->mem + half, page_size));
	EXPECT_EQ(half, pread(fd, buf, page_size, 0));
	EXPECT_EQ(0, memcmp(self->mem + half, buf, half));
	EXPECT_TRUE(reads_and_writes(self->mem));
	free(buf);
}

TEST_F(swapin_error, process_vm_readv)
{
	char *buf = malloc(page_size);
	struct iovec local = { .iov_base = buf, .iov_len = page_size };
	struct iovec lost = { .iov_base = self->mem + page_size, .iov_len = page_size };
	struct iovec healthy = { .iov_base = self->mem, .iov_len = page_size };

	CASE("process_vm_readv: of a lost page is EFAULT");
	ASSERT_NE(NULL, buf);
	memset(buf, 0x5a, page_size);
	EXPECT_EQ(-1, process_vm_readv(getpid(), &local, 1, &lost, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0x5a, buf[0]);

	EXPECT_EQ(page_size, process_vm_readv(getpid(), &local, 1, &healthy, 1, 0));
	EXPECT_TRUE(has_data(buf, 0));
	EXPECT_TRUE(reads_and_writes(self->mem));
	free(buf);
}

/*
 * I7: counts are what they would be had lost pages never been.
 */

static bool is_count(const char *what, long value, long due, long slack)
{
	if (labs(value - due) <= slack)
		return true;
	return FAIL("counter", "%s is %ld, where %ld is due", what, value, due);
}

TEST_F(swapin_error, counters)
{
	/* All of ours is counted on one CPU, which may keep a batch to itself. */
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);
	const long slack = (cpus > 16 ? 2 * cpus : 32) * page_size / 1024;
	const long mem_kb = mem_size / 1024;
	long rss;

	CASE("counters: RSS, VmSwap and SwapFree forget lost pages");
	if (slack >= mem_kb / 4)
		SKIP(return, "needs fewer CPUs: counts are not exact with many");
	EXPECT_TRUE(is_count("VmSwap of all pages out", self->vm_swap, mem_kb, slack));
	EXPECT_TRUE(is_count("VmSwap", count("/proc/self/status", "VmSwap:"), 0, slack));
	EXPECT_TRUE(is_count("SwapTotal", count("/proc/meminfo", "SwapTotal:"),
			     self->swap_total, 0));
	/* Other areas have other users. */
	if (!self->swap_total)
		EXPECT_TRUE(is_count("SwapFree", count("/proc/meminfo", "SwapFree:"), 0, 0));

	/* The healthy half is all that munmap gives back. */
	rss = count("/proc/self/status", "RssAnon:");
	ASSERT_EQ(0, munmap(self->mem, mem_size));
	EXPECT_TRUE(is_count("RssAnon", count("/proc/self/status", "RssAnon:"),
			     rss - mem_kb / 2, slack));

	/* A count below zero is shown as 0: it comes out with more on top. */
	badswap_destroy(&self->bs);
	ASSERT_EQ(0, badswap_create(&self->bs, device_mib));
	self->mem = map_pages();
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, mem_size));
	EXPECT_TRUE(is_count("VmSwap of new pages", count("/proc/self/status", "VmSwap:"),
			     mem_kb, slack));
}

TEST_F(swapin_error, counters_cgroup)
{
	char path[128];
	long now;

	CASE("counters: the memory cgroup's swap is uncharged");
	snprintf(path, sizeof(path), "%s/memory.swap.current", self->bs.cgroup);
	if (!self->bs.cgroup[0] || access(path, R_OK))
		SKIP(return, "needs cgroup v2 with the memory controller");
	/* Other pages of ours may be swapped too, to other areas if there are any. */
	now = count(path, "");
	EXPECT_LE((long)mem_size, self->cgroup_swap);
	EXPECT_TRUE(self->swap_total ? now <= self->cgroup_swap - (long)mem_size :
		    is_count("memory.swap.current", now, 0, 0));
}

/*
 * The device itself
 */

/* In a process of its own, which dies with its pages on the device. */
static void die_with_device(void)
{
	struct badswap bs;
	char *mem;

	if (badswap_create(&bs, device_mib))
		_exit(1);
	mem = map_pages();
	if (mem == MAP_FAILED || lose_pages(&bs, mem))
		_exit(1);
	kill(getpid(), SIGKILL);
}

TEST(killed_owner)
{
	char path[64];
	int status, tries;
	pid_t pid;

	CASE("device: a killed process leaves no swap behind");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		die_with_device();
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	snprintf(path, sizeof(path), "/sys/kernel/config/nullb/badswap-%d", pid);
	for (tries = 0; tries < 100 && !access(path, F_OK); tries++)
		usleep(50000);
	EXPECT_LT(tries, 100);
	snprintf(path, sizeof(path), "/dev/badswap-%d", pid);
	EXPECT_EQ(-1, count("/proc/swaps", path));
}

/* Returns why pages can't be lost on this machine, or NULL if they can. */
static const char *missing(void)
{
	const char *why = badswap_missing();
	struct badswap bs;
	int status = 0;
	pid_t pid;

	if (why)
		return why;
	pid = fork();
	if (!pid) {
		char *mem;
		int ret = badswap_create(&bs, device_mib);

		if (ret)
			_exit(-ret);
		mem = map_pages();
		ret = mem == MAP_FAILED ? -ENOMEM : badswap_pageout(&bs, mem, mem_size);
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

int main(int argc, char **argv)
{
	const char *why;

	page_size = sysconf(_SC_PAGESIZE);
	mem_size = NR_PAGES * page_size;
	device_mib = mem_size > 2 << 20 ? mem_size >> 18 : 8;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = getpid();
	why = missing();
	if (why) {
		ksft_print_header();
		ksft_exit_skip("%s\n", why);
	}
	return test_harness_run(argc, argv);
}
