// SPDX-License-Identifier: GPL-2.0
/*
 * tools/mm/swap_errors lists the pages that are SIGBUS, and no other: to the page, in each
 * process, with what looks like them beside.  The tool is linked in, so that this runs where
 * there is nothing but this program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/blkpg.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "badswap.h"
#include "lost_pages.h"
#include "vm_util.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

/* The tool's main(), which the Makefile calls so; ours keeps its name. */
#undef main
int swap_errors_main(int argc, char **argv);

/* What a run of the tool gave. */
struct run {
	int status;
	size_t len;
	char text[1 << 20];
};

static struct run run;

/* Runs it with @args, and with @input as its standard input; its stderr is ours. */
static bool run_tool(const char *input, char *const *args)
{
	char *argv[16] = { "swap_errors" };
	int out[2], in[2], status, argc;
	ssize_t len;
	pid_t pid;

	for (argc = 1; args[argc - 1]; argc++)
		argv[argc] = args[argc - 1];
	if (pipe(out) || pipe(in) || write(in[1], input, strlen(input)) < 0)
		return false;
	close(in[1]);
	pid = fork();
	if (!pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		optind = 0;	/* the harness has used getopt, too */
		exit(swap_errors_main(argc, argv));
	}
	close(in[0]);
	close(out[1]);
	run.len = 0;
	while ((len = read(out[0], run.text + run.len, sizeof(run.text) - 1 - run.len)) > 0)
		run.len += len;
	close(out[0]);
	run.text[run.len] = '\0';
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return fail("failed", "the tool did not end");
	run.status = WEXITSTATUS(status);
	return true;
}

#define RUN(...) run_tool("", (char *const []){ __VA_ARGS__, NULL })

static bool run_for(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return RUN("--json", "-p", text);
}

static bool is_status(int status)
{
	if (run.status == status)
		return true;
	return fail("failed", "exit status %d, where %d is due: %s", run.status, status, run.text);
}

/* What it said of process @pid, to where the next begins; or NULL. */
static const char *said_of(pid_t pid, size_t *len)
{
	const char *start, *end;
	char key[32];

	snprintf(key, sizeof(key), "{\"pid\":%d,", pid);
	start = strstr(run.text, key);
	if (!start)
		return NULL;
	end = strstr(start + 1, "{\"pid\":");
	if (!end)
		end = strstr(start, "],\"files\":");
	*len = end - start;
	return start;
}

/* Whether it has the page at @addr of process @pid. */
static bool is_listed(pid_t pid, const char *addr)
{
	unsigned long long start, pages;
	const char *said, *end;
	size_t len;

	said = said_of(pid, &len);
	if (!said)
		return false;
	for (end = said + len; (said = strstr(said, "[\"0x")) && said < end; said++)
		if (sscanf(said, "[\"%llx\",%llu]", &start, &pages) == 2 &&
		    (uintptr_t)addr >= start && (uintptr_t)addr < start + pages * page_size)
			return true;
	return false;
}

static long long number_after(const char *key)
{
	const char *at = strstr(run.text, key);

	return at ? atoll(at + strlen(key)) : -1;
}

/* What it lists of our own pages is what is SIGBUS, and is @due in number, if that is known. */
static bool lists_what_is_lost(char *mem, unsigned int pages, int due)
{
	unsigned int i, listed = 0;
	bool is, bus;

	if (!run_for(getpid()))
		return false;
	for (i = 0; i < pages; i++) {
		is = is_listed(getpid(), mem + i * page_size);
		bus = touch(mem + i * page_size, i, READ) == BUS;
		if (is != bus)
			return fail("failed", "page %u is %slisted, but is %sSIGBUS", i,
				    is ? "" : "not ", bus ? "" : "not ");
		listed += is;
	}
	if (number_after("{\"lost\":") != listed)
		return fail("failed", "%u pages of ours, in all %lld", listed,
			    number_after("{\"lost\":"));
	if (due >= 0 && listed != (unsigned int)due)
		return fail("failed", "%u pages listed, where %d are lost", listed, due);
	return is_status(listed ? 1 : 0);
}

/*
 * Private memory in a row, then a shared memfd:
 *
 *	anon | of a memfd, private, written | shared
 */
#define PRIVATE_PAGES	(2 * NR_PAGES)

FIXTURE(swap_errors)
{
	struct badswap bs;
	char *mem;		/* the private ones */
	char *shared;
	int fd;			/* of the shared memfd */
	bool only_swap;		/* there is no other */
};

static char *map_private(void)
{
	int fd = memfd_create("under", MFD_CLOEXEC);
	char *mem = mmap(NULL, 2 * mem_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || mem == MAP_FAILED || ftruncate(fd, mem_size))
		return NULL;
	madvise(mem, 2 * mem_size, MADV_NOHUGEPAGE);
	if (mmap(mem + mem_size, mem_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
		 0) == MAP_FAILED)
		return NULL;
	close(fd);
	fill(mem, PRIVATE_PAGES);
	return mem;
}

/* No page may be as another one. */
static void fill_otherwise(char *mem, char with)
{
	size_t i;

	fill(mem, NR_PAGES);
	for (i = 0; i < mem_size; i += page_size)
		mem[i] ^= with;
}

FIXTURE_SETUP(swap_errors)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	self->only_swap = count("/proc/meminfo", "SwapTotal:") == 0;
	ASSERT_EQ(0, badswap_create(&self->bs, 8 * NR_PAGES));
	self->mem = map_private();
	self->fd = memfd_create("shared", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(self->fd, mem_size));
	self->shared = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(NULL, self->mem);
	ASSERT_NE(MAP_FAILED, self->shared);
	fill_otherwise(self->shared, 1);
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, 2 * mem_size));
	ASSERT_EQ(0, badswap_lose_some(&self->bs, self->mem, PRIVATE_PAGES, is_lost));
}

FIXTURE_TEARDOWN(swap_errors)
{
	munmap(self->mem, 2 * mem_size);
	munmap(self->shared, mem_size);
	close(self->fd);
	badswap_destroy(&self->bs);
}

/*
 * What reads the kernel's log comes first: of what others lose, more may not be logged.
 */

/* Stores what the kernel has logged of @bs since @fd, and returns of how many failed reads. */
static unsigned int kmsg_errors(struct badswap *bs, int fd, char *text, size_t size)
{
	static char record[8192];
	unsigned int errors = 0;
	struct stat disk;
	char ours[64];
	ssize_t len;

	fstat(bs->fd, &disk);
	snprintf(ours, sizeof(ours), "Read-error on swap-device (%u:%u:", major(disk.st_rdev),
		 minor(disk.st_rdev));

	*text = '\0';
	while ((len = read(fd, record, sizeof(record) - 1)) > 0 || (len < 0 && errno == EPIPE)) {
		if (len < 0)
			continue;
		record[len] = '\0';
		if (!strstr(record, ours) ||
		    strlen(text) + len + 2 > size)
			continue;
		strcat(strcat(text, record), "\n");
		errors++;
	}
	return errors;
}

/*
 * Touches lost pages, until the kernel has logged that one, or what was read along with it,
 * could not be read: it says no more than ten such things in 5 seconds.
 */
static bool touch_logged(struct badswap *bs, char *mem, char *log, size_t size)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned int i, errors = 0;

	lseek(fd, 0, SEEK_END);
	for (i = 11; !errors && i < NR_PAGES; i += NR_PAGES / 4) {
		if (i > 11)
			sleep(6);
		if (touch(mem + i * page_size, i, READ) != BUS)
			break;
		errors = kmsg_errors(bs, fd, log, size);
	}
	close(fd);
	return errors;
}

/* Each sector of the log is of one page of ours, which is lost. */
static bool sectors_are_of(char *mem, unsigned int pages)
{
	unsigned int i, found = 0;
	char address[40];

	for (i = 0; i < pages; i++) {
		snprintf(address, sizeof(address), "\"address\":\"%#lx\"",
			 (unsigned long)(mem + i * page_size));
		if (!strstr(run.text, address))
			continue;
		found++;
		if (!is_lost(i))
			return fail("failed", "page %u is there, but is not lost: %s", i, run.text);
	}
	if (!found || strstr(run.text, "\"page\":null") || strstr(run.text, "\"holders\":[]") ||
	    strstr(run.text, "\"sure\":false"))
		return fail("failed", "a sector has no page: %s", run.text);
	return true;
}

#define PART_START	(512 << 10)

/* Makes a partition of the disk, and swaps to it.  Returns whether it does. */
static bool swap_to_partition(struct badswap *bs, char *path, size_t size)
{
	struct blkpg_partition part = {
		.start = PART_START, .length = bs->size - PART_START, .pno = 1,
	};
	struct blkpg_ioctl_arg arg = {
		.op = BLKPG_ADD_PARTITION, .datalen = sizeof(part), .data = &part,
	};

	if (ioctl(bs->fd, BLKPG, &arg))
		return false;
	snprintf(path, size, "/dev/%s%s1", bs->name,
		 bs->name[strlen(bs->name) - 1] > '9' ? "" : "p");
	return !badswap_format(bs, path, part.length) &&
	       !swapon(path, SWAP_FLAG_PREFER | 32767);
}

/* Until no copy is in memory. */
static bool page_out(struct badswap *bs, char *mem, size_t len)
{
	unsigned char in_core[NR_PAGES];
	unsigned int tries, i, left = 1;

	for (tries = 0; left && tries < 60; tries++) {
		if (madvise(mem, len, MADV_PAGEOUT))
			return false;
		usleep(1000 * tries);
		if (tries && bs->cgroup[0])
			write_text("1048576", "%s/memory.reclaim", bs->cgroup);
		if (mincore(mem, len, in_core))
			return false;
		for (left = 0, i = 0; i < len / page_size; i++)
			left += in_core[i] & 1;
	}
	return !left;
}

/* Loses every second page, of those at @mem: each is on the partition. */
static int lose_on_partition(struct badswap *bs, char *mem)
{
	uint64_t entries[NR_PAGES];
	unsigned int i;
	char range[48];
	size_t sector;
	int ret = get_entries(mem, entries) ? 0 : -EIO;

	for (i = 0; !ret && i < NR_PAGES; i++) {
		if (!is_lost(i))
			continue;
		sector = (PART_START + (entries[i] << 9 >> 14) * page_size) / 512;
		snprintf(range, sizeof(range), "+%zu-%zu", sector, sector + page_size / 512 - 1);
		ret = write_text(range, "/sys/kernel/config/nullb/%s/badblocks", bs->name);
	}
	return ret;
}

TEST_F(swap_errors, sector_of_partition)
{
	char *const args[] = { "--json", "--sector", "-", NULL };
	char log[8192], path[80], *mem;

	CASE("swap_errors: whose page a sector is, of a swap partition");
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	fill(mem, NR_PAGES);
	if (!swap_to_partition(&self->bs, path, sizeof(path)))
		SKIP(return, "null_blk has no partitions here");
	EXPECT_TRUE(page_out(&self->bs, mem, mem_size));
	EXPECT_EQ(0, lose_on_partition(&self->bs, mem));
	EXPECT_TRUE(touch_logged(&self->bs, mem, log, sizeof(log)));
	EXPECT_TRUE(run_tool(log, args));
	EXPECT_TRUE(is_status(1));
	EXPECT_TRUE(sectors_are_of(mem, NR_PAGES));
	snprintf(log, sizeof(log), "\"area\":\"%s\"", path);
	EXPECT_NE(NULL, strstr(run.text, log));
	EXPECT_EQ(0, badswap_heal(&self->bs));
	munmap(mem, mem_size);
	EXPECT_EQ(0, swapoff(path));
}

TEST_F(swap_errors, sector)
{
	char *const args[] = { "--json", "--sector", "-", NULL };
	char log[8192], path[64];
	struct stat stat_;

	CASE("swap_errors: whose page a sector of the log is, before swapoff");
	ASSERT_TRUE(touch_logged(&self->bs, self->mem, log, sizeof(log)));
	ASSERT_TRUE(run_tool(log, args));
	EXPECT_TRUE(is_status(1));
	EXPECT_TRUE(sectors_are_of(self->mem, PRIVATE_PAGES));

	/* The same without a name in /dev. */
	snprintf(path, sizeof(path), "/dev/%s", self->bs.name);
	ASSERT_EQ(0, stat(path, &stat_));
	ASSERT_EQ(0, unlink(path));
	EXPECT_TRUE(run_tool(log, args));
	ASSERT_EQ(0, mknod(path, stat_.st_mode, stat_.st_rdev));
	EXPECT_TRUE(sectors_are_of(self->mem, PRIVATE_PAGES));
	EXPECT_NE(NULL, strstr(run.text, "\"deleted\":true"));

	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_TRUE(run_tool(log, args));
	EXPECT_NE(NULL, strstr(run.text, "\"page\":null"));
}

TEST_F(swap_errors, list)
{
	CASE("swap_errors: lists what swapoff has lost, to the page");
	ASSERT_TRUE(run_for(getpid()));
	EXPECT_TRUE(is_status(0));
	EXPECT_EQ(0, number_after("{\"lost\":"));

	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(lists_what_is_lost(self->mem, PRIVATE_PAGES, NR_PAGES));

	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_DONTNEED));
	EXPECT_TRUE(lists_what_is_lost(self->mem, PRIVATE_PAGES, NR_PAGES / 2));
	ASSERT_EQ(0, munmap(self->mem + mem_size, mem_size));
	EXPECT_TRUE(lists_what_is_lost(self->mem, NR_PAGES, 0));
}

/* A child lists its own pages: on a kernel that loses markers, it has lost less. */
static bool child_has_what_is_lost(char *mem)
{
	return lists_what_is_lost(mem, PRIVATE_PAGES, -1);
}

static bool child_gives_up(char *mem)
{
	return !madvise(mem, NR_PAGES / 2 * page_size, MADV_DONTNEED) &&
	       !munmap(mem + 3 * NR_PAGES / 2 * page_size, NR_PAGES / 2 * page_size) &&
	       lists_what_is_lost(mem + NR_PAGES / 2 * page_size, NR_PAGES, -1) &&
	       in_child(child_has_what_is_lost, mem);
}

TEST_F(swap_errors, fork)
{
	CASE("swap_errors: each process has its own list");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(in_child(child_has_what_is_lost, self->mem));
	EXPECT_TRUE(in_child(child_gives_up, self->mem));
	EXPECT_TRUE(lists_what_is_lost(self->mem, PRIVATE_PAGES, NR_PAGES));
}

/* Comes and goes. */
static void *spawn(void *stop)
{
	pid_t pid;

	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		pid = fork();
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

TEST_F(swap_errors, all)
{
	bool stop = false;
	pthread_t thread;
	unsigned int i;

	CASE("swap_errors: all processes, while some come and go");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_EQ(0, pthread_create(&thread, NULL, spawn, &stop));
	ASSERT_TRUE(RUN("--json"));
	stop = true;
	pthread_join(thread, NULL);
	EXPECT_TRUE(is_status(1));
	for (i = 0; i < PRIVATE_PAGES; i++)
		EXPECT_EQ(is_lost(i), is_listed(getpid(), self->mem + i * page_size));
}

/* A second thread, which stays when the first one has ended. */
static void *wait_for_end(void *arg)
{
	pause();
	return arg;
}

TEST_F(swap_errors, threads)
{
	pthread_t thread;
	char state = 0;
	char path[64];
	FILE *file;
	pid_t pid;
	int tries;

	CASE("swap_errors: a process whose first thread has ended");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	pid = fork();
	if (!pid) {
		pthread_create(&thread, NULL, wait_for_end, NULL);
		pthread_exit(NULL);
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (tries = 0; tries < 100 && state != 'Z'; tries++) {
		usleep(20000);
		file = fopen(path, "r");
		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		if (file)
			fclose(file);
	}
	EXPECT_EQ('Z', state);
	EXPECT_TRUE(run_for(pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (number_after("{\"lost\":") == 0 && !in_child(reads, self->mem))
		SKIP(return, "this kernel loses what a child has lost");
	EXPECT_EQ(NR_PAGES, number_after("{\"lost\":"));
	EXPECT_TRUE(is_status(1));
}

/* Markers that are no swapin errors, in memory of its own. */
TEST_F(swap_errors, markers)
{
	char *mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *file;
	bool guard;
	int fd;

	CASE("swap_errors: markers of userfaultfd and guard regions are none");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_NE(MAP_FAILED, mem);
	guard = !madvise(mem, mem_size / 2, MADV_GUARD_INSTALL);
	file = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd, 0);
	ASSERT_NE(MAP_FAILED, file);
	fd = uffd_watch(file, UFFDIO_REGISTER_MODE_WP,
			UFFD_FEATURE_PAGEFAULT_FLAG_WP | 1 << 12);
	if (fd >= 0)
		ASSERT_EQ(0, uffd_protect(fd, file, true));
	if (fd < 0 && !guard)
		SKIP(return, "needs uffd-wp of files, or guard regions");
	EXPECT_TRUE(lists_what_is_lost(self->mem, PRIVATE_PAGES, NR_PAGES));
	EXPECT_EQ(0, number_after("\"may_be_poison\":"));
	close(fd);
}

#ifdef UFFDIO_POISON
/* Whether swapin errors have a bit that UFFDIO_POISON's marker has not: as in the tool. */
static bool has_own_bit(char *lost)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = pagemap_get_entry(fd, lost);

	close(fd);
	return entry >> 5 & 8;
}

TEST_F(swap_errors, poison)
{
	char *mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i, poisoned = NR_PAGES / 4;
	int fd;

	CASE("swap_errors: UFFDIO_POISON is told from a lost page, or named");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_NE(MAP_FAILED, mem);
	fd = uffd_watch(mem, UFFDIO_REGISTER_MODE_MISSING, UFFD_FEATURE_POISON);
	if (fd < 0)
		SKIP(return, "needs UFFDIO_POISON");
	for (i = 0; i < poisoned; i++)
		ASSERT_EQ(0, uffd_poison(fd, mem + i * page_size));
	if (has_own_bit(self->mem + page_size))
		poisoned = 0;
	ASSERT_TRUE(run_for(getpid()));
	EXPECT_EQ(NR_PAGES + poisoned, number_after("{\"lost\":"));
	EXPECT_EQ(poisoned, number_after("\"may_be_poison\":"));
	for (i = 0; i < PRIVATE_PAGES; i++)
		EXPECT_EQ(is_lost(i), is_listed(getpid(), self->mem + i * page_size));
	close(fd);
}
#endif

/* Loses every second page of the file that is mapped at @mem, and gives it up then. */
static bool counts_file(struct badswap *bs, int fd, char *mem, bool only_swap, const char *name)
{
	char due[48];

	if (badswap_pageout(bs, mem, mem_size) || badswap_lose_some(bs, mem, NR_PAGES, is_lost) ||
	    !run_for(getpid()) || !is_status(0))
		return fail("failed", "can't page out, or look");
	if (!strstr(run.text, name) || number_after("\"absent\":") != NR_PAGES ||
	    !strstr(run.text, "\"lost\":null"))
		return fail("failed", "not in swap, or lost: %s", run.text);

	if (badswap_swapoff(bs) || !run_for(getpid()))
		return fail("failed", "can't swap off, or look");
	/* With other swap on, healthy pages may be there by now. */
	snprintf(due, sizeof(due), "\"absent\":%u,\"lost\":%u,", NR_PAGES / 2, NR_PAGES / 2);
	if (only_swap && !strstr(run.text, due))
		return fail("failed", "not %u lost: %s", NR_PAGES / 2, run.text);

	if (ftruncate(fd, 0) || !run_for(getpid()))
		return fail("failed", "can't truncate, or look");
	return number_after("\"absent\":") == -1 ||
	       fail("failed", "given up, but listed: %s", run.text);
}

TEST_F(swap_errors, memfd)
{
	CASE("swap_errors: pages of a memfd, out of memory or lost");
	EXPECT_TRUE(counts_file(&self->bs, self->fd, self->shared, self->only_swap,
				"\"name\":\"/memfd:shared (deleted)\""));
}

TEST_F(swap_errors, tmpfs)
{
	char *mem;
	int fd;

	CASE("swap_errors: pages of a tmpfs file, out of memory or lost");
	if (!own_tmp("size=64m"))
		SKIP(return, "needs tmpfs");
	fd = open("/tmp/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(0, ftruncate(fd, mem_size));
	mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	fill_otherwise(mem, 2);
	EXPECT_TRUE(counts_file(&self->bs, fd, mem, self->only_swap,
				"\"name\":\"/tmp/file\""));
}

TEST_F(swap_errors, cannot)
{
	pid_t pid;
	int status;

	CASE("swap_errors: says that it could not look");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_TRUE(run_for(1 << 22));
	EXPECT_TRUE(is_status(2));
	ASSERT_TRUE(RUN("--no-such-option"));
	EXPECT_TRUE(is_status(2));
	pid = fork();
	if (!pid)
		_exit(setuid(65534) || !run_for(getpid()) || !is_status(2) || run.len);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

int main(int argc, char **argv)
{
	lost_pages_init();
	if (!only_lists(argc, argv))
		badswap_or_skip(NR_PAGES);
	return test_harness_run(argc, argv);
}
