// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: private memory.
 *
 * A lost page is SIGBUS, and the others have their data, whatever is then done to the
 * mapping, until it gives the pages up.  Each test is run for each kind of mapping that
 * has its pages' data in page table entries of its own; what mappings share is in
 * swapin_error_shmem.c.  Not here, and why:
 *
 *	hugetlb			is never swapped
 *	process_madvise		takes the way of madvise
 *	mlockall, MAP_LOCKED	take the way of mlock
 *	OOM kill		takes the way of process_mrelease, but for its reports
 *	MADV_REMOVE		is for shared files only
 *	UFFDIO_CONTINUE		on anonymous memory has no page to continue with
 *	UFFDIO_MOVE		is between anonymous mappings only
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "badswap.h"
#include "lost_pages.h"
#include "vm_util.h"

/* Not all libcs know these. */
#ifndef MADV_PAGEOUT
#define MADV_COLD		20
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open		434
#endif
#ifndef __NR_process_mrelease
#define __NR_process_mrelease	448
#endif

FIXTURE(swapin_error)
{
	struct badswap bs;
	char *mem;
	size_t len;		/* of the mapping that begins with mem */
	/* With all pages on the device, in bytes. */
	long cgroup_swap;
	long swap_total;	/* before the device came, in KiB */
	uint64_t old[NR_PAGES];	/* pagemap entries, after all has been lost */
};

FIXTURE_VARIANT(swapin_error)
{
	/*
	 * Maps what the pages are in, fills them, and returns them, or NULL where there is
	 * not what it @needs; @len is of the mapping.
	 */
	char *(*map)(size_t *len);
	const char *needs;
	bool is_huge;
	bool sets_knobs;	/* so as to map them */
	bool is_read_only;	/* pages that are written are no longer what they were */
	unsigned char under;	/* what a page that was given up has in it */
};

/*
 * So many that counts are exact to an eighth of them.  All of ours is counted on one CPU,
 * which may keep a batch to itself: as of percpu_counter_batch.
 */
static size_t many_pages(void)
{
	return 8 * MAX(2 * sysconf(_SC_NPROCESSORS_CONF), 32);
}

FIXTURE_SETUP(swapin_error)
{
	const size_t huge = variant->is_huge ? huge_size() / page_size : 0;
	char path[128];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	self->swap_total = count("/proc/meminfo", "SwapTotal:");
	/* The cgroup that we are in then is to be empty as soon as we are gone. */
	if (variant->sets_knobs)
		keep_knobs();
	ASSERT_EQ(0, badswap_create(&self->bs, MAX(huge, many_pages())));
	self->mem = variant->map(&self->len);
	if (!self->mem) {
		badswap_destroy(&self->bs);
		SKIP(return, "%s", variant->needs);
	}
	/* A new mapping is soft-dirty as a whole: from here on each page is, or is not. */
	ASSERT_EQ(0, write_text("4", "/proc/self/clear_refs"));
	if (!variant->is_read_only)
		fill(self->mem, self->len / page_size);
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, self->len));
	ASSERT_EQ(0, badswap_lose_some(&self->bs, self->mem, NR_PAGES, is_lost));
	snprintf(path, sizeof(path), "%s/memory.swap.current", self->bs.cgroup);
	self->cgroup_swap = count(path, "");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_TRUE(get_entries(self->mem, self->old));
}

FIXTURE_TEARDOWN(swapin_error)
{
	munmap(self->mem, self->len);
	badswap_destroy(&self->bs);
}

/* All is as at the beginning: entries, lost pages, healthy pages. */
#define UNHARMED(ignore) do {						\
	EXPECT_TRUE(same_entries(self->mem, self->old, (ignore)));	\
	EXPECT_TRUE(reads_and_writes(self->mem));			\
} while (0)

static char *map_anon(size_t *len)
{
	char *mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*len = mem_size;
	if (mem == MAP_FAILED)
		return NULL;
	madvise(mem, mem_size, MADV_NOHUGEPAGE);
	fill(mem, NR_PAGES);
	return mem;
}

FIXTURE_VARIANT_ADD(swapin_error, anon)
{
	.map = map_anon, .needs = "needs memory",
};

/* Of the memfd variant. */
static int file_under;

/* Written over what the file has, so that it shows if it comes through again. */
static char *map_memfd(size_t *len)
{
	int fd = memfd_create("private", MFD_CLOEXEC);
	char *mem;

	file_under = fd;
	*len = mem_size;
	if (ftruncate(fd, mem_size))
		return NULL;
	mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return NULL;
	memset(mem, 0x5a, mem_size);
	munmap(mem, mem_size);
	mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (mem == MAP_FAILED)
		return NULL;
	fill(mem, NR_PAGES);
	return mem;
}

FIXTURE_VARIANT_ADD(swapin_error, memfd)
{
	.map = map_memfd, .needs = "needs memfd_create (CONFIG_TMPFS)", .under = 0x5a,
};

/*
 * I1, I3: a lost page is SIGBUS, and stays so until it is given up.
 */

TEST_F(swapin_error, read)
{
	CASE("fault: reading a lost page is SIGBUS");
	EXPECT_TRUE(reads(self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, write)
{
	CASE("fault: writing a lost page is SIGBUS");
	EXPECT_TRUE(writes(self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, execute)
{
	CASE("fault: executing a lost page is SIGBUS");
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_EXEC));
	EXPECT_EQ(BUS, touch(self->mem + page_size, 1, EXEC));
	EXPECT_EQ(BUS, touch(self->mem + page_size, 1, EXEC));
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_WRITE));
	UNHARMED(0);
}

TEST_F(swapin_error, si_code)
{
	CASE("fault: SIGBUS blames the address, not the memory");
	EXPECT_EQ(BUS, touch(self->mem + page_size, 1, READ));
	EXPECT_TRUE(last_si_code == BUS_ADRERR ||
		    fail("hwpoison", "si_code is %d, where %d is due", last_si_code,
			 BUS_ADRERR));
}

/* What gives pages up: two of each kind in the middle, then all. */
static void give_up(struct __test_metadata *_metadata, char *mem, int advice,
		    unsigned char under)
{
	ASSERT_EQ(0, madvise(mem + 8 * page_size, 4 * page_size, advice));
	EXPECT_TRUE(are_fresh(mem, 9, 9, under));
	EXPECT_TRUE(are_fresh(mem, 11, 11, under));
	EXPECT_TRUE(part_is_lost(mem, 0, 7));
	EXPECT_TRUE(part_is_lost(mem, 12, NR_PAGES - 1));

	ASSERT_EQ(0, madvise(mem, mem_size, MADV_DONTNEED));
	EXPECT_TRUE(are_fresh(mem, 0, NR_PAGES - 1, under));
}

TEST_F(swapin_error, madv_dontneed)
{
	CASE("MADV_DONTNEED: pages given up are fresh, others still lost");
	give_up(_metadata, self->mem, MADV_DONTNEED, variant->under);
}

TEST_F(swapin_error, madv_free)
{
	CASE("MADV_FREE: pages given up are fresh, others still lost");
	if (variant->under)
		SKIP(return, "is for anonymous memory");
	give_up(_metadata, self->mem, MADV_FREE, variant->under);
}

TEST_F(swapin_error, madv_reclaim)
{
	static const int advice[] = { MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED };
	unsigned int i;

	CASE("MADV_COLD, PAGEOUT, WILLNEED: leave lost pages as they are");
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		EXPECT_EQ(0, madvise(self->mem, mem_size, advice[i]));
		UNHARMED(0);
	}
}

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

TEST_F(swapin_error, madv_guard)
{
	char *lost = self->mem + page_size;

	CASE("MADV_GUARD_REMOVE: leaves lost pages, INSTALL gives them up");
	if (madvise(self->mem, mem_size, MADV_GUARD_REMOVE))
		SKIP(return, "needs MADV_GUARD_REMOVE");
	UNHARMED(0);
	ASSERT_EQ(0, madvise(lost, page_size, MADV_GUARD_INSTALL));
	EXPECT_EQ(SEGV, touch(lost, 1, READ));
	EXPECT_TRUE(part_is_lost(self->mem, 2, NR_PAGES - 1));
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_GUARD_REMOVE));
	EXPECT_TRUE(are_fresh(self->mem, 1, 1, variant->under));
	EXPECT_TRUE(part_is_lost(self->mem, 2, NR_PAGES - 1));
}

TEST_F(swapin_error, madv_populate)
{
	static const int advice[] = { MADV_POPULATE_READ, MADV_POPULATE_WRITE };
	unsigned int i;

	CASE("MADV_POPULATE_READ, WRITE: fail on a lost page");
	if (madvise(self->mem, page_size, MADV_POPULATE_READ) && errno == EINVAL)
		SKIP(return, "needs MADV_POPULATE_READ");
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		EXPECT_EQ(0, madvise(self->mem, page_size, advice[i]));
		EXPECT_EQ(-1, madvise(self->mem, mem_size, advice[i]));
		EXPECT_TRUE(errno == EFAULT || errno == EHWPOISON);
		UNHARMED(0);
	}
}

TEST_F(swapin_error, munmap)
{
	const size_t some = 8 * page_size;
	char *part = self->mem + some;

	CASE("munmap, MAP_FIXED: a new mapping over a part is fresh");
	ASSERT_EQ(0, munmap(part, some));
	EXPECT_EQ(SEGV, touch(part + page_size, 9, READ));
	ASSERT_EQ(part, mmap(part, some, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	EXPECT_TRUE(are_fresh(self->mem, 8, 15, 0));
	part += some;
	ASSERT_EQ(part, mmap(part, some, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_TRUE(are_fresh(self->mem, 16, 23, 0));
	EXPECT_TRUE(part_is_lost(self->mem, 0, 7));
	EXPECT_TRUE(part_is_lost(self->mem, 24, NR_PAGES - 1));
}

TEST_F(swapin_error, file_under)
{
	CASE("file: a hole under lost pages leaves them, truncation gives them up");
	if (!variant->under)
		SKIP(return, "is for what has a file under it");
	ASSERT_EQ(0, fallocate(file_under, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       mem_size));
	UNHARMED(0);

	ASSERT_EQ(0, ftruncate(file_under, 0));
	EXPECT_TRUE(check(self->mem, READ, BUS, BUS));
	ASSERT_EQ(0, ftruncate(file_under, mem_size));
	EXPECT_TRUE(are_fresh(self->mem, 0, NR_PAGES - 1, 0));
}

TEST_F(swapin_error, mlock)
{
	CASE("mlock, mincore, msync: leave lost pages as they are");
	EXPECT_EQ(0, mlock(self->mem, page_size));
	EXPECT_EQ(-1, mlock(self->mem, mem_size));
	EXPECT_TRUE(reads_and_writes(self->mem));
	EXPECT_EQ(0, munlock(self->mem, mem_size));
	EXPECT_EQ(0, msync(self->mem, mem_size, MS_SYNC));
	UNHARMED(0);
}

TEST_F(swapin_error, mincore)
{
	unsigned char in_core[NR_PAGES];
	unsigned int i;

	CASE("mincore: a lost page is not in memory");
	if (variant->under)
		SKIP(return, "is told of the file's page");
	ASSERT_EQ(0, mincore(self->mem, mem_size, in_core));
	for (i = 0; i < NR_PAGES; i++)
		EXPECT_EQ(!is_lost(i), in_core[i] & 1);
}

/*
 * I2: a child has lost what its parent has lost.
 */

static bool in_child_reads(char *mem)
{
	return in_child(reads, mem);
}

static bool in_child_writes(char *mem)
{
	return in_child(writes, mem);
}

TEST_F(swapin_error, fork_read)
{
	CASE("fork: a child's read of a lost page is SIGBUS");
	EXPECT_TRUE(in_child_reads(self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_write)
{
	CASE("fork: a child's write to a lost page is SIGBUS");
	EXPECT_TRUE(in_child_writes(self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_fork_read)
{
	CASE("fork: a grandchild's read of a lost page is SIGBUS");
	EXPECT_TRUE(in_child(in_child_reads, self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_fork_write)
{
	CASE("fork: a grandchild's write to a lost page is SIGBUS");
	EXPECT_TRUE(in_child(in_child_writes, self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_mprotect)
{
	CASE("fork: after mprotect(PROT_NONE) and back too");
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_WRITE));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	UNHARMED(0);
}

static int clone_child(void *mem)
{
	return !reads_and_writes(mem);
}

/* With @flags, of clone(2); a child that shares our memory has us wait for its end. */
static bool in_clone(char *mem, int flags)
{
	const size_t size = 256 << 10;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (stack == MAP_FAILED)
		return fail("child", "no memory");
	pid = clone(clone_child, stack + size, flags | SIGCHLD, mem);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("child", "clone or wait: %s", strerror(errno));
	munmap(stack, size);
	return status == 0;
}

TEST_F(swapin_error, clone)
{
	CASE("clone: without CLONE_VM as fork");
	EXPECT_TRUE(in_clone(self->mem, 0));
	UNHARMED(0);
}

TEST_F(swapin_error, clone_vm)
{
	CASE("clone, vfork: with CLONE_VM as the parent");
	EXPECT_TRUE(in_clone(self->mem, CLONE_VM | CLONE_VFORK));
	UNHARMED(0);
}

static bool is_unmapped(char *mem)
{
	return check(mem, READ, SEGV, SEGV);
}

static bool is_wiped(char *mem)
{
	return are_fresh(mem, 0, NR_PAGES - 1, 0);
}

TEST_F(swapin_error, madv_dontfork)
{
	CASE("MADV_DONTFORK: a child has nothing; MADV_DOFORK: it has lost pages");
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_DONTFORK));
	EXPECT_TRUE(in_child(is_unmapped, self->mem));
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_DOFORK));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, madv_wipeonfork)
{
	CASE("MADV_WIPEONFORK: a child is fresh; KEEPONFORK: it has lost pages");
	if (variant->under)
		SKIP(return, "is for anonymous memory");
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_WIPEONFORK));
	EXPECT_TRUE(in_child(is_wiped, self->mem));
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_KEEPONFORK));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	UNHARMED(0);
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
	unsigned int i;

	CASE("mprotect: every protection leaves lost pages as they are");
	for (i = 0; i < ARRAY_SIZE(prot); i++) {
		/* In parts, so that the VMA is split and merged. */
		ASSERT_EQ(0, mprotect(self->mem + 5 * page_size, 9 * page_size, prot[i]));
		EXPECT_TRUE(same_entries(self->mem, self->old, 0));
		ASSERT_EQ(0, mprotect(self->mem, mem_size, prot[i]));
		EXPECT_TRUE(same_entries(self->mem, self->old, 0));
		EXPECT_TRUE(prot[i] & PROT_READ ? reads(self->mem) :
			    check(self->mem, READ, SEGV, SEGV));
		EXPECT_TRUE(prot[i] & PROT_WRITE ? writes(self->mem) :
			    check(self->mem, WRITE, SEGV, SEGV));
	}
}

/*
 * userfaultfd, I2 to I5: a lost page is not missing, not to be protected, and not empty.
 */

#define NEEDS_UFFD	"needs userfaultfd (CONFIG_USERFAULTFD)"
#define NEEDS_WP	"needs write-protection by userfaultfd"

TEST_F(swapin_error, uffd_missing)
{
	struct uffd_monitor monitor;
	int uffd;

	CASE("uffd missing: a lost page is SIGBUS, and no missing page");
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (uffd == -1)
		SKIP(return, NEEDS_UFFD);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_monitor_start(&monitor, uffd));
	UNHARMED(0);
	EXPECT_EQ(0, monitor.faults);

	/* Given up, it is missing, but where there is a file that has a page. */
	ASSERT_EQ(0, madvise(self->mem + page_size, page_size, MADV_DONTNEED));
	EXPECT_TRUE(are_fresh(self->mem, 1, 1, variant->under));
	EXPECT_EQ(!variant->under, uffd_monitor_stop(&monitor));
	close(uffd);
}

TEST_F(swapin_error, fork_uffd_wp)
{
	int uffd;

	CASE("fork: the child of a parent with uffd-wp too");
	uffd = uffd_watch_wp(self->mem);
	if (uffd == -1)
		SKIP(return, NEEDS_WP);
	ASSERT_LE(0, uffd);
	/* Without UFFD_FEATURE_EVENT_FORK the child is not registered. */
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	UNHARMED(0);
	close(uffd);
}

/* Takes the userfaultfd of a child, so that its fork ends.  Returns it. */
static void *take_child(void *arg)
{
	int uffd = *(int *)arg;
	struct pollfd poll_uffd = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	while (poll(&poll_uffd, 1, 5000) == 1)
		if (read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_FORK)
			return (void *)(long)msg.arg.fork.ufd;
	return (void *)-1L;
}

TEST_F(swapin_error, fork_uffd_event)
{
	pthread_t monitor;
	void *child;
	int uffd;

	CASE("fork: a child that is registered itself too");
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_WP,
			  UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_EVENT_FORK);
	if (uffd == -1)
		SKIP(return, NEEDS_WP);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, pthread_create(&monitor, NULL, take_child, &uffd));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	ASSERT_EQ(0, pthread_join(monitor, &child));
	EXPECT_LE(0, (long)child);
	close((long)child);
	UNHARMED(0);
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_protect)
{
	int uffd;

	CASE("uffd-wp: write-protect leaves lost pages as they are");
	uffd = uffd_watch_wp(self->mem);
	if (uffd == -1)
		SKIP(return, NEEDS_WP);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, true));
	EXPECT_TRUE(same_entries(self->mem, self->old, 0));
	EXPECT_TRUE(reads(self->mem));
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_unprotect)
{
	int uffd;

	CASE("uffd-wp: write-unprotect leaves lost pages as they are");
	uffd = uffd_watch_wp(self->mem);
	if (uffd == -1)
		SKIP(return, NEEDS_WP);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, false));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_unregister)
{
	int uffd;

	CASE("uffd-wp: unregister leaves lost pages as they are");
	uffd = uffd_watch_wp(self->mem);
	if (uffd == -1)
		SKIP(return, NEEDS_WP);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_unwatch(uffd, self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_close)
{
	int uffd;
	unsigned int i;

	CASE("uffd-wp: close leaves lost pages as they are");
	uffd = uffd_watch_wp(self->mem);
	if (uffd == -1)
		SKIP(return, NEEDS_WP);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, close(uffd));
	EXPECT_TRUE(reads(self->mem));
	EXPECT_TRUE(same_entries(self->mem, self->old, 0));
	/*
	 * No write to healthy pages: they keep their uffd-wp bit on v6.2, which
	 * then warns of a writable page that has it.
	 */
	for (i = 1; i < NR_PAGES; i += 2)
		EXPECT_EQ(BUS, touch(self->mem + i * page_size, i, WRITE));
}

TEST_F(swapin_error, uffd_wp_fork)
{
	int uffd;

	CASE("uffd-wp: a child of fork under write-protect has lost pages");
	uffd = uffd_watch_wp(self->mem);
	if (uffd == -1)
		SKIP(return, NEEDS_WP);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(in_child(reads, self->mem));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
}

/* A healthy page that shows what is under it. */
#define EMPTY	8

static bool empty_uffd_wp(char *mem, bool due)
{
	uint64_t entries[NR_PAGES];

	return get_entries(mem, entries) &&
	       (!(entries[EMPTY] & PM_UFFD_WP) == !due ||
		fail("changed", "an empty page is %swrite-protected", due ? "not " : ""));
}

static bool has_errors_only(char *mem)
{
	return empty_uffd_wp(mem, false) &&
	       part_is_lost(mem, 0, EMPTY - 1) && part_is_lost(mem, EMPTY + 1, NR_PAGES - 1);
}

/*
 *	page	...	7	8		9	...
 *		data	error	uffd-wp marker	error	data
 */
TEST_F(swapin_error, uffd_wp_marker)
{
	char *empty = self->mem + EMPTY * page_size, *src;
	int uffd;

	CASE("uffd-wp: fork and fill tell an empty page's marker from lost pages");
	if (!variant->under)
		SKIP(return, "is for what has a file under it");
	src = malloc(page_size);
	ASSERT_NE(NULL, src);
	memset(src, 0x33, page_size);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP,
			  UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	if (uffd < 0)
		SKIP(return, uffd == -1 ? NEEDS_WP :
		     "needs write-protection of files (CONFIG_PTE_MARKER_UFFD_WP)");

	/* The marker is not for a child that nobody watches, lost pages are. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(empty_uffd_wp(self->mem, true));
	EXPECT_TRUE(in_child(has_errors_only, self->mem));

	/* It outlives the page, and can be filled, where lost pages can't. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	EXPECT_TRUE(empty_uffd_wp(self->mem, true));
	EXPECT_EQ(0, uffd_copy(uffd, empty, src));
	EXPECT_EQ(0, memcmp(empty, src, page_size));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(has_errors_only(self->mem));

	/* What is unmapped is not protected. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(empty, mmap(empty, page_size, PROT_READ, MAP_PRIVATE | MAP_FIXED,
			      file_under, empty - self->mem));
	EXPECT_TRUE(empty_uffd_wp(self->mem, false));
	close(uffd);
	free(src);
}

#ifdef PAGEMAP_SCAN
TEST_F(swapin_error, pagemap_scan)
{
	struct page_region regions[NR_PAGES];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = PM_SCAN_WP_MATCHING,
		.start = (uintptr_t)self->mem,
		.end = (uintptr_t)self->mem + mem_size,
		.vec = (uintptr_t)regions,
		.vec_len = NR_PAGES,
		.category_anyof_mask = PAGE_IS_WRITTEN,
		.return_mask = PAGE_IS_WRITTEN,
	};
	unsigned int i;
	int fd, uffd;

	CASE("PAGEMAP_SCAN: write-protect leaves lost pages as they are");
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_WP,
			  UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_ASYNC |
			  UFFD_FEATURE_WP_UNPOPULATED);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_WP_ASYNC");
	ASSERT_LE(0, uffd);
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, ioctl(fd, PAGEMAP_SCAN, &arg));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, true));
	EXPECT_TRUE(same_entries(self->mem, self->old, 0));

	/* Lost pages are reported again; with a mask, it takes another path. */
	arg.category_mask = PAGE_IS_WRITTEN;
	arg.category_anyof_mask = 0;
	EXPECT_EQ(NR_PAGES / 2, ioctl(fd, PAGEMAP_SCAN, &arg));
	for (i = 0; i < NR_PAGES / 2; i++)
		EXPECT_EQ((uintptr_t)self->mem + (2 * i + 1) * page_size, regions[i].start);
	UNHARMED(0);

	/* Without a vector, it takes a third one.  Healthy pages are in swap meanwhile. */
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	ASSERT_EQ(0, madvise(self->mem, self->len, MADV_PAGEOUT));
	EXPECT_TRUE(healthy_in_swap(self->mem));
	arg.vec = 0;
	arg.vec_len = 0;
	ASSERT_LE(0, ioctl(fd, PAGEMAP_SCAN, &arg));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, true));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	UNHARMED(0);
	close(fd);
	close(uffd);
}
#endif

static bool is_unfilled(const char *what, char *mem, int ret)
{
	const int err = errno;
	enum outcome got = touch(mem + page_size, 1, READ);

	if (got != BUS)
		return fail(got == SEGV ? "SIGSEGV" : "corrupt", "%s filled a lost page", what);
	return is_result(what, ret, err, -1, EEXIST);
}

TEST_F(swapin_error, uffd_copy)
{
	char *lost = self->mem + page_size, *src;
	int uffd;

	CASE("UFFDIO_COPY: on a lost page is EEXIST");
	src = malloc(page_size);
	ASSERT_NE(NULL, src);
	memset(src, 0x33, page_size);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (uffd == -1)
		SKIP(return, NEEDS_UFFD);
	ASSERT_LE(0, uffd);
	EXPECT_TRUE(is_unfilled("UFFDIO_COPY", self->mem, uffd_copy(uffd, lost, src)));
	EXPECT_EQ(-1, uffd_copy(uffd, self->mem, src));
	EXPECT_EQ(EEXIST, errno);
	UNHARMED(0);

	/* Given up, it can be filled. */
	ASSERT_EQ(0, madvise(lost, page_size, MADV_DONTNEED));
	EXPECT_EQ(0, uffd_copy(uffd, lost, src));
	EXPECT_EQ(0, memcmp(lost, src, page_size));
	close(uffd);
	free(src);
}

TEST_F(swapin_error, uffd_zeropage)
{
	char *lost = self->mem + page_size;
	int uffd;

	CASE("UFFDIO_ZEROPAGE: on a lost page is EEXIST");
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (uffd == -1)
		SKIP(return, NEEDS_UFFD);
	ASSERT_LE(0, uffd);
	EXPECT_TRUE(is_unfilled("UFFDIO_ZEROPAGE", self->mem, uffd_zeropage(uffd, lost)));
	UNHARMED(0);
	ASSERT_EQ(0, madvise(lost, page_size, MADV_DONTNEED));
	EXPECT_EQ(0, uffd_zeropage(uffd, lost));
	EXPECT_TRUE(are_fresh(self->mem, 1, 1, 0));
	close(uffd);
}

TEST_F(swapin_error, uffd_continue)
{
	char *lost = self->mem + page_size;
	int uffd;

	CASE("UFFDIO_CONTINUE: on a lost page is EEXIST");
	if (!variant->under)
		SKIP(return, "is for files");
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_MINOR_SHMEM");
	ASSERT_LE(0, uffd);
	EXPECT_TRUE(is_unfilled("UFFDIO_CONTINUE", self->mem, uffd_continue(uffd, lost)));
	UNHARMED(0);
	ASSERT_EQ(0, madvise(lost, page_size, MADV_DONTNEED));
	EXPECT_EQ(0, uffd_continue(uffd, lost));
	EXPECT_TRUE(are_fresh(self->mem, 1, 1, variant->under));
	close(uffd);
}

#ifdef UFFDIO_MOVE
static int uffd_move(int fd, char *dst, char *src)
{
	struct uffdio_move move = {
		.dst = (uintptr_t)dst, .src = (uintptr_t)src, .len = page_size,
	};

	return ioctl(fd, UFFDIO_MOVE, &move);
}

TEST_F(swapin_error, uffd_move)
{
	char *lost = self->mem + page_size, *src;
	size_t len;
	int uffd;

	CASE("UFFDIO_MOVE: neither to nor from a lost page");
	if (variant->under)
		SKIP(return, "is for anonymous memory");
	/* It may merge with ours, which is then soft-dirty as a whole. */
	src = map_anon(&len);
	ASSERT_NE(NULL, src);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, UFFD_FEATURE_MOVE);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_MOVE");
	ASSERT_LE(0, uffd);
	EXPECT_TRUE(is_unfilled("UFFDIO_MOVE", self->mem, uffd_move(uffd, lost, src)));
	EXPECT_TRUE(has_data(src, 0));
	UNHARMED(PM_SOFT_DIRTY);

	/* From: a healthy page that is given up has room. */
	ASSERT_EQ(0, madvise(self->mem, page_size, MADV_DONTNEED));
	EXPECT_EQ(-1, uffd_move(uffd, self->mem, lost));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(BUS, touch(lost, 1, READ));
	EXPECT_EQ(0, uffd_move(uffd, self->mem, src));
	UNHARMED(PM_SOFT_DIRTY);
	munmap(src, len);
	close(uffd);
}
#endif

#ifdef UFFDIO_POISON
TEST_F(swapin_error, uffd_poison)
{
	char *lost = self->mem + page_size, *src;
	int uffd;

	CASE("UFFDIO_POISON: on a lost page is EEXIST, its own can be filled");
	src = malloc(page_size);
	ASSERT_NE(NULL, src);
	memset(src, 0x33, page_size);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, UFFD_FEATURE_POISON);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_POISON");
	ASSERT_LE(0, uffd);
	EXPECT_TRUE(is_unfilled("UFFDIO_POISON", self->mem,
				uffd_poison(uffd, lost)));
	UNHARMED(0);

	/* What userspace has poisoned, it may fill, and a child has it too. */
	ASSERT_EQ(0, madvise(lost, page_size, MADV_DONTNEED));
	EXPECT_EQ(0, uffd_poison(uffd, lost));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	EXPECT_EQ(BUS, touch(lost, 1, READ));
	/* Advice that needs CONFIG_MEMORY_FAILURE, as this does. */
	if (!madvise(NULL, 0, MADV_HWPOISON))
		EXPECT_EQ(BUS_MCEERR_AR, last_si_code);
	EXPECT_EQ(0, uffd_copy(uffd, lost, src));
	EXPECT_EQ(0, memcmp(lost, src, page_size));
	close(uffd);
	free(src);
}
#endif

/*
 * mremap
 */

TEST_F(swapin_error, mremap_move)
{
	char *new;

	CASE("mremap: lost pages move along, there and back");
	new = mmap(NULL, mem_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, new);
	ASSERT_EQ(new, mremap(self->mem, mem_size, mem_size,
			      MREMAP_MAYMOVE | MREMAP_FIXED, new));

	/* Moved entries count as soft-dirty. */
	EXPECT_TRUE(same_entries(new, self->old, PM_SOFT_DIRTY));
	EXPECT_TRUE(!has_soft_dirty() || are_soft_dirty(new, true));
	EXPECT_TRUE(reads_and_writes(new));
	EXPECT_TRUE(check(self->mem, READ, SEGV, SEGV));

	ASSERT_EQ(self->mem, mremap(new, mem_size, mem_size,
				    MREMAP_MAYMOVE | MREMAP_FIXED, self->mem));
	UNHARMED(PM_SOFT_DIRTY);
}

TEST_F(swapin_error, mremap_dontunmap)
{
	char *new;

	CASE("mremap: with MREMAP_DONTUNMAP too, and what stays is fresh");
	new = mremap(self->mem, mem_size, mem_size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		     NULL);
	ASSERT_NE(MAP_FAILED, new);
	EXPECT_TRUE(same_entries(new, self->old, PM_SOFT_DIRTY));
	EXPECT_TRUE(reads_and_writes(new));
	EXPECT_TRUE(are_fresh(self->mem, 0, NR_PAGES - 1, variant->under));
	munmap(new, mem_size);
}

TEST_F(swapin_error, mremap_size)
{
	const size_t half = mem_size / 2;
	char *new;

	CASE("mremap: shrunk and grown, the rest is fresh");
	ASSERT_EQ(self->mem, mremap(self->mem, mem_size, half, 0));
	EXPECT_TRUE(part_is_lost(self->mem, 0, NR_PAGES / 2 - 1));
	new = mremap(self->mem, half, mem_size, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, new);
	EXPECT_TRUE(part_is_lost(new, 0, NR_PAGES / 2 - 1));
	EXPECT_TRUE(are_fresh(new, NR_PAGES / 2, NR_PAGES - 1, variant->under));
	if (new != self->mem)
		munmap(new, mem_size);
}

/*
 * Huge pages
 */

/* All of a huge page, of which ours are the first. */
static char *map_thp(size_t *len)
{
	const size_t size = huge_size();
	char *mem = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *huge;

	*len = size;
	if (mem == MAP_FAILED)
		return NULL;
	huge = (char *)(((uintptr_t)mem + size - 1) & -size);
	munmap(mem, huge - mem);
	munmap(huge + size, mem + size - huge);
	madvise(huge, size, MADV_HUGEPAGE);
	fill(huge, size / page_size);
	return smaps_kb(huge, size, "AnonHugePages:") == (long)size / 1024 ? huge : NULL;
}

FIXTURE_VARIANT_ADD(swapin_error, thp)
{
	.map = map_thp, .needs = "needs transparent huge pages", .is_huge = true,
};

TEST_F(swapin_error, madv_collapse)
{
	CASE("MADV_COLLAPSE: a lost page is not collapsed away");
	if (!huge_size() || self->len < huge_size())
		SKIP(return, "is for huge pages");
	/* It takes no page that is read-only, as those that come from swap are at first. */
	EXPECT_TRUE(writes(self->mem));
	EXPECT_EQ(-1, collapse(self->mem, self->len));
	EXPECT_EQ(EINVAL, errno);
	UNHARMED(0);

	/* Given up, they are not in the way. */
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_DONTNEED));
	fill(self->mem, self->len / page_size);
	EXPECT_EQ(0, collapse(self->mem, self->len));
	EXPECT_TRUE(is_count("AnonHugePages", smaps_kb(self->mem, self->len, "AnonHugePages:"),
			     self->len / 1024, 0));
}

/*
 * KSM
 */

/* As in linux/kernel-page-flags.h, some of which vm_util.h has its own way. */
#define KSM_BIT	21

static bool all_merged(char *mem, int kpageflags)
{
	uint64_t entries[NR_PAGES], flags;
	unsigned int i;

	if (!get_entries(mem, entries))
		return false;
	for (i = 0; i < NR_PAGES; i++)
		if (!(entries[i] & PM_PRESENT) ||
		    pread(kpageflags, &flags, sizeof(flags),
			  PAGEMAP_PFN(entries[i]) * sizeof(flags)) != sizeof(flags) ||
		    !(flags >> KSM_BIT & 1))
			return false;
	return true;
}

/* Merged with a twin that goes away: MADV_PAGEOUT takes no page that others map. */
static char *map_ksm(size_t *len)
{
	char *mem = map_anon(len), *twin = map_anon(len);
	int kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	const time_t end = time(NULL) + 10;
	bool merged = false;

	if (mem && twin && set_knob("/sys/kernel/mm/ksm/sleep_millisecs", "1") &&
	    set_knob("/sys/kernel/mm/ksm/run", "1") &&
	    !madvise(mem, mem_size, MADV_MERGEABLE) &&
	    !madvise(twin, mem_size, MADV_MERGEABLE))
		while (!merged && time(NULL) < end) {
			usleep(10000);
			merged = all_merged(mem, kpageflags);
		}
	close(kpageflags);
	set_knobs_back();
	munmap(twin, mem_size);
	return merged ? mem : NULL;
}

FIXTURE_VARIANT_ADD(swapin_error, ksm)
{
	.map = map_ksm, .needs = "needs KSM that merges pages within seconds",
	.sets_knobs = true, .is_read_only = true,
};

/*
 * soft-dirty, I8: who has to copy what was written is told of a page that was, and is lost.
 */

TEST_F(swapin_error, clear_refs)
{
	int i;
	char what[2];

	CASE("clear_refs: leaves lost pages as they are, but for soft-dirty");
	for (i = 1; i <= 5; i++) {
		snprintf(what, sizeof(what), "%d", i);
		EXPECT_EQ(0, write_text(what, "/proc/self/clear_refs"));
		UNHARMED(PM_SOFT_DIRTY);
	}
}

#define NEEDS_SOFT_DIRTY						\
	"needs soft-dirty (CONFIG_MEM_SOFT_DIRTY), and pages that can be written, unlike KSM's"

/* Whether the healthy pages, which were written, say so. */
static bool say_soft_dirty(const uint64_t *entries)
{
	return entries[0] & PM_SOFT_DIRTY;
}

static bool is_soft_dirty_here(char *mem)
{
	return are_soft_dirty(mem, true);
}

TEST_F(swapin_error, soft_dirty)
{
	CASE("soft-dirty: a lost page that was written is, until clear_refs");
	if (!say_soft_dirty(self->old))
		SKIP(return, NEEDS_SOFT_DIRTY);
	EXPECT_TRUE(are_soft_dirty(self->mem, true));
	EXPECT_TRUE(reads_and_writes(self->mem));
	EXPECT_TRUE(are_soft_dirty(self->mem, true));
	ASSERT_EQ(0, write_text("4", "/proc/self/clear_refs"));
	EXPECT_TRUE(are_soft_dirty(self->mem, false));
	UNHARMED(PM_SOFT_DIRTY);
}

TEST_F(swapin_error, soft_dirty_fork)
{
	CASE("soft-dirty: a child's lost page is what its parent's is");
	if (!say_soft_dirty(self->old))
		SKIP(return, NEEDS_SOFT_DIRTY);
	EXPECT_TRUE(in_child(is_soft_dirty_here, self->mem));
	UNHARMED(0);
}

#ifdef PAGE_IS_SOFT_DIRTY
/* How many of the pages PAGEMAP_SCAN takes for soft-dirty, or -1. */
static long scan_soft_dirty(char *mem)
{
	struct page_region region;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)mem,
		.end = (uintptr_t)mem + mem_size,
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.category_mask = PAGE_IS_SOFT_DIRTY,
		.return_mask = PAGE_IS_SOFT_DIRTY,
	};
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int ret = ioctl(fd, PAGEMAP_SCAN, &arg);

	close(fd);
	/* All that are at the beginning, as one region. */
	return ret > 0 && region.start == (uintptr_t)mem ?
	       (long)((region.end - region.start) / page_size) : ret;
}

TEST_F(swapin_error, soft_dirty_scan)
{
	CASE("PAGEMAP_SCAN: a lost page that was written is PAGE_IS_SOFT_DIRTY");
	if (!say_soft_dirty(self->old))
		SKIP(return, NEEDS_SOFT_DIRTY);
	if (scan_soft_dirty(self->mem) < 0)
		SKIP(return, "needs a PAGEMAP_SCAN that knows soft-dirty");
	EXPECT_TRUE(scan_soft_dirty(self->mem) == NR_PAGES ||
		    fail("unchanged", "lost page 1 is not PAGE_IS_SOFT_DIRTY"));
	ASSERT_EQ(0, write_text("4", "/proc/self/clear_refs"));
	EXPECT_EQ(0, scan_soft_dirty(self->mem));
	UNHARMED(PM_SOFT_DIRTY);
}
#endif

/*
 * Who accesses a lost page for its owner, or shows it, finds out too.
 */

TEST_F(swapin_error, syscall_write)
{
	const size_t half = page_size / 2;
	char *buf = malloc(page_size);
	int fds[2], fd;

	CASE("write(2), O_DIRECT: from a lost page is EFAULT");
	fd = memfd_create("copy", MFD_CLOEXEC);
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

	/* The device is good for something: it takes direct writes. */
	EXPECT_EQ(0, badswap_heal(&self->bs));
	EXPECT_EQ(page_size, pwrite(self->bs.fd, self->mem, page_size, 0));
	EXPECT_EQ(-1, pwrite(self->bs.fd, self->mem + page_size, page_size, 0));
	EXPECT_EQ(EFAULT, errno);
	UNHARMED(0);
	free(buf);
	close(fd);
}

TEST_F(swapin_error, syscall_read)
{
	int fd;

	CASE("read(2), O_DIRECT: into a lost page is EFAULT");
	fd = memfd_create("source", MFD_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(page_size, write(fd, self->mem, page_size));
	EXPECT_EQ(-1, pread(fd, self->mem + page_size, page_size, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, badswap_heal(&self->bs));
	EXPECT_EQ(-1, pread(self->bs.fd, self->mem + page_size, page_size, 0));
	EXPECT_EQ(EFAULT, errno);
	UNHARMED(0);
	close(fd);
}

TEST_F(swapin_error, process_vm)
{
	char *buf = malloc(page_size);
	struct iovec local = { .iov_base = buf, .iov_len = page_size };
	struct iovec lost = { .iov_base = self->mem + page_size, .iov_len = page_size };
	struct iovec healthy = { .iov_base = self->mem, .iov_len = page_size };

	CASE("process_vm_readv, writev: a lost page is EFAULT");
	ASSERT_NE(NULL, buf);
	memset(buf, 0x5a, page_size);
	EXPECT_EQ(-1, process_vm_readv(getpid(), &local, 1, &lost, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0x5a, buf[0]);
	EXPECT_EQ(-1, process_vm_writev(getpid(), &local, 1, &lost, 1, 0));
	EXPECT_EQ(EFAULT, errno);

	EXPECT_EQ(page_size, process_vm_readv(getpid(), &local, 1, &healthy, 1, 0));
	EXPECT_TRUE(has_data(buf, 0));
	EXPECT_EQ(page_size, process_vm_writev(getpid(), &local, 1, &healthy, 1, 0));
	UNHARMED(0);
	free(buf);
}

TEST_F(swapin_error, proc_mem)
{
	char *buf = malloc(page_size);
	int fd;

	CASE("/proc/pid/mem: a lost page is EIO");
	ASSERT_NE(NULL, buf);
	fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, pread(fd, buf, page_size, (uintptr_t)self->mem + page_size));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, pwrite(fd, buf, page_size, (uintptr_t)self->mem + page_size));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(page_size, pread(fd, buf, page_size, (uintptr_t)self->mem));
	EXPECT_TRUE(has_data(buf, 0));
	UNHARMED(0);
	close(fd);
	free(buf);
}

TEST_F(swapin_error, ptrace)
{
	char *lost = self->mem + page_size;
	uint64_t *healthy = (uint64_t *)self->mem;
	int status;
	pid_t pid;

	CASE("ptrace: peek and poke of a lost page is EIO");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(!reads_and_writes(self->mem));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	errno = 0;
	EXPECT_EQ(-1, ptrace(PTRACE_PEEKDATA, pid, lost, NULL));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, pid, lost, 1L));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(*healthy, (uint64_t)ptrace(PTRACE_PEEKDATA, pid, healthy, NULL));
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	UNHARMED(0);
}

/* Where in the core file @fd page 0 is, or -1. */
static off_t core_offset(int fd, char *buf)
{
	off_t pos;

	for (pos = 0; pread(fd, buf, page_size, pos) == (ssize_t)page_size; pos += page_size)
		if (has_data(buf, 0))
			return pos;
	return -1;
}

/* Does not return. */
static void dump_core(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
	prctl(PR_SET_DUMPABLE, 1);
	signal(SIGABRT, SIG_DFL);
	if (!chdir("/tmp"))
		abort();
	_exit(1);
}

/* What a dump has of a page that it could not read is a hole, which reads as zeroes. */
TEST_F(swapin_error, coredump)
{
	char path[64] = "/tmp/core", pattern[8] = "";
	char *buf = calloc(1, page_size), *zeroes = calloc(1, page_size);
	int status, fd;
	off_t offset;
	pid_t pid;

	CASE("core dump: has healthy pages, and zeroes for lost ones");
	read_text("/proc/sys/kernel/core_pattern", pattern, sizeof(pattern));
	if (strcmp(pattern, "core\n"))
		SKIP(return, "needs a kernel.core_pattern of core");
	if (!own_tmp("size=50%"))
		SKIP(return, "needs a tmpfs in a mount namespace");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		dump_core();
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WCOREDUMP(status));
	if (access(path, F_OK))		/* kernel.core_uses_pid */
		snprintf(path, sizeof(path), "/tmp/core.%d", pid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	offset = core_offset(fd, buf);
	EXPECT_LE(0, offset);
	EXPECT_EQ(page_size, pread(fd, buf, page_size, offset + page_size));
	EXPECT_TRUE(!memcmp(buf, zeroes, page_size) ||
		    fail("corrupt", "the dump has data for lost page 1"));
	close(fd);
	UNHARMED(0);
	free(buf);
	free(zeroes);
}

TEST_F(swapin_error, smaps)
{
	CASE("smaps: a lost page is neither in memory nor in swap");
	EXPECT_TRUE(is_count("Swap", smaps_kb(self->mem, mem_size, "Swap:"), 0, 0));
	EXPECT_TRUE(is_count("Anonymous", smaps_kb(self->mem, mem_size, "Anonymous:"),
			     (self->len - mem_size / 2) / 1024, 0));
	UNHARMED(0);
}

/*
 * Errors, and when they come
 */

TEST_F(swapin_error, second_swapoff)
{
	CASE("swapoff: of a good device later changes nothing");
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	EXPECT_EQ(0, madvise(self->mem, self->len, MADV_PAGEOUT));
	EXPECT_TRUE(healthy_in_swap(self->mem));
	/* Next to pages that are in swap, too. */
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	UNHARMED(0);
}

/* Maps @len bytes, which are on the device then, where lost ones can't be read. */
static char *map_lost(struct badswap *bs, char *(*map)(size_t *len), size_t *len)
{
	char *mem = NULL;
	int ret;

	ret = badswap_heal(bs);
	if (!ret)
		ret = badswap_swapon(bs);
	if (!ret)
		mem = map(len);
	ret = mem ? badswap_pageout(bs, mem, *len) : ret ?: -ENOMEM;
	if (!ret)
		ret = badswap_lose_some(bs, mem, *len / page_size, is_lost);
	if (!ret)
		return mem;
	fail("swap", "can't be swapped out: %s", strerror(-ret));
	return NULL;
}

TEST_F(swapin_error, error_at_fault)
{
	size_t len;
	char *mem;

	CASE("swapin: an error at fault time is SIGBUS, then and after swapoff");
	mem = map_lost(&self->bs, variant->map, &len);
	ASSERT_NE(NULL, mem);
	EXPECT_TRUE(reads_and_writes(mem));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(reads_and_writes(mem));
	/* Where the new mapping has merged with ours, all of it is soft-dirty. */
	UNHARMED(PM_SOFT_DIRTY);
	munmap(mem, len);
}

static bool is_healed(char *mem)
{
	enum outcome got;
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++) {
		got = touch(mem + i * page_size, i, READ);
		if (got != DATA)
			return fail(got == BUS ? "SIGBUS" : "corrupt", "page %u of a good device",
				    i);
	}
	return true;
}

TEST_F(swapin_error, healed)
{
	size_t len;
	char *mem;

	CASE("swapin: of a device that is good again, all is data");
	mem = map_lost(&self->bs, variant->map, &len);
	ASSERT_NE(NULL, mem);
	EXPECT_EQ(BUS, touch(mem + page_size, 1, READ));
	ASSERT_EQ(0, badswap_heal(&self->bs));
	EXPECT_TRUE(is_healed(mem));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(is_healed(mem));
	/* What was given up is not healed with it. */
	UNHARMED(PM_SOFT_DIRTY);
	munmap(mem, len);
}

/* It stops on its way out, as a tracee, while it has its memory. */
TEST_F(swapin_error, mrelease)
{
	int status, pidfd, pagemap;
	unsigned int i, left = 0;
	char path[64];
	uint64_t is;
	pid_t pid;

	CASE("exit: lost pages of a child are reaped, as the OOM killer would");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXIT));
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, pagemap);
	pidfd = syscall(__NR_pidfd_open, pid, 0);
	ASSERT_LE(0, pidfd);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	is = pagemap_get_entry(pagemap, self->mem + page_size);
	EXPECT_TRUE(!((self->old[1] ^ is) & ~PM_SOFT_DIRTY) ||
		    fail("changed", "the child's page 1 has the entry %#llx",
			 (unsigned long long)is));
	EXPECT_EQ(0, syscall(__NR_process_mrelease, pidfd, 0));
	for (i = 0; i < NR_PAGES; i++)
		left += !!(pagemap_get_entry(pagemap, self->mem + i * page_size) &
			   (PM_PRESENT | PM_SWAP));
	EXPECT_EQ(0, left);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	close(pidfd);
	close(pagemap);
	UNHARMED(0);
}

/*
 * I7: counts are what they would be had lost pages never been.
 */

static char *map_many(size_t *len)
{
	char *mem;

	*len = many_pages() * page_size;
	mem = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return NULL;
	madvise(mem, *len, MADV_NOHUGEPAGE);
	fill(mem, *len / page_size);
	return mem;
}

static long status_kb(const char *key)
{
	return count("/proc/self/status", key);
}

/* As is_count(), for what is as exact as many_pages() says. */
static bool is_about(const char *what, long value, long due)
{
	return is_count(what, value, due, many_pages() / 8 * page_size / 1024);
}

/* Others of our pages may have gone out too. */
static bool is_all_in_swap(size_t len)
{
	const long kb = len / 1024;

	return is_about("VmSwap of all pages out", MIN(status_kb("VmSwap:"), kb), kb);
}

TEST_F(swapin_error, counters)
{
	size_t len;
	char *mem;

	CASE("counters: VmSwap and SwapFree forget lost pages");
	if (variant->map != map_anon)
		SKIP(return, "is the same as with anon");
	mem = map_lost(&self->bs, map_many, &len);
	ASSERT_NE(NULL, mem);
	EXPECT_TRUE(is_all_in_swap(len));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(is_about("VmSwap", status_kb("VmSwap:"), 0));
	EXPECT_TRUE(is_count("SwapTotal", count("/proc/meminfo", "SwapTotal:"),
			     self->swap_total, 0));
	/* Other areas have other users. */
	if (!self->swap_total)
		EXPECT_TRUE(is_count("SwapFree", count("/proc/meminfo", "SwapFree:"), 0, 0));
	munmap(mem, len);
}

TEST_F(swapin_error, counters_rss)
{
	size_t len;
	char *mem;
	long rss;

	CASE("counters: munmap gives RSS of healthy pages back, none of lost ones");
	if (variant->map != map_anon)
		SKIP(return, "is the same as with anon");
	mem = map_lost(&self->bs, map_many, &len);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	rss = status_kb("RssAnon:");
	ASSERT_EQ(0, munmap(mem, len));
	EXPECT_TRUE(is_about("RssAnon", status_kb("RssAnon:"), rss - (long)len / 2 / 1024));
}

/* A count below zero is shown as 0: it comes out with more on top. */
TEST_F(swapin_error, counters_again)
{
	size_t len;
	char *mem;

	CASE("counters: VmSwap is not below zero after lost pages");
	if (variant->map != map_anon)
		SKIP(return, "is the same as with anon");
	mem = map_lost(&self->bs, map_many, &len);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_EQ(0, munmap(mem, len));
	mem = map_lost(&self->bs, map_many, &len);
	ASSERT_NE(NULL, mem);
	EXPECT_TRUE(is_all_in_swap(len));
	munmap(mem, len);
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
	EXPECT_LE((long)self->len, self->cgroup_swap);
	EXPECT_TRUE(self->swap_total ? now <= self->cgroup_swap - (long)self->len :
		    is_count("memory.swap.current", now, 0, 0));
}

/*
 * The device itself
 */

/* In a process of its own, which dies with its pages on the device. */
static void die_with_device(void)
{
	struct badswap bs;
	char *mem = NULL;
	size_t len;
	int ret;

	ret = badswap_create(&bs, NR_PAGES);
	if (!ret) {
		mem = map_anon(&len);
		ret = mem ? badswap_pageout(&bs, mem, len) : -ENOMEM;
	}
	if (!ret)
		ret = badswap_lose_some(&bs, mem, NR_PAGES, is_lost);
	if (!ret)
		kill(getpid(), SIGKILL);
	say("device", "%s", strerror(-ret));
	_exit(1);
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

int main(int argc, char **argv)
{
	lost_pages_init();
	if (!only_lists(argc, argv))
		badswap_or_skip(NR_PAGES);
	return test_harness_run(argc, argv);
}
