// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: private memory, accessed by others.
 *
 * Who reads or writes a lost page for its owner, or shows it, finds out too.  See
 * lost_private.h for the mappings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "lost_private.h"

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
	ASSERT_NE(NULL, mkdtemp(dir));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		dump_core(dir);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WCOREDUMP(status));
	snprintf(path, sizeof(path), "%s/core", dir);
	if (access(path, F_OK))		/* kernel.core_uses_pid */
		snprintf(path, sizeof(path), "%s/core.%d", dir, pid);
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

#define NEEDS_SOFT_DIRTY						\
	"needs soft-dirty (CONFIG_MEM_SOFT_DIRTY), and pages that can be written, unlike KSM's"

/* Whether the healthy pages, which were written, say so. */
static bool has_soft_dirty(const uint64_t *entries)
{
	return entries[0] & PM_SOFT_DIRTY;
}

static bool is_soft_dirty_here(char *mem)
{
	return are_soft_dirty(mem, true);
}

TEST_F(swapin_error, soft_dirty)
{
	if (!begin(_metadata, self->missing,
		   "soft-dirty: a lost page that was written is, until clear_refs"))
		return;
	if (!has_soft_dirty(self->old))
		SKIP(return, NEEDS_SOFT_DIRTY);
	EXPECT_TRUE(are_soft_dirty(self->mem, true));
	EXPECT_TRUE(reads_and_writes(self->mem));
	EXPECT_TRUE(are_soft_dirty(self->mem, true));
	ASSERT_TRUE(put("/proc/self/clear_refs", "4"));
	EXPECT_TRUE(are_soft_dirty(self->mem, false));
	UNHARMED(PM_SOFT_DIRTY);
}

TEST_F(swapin_error, soft_dirty_fork)
{
	if (!begin(_metadata, self->missing,
		   "soft-dirty: a child's lost page is what its parent's is"))
		return;
	if (!has_soft_dirty(self->old))
		SKIP(return, NEEDS_SOFT_DIRTY);
	EXPECT_TRUE(in_child(is_soft_dirty_here, self->mem));
	UNHARMED(0);
}

int main(int argc, char **argv)
{
	return run_tests(argc, argv);
}
