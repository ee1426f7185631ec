// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: private memory.
 *
 * Every second page of a mapping is lost at swapoff, see lost_pages.h.  Whatever is
 * then done to the mapping, a lost page is SIGBUS (EFAULT in a system call) and the
 * others have their data, until the mapping gives the pages up.
 *
 * Each test says in "# case:" what it is about.  It is run for each kind of mapping
 * that has its pages' data in page table entries of its own; what they share, in
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
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/fs.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "lost_pages.h"
#include "lost_pages_uffd.h"

/* Not all libcs know these. */
#ifndef MADV_PAGEOUT
#define MADV_COLD		20
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
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

/* A huge page with most sizes of pages; with others, the thp variant is as anon. */
#define HUGE_SIZE		((size_t)2 << 20 > mem_size ? (size_t)2 << 20 : mem_size)

/*
 * Preparation
 */

static bool get(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, size - 1);

	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return len > 0;
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

/* Maps what the pages are in, fills them, and returns them; @len is of the mapping. */
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

/* All of a huge page, of which ours are the first. */
static char *map_thp(size_t *len)
{
	char *mem = mmap(NULL, 2 * HUGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *huge;

	*len = HUGE_SIZE;
	if (mem == MAP_FAILED)
		return NULL;
	huge = (char *)(((uintptr_t)mem + HUGE_SIZE - 1) & -HUGE_SIZE);
	munmap(mem, huge - mem);
	munmap(huge + HUGE_SIZE, mem + HUGE_SIZE - huge);
	madvise(huge, HUGE_SIZE, MADV_HUGEPAGE);
	fill(huge, HUGE_SIZE / page_size);
	return huge;
}

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

/* Merged with a twin that goes away: MADV_PAGEOUT takes no page that others map. */
static char *map_ksm(size_t *len)
{
	char *mem = map_anon(len), *twin = map_anon(len);
	char run[16] = "";
	int tries;

	if (!mem || !twin || madvise(mem, mem_size, MADV_MERGEABLE) ||
	    madvise(twin, mem_size, MADV_MERGEABLE) ||
	    !get("/sys/kernel/mm/ksm/run", run, sizeof(run)))
		return NULL;
	put("/sys/kernel/mm/ksm/run", "1");
	for (tries = 0; tries < 1000; tries++) {
		if (count("/proc/self/ksm_merging_pages", "") >= 2 * NR_PAGES)
			break;
		usleep(4000);
	}
	put("/sys/kernel/mm/ksm/run", run);
	munmap(twin, mem_size);
	return tries < 1000 ? mem : NULL;
}

FIXTURE(swapin_error)
{
	struct badswap bs;
	char *mem;
	size_t len;		/* of the mapping that begins with mem */
	const char *missing;
	/* With all pages on the device, in KiB and bytes. */
	long vm_swap, cgroup_swap;
	long swap_total;	/* before the device came, in KiB */
	uint64_t old[NR_PAGES];	/* pagemap entries, after all has been lost */
};

FIXTURE_VARIANT(swapin_error)
{
	char *(*map)(size_t *len);
	const char *needs;	/* for @map to succeed */
	unsigned char under;	/* what a page that was given up has in it */
};

FIXTURE_VARIANT_ADD(swapin_error, anon)
{
	.map = map_anon, .needs = "needs memory",
};

FIXTURE_VARIANT_ADD(swapin_error, thp)
{
	.map = map_thp, .needs = "needs memory",
};

FIXTURE_VARIANT_ADD(swapin_error, memfd)
{
	.map = map_memfd, .needs = "needs memfd_create (CONFIG_TMPFS)", .under = 0x5a,
};

FIXTURE_VARIANT_ADD(swapin_error, ksm)
{
	.map = map_ksm, .needs = "needs KSM that merges pages within seconds",
};

FIXTURE_SETUP(swapin_error)
{
	char path[128];

	pin_to(sched_getcpu());
	prctl(PR_SET_PDEATHSIG, SIGKILL);

	self->swap_total = count("/proc/meminfo", "SwapTotal:");
	ASSERT_EQ(0, badswap_create(&self->bs, device_mib));
	self->mem = variant->map(&self->len);
	/* The harness of old kernels can't skip from here. */
	self->missing = self->mem ? NULL : variant->needs;
	if (self->missing)
		return;
	ASSERT_EQ(0, badswap_pageout(&self->bs, self->mem, self->len));
	ASSERT_EQ(0, lose_pages(&self->bs, self->mem, NR_PAGES));
	self->vm_swap = count("/proc/self/status", "VmSwap:");
	snprintf(path, sizeof(path), "%s/memory.swap.current", self->bs.cgroup);
	self->cgroup_swap = count(path, "");
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	ASSERT_TRUE(get_entries(self->mem, self->old));
}

FIXTURE_TEARDOWN(swapin_error)
{
	if (self->mem)
		munmap(self->mem, self->len);
	badswap_destroy(&self->bs);
}

/*
 * Says what a test is about.  Returns whether it can be run: the mapping that it is for
 * may be missing here.
 */
static bool begin(struct __test_metadata *_metadata, const char *missing,
		  const char *text)
{
	CASE(text);
	if (missing)
		SKIP(return false, "%s", missing);
	return true;
}

/* Returns a userfaultfd that write-protects, or -1 where the test is skipped. */
static int watch_wp(struct __test_metadata *_metadata, char *mem)
{
	int uffd = uffd_watch_wp(mem);

	if (uffd == -1)
		SKIP(return -1, UFFD_NEEDED);
	EXPECT_LE(0, uffd);
	return uffd;
}

/* All is as at the beginning: entries, lost pages, healthy pages. */
#define UNHARMED(ignore) do {						\
	EXPECT_TRUE(same_entries(self->mem, self->old, (ignore)));	\
	EXPECT_TRUE(reads_and_writes(self->mem));			\
} while (0)

/*
 * I1, I3: a lost page is SIGBUS, and stays so.
 */

TEST_F(swapin_error, read)
{
	if (!begin(_metadata, self->missing, "fault: reading a lost page is SIGBUS"))
		return;
	EXPECT_TRUE(reads(self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, write)
{
	if (!begin(_metadata, self->missing, "fault: writing a lost page is SIGBUS"))
		return;
	EXPECT_TRUE(writes(self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, execute)
{
	if (!begin(_metadata, self->missing, "fault: executing a lost page is SIGBUS"))
		return;
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_EXEC));
	EXPECT_EQ(BUS, touch(self->mem + page_size, 1, EXEC));
	EXPECT_EQ(BUS, touch(self->mem + page_size, 1, EXEC));
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_WRITE));
	UNHARMED(0);
}

TEST_F(swapin_error, si_code)
{
	if (!begin(_metadata, self->missing,
		   "fault: SIGBUS blames the address, not the memory"))
		return;
	EXPECT_EQ(BUS, touch(self->mem + page_size, 1, READ));
	EXPECT_TRUE(last_si_code == BUS_ADRERR ||
		    fail("hwpoison", "si_code is %d, where %d is due", last_si_code,
			 BUS_ADRERR));
}

TEST_F(swapin_error, mremap_move)
{
	char *new;

	if (!begin(_metadata, self->missing,
		   "mremap: lost pages move along, there and back"))
		return;
	new = mmap(NULL, mem_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, new);
	ASSERT_EQ(new, mremap(self->mem, mem_size, mem_size,
			      MREMAP_MAYMOVE | MREMAP_FIXED, new));

	/* Moved entries count as soft-dirty. */
	EXPECT_TRUE(same_entries(new, self->old, PM_SOFT_DIRTY));
	EXPECT_TRUE(reads_and_writes(new));
	EXPECT_TRUE(check(self->mem, READ, SEGV, SEGV));

	ASSERT_EQ(self->mem, mremap(new, mem_size, mem_size,
				    MREMAP_MAYMOVE | MREMAP_FIXED, self->mem));
	UNHARMED(PM_SOFT_DIRTY);
}

TEST_F(swapin_error, mremap_dontunmap)
{
	char *new;

	if (!begin(_metadata, self->missing,
		   "mremap: with MREMAP_DONTUNMAP too, and what stays is fresh"))
		return;
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

	if (!begin(_metadata, self->missing,
		   "mremap: shrunk and grown, the rest is fresh"))
		return;
	ASSERT_EQ(self->mem, mremap(self->mem, mem_size, half, 0));
	EXPECT_TRUE(part_is_lost(self->mem, 0, NR_PAGES / 2 - 1));
	new = mremap(self->mem, half, mem_size, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, new);
	EXPECT_TRUE(part_is_lost(new, 0, NR_PAGES / 2 - 1));
	EXPECT_TRUE(are_fresh(new, NR_PAGES / 2, NR_PAGES - 1, variant->under));
	if (new != self->mem)
		munmap(new, mem_size);
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
	if (!begin(_metadata, self->missing,
		   "MADV_DONTNEED: pages given up are fresh, others still lost"))
		return;
	give_up(_metadata, self->mem, MADV_DONTNEED, variant->under);
}

TEST_F(swapin_error, madv_free)
{
	if (!begin(_metadata, self->missing,
		   "MADV_FREE: pages given up are fresh, others still lost"))
		return;
	if (variant->under)
		SKIP(return, "is for anonymous memory");
	give_up(_metadata, self->mem, MADV_FREE, variant->under);
}

TEST_F(swapin_error, madv_reclaim)
{
	static const int advice[] = { MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED };
	unsigned int i;

	if (!begin(_metadata, self->missing,
		   "MADV_COLD, PAGEOUT, WILLNEED: leave lost pages as they are"))
		return;
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		EXPECT_EQ(0, madvise(self->mem, mem_size, advice[i]));
		UNHARMED(0);
	}
}

TEST_F(swapin_error, madv_populate)
{
	static const int advice[] = { MADV_POPULATE_READ, MADV_POPULATE_WRITE };
	unsigned int i;

	if (!begin(_metadata, self->missing,
		   "MADV_POPULATE_READ, WRITE: fail on a lost page"))
		return;
	if (madvise(self->mem, page_size, MADV_POPULATE_READ))
		SKIP(return, "needs MADV_POPULATE_READ");
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		EXPECT_EQ(0, madvise(self->mem, page_size, advice[i]));
		EXPECT_EQ(-1, madvise(self->mem, mem_size, advice[i]));
		EXPECT_TRUE(errno == EFAULT || errno == EHWPOISON);
		UNHARMED(0);
	}
}

TEST_F(swapin_error, madv_collapse)
{
	if (!begin(_metadata, self->missing,
		   "MADV_COLLAPSE: a lost page is not collapsed away"))
		return;
	if (self->len < HUGE_SIZE)
		SKIP(return, "is for huge pages");
	madvise(self->mem, self->len, MADV_NOHUGEPAGE);
	madvise(self->mem, self->len, MADV_HUGEPAGE);
	EXPECT_NE(0, madvise(self->mem, self->len, MADV_COLLAPSE));
	UNHARMED(0);
}

TEST_F(swapin_error, munmap)
{
	const size_t some = 8 * page_size;
	char *part = self->mem + some;

	if (!begin(_metadata, self->missing,
		   "munmap, MAP_FIXED: a new mapping over a part is fresh"))
		return;
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
	if (!begin(_metadata, self->missing,
		   "file: a hole under lost pages leaves them, truncation gives them up"))
		return;
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
	if (!begin(_metadata, self->missing,
		   "mlock, mincore, msync: leave lost pages as they are"))
		return;
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

	if (!begin(_metadata, self->missing, "mincore: a lost page is not in memory"))
		return;
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
	if (!begin(_metadata, self->missing,
		   "fork: a child's read of a lost page is SIGBUS"))
		return;
	EXPECT_TRUE(in_child_reads(self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_write)
{
	if (!begin(_metadata, self->missing,
		   "fork: a child's write to a lost page is SIGBUS"))
		return;
	EXPECT_TRUE(in_child_writes(self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_fork_read)
{
	if (!begin(_metadata, self->missing,
		   "fork: a grandchild's read of a lost page is SIGBUS"))
		return;
	EXPECT_TRUE(in_child(in_child_reads, self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_fork_write)
{
	if (!begin(_metadata, self->missing,
		   "fork: a grandchild's write to a lost page is SIGBUS"))
		return;
	EXPECT_TRUE(in_child(in_child_writes, self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_mprotect)
{
	if (!begin(_metadata, self->missing,
		   "fork: after mprotect(PROT_NONE) and back too"))
		return;
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
	if (!begin(_metadata, self->missing, "clone: without CLONE_VM as fork"))
		return;
	EXPECT_TRUE(in_clone(self->mem, 0));
	UNHARMED(0);
}

TEST_F(swapin_error, clone_vm)
{
	if (!begin(_metadata, self->missing,
		   "clone, vfork: with CLONE_VM as the parent"))
		return;
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
	if (!begin(_metadata, self->missing,
		   "MADV_DONTFORK: a child has nothing; MADV_DOFORK: it has lost pages"))
		return;
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_DONTFORK));
	EXPECT_TRUE(in_child(is_unmapped, self->mem));
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_DOFORK));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, madv_wipeonfork)
{
	if (!begin(_metadata, self->missing,
		   "MADV_WIPEONFORK: a child is fresh; KEEPONFORK: it has lost pages"))
		return;
	if (variant->under)
		SKIP(return, "is for anonymous memory");
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_WIPEONFORK));
	EXPECT_TRUE(in_child(is_wiped, self->mem));
	ASSERT_EQ(0, madvise(self->mem, mem_size, MADV_KEEPONFORK));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	UNHARMED(0);
}

TEST_F(swapin_error, fork_uffd_wp)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "fork: the child of a parent with uffd-wp too"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
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

	if (!begin(_metadata, self->missing,
		   "fork: a child that is registered itself too"))
		return;
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_WP,
			  UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_EVENT_FORK);
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, pthread_create(&monitor, NULL, take_child, &uffd));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	ASSERT_EQ(0, pthread_join(monitor, &child));
	EXPECT_LE(0, (long)child);
	close((long)child);
	UNHARMED(0);
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
	unsigned int i;

	if (!begin(_metadata, self->missing,
		   "mprotect: every protection leaves lost pages as they are"))
		return;
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

TEST_F(swapin_error, uffd_wp_protect)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: write-protect leaves lost pages as they are"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, true));
	EXPECT_TRUE(same_entries(self->mem, self->old, 0));
	EXPECT_TRUE(reads(self->mem));
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_unprotect)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: write-unprotect leaves lost pages as they are"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(healthy_uffd_wp(self->mem, false));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
}

/* A healthy page that shows what is under it. */
#define EMPTY	8

static bool has_uffd_wp(char *page, bool due)
{
	uint64_t entry = 0;

	pagemap_entries(page, 1, &entry);
	return !(entry & PM_UFFD_WP) == !due ||
	       fail("changed", "an empty page is %swrite-protected", due ? "not " : "");
}

static bool has_errors_only(char *mem)
{
	return has_uffd_wp(mem + EMPTY * page_size, false) &&
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

	if (!begin(_metadata, self->missing,
		   "uffd-wp: fork and fill tell an empty page's marker from lost pages"))
		return;
	if (!variant->under)
		SKIP(return, "is for what has a file under it");
	src = malloc(page_size);
	ASSERT_NE(NULL, src);
	memset(src, 0x33, page_size);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP,
			  UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	if (uffd < 0)
		SKIP(return, uffd == -1 ? UFFD_NEEDED :
		     "needs write-protection of files (CONFIG_PTE_MARKER_UFFD_WP)");

	/* The marker is not for a child that nobody watches, lost pages are. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(has_uffd_wp(empty, true));
	EXPECT_TRUE(in_child(has_errors_only, self->mem));

	/* It outlives the page, and can be filled, where lost pages can't. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	EXPECT_TRUE(has_uffd_wp(empty, true));
	EXPECT_EQ(0, uffd_copy(uffd, empty, src));
	EXPECT_EQ(0, memcmp(empty, src, page_size));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(has_errors_only(self->mem));

	/* What is unmapped is not protected. */
	ASSERT_EQ(0, madvise(empty, page_size, MADV_DONTNEED));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(empty, mmap(empty, page_size, PROT_READ, MAP_PRIVATE | MAP_FIXED,
			      file_under, empty - self->mem));
	EXPECT_TRUE(has_uffd_wp(empty, false));
	close(uffd);
	free(src);
}

TEST_F(swapin_error, uffd_wp_unregister)
{
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: unregister leaves lost pages as they are"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	ASSERT_EQ(0, uffd_unregister(uffd, self->mem));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
}

TEST_F(swapin_error, uffd_wp_close)
{
	int uffd;
	unsigned int i;

	if (!begin(_metadata, self->missing,
		   "uffd-wp: close leaves lost pages as they are"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
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

	if (!begin(_metadata, self->missing,
		   "uffd-wp: a child of fork under write-protect has lost pages"))
		return;
	uffd = watch_wp(_metadata, self->mem);
	if (uffd < 0)
		return;
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, true));
	EXPECT_TRUE(in_child(reads, self->mem));
	ASSERT_EQ(0, uffd_protect(uffd, self->mem, false));
	EXPECT_TRUE(reads_and_writes(self->mem));
	UNHARMED(0);
	close(uffd);
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
	int fd, uffd;

	if (!begin(_metadata, self->missing,
		   "PAGEMAP_SCAN: write-protect leaves lost pages as they are"))
		return;
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
	EXPECT_TRUE(reads_and_writes(self->mem));
	/* Without a vector it takes another path. */
	arg.vec = 0;
	arg.vec_len = 0;
	ASSERT_LE(0, ioctl(fd, PAGEMAP_SCAN, &arg));
	UNHARMED(0);
	close(fd);
	close(uffd);
}
#endif

/* I3: an error is no missing page. */

TEST_F(swapin_error, uffd_missing)
{
	struct uffd_monitor monitor;
	int uffd;

	if (!begin(_metadata, self->missing,
		   "uffd missing: a lost page is SIGBUS, and no missing page"))
		return;
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
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

/*
 * I5: a lost page is not empty, so userfaultfd can't fill it.
 */

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

	if (!begin(_metadata, self->missing, "UFFDIO_COPY: on a lost page is EEXIST"))
		return;
	src = malloc(page_size);
	ASSERT_NE(NULL, src);
	memset(src, 0x33, page_size);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
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

	if (!begin(_metadata, self->missing,
		   "UFFDIO_ZEROPAGE: on a lost page is EEXIST"))
		return;
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, 0);
	if (uffd == -1)
		SKIP(return, UFFD_NEEDED);
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

	if (!begin(_metadata, self->missing,
		   "UFFDIO_CONTINUE: on a lost page is EEXIST"))
		return;
	if (!variant->under)
		SKIP(return, "is for files");
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
	if (uffd < 0)
		SKIP(return, "needs UFFD_FEATURE_MINOR_SHMEM");
	EXPECT_TRUE(is_unfilled("UFFDIO_CONTINUE", self->mem, uffd_continue(uffd, lost)));
	UNHARMED(0);
	ASSERT_EQ(0, madvise(lost, page_size, MADV_DONTNEED));
	EXPECT_EQ(0, uffd_continue(uffd, lost));
	EXPECT_TRUE(are_fresh(self->mem, 1, 1, variant->under));
	close(uffd);
}

#ifdef UFFDIO_POISON
TEST_F(swapin_error, uffd_poison)
{
	char *lost = self->mem + page_size, *src;
	struct uffdio_poison poison = {
		.range = { .start = (uintptr_t)lost, .len = page_size },
	};
	int uffd;

	if (!begin(_metadata, self->missing,
		   "UFFDIO_POISON: on a lost page is EEXIST, its own can be filled"))
		return;
	src = malloc(page_size);
	ASSERT_NE(NULL, src);
	memset(src, 0x33, page_size);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, UFFD_FEATURE_POISON);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_POISON");
	ASSERT_LE(0, uffd);
	EXPECT_TRUE(is_unfilled("UFFDIO_POISON", self->mem,
				ioctl(uffd, UFFDIO_POISON, &poison)));
	UNHARMED(0);

	/* What userspace has poisoned, it may fill, and a child has it too. */
	ASSERT_EQ(0, madvise(lost, page_size, MADV_DONTNEED));
	EXPECT_EQ(0, ioctl(uffd, UFFDIO_POISON, &poison));
	EXPECT_TRUE(in_child(reads_and_writes, self->mem));
	EXPECT_EQ(BUS, touch(lost, 1, READ));
	EXPECT_EQ(BUS_MCEERR_AR, last_si_code);
	EXPECT_EQ(0, uffd_copy(uffd, lost, src));
	EXPECT_EQ(0, memcmp(lost, src, page_size));
	close(uffd);
	free(src);
}
#endif

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

	if (!begin(_metadata, self->missing,
		   "UFFDIO_MOVE: neither to nor from a lost page"))
		return;
	if (variant->under)
		SKIP(return, "is for anonymous memory");
	src = map_anon(&len);
	ASSERT_NE(NULL, src);
	uffd = uffd_watch(self->mem, UFFDIO_REGISTER_MODE_MISSING, UFFD_FEATURE_MOVE);
	if (uffd == -1)
		SKIP(return, "needs UFFD_FEATURE_MOVE");
	ASSERT_LE(0, uffd);
	EXPECT_TRUE(is_unfilled("UFFDIO_MOVE", self->mem, uffd_move(uffd, lost, src)));
	EXPECT_TRUE(has_data(src, 0));
	UNHARMED(0);

	/* From: a healthy page that is given up has room. */
	ASSERT_EQ(0, madvise(self->mem, page_size, MADV_DONTNEED));
	EXPECT_EQ(-1, uffd_move(uffd, self->mem, lost));
	EXPECT_EQ(BUS, touch(lost, 1, READ));
	EXPECT_EQ(0, uffd_move(uffd, self->mem, src));
	UNHARMED(0);
	munmap(src, len);
	close(uffd);
}
#endif

/*
 * I3: who reads the memory for others finds out too.
 */

TEST_F(swapin_error, syscall_write)
{
	const size_t half = page_size / 2;
	char *buf = malloc(page_size);
	int fds[2], fd;

	if (!begin(_metadata, self->missing,
		   "write(2), O_DIRECT: from a lost page is EFAULT"))
		return;
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

	if (!begin(_metadata, self->missing,
		   "read(2), O_DIRECT: into a lost page is EFAULT"))
		return;
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

	if (!begin(_metadata, self->missing,
		   "process_vm_readv, writev: a lost page is EFAULT"))
		return;
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

	if (!begin(_metadata, self->missing, "/proc/pid/mem: a lost page is EIO"))
		return;
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

	if (!begin(_metadata, self->missing,
		   "ptrace: peek and poke of a lost page is EIO"))
		return;
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
static void dump_core(const char *dir)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
	prctl(PR_SET_DUMPABLE, 1);
	signal(SIGABRT, SIG_DFL);
	if (!chdir(dir))
		abort();
	_exit(1);
}

/* What a dump has of a page that it could not read is a hole, which reads as zeroes. */
TEST_F(swapin_error, coredump)
{
	char dir[] = "/tmp/swapin_error-XXXXXX", path[64], pattern[128] = "";
	char *buf = calloc(1, page_size), *zeroes = calloc(1, page_size);
	int status, fd;
	off_t offset;
	pid_t pid;

	if (!begin(_metadata, self->missing,
		   "core dump: has healthy pages, and zeroes for lost ones"))
		return;
	if (!get("/proc/sys/kernel/core_pattern", pattern, sizeof(pattern)) ||
	    strcmp(pattern, "core\n"))
		SKIP(return, "needs a kernel.core_pattern of core");
	put("/proc/sys/kernel/core_uses_pid", "0");
	ASSERT_NE(NULL, mkdtemp(dir));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		dump_core(dir);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WCOREDUMP(status));
	snprintf(path, sizeof(path), "%s/core", dir);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	offset = core_offset(fd, buf);
	EXPECT_LE(0, offset);
	EXPECT_EQ(page_size, pread(fd, buf, page_size, offset + page_size));
	EXPECT_TRUE(!memcmp(buf, zeroes, page_size) ||
		    fail("corrupt", "the dump has data for lost page 1"));
	close(fd);
	unlink(path);
	rmdir(dir);
	UNHARMED(0);
	free(buf);
	free(zeroes);
}

TEST_F(swapin_error, smaps)
{
	if (!begin(_metadata, self->missing,
		   "smaps: a lost page is neither in memory nor in swap"))
		return;
	EXPECT_TRUE(is_count("Swap", smaps_kb(self->mem, mem_size, "Swap:"), 0, 0));
	EXPECT_TRUE(is_count("Anonymous", smaps_kb(self->mem, mem_size, "Anonymous:"),
			     (self->len - mem_size / 2) / 1024, 0));
	UNHARMED(0);
}

TEST_F(swapin_error, clear_refs)
{
	int i;
	char what[2];

	if (!begin(_metadata, self->missing,
		   "clear_refs: leaves lost pages as they are, but for soft-dirty"))
		return;
	for (i = 1; i <= 5; i++) {
		snprintf(what, sizeof(what), "%d", i);
		EXPECT_TRUE(put("/proc/self/clear_refs", what));
		UNHARMED(PM_SOFT_DIRTY);
	}
}

/*
 * Errors, and when they come.
 */

TEST_F(swapin_error, second_swapoff)
{
	if (!begin(_metadata, self->missing,
		   "swapoff: of a good device later changes nothing"))
		return;
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	EXPECT_EQ(0, madvise(self->mem, self->len, MADV_PAGEOUT));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	UNHARMED(0);
}

/* Pages in the swap cache are out of reach until reclaim: only try. */
TEST_F(swapin_error, healed)
{
	unsigned int i;
	size_t len;
	char *mem;

	if (!begin(_metadata, self->missing,
		   "swapin: an error at fault time is SIGBUS; healed, SIGBUS or data"))
		return;
	ASSERT_EQ(0, badswap_heal(&self->bs));
	UNHARMED(0);

	ASSERT_EQ(0, badswap_swapon(&self->bs));
	mem = variant->map(&len);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, badswap_pageout(&self->bs, mem, len));
	ASSERT_EQ(0, lose_pages(&self->bs, mem, NR_PAGES));
	EXPECT_TRUE(reads_and_writes(mem));
	ASSERT_EQ(0, badswap_heal(&self->bs));
	madvise(mem, len, MADV_PAGEOUT);
	for (i = 0; i < NR_PAGES; i++) {
		enum outcome got = touch(mem + i * page_size, i, READ);

		EXPECT_TRUE(got == DATA || (is_lost(i) && got == BUS) ||
			    fail("corrupt", "page %u", i));
	}
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	for (i = 0; i < NR_PAGES; i++) {
		enum outcome got = touch(mem + i * page_size, i, READ);

		EXPECT_TRUE(got == DATA || (is_lost(i) && got == BUS) ||
			    fail("corrupt", "page %u, after swapoff", i));
	}
	UNHARMED(0);
	munmap(mem, len);
}

TEST_F(swapin_error, mrelease)
{
	int status, pidfd, pipes[2];
	pid_t pid;
	char byte;

	if (!begin(_metadata, self->missing,
		   "exit: of a child that is reaped as the OOM killer would"))
		return;
	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (write(pipes[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(1, read(pipes[0], &byte, 1));
	pidfd = syscall(__NR_pidfd_open, pid, 0);
	ASSERT_LE(0, pidfd);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	/* It may have gone by itself. */
	if (syscall(__NR_process_mrelease, pidfd, 0))
		EXPECT_EQ(ESRCH, errno);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	close(pidfd);
	UNHARMED(0);
}

/*
 * I7: counts are what they would be had lost pages never been.
 */

TEST_F(swapin_error, counters)
{
	/* All of ours is counted on one CPU, which may keep a batch to itself. */
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);
	const long slack = (cpus > 16 ? 2 * cpus : 32) * page_size / 1024;
	const unsigned int pages = 4 * NR_PAGES;
	const long kb = pages * page_size / 1024;
	long rss;
	char *mem;

	if (!begin(_metadata, self->missing,
		   "counters: RSS, VmSwap and SwapFree forget lost pages"))
		return;
	if (variant->map != map_anon)
		SKIP(return, "is the same as with anon");
	if (slack >= kb / 4)
		SKIP(return, "needs fewer CPUs: counts are not exact with many");
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	mem = mmap(NULL, kb * 1024, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	madvise(mem, kb * 1024, MADV_NOHUGEPAGE);
	fill(mem, pages);
	ASSERT_EQ(0, badswap_pageout(&self->bs, mem, kb * 1024));
	ASSERT_EQ(0, lose_pages(&self->bs, mem, pages));
	/* Others of our pages may have gone with them. */
	EXPECT_TRUE(is_count("VmSwap of all pages out",
			     MIN(count("/proc/self/status", "VmSwap:"), kb), kb, slack));
	ASSERT_EQ(0, badswap_swapoff(&self->bs));
	EXPECT_TRUE(is_count("VmSwap", count("/proc/self/status", "VmSwap:"), 0, slack));
	EXPECT_TRUE(is_count("SwapTotal", count("/proc/meminfo", "SwapTotal:"),
			     self->swap_total, 0));
	/* Other areas have other users. */
	if (!self->swap_total)
		EXPECT_TRUE(is_count("SwapFree", count("/proc/meminfo", "SwapFree:"), 0, 0));

	/* The healthy half is all that munmap gives back. */
	rss = count("/proc/self/status", "RssAnon:");
	ASSERT_EQ(0, munmap(mem, kb * 1024));
	EXPECT_TRUE(is_count("RssAnon", count("/proc/self/status", "RssAnon:"),
			     rss - kb / 2, slack));

	/* A count below zero is shown as 0: it comes out with more on top. */
	ASSERT_EQ(0, badswap_heal(&self->bs));
	ASSERT_EQ(0, badswap_swapon(&self->bs));
	mem = mmap(NULL, kb * 1024, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	fill(mem, pages);
	ASSERT_EQ(0, badswap_pageout(&self->bs, mem, kb * 1024));
	EXPECT_TRUE(is_count("VmSwap of new pages",
			     MIN(count("/proc/self/status", "VmSwap:"), kb), kb, slack));
	munmap(mem, kb * 1024);
}

TEST_F(swapin_error, counters_cgroup)
{
	char path[128];
	long now;

	if (!begin(_metadata, self->missing,
		   "counters: the memory cgroup's swap is uncharged"))
		return;
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

	pin_to(sched_getcpu());
	ret = badswap_create(&bs, device_mib);
	if (!ret) {
		mem = map_anon(&len);
		ret = mem ? badswap_pageout(&bs, mem, len) : -ENOMEM;
	}
	if (!ret)
		ret = lose_pages(&bs, mem, NR_PAGES);
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
	return test_harness_run(argc, argv);
}
