// SPDX-License-Identifier: GPL-2.0
/*
 * What the paths that know swapin errors cost, in instructions of the guest.
 *
 * Under QEMU's -icount an instruction takes a nanosecond, so that the same kernel gives the same
 * figures.  Each is of so many pages, none (0), all (1) or half (2) of them lost, the least of
 * some tries:
 *
 *	# bench: NAME PAGES LOST INSTRUCTIONS
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "badswap.h"
#include "lost_pages.h"

#define TRIES	8	/* of which one may see no timer tick, of some 6000 instructions */
#define FEW	1024	/* pages; of more, a tick is little, and fewer tries will do */
#define SWAPPED	4096	/* pages at most, where swap is read and written: it is slow */

static const unsigned int sizes[] = { 256, 1024, 4096, 16384, 65536 };

static struct badswap bs;
static char *mem;
static size_t len;		/* of mem, in bytes */
static unsigned int pages;
static int file = -1;
static int uffd = -1;

static void give_up(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

#define NEED(it) do { if (!(it)) give_up(#it); } while (0)

/*
 * So many instructions are over.  x86's time stamp counter is read as it is, as its clock is that
 * scaled by what the kernel has measured; the others' rate is known.
 */
static unsigned long long instructions(void)
{
#ifdef __x86_64__
	return __rdtsc();
#else
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
#endif
}

/* The least that @what takes, in instructions. */
static void measure(const char *name, int lost, void (*what)(void), void (*before)(void))
{
	const int tries = pages > FEW ? 2 : TRIES;
	unsigned long long least = ~0ULL, took;
	int i;

	for (i = 0; i < tries; i++) {
		if (before)
			before();
		took = instructions();
		what();
		took = instructions() - took;
		if (took < least)
			least = took;
	}
	printf("# bench: %s %u %d %llu\n", name, pages, lost, least);
}

static void do_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void do_mprotect(void)
{
	mprotect(mem, len, PROT_READ);
	mprotect(mem, len, PROT_READ | PROT_WRITE);
}

static void do_uffd_wp(void)
{
	NEED(!uffd_protect(uffd, mem, true));
	NEED(!uffd_protect(uffd, mem, false));
}

static void touch_all(void)
{
	unsigned int i;

	for (i = 0; i < pages; i++)
		touch(mem + i * page_size, i, READ);
}

static void drop(void)
{
	madvise(mem, len, MADV_DONTNEED);
}

static void write_all(void)
{
	unsigned int i;

	for (i = 0; i < pages; i++)
		mem[i * page_size] = 1;
}

static void page_out(void)
{
	fill(mem, pages);
	NEED(!badswap_pageout(&bs, mem, len));
}

static void do_swapoff(void)
{
	NEED(!badswap_swapoff(&bs));
}

static void on_and_out(void)
{
	NEED(!badswap_heal(&bs));
	badswap_swapon(&bs);
	drop();
	page_out();
}

static void lose_some(unsigned int nr)
{
	unsigned int i;

	on_and_out();
	for (i = 0; i < nr; i++)
		NEED(!badswap_lose(&bs, mem + i * page_size));
}

static void lose_all(void)
{
	lose_some(pages);
}

static void watch(uint64_t mode)
{
	mem_size = len;
	uffd = uffd_watch(mem, mode, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	NEED(uffd >= 0);
}

/* What is done to pages as they are now. */
static void common(int lost)
{
	measure("fork", lost, do_fork, NULL);
	measure("mprotect", lost, do_mprotect, NULL);
	watch(UFFDIO_REGISTER_MODE_WP);
	measure("uffd-wp", lost, do_uffd_wp, NULL);
	close(uffd);
}

static void map_private(void)
{
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(mem != MAP_FAILED);
	madvise(mem, len, MADV_NOHUGEPAGE);
}

static void copy_all(void)
{
	static char *src;
	unsigned int i;

	if (!src)
		NEED(src = aligned_alloc(page_size, page_size));
	for (i = 0; i < pages; i++)
		NEED(!uffd_copy(uffd, mem + i * page_size, src));
}

static void healthy_memory(void)
{
	map_private();
	measure("fault", 0, write_all, drop);
	common(0);
	drop();
	watch(UFFDIO_REGISTER_MODE_MISSING);
	measure("uffd-copy", 0, copy_all, drop);
	close(uffd);
	munmap(mem, len);
}

static void swapped_memory(void)
{
	map_private();
	measure("swapin", 0, touch_all, on_and_out);
	measure("swapoff", 0, do_swapoff, on_and_out);
	measure("swapoff", 1, do_swapoff, lose_all);
	measure("fault", 1, touch_all, NULL);
	common(1);
	lose_some(pages / 2);
	do_swapoff();
	common(2);
	munmap(mem, len);
}

static void empty(void)
{
	NEED(!ftruncate(file, 0));
}

/* Not all kernels give back what is lost of a file that is truncated. */
static void new_file(void)
{
	if (file >= 0)
		close(file);
	file = memfd_create("bench", MFD_CLOEXEC);
	NEED(file >= 0 && !ftruncate(file, len));
	NEED(mmap(mem, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == mem);
}

static void filled(void)
{
	new_file();
	fill(mem, pages);
}

static void file_on_and_out(void)
{
	new_file();
	on_and_out();
}

static void file_lose_all(void)
{
	new_file();
	lose_all();
}

static void file_lost(void)
{
	file_lose_all();
	do_swapoff();
}

static void swap_on(void)
{
	NEED(!badswap_swapon(&bs));
}

static void shared_memory(void)
{
	mem = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(mem != MAP_FAILED);
	measure("shmem-truncate", 0, empty, filled);
	measure("shmem-swapin", 0, touch_all, file_on_and_out);
	measure("shmem-swapoff", 0, do_swapoff, file_on_and_out);
	measure("shmem-swapoff", 1, do_swapoff, file_lose_all);
	/* The device is empty; what has been lost before is still in the file. */
	measure("later-swapoff", 1, do_swapoff, swap_on);
	measure("shmem-fault", 1, touch_all, NULL);
	measure("shmem-truncate", 1, empty, file_lost);
	measure("later-swapoff", 0, do_swapoff, swap_on);
	munmap(mem, len);
	close(file);
	file = -1;
}

/* What is dropped of a file that is write-protected has markers from there on. */
static void uffd_wp_markers(void)
{
	mem = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(mem != MAP_FAILED);
	filled();
	watch(UFFDIO_REGISTER_MODE_WP);
	NEED(!uffd_protect(uffd, mem, true));
	measure("uffd-wp-fault", 0, touch_all, drop);
	close(uffd);
	munmap(mem, len);
	close(file);
	file = -1;
}

int main(void)
{
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	lost_pages_init();
	badswap_or_skip(NR_PAGES);
	printf("TAP version 13\n1..%zu\n", sizeof(sizes) / sizeof(*sizes));
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		pages = sizes[i];
		len = pages * page_size;
		healthy_memory();
		uffd_wp_markers();
		if (pages <= SWAPPED) {
			NEED(!badswap_create(&bs, pages));
			swapped_memory();
			badswap_swapon(&bs);
			shared_memory();
			badswap_destroy(&bs);
		}
		printf("ok %u %u pages\n", i + 1, pages);
	}
	return 0;
}
