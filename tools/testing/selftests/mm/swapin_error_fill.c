// SPDX-License-Identifier: GPL-2.0
/*
 * A failed swap read is never mistaken for data: private memory, to be filled.
 *
 * A lost page is not empty, so userfaultfd can't fill it, and it is not what
 * UFFDIO_POISON leaves.  See lost_private.h for the mappings.  Not here, and why:
 *
 *	UFFDIO_CONTINUE		on anonymous memory has no page to continue with
 *	UFFDIO_MOVE		is between anonymous mappings only
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "lost_private.h"
#include "lost_pages_uffd.h"

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
	/* Advice that needs CONFIG_MEMORY_FAILURE, as this does. */
	if (!madvise(NULL, 0, MADV_HWPOISON))
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
	EXPECT_EQ(BUS, touch(lost, 1, READ));
	EXPECT_EQ(0, uffd_move(uffd, self->mem, src));
	UNHARMED(PM_SOFT_DIRTY);
	munmap(src, len);
	close(uffd);
}
#endif

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

int main(int argc, char **argv)
{
	return run_tests(argc, argv);
}
