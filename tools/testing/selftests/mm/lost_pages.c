// SPDX-License-Identifier: GPL-2.0
/* See lost_pages.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/mount.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lost_pages.h"
#include "vm_util.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

size_t page_size;
size_t mem_size;
int last_si_code;

static uint64_t seed;
static __thread sigjmp_buf fault_env;
static __thread bool touching;

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
	/* Not by touch(): ends us, also where the harness forwards it from a child. */
	if (!touching) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	touching = false;
	last_si_code = info->si_code;
	siglongjmp(fault_env, sig);
}

/* Before, and after, what may fault. */
static void set_touching(bool on)
{
	barrier();
	touching = on;
	barrier();
}

static enum outcome outcome_of(int sig)
{
	return sig == SIGBUS ? BUS : SEGV;
}

enum outcome touch(char *page, unsigned int i, enum access access)
{
	const unsigned int w = page_size / sizeof(uint64_t) / 2;
	enum outcome outcome;
	int sig = sigsetjmp(fault_env, 1);

	if (sig)
		return outcome_of(sig);
	set_touching(true);
	if (access == EXEC)
		((void (*)(void))page)();
	if (access == WRITE)
		((uint64_t *)page)[w] = pattern(i, w);
	outcome = has_data(page, i) ? DATA : CORRUPT;
	set_touching(false);
	return outcome;
}

enum outcome copy_bytes(void *dst, const void *src, size_t len)
{
	int sig = sigsetjmp(fault_env, 0);

	if (sig)
		return outcome_of(sig);
	set_touching(true);
	memcpy(dst, src, len);
	set_touching(false);
	return DATA;
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
	bool same;

	if (sig)
		return outcome_of(sig);
	set_touching(true);
	/* All bytes are as the next one, and the last one is @byte. */
	same = page[page_size - 1] == byte && !memcmp(page, page + 1, page_size - 1);
	memset(page, 0xa5, page_size);
	set_touching(false);
	return same ? DATA : CORRUPT;
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
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned int i;

	if (fd < 0)
		return fail("changed", "can't read pagemap");
	for (i = 0; i < NR_PAGES; i++)
		entries[i] = pagemap_get_entry(fd, mem + i * page_size);
	close(fd);
	return true;
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

bool has_soft_dirty(void)
{
	static char written;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	written = 1;
	barrier();
	entry = pagemap_get_entry(fd, &written);
	close(fd);
	return entry & PM_SOFT_DIRTY;
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

bool healthy_in_swap(char *mem)
{
	uint64_t now[NR_PAGES];
	unsigned int i;

	if (!get_entries(mem, now))
		return false;
	for (i = 0; i < NR_PAGES; i++)
		if (!is_lost(i) && now[i] & PM_SWAP)
			return true;
	return fail("swap", "no healthy page went to swap");
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

bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, size - 1);

	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return len > 0;
}

#define MAX_KNOBS	16
#define KNOBS_SIZE	(MAX_KNOBS * sizeof(*knobs))

static struct knob {
	char path[128];
	char was[128];
} *knobs;			/* shared with the process that sets them back, and locked */

static bool write_path(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = write(fd, text, strlen(text)) > 0;

	close(fd);
	return written;
}

bool set_knob(const char *path, const char *text)
{
	struct knob *knob = knobs;
	char *was;

	while (knob && knob < knobs + MAX_KNOBS && knob->path[0] && strcmp(knob->path, path))
		knob++;
	if (!knob || knob == knobs + MAX_KNOBS)
		return false;
	if (!knob->path[0]) {
		if (!read_text(path, knob->was, sizeof(knob->was)))
			return false;
		/* Of a choice, the word in brackets. */
		was = strchr(knob->was, '[');
		if (was) {
			memmove(knob->was, was + 1, strlen(was));
			knob->was[strcspn(knob->was, "]")] = '\0';
		}
		snprintf(knob->path, sizeof(knob->path), "%s", path);
	}
	return write_path(path, text);
}

bool set_knobs_back(void)
{
	struct knob *knob;
	bool all = true;

	for (knob = knobs; knob && knob < knobs + MAX_KNOBS && knob->path[0]; knob++)
		all = write_path(knob->path, knob->was) && all;
	if (knobs)
		memset(knobs, 0, KNOBS_SIZE);
	return all;
}

/* Does not return: sets them back when @owner, whose child we are, is gone. */
static void guard_knobs(pid_t owner)
{
	sigset_t all;
	int fd;

	/* In a session of its own: what kills our owner leaves it alone. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	mlock(knobs, KNOBS_SIZE);
	/* Nobody may wait for output from here. */
	for (fd = 0; fd < 1024; fd++)
		close(fd);
	if (getppid() == owner)
		sigwaitinfo(&all, NULL);
	set_knobs_back();
	_exit(0);
}

void keep_knobs(void)
{
	const pid_t owner = getpid();
	pid_t pid = -1;

	knobs = mmap(NULL, KNOBS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (knobs != MAP_FAILED && !mlock(knobs, KNOBS_SIZE))
		pid = fork();
	if (!pid)
		guard_knobs(owner);
	if (pid < 0)
		knobs = NULL;
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

size_t huge_size(void)
{
	long size = count("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "");

	return size >= (long)mem_size && size <= 32 << 20 ? size : 0;
}

char *map_large(size_t len, int flags, int fd)
{
	const size_t large = LARGE_PAGES * page_size;
	char *mem = mmap(NULL, len + large, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return MAP_FAILED;
	mem += -(uintptr_t)mem & (large - 1);
	mem = mmap(mem, len, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
	if (mem != MAP_FAILED)
		madvise(mem, len, MADV_HUGEPAGE);
	return mem;
}

static void large_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "/sys/kernel/mm/transparent_hugepage/hugepages-%zukB/%s",
		 LARGE_PAGES * page_size / 1024, name);
}

bool set_large_knob(const char *name, const char *text)
{
	char path[128];

	large_path(path, sizeof(path), name);
	return set_knob(path, text);
}

long large_swapped_out(void)
{
	char path[128];

	large_path(path, sizeof(path), "stats/swpout");
	return count(path, "");
}

int collapse(char *mem, size_t len)
{
	int tries = 100, ret;

	do {
		ret = madvise(mem, len, MADV_COLLAPSE);
	} while (ret && errno == EAGAIN && tries-- && !usleep(10000));
	return ret;
}

bool own_tmp(const char *options)
{
	return !unshare(CLONE_NEWNS) &&
	       !syscall(__NR_mount, NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) &&
	       !syscall(__NR_mount, "tmpfs", "/tmp", "tmpfs", 0, options);
}

int uffd_watch(char *mem, uint64_t mode, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)mem, .len = mem_size },
		.mode = mode,
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

int uffd_unwatch(int fd, char *mem)
{
	struct uffdio_range range = { .start = (uintptr_t)mem, .len = mem_size };

	return ioctl(fd, UFFDIO_UNREGISTER, &range);
}

int uffd_protect(int fd, char *mem, bool wp)
{
	struct uffdio_writeprotect prot = {
		.range = { .start = (uintptr_t)mem, .len = mem_size },
		.mode = wp ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &prot);
}

int uffd_watch_wp(char *mem)
{
	return uffd_watch(mem, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
}

int uffd_copy(int fd, char *mem, const char *src)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)mem, .src = (uintptr_t)src, .len = page_size,
	};

	return ioctl(fd, UFFDIO_COPY, &copy);
}

int uffd_zeropage(int fd, char *mem)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)mem, .len = page_size },
	};

	return ioctl(fd, UFFDIO_ZEROPAGE, &zero);
}

int uffd_continue(int fd, char *mem)
{
	struct uffdio_continue cont = {
		.range = { .start = (uintptr_t)mem, .len = page_size },
	};

	return ioctl(fd, UFFDIO_CONTINUE, &cont);
}

#ifdef UFFDIO_POISON
int uffd_poison(int fd, char *mem)
{
	struct uffdio_poison poison = {
		.range = { .start = (uintptr_t)mem, .len = page_size },
	};

	return ioctl(fd, UFFDIO_POISON, &poison);
}
#endif

static void *uffd_monitor_run(void *arg)
{
	struct uffd_monitor *monitor = arg;
	struct pollfd fds[] = {
		{ .fd = monitor->uffd, .events = POLLIN },
		{ .fd = monitor->stop[0], .events = POLLIN },
	};
	struct uffdio_range range = { .len = page_size };
	struct uffd_msg msg;

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		if (read(monitor->uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		monitor->faults++;
		range.start = msg.arg.pagefault.address & -page_size;
		if (uffd_zeropage(monitor->uffd, (char *)(uintptr_t)range.start) &&
		    uffd_continue(monitor->uffd, (char *)(uintptr_t)range.start)) {
			/* It can't be filled: what does it give without us? */
			ioctl(monitor->uffd, UFFDIO_UNREGISTER, &range);
			ioctl(monitor->uffd, UFFDIO_WAKE, &range);
		}
	}
	return NULL;
}

int uffd_monitor_start(struct uffd_monitor *monitor, int uffd)
{
	monitor->uffd = uffd;
	monitor->faults = 0;
	if (pipe(monitor->stop))
		return errno;
	return pthread_create(&monitor->thread, NULL, uffd_monitor_run, monitor);
}

unsigned int uffd_monitor_stop(struct uffd_monitor *monitor)
{
	close(monitor->stop[1]);
	pthread_join(monitor->thread, NULL);
	close(monitor->stop[0]);
	return monitor->faults;
}

bool only_lists(int argc, char **argv)
{
	return argc == 2 && !strcmp(argv[1], "-l");
}

void lost_pages_init(void)
{
	struct sigaction action = {
		.sa_sigaction = fault_handler,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	page_size = sysconf(_SC_PAGESIZE);
	mem_size = NR_PAGES * page_size;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = getpid();
	seed &= ~(1ULL << 62);	/* no sum is more than 64 bits */
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}
