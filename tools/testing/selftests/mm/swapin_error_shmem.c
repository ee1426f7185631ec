// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: shared memory and tmpfs.
 *
 * Every second page of a file is lost at swapoff, see lost_pages.h.  An access through a
 * mapping is then SIGBUS and a system call EIO, until the page is truncated or punched.
 * The file is as good as new then.  Until then a lost page is counted as it was in swap: it
 * keeps its block, so that nobody takes it for a hole.
 *
 * Not here: what acts on page table entries only, which a lost page of a file has
 * none of.  That is fork, mprotect, mremap and most of madvise, but for what shows that
 * it is so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "badswap.h"
#include "lost_pages.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define BLOCKS(pages)	((long)((pages) * page_size / 512))

FIXTURE(swapin_error_shmem)
{
	struct badswap bs;
	int fd;
	char *mem;
	size_t pages;		/* of the file; NR_PAGES or more */
	long free_blocks;	/* of the tmpfs, with the empty file */
};

FIXTURE_VARIANT(swapin_error_shmem)
{
	const char *mount;	/* options of a tmpfs on /tmp, or NULL for a memfd */
	bool huge;
};

FIXTURE_VARIANT_ADD(swapin_error_shmem, memfd)
{
	.mount = NULL,
};

FIXTURE_VARIANT_ADD(swapin_error_shmem, tmpfs)
{
	.mount = "size=64m",
};

FIXTURE_VARIANT_ADD(swapin_error_shmem, huge)
{
	.mount = "size=64m,huge=always", .huge = true,
};

static long blocks_of(int fd)
{
	struct stat stat;

	return fstat(fd, &stat) ? -1 : stat.st_blocks;
}

static long free_blocks_of(int fd)
{
	struct statfs statfs;

	return fstatfs(fd, &statfs) ? -1 : statfs.f_bfree;
}

#define FILE_PATH	"/tmp/file"

static int open_file(const char *mount)
{
	if (!mount)
		return memfd_create("shared", MFD_CLOEXEC);
	return own_tmp(mount) ? open(FILE_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
}

static bool has_huge(char *mem)
{
	return smaps_kb(mem, mem_size, "ShmemPmdMapped:") * 1024 == (long)huge_size();
}

FIXTURE_SETUP(swapin_error_shmem)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	self->pages = variant->huge ? huge_size() / page_size : NR_PAGES;
	ASSERT_EQ(0, badswap_create(&self->bs, MAX(self->pages, NR_PAGES)));
	self->fd = self->pages ? open_file(variant->mount) : -1;
	if (self->fd >= 0) {
		self->free_blocks = free_blocks_of(self->fd);
		ASSERT_EQ(0, ftruncate(self->fd, self->pages * page_size));
		self->mem = mmap(NULL, self->pages * page_size, PROT_READ | PROT_WRITE,
				 MAP_SHARED, self->fd, 0);
		ASSERT_NE(MAP_FAILED, self->mem);
		fill(self->mem, self->pages);
	}
	if (self->fd < 0 || (variant->huge && !has_huge(self->mem))) {
		badswap_destroy(&self->bs);
		SKIP(return, "needs tmpfs, and huge pages in it for huge=");
	}
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, self->pages * page_size));
	ASSERT_EQ(0, badswap_lose_some(&self->bs, self->mem, NR_PAGES, is_lost));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
}

FIXTURE_TEARDOWN(swapin_error_shmem)
{
	if (self->mem)
		munmap(self->mem, self->pages * page_size);
	/* Before the device: what swapoff would not find is gone with the file. */
	if (variant->mount)
		unlink(FILE_PATH);
	close(self->fd);
	badswap_destroy(&self->bs);
}

/* Page @i by system calls: EIO if it is lost, its data if it is not. */
static bool syscalls(int fd, unsigned int i)
{
	const off_t pos = i * page_size;
	char *buf = malloc(page_size);
	bool good = buf;
	long ret;

	errno = 0;
	ret = good ? pread(fd, buf, page_size, pos) : 0;
	if (is_lost(i))
		good = good && is_result("pread", ret, errno, -1, EIO);
	else
		good = good && is_result("pread", ret, errno, page_size, 0) &&
		       (has_data(buf, i) || fail("corrupt", "healthy page %u, by pread", i));
	errno = 0;
	ret = good ? pwrite(fd, buf, page_size, pos) : 0;
	if (is_lost(i))
		good = good && is_result("pwrite", ret, errno, -1, EIO);
	else
		good = good && is_result("pwrite", ret, errno, page_size, 0);
	free(buf);
	return good;
}

static bool all_syscalls(int fd)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		if (!syscalls(fd, i))
			return false;
	return true;
}

/* All is as at the beginning: lost pages, healthy pages. */
#define UNHARMED() do {							\
	EXPECT_TRUE(reads_and_writes(self->mem));			\
	EXPECT_TRUE(all_syscalls(self->fd));				\
} while (0)

static int punch(int fd, unsigned int first, unsigned int pages)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 first * page_size, pages * page_size);
}

/* Gives up all but lost pages; 0, or -1 with errno. */
static int leave_lost(int fd, size_t pages)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		if (!is_lost(i) && punch(fd, i, 1))
			return -1;
	return pages > NR_PAGES ? punch(fd, NR_PAGES, pages - NR_PAGES) : 0;
}

/* Pages out what is left of the file, which smaps has in swap then. */
static bool healthy_go_out(char *mem, size_t pages)
{
	const long lost = smaps_kb(mem, mem_size, "Swap:");
	const long due = lost + (pages - NR_PAGES / 2) * page_size / 1024;
	unsigned int tries, i;

	for (tries = 0; tries < 50; tries++) {
		/* Only what is mapped is paged out. */
		for (i = 0; i < pages; i++)
			if (i >= NR_PAGES || !is_lost(i))
				touch(mem + i * page_size, i, READ);
		madvise(mem, pages * page_size, MADV_PAGEOUT);
		if (smaps_kb(mem, mem_size, "Swap:") == due)
			return true;
		usleep(20000);
	}
	return is_count("Swap of all", smaps_kb(mem, mem_size, "Swap:"), due, 0);
}

static void interrupt(int sig)
{
}

/* Seconds that we were in the kernel. */
static long system_time(void)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_stime.tv_sec;
}

/*
 * Swaps the file out to a good device and back, which must come to an end.  A swapoff that
 * looks for pages that are not there goes on until there is a signal, and takes time of ours
 * for it, as it would not on a machine that is only slow.
 */
static bool swaps_well(struct badswap *bs, char *mem, size_t pages)
{
	struct sigaction action = { .sa_handler = interrupt };
	const long began = system_time();
	unsigned int i;
	int ret;

	ret = badswap_heal(bs);
	if (!ret)
		ret = badswap_swapon(bs);
	if (!ret) {
		fill(mem, pages);
		ret = badswap_pageout(bs, mem, pages * page_size);
	}
	if (ret)
		return fail("swap", "can't be swapped out: %s", strerror(-ret));
	sigaction(SIGALRM, &action, NULL);
	do {
		alarm(2);
		ret = badswap_swapoff(bs);
		alarm(0);
	} while (ret == -EINTR && system_time() < began + 3);
	if (ret)
		return fail(ret == -EINTR ? "hang" : "errno", "swapoff: %s", strerror(-ret));
	for (i = 0; i < pages; i++)
		if (touch(mem + i * page_size, i, READ) != DATA)
			return fail("corrupt", "page %u, swapped to a good device", i);
	return true;
}

/* The file, empty and grown again, has no memory of anything. */
static bool is_as_new(int fd, struct badswap *bs, char *mem, size_t pages)
{
	if (ftruncate(fd, pages * page_size))
		return fail("errno", "can't grow: %s", strerror(errno));
	return are_fresh(mem, 0, pages - 1, 0) && swaps_well(bs, mem, pages);
}

/*
 * As long as the pages are lost
 */

TEST_F(swapin_error_shmem, fault)
{
	CASE("shmem: access of a lost page is SIGBUS");
	EXPECT_TRUE(reads_and_writes(self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
}

TEST_F(swapin_error_shmem, syscall)
{
	char *buf = malloc(page_size);
	int fds[2];
	off_t pos;

	CASE("shmem: read and write of a lost page is EIO");
	ASSERT_NE(NULL, buf);
	EXPECT_TRUE(all_syscalls(self->fd));
	EXPECT_TRUE(all_syscalls(self->fd));

	/* Up to the end of a healthy page, not a byte further. */
	EXPECT_EQ(page_size, pread(self->fd, buf, 2 * page_size, 0));
	ASSERT_EQ(0, pipe(fds));
	pos = page_size;
	EXPECT_EQ(-1, sendfile(fds[1], self->fd, &pos, page_size));
	EXPECT_EQ(EIO, errno);
	/* A part of a page is not a page. */
	EXPECT_EQ(-1, pwrite(self->fd, buf, 8, page_size));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, fallocate(self->fd, 0, page_size, page_size));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(0, fsync(self->fd));
	EXPECT_TRUE(reads_and_writes(self->mem));
	EXPECT_TRUE(all_syscalls(self->fd));
	free(buf);
}

TEST_F(swapin_error_shmem, blocks)
{
	CASE("shmem: a lost page keeps its block: st_blocks, statfs");
	EXPECT_TRUE(is_count("st_blocks", blocks_of(self->fd), BLOCKS(self->pages), 0));
	if (variant->mount)
		EXPECT_TRUE(is_count("f_bfree", free_blocks_of(self->fd),
				     self->free_blocks - self->pages, 0));
	UNHARMED();

	/* When nothing else is left too. */
	ASSERT_EQ(0, leave_lost(self->fd, self->pages));
	EXPECT_TRUE(is_count("st_blocks of lost pages", blocks_of(self->fd),
			     BLOCKS(NR_PAGES / 2), 0));
}

/* What copies files has to fail: these take pains not to read holes. */
#define FILE_NAME	"FILE"
static const struct tool {
	const char *is;		/* what it says of its version */
	const char *argv[6];	/* how it copies FILE_NAME */
} tools[] = {
	{ "GNU tar", { "tar", "-c", "-f", "copy", FILE_NAME } },
	{ "GNU tar", { "tar", "-cS", "-f", "copy", FILE_NAME } },
	{ "GNU", { "cp", FILE_NAME, "copy" } },
	{ "GNU", { "cp", "--sparse=always", FILE_NAME, "copy" } },
	{ "rsync", { "rsync", FILE_NAME, "copy" } },
	{ "rsync", { "rsync", "-S", FILE_NAME, "copy" } },
};

/* Whether the file log, of what a tool has said, has @text in it. */
static bool log_has(const char *text)
{
	char log[512] = "";
	int fd = open("log", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, log, sizeof(log) - 1);

	close(fd);
	return len > 0 && strstr(log, text);
}

/* Has @tool copy @file, or without one say its version; its exit status, or -1. */
static int run(const struct tool *tool, const char *file)
{
	const char *argv[ARRAY_SIZE(tool->argv)] = { tool->argv[0], "--version" };
	unsigned int i;
	int status, fd;
	pid_t pid;

	for (i = 1; file && tool->argv[i]; i++)
		argv[i] = strcmp(tool->argv[i], FILE_NAME) ? tool->argv[i] : file;
	pid = fork();
	if (!pid) {
		fd = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		setenv("LC_ALL", "C", 1);
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST_F(swapin_error_shmem, archive)
{
	unsigned int i, ran = 0;
	int good;

	CASE("shmem: tar, cp and rsync, sparse or not, fail on a lost page");
	if (!variant->mount)
		SKIP(return, "is for tmpfs");
	ASSERT_EQ(0, chdir("/tmp"));
	good = open("good", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(0, ftruncate(good, self->pages * page_size));
	ASSERT_EQ(1, pwrite(good, "x", 1, page_size));
	close(good);
	ASSERT_EQ(0, leave_lost(self->fd, self->pages));
	for (i = 0; i < ARRAY_SIZE(tools); i++) {
		/* rsync needs more of the kernel than the others. */
		if (run(&tools[i], NULL) || !log_has(tools[i].is) || run(&tools[i], "good"))
			continue;
		ran++;
		/* rsync copies nothing over a file of this size and second. */
		unlink("copy");
		/* EIO, or as tar sees it after a hole: "File shrank". */
		EXPECT_TRUE(run(&tools[i], "file") ||
			    fail("corrupt", "%s %s has copied lost pages", tools[i].argv[0],
				 tools[i].argv[1]));
	}
	ASSERT_EQ(0, chdir("/"));
	if (!ran)
		SKIP(return, "needs GNU tar, GNU cp or rsync");
	say("tools", "%u of %zu ways to copy a file", ran, ARRAY_SIZE(tools));
}

/* A lost page is no hole. */
TEST_F(swapin_error_shmem, seek)
{
	const off_t pos = page_size, end = self->pages * page_size;

	CASE("shmem: lseek takes a lost page for data");
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_DATA));
	EXPECT_EQ(end, lseek(self->fd, 0, SEEK_HOLE));
	ASSERT_EQ(0, leave_lost(self->fd, self->pages));
	EXPECT_EQ(pos, lseek(self->fd, 0, SEEK_DATA));
	EXPECT_EQ(2 * pos, lseek(self->fd, pos, SEEK_HOLE));
	EXPECT_EQ(3 * pos, lseek(self->fd, 2 * pos, SEEK_DATA));
}

#ifdef __NR_cachestat
TEST_F(swapin_error_shmem, cachestat)
{
	struct cachestat_range range = { .len = mem_size };
	struct cachestat stat;

	CASE("shmem: cachestat has lost pages neither as cached nor as holes");
	if (syscall(__NR_cachestat, self->fd, &range, &stat, 0))
		SKIP(return, "needs cachestat(2)");
	EXPECT_TRUE(is_count("nr_cache", stat.nr_cache, NR_PAGES / 2, 0));
	EXPECT_TRUE(is_count("nr_evicted", stat.nr_evicted, NR_PAGES / 2, 0));
	EXPECT_EQ(0, stat.nr_recently_evicted);
	UNHARMED();
	ASSERT_EQ(0, punch(self->fd, 1, 1));
	ASSERT_EQ(0, syscall(__NR_cachestat, self->fd, &range, &stat, 0));
	EXPECT_TRUE(is_count("nr_evicted", stat.nr_evicted, NR_PAGES / 2 - 1, 0));
}
#endif

TEST_F(swapin_error_shmem, smaps)
{
	const size_t half = NR_PAGES / 2 * page_size;
	char *part;

	CASE("shmem: a lost page counts as swap: smaps, of all and of a part");
	EXPECT_TRUE(is_count("Swap", smaps_kb(self->mem, mem_size, "Swap:"),
			     mem_size / 2 / 1024, 0));

	/* With others that are, and a mapping of a part, pages are counted one by one. */
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	EXPECT_TRUE(healthy_go_out(self->mem, self->pages));
	part = mmap(NULL, half, PROT_READ, MAP_SHARED, self->fd, half);
	ASSERT_NE(MAP_FAILED, part);
	EXPECT_TRUE(is_count("Swap of a part", smaps_kb(part, half, "Swap:"), half / 1024, 0));
	munmap(part, half);
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	UNHARMED();
}

TEST_F(swapin_error_shmem, mappings)
{
	char *private;

	CASE("shmem: children, private and later mappings have lost pages");
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	private = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd, 0);
	ASSERT_NE(MAP_FAILED, private);
	EXPECT_TRUE(reads_and_writes(private));
	EXPECT_TRUE(in_child(reads_and_writes, private));
	munmap(private, mem_size);
	UNHARMED();
}

TEST_F(swapin_error_shmem, advice)
{
	static const int advice[] = { MADV_DONTNEED, MADV_WILLNEED, MADV_PAGEOUT };
	unsigned char in_core[NR_PAGES];
	unsigned int i;

	CASE("shmem: madvise, mprotect and mlock leave lost pages as they are");
	for (i = 0; i < ARRAY_SIZE(advice); i++)
		EXPECT_EQ(0, madvise(self->mem, self->pages * page_size, advice[i]));
	EXPECT_EQ(-1, collapse(self->mem, self->pages * page_size));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(reads_and_writes(self->mem));
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_WRITE));
	EXPECT_EQ(-1, mlock(self->mem, mem_size));
	EXPECT_EQ(0, munlock(self->mem, mem_size));
	EXPECT_EQ(0, msync(self->mem, mem_size, MS_SYNC));
	ASSERT_EQ(0, mincore(self->mem, mem_size, in_core));
	for (i = 0; i < NR_PAGES; i++)
		EXPECT_EQ(!is_lost(i), in_core[i] & 1);
	UNHARMED();

	/* It was for them that nothing could be collapsed. */
	for (i = 1; i < NR_PAGES; i += 2)
		ASSERT_EQ(0, punch(self->fd, i, 1));
	if (variant->huge)
		EXPECT_EQ(0, collapse(self->mem, self->pages * page_size));
}

TEST_F(swapin_error_shmem, uffd_wp)
{
	int uffd;

	CASE("shmem: uffd-wp leaves lost pages as they are");
	uffd = uffd_watch_wp(self->mem);
	if (uffd < 0)
		SKIP(return, "needs userfaultfd write-protection of shared memory");
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(reads(self->mem));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(reads_and_writes(self->mem));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_unwatch(uffd, self->mem));
	UNHARMED();
	close(uffd);
}

TEST_F(swapin_error_shmem, uffd_missing)
{
	char *lost = self->mem + page_size, *src = malloc(page_size);
	struct uffd_monitor monitor;
	int uffd;

	CASE("shmem: a lost page is no missing page, and can't be filled");
	ASSERT_NE(NULL, src);
	memset(src, 0x33, page_size);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (uffd == -1)
		SKIP(return, "needs userfaultfd (CONFIG_USERFAULTFD)");
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_monitor_start(&monitor, uffd));
	EXPECT_EQ(-1, uffd_copy(uffd, lost, src));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(-1, uffd_zeropage(uffd, lost));
	EXPECT_EQ(EEXIST, errno);
	UNHARMED();
	EXPECT_EQ(0, monitor.faults);

	/* Given up, it is missing. */
	ASSERT_EQ(0, punch(self->fd, 1, 1));
	EXPECT_TRUE(are_fresh(self->mem, 1, 1, 0));
	EXPECT_EQ(1, uffd_monitor_stop(&monitor));
	close(uffd);
	free(src);
}

#ifdef UFFDIO_POISON
TEST_F(swapin_error_shmem, uffd_poison)
{
	int uffd;

	CASE("shmem: UFFDIO_POISON is of a mapping, the file's page is still lost");
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, UFFD_FEATURE_POISON);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_POISON");
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_poison(uffd, self->mem + page_size));
	UNHARMED();
	/* Taken back from the mapping, it is what the file has. */
	ASSERT_EQ(0, madvise(self->mem + page_size, page_size, MADV_DONTNEED));
	close(uffd);
	UNHARMED();
}
#endif

TEST_F(swapin_error_shmem, uffd_minor)
{
	struct uffd_monitor monitor;
	unsigned int faults;
	int uffd, ret;

	CASE("shmem: a lost page is no minor fault");
	/* Only to see if there can be one: who is watched can't page out. */
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_MINOR_SHMEM");
	ASSERT_LE(0, uffd);
	close(uffd);
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	ASSERT_TRUE(healthy_go_out(self->mem, self->pages));
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_monitor_start(&monitor, uffd));
	/* What is in swap can be read, so it is one. */
	EXPECT_EQ(DATA, touch(self->mem, 0, READ));
	EXPECT_EQ(1, monitor.faults);
	ASSERT_EQ(0, badswap_swapoff(&self->bs));

	/* The mapping has its healthy pages: have it ask the file again. */
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_DONTNEED));
	faults = monitor.faults;
	EXPECT_EQ(BUS, touch(self->mem + page_size, 1, READ));
	EXPECT_TRUE(faults == monitor.faults ||
		    fail("uffd", "a lost page went to userfaultfd"));
	ret = uffd_continue(uffd, self->mem + page_size);
	EXPECT_TRUE(is_result("UFFDIO_CONTINUE", ret, errno, -1, EIO));
	faults = monitor.faults;
	EXPECT_EQ(DATA, touch(self->mem, 0, READ));
	EXPECT_EQ(faults + 1, uffd_monitor_stop(&monitor));
	close(uffd);
	UNHARMED();
}

TEST_F(swapin_error_shmem, second_swapoff)
{
	CASE("shmem: swapoff of a good device later changes nothing");
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	EXPECT_TRUE(healthy_go_out(self->mem, self->pages));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	UNHARMED();
}

/*
 * And when they are given up
 */

TEST_F(swapin_error_shmem, truncate)
{
	CASE("shmem: a truncated file is as good as new");
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_TRUE(is_as_new(self->fd, &self->bs, self->mem, self->pages));
}

TEST_F(swapin_error_shmem, truncate_counts)
{
	const long kb = self->pages * page_size / 1024;

	CASE("shmem: a truncated file has the counts of an empty one");
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_TRUE(is_count("st_blocks", blocks_of(self->fd), 0, 0));
	EXPECT_TRUE(is_count("Swap", smaps_kb(self->mem, mem_size, "Swap:"), 0, 0));
	if (variant->mount)
		EXPECT_TRUE(is_count("f_bfree", free_blocks_of(self->fd),
				     self->free_blocks, 0));

	/* With as many pages as were lost, what is below zero comes out as an empty file. */
	ASSERT_EQ(0, ftruncate(self->fd, self->pages * page_size));
	fill(self->mem, NR_PAGES / 2);
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	ASSERT_EQ(0, ftruncate(self->fd, self->pages * page_size));
	EXPECT_TRUE(are_fresh(self->mem, 0, NR_PAGES / 2 - 1, 0));

	/* With more on top, it comes out as it is. */
	fill(self->mem, self->pages);
	EXPECT_TRUE(is_count("st_blocks when full", blocks_of(self->fd),
			     BLOCKS(self->pages), 0));
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, self->pages * page_size));
	EXPECT_TRUE(is_count("Swap when full", smaps_kb(self->mem, mem_size, "Swap:"), kb, 0));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
}

TEST_F(swapin_error_shmem, truncate_swapoff)
{
	/* As many as were lost: the sum of one count too many and one too few is zero. */
	const size_t pages = NR_PAGES / 2;

	CASE("shmem: swapoff of what a truncated file has now comes to an end");
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	ASSERT_EQ(0, ftruncate(self->fd, pages * page_size));
	EXPECT_TRUE(swaps_well(&self->bs, self->mem, pages));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
}

TEST_F(swapin_error_shmem, truncate_lost)
{
	CASE("shmem: a truncated file of nothing but lost pages too");
	ASSERT_EQ(0, leave_lost(self->fd, self->pages));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_TRUE(is_as_new(self->fd, &self->bs, self->mem, self->pages));
}

TEST_F(swapin_error_shmem, punch)
{
	CASE("shmem: a punched hole is fresh, others are still lost");
	ASSERT_EQ(0, punch(self->fd, 8, 4));
	EXPECT_TRUE(are_fresh(self->mem, 8, 11, 0));
	EXPECT_TRUE(part_is_lost(self->mem, 0, 7));
	EXPECT_TRUE(part_is_lost(self->mem, 12, NR_PAGES - 1));

	/* All of the rest, as MADV_REMOVE does it. */
	ASSERT_EQ(0, madvise(self->mem, self->pages * page_size, MADV_REMOVE));
	EXPECT_TRUE(is_as_new(self->fd, &self->bs, self->mem, self->pages));
}

TEST_F(swapin_error_shmem, resize)
{
	CASE("shmem: what a resize does not cut off is still lost");
	/* In the middle of a lost page, which is not given up as a whole. */
	ASSERT_EQ(0, ftruncate(self->fd, 9 * page_size + page_size / 2));
	ASSERT_EQ(0, ftruncate(self->fd, self->pages * page_size));
	EXPECT_TRUE(part_is_lost(self->mem, 0, 9));
	EXPECT_TRUE(are_fresh(self->mem, 10, self->pages - 1, 0));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_TRUE(is_as_new(self->fd, &self->bs, self->mem, self->pages));
}

/* Eviction warns on the console if the counts are not zero then. */
TEST_F(swapin_error_shmem, unlink)
{
	CASE("shmem: a removed file gives all back");
	munmap(self->mem, self->pages * page_size);
	self->mem = NULL;
	if (!variant->mount)
		SKIP(return, "is for tmpfs");
	ASSERT_EQ(0, unlink(FILE_PATH));
	close(self->fd);
	self->fd = open("/tmp", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->fd);
	EXPECT_TRUE(is_count("f_bfree", free_blocks_of(self->fd), self->free_blocks, 0));
}

/*
 * Large folios, of a device that reads them as such: zram with the bad disk behind it.
 */

FIXTURE(swapin_error_large)
{
	struct badswap bs;
	int fd;
	char *mem;
};

FIXTURE_SETUP(swapin_error_large)
{
	long before = large_swapped_out();
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	keep_knobs();
	self->fd = -1;
	/* Slots for a large folio come from a whole cluster, of as many pages as a huge one. */
	ret = badswap_create_kind(&self->bs, MAX(2 * huge_size() / page_size, NR_PAGES),
				  BADSWAP_ZRAM);
	if (ret == -ENODEV)
		SKIP(return, "needs zram with a backing device (CONFIG_ZRAM_WRITEBACK)");
	ASSERT_EQ(0, ret);
	self->fd = memfd_create("large", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(self->fd, mem_size));
	self->mem = map_large(mem_size, MAP_SHARED, self->fd);
	ASSERT_NE(MAP_FAILED, self->mem);
	set_large_knob("shmem_enabled", "advise");
	fill(self->mem, NR_PAGES);
	set_knobs_back();
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, mem_size));
	if (large_swapped_out() < before + NR_PAGES / LARGE_PAGES) {
		badswap_destroy(&self->bs);
		SKIP(return, "needs swap of large folios of shared memory");
	}
}

FIXTURE_TEARDOWN(swapin_error_large)
{
	close(self->fd);
	badswap_destroy(&self->bs);
}

/* All pages have their data, but for page @bad. */
static bool one_is_lost(char *mem, unsigned int bad)
{
	enum outcome got;
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++) {
		got = touch(mem + i * page_size, i, READ);
		if (got != (i == bad ? BUS : DATA))
			return fail(got == BUS ? "SIGBUS" : "corrupt", "page %u", i);
	}
	return true;
}

TEST_F(swapin_error_large, fault)
{
	const unsigned int bad = LARGE_PAGES + 5;

	CASE("large: one page that can't be read is one that is lost");
	ASSERT_EQ(0, badswap_lose(&self->bs, self->mem + bad * page_size));
	EXPECT_TRUE(one_is_lost(self->mem, bad));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(one_is_lost(self->mem, bad));
	EXPECT_TRUE(is_count("st_blocks", blocks_of(self->fd), BLOCKS(NR_PAGES), 0));
}

TEST_F(swapin_error_large, punch)
{
	const unsigned int bad = LARGE_PAGES + 5;

	CASE("large: a hole is punched next to a lost page, and over it");
	ASSERT_EQ(0, badswap_lose(&self->bs, self->mem + bad * page_size));
	EXPECT_EQ(BUS, touch(self->mem + bad * page_size, bad, READ));
	ASSERT_EQ(0, punch(self->fd, bad + 1, 2));
	EXPECT_TRUE(are_fresh(self->mem, bad + 1, bad + 2, 0));
	EXPECT_EQ(BUS, touch(self->mem + bad * page_size, bad, READ));
	EXPECT_EQ(DATA, touch(self->mem + (bad + 3) * page_size, bad + 3, READ));
	ASSERT_EQ(0, punch(self->fd, bad, 1));
	EXPECT_TRUE(are_fresh(self->mem, bad, bad, 0));
	EXPECT_EQ(DATA, touch(self->mem + (bad - 1) * page_size, bad - 1, READ));
}

/*
 * Last: an ftruncate(2) that does not end, nothing can end.
 */

static bool truncate_ends(int fd, off_t len)
{
	int status, tries;
	pid_t pid = fork();

	if (!pid) {
		/* It may go on until somebody reads the file. */
		unpin();
		sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
		_exit(!!ftruncate(fd, len));
	}
	for (tries = 0; pid > 0 && tries < 300; tries++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return !status || fail("errno", "ftruncate");
		usleep(50000);
	}
	return fail("hang", "ftruncate");
}

TEST_F(swapin_error_large, truncate)
{
	const unsigned int bad = LARGE_PAGES + 5;

	CASE("large: a file is truncated at a lost page");
	ASSERT_EQ(0, badswap_lose(&self->bs, self->mem + bad * page_size));
	EXPECT_EQ(BUS, touch(self->mem + bad * page_size, bad, READ));
	ASSERT_TRUE(truncate_ends(self->fd, bad * page_size));
	ASSERT_EQ(0, ftruncate(self->fd, mem_size));
	EXPECT_TRUE(are_fresh(self->mem, bad, NR_PAGES - 1, 0));
	EXPECT_EQ(DATA, touch(self->mem + (bad - 1) * page_size, bad - 1, READ));
	EXPECT_TRUE(is_count("st_blocks", blocks_of(self->fd), BLOCKS(NR_PAGES), 0));
}

/* No page is lost here: what is in swap can be a large folio. */
TEST_F(swapin_error_shmem, truncate_swapped)
{
	const size_t kept = NR_PAGES / 2 + 5;

	CASE("shmem: a file that is in swap, and can be read, is truncated");
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	ASSERT_EQ(0, ftruncate(self->fd, self->pages * page_size));
	fill(self->mem, self->pages);
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, self->pages * page_size));
	ASSERT_TRUE(truncate_ends(self->fd, kept * page_size));
	ASSERT_EQ(0, ftruncate(self->fd, self->pages * page_size));
	EXPECT_EQ(DATA, touch(self->mem + (kept - 1) * page_size, kept - 1, READ));
	EXPECT_TRUE(are_fresh(self->mem, kept, self->pages - 1, 0));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
}

int main(int argc, char **argv)
{
	lost_pages_init();
	if (!only_lists(argc, argv))
		badswap_or_skip(NR_PAGES);
	return test_harness_run(argc, argv);
}
