// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: private memory.
 *
 * A lost page is SIGBUS, and the others have their data, whatever is then done to the
 * mapping, until it gives the pages up.  See lost_private.h for the mappings; what asks
 * for userfaultfd is in swapin_error_uffd.c and swapin_error_fill.c, who accesses the
 * memory for others in swapin_error_access.c.  Not there, and why:
 *
 *	hugetlb			is never swapped
 *	process_madvise		takes the way of madvise
 *	mlockall, MAP_LOCKED	take the way of mlock
 *	OOM kill		takes the way of process_mrelease, but for its reports
 *	MADV_REMOVE		is for shared files only
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lost_private.h"

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
	EXPECT_TRUE(are_soft_dirty(new, true));
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

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

TEST_F(swapin_error, madv_guard)
{
	char *lost = self->mem + page_size;

	if (!begin(_metadata, self->missing,
		   "MADV_GUARD_REMOVE: leaves lost pages, INSTALL gives them up"))
		return;
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
	/* Next to pages that are in swap, too. */
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->mem, mem_size, PROT_READ | PROT_WRITE));
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
	/* Where the new mapping has merged with ours, all of it is soft-dirty. */
	UNHARMED(PM_SOFT_DIRTY);
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
	return run_tests(argc, argv);
}
