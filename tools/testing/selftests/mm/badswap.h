/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A swap device that loses the pages it is told to lose.
 *
 * The device is a memory-backed null_blk of its own, used as swap with the
 * highest priority.  It touches no other swap area, and loses only pages whose
 * contents it has found on itself, so it is safe on a machine in use as long as
 * no other page has these contents.  When the process that made it is gone, for
 * whatever reason, the device goes too.
 *
 *	badswap_create(&bs, 8);			an 8 MiB device, swapped on
 *	badswap_pageout(&bs, mem, len);		mem is on the device, and only there
 *	badswap_lose(&bs, mem + 4096);		this page can't be read any more
 *	badswap_swapoff(&bs);			its entry is a swapin error now
 *	badswap_destroy(&bs);
 *
 * All functions return 0, or a negative errno.
 */
#ifndef BADSWAP_H
#define BADSWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of a pagemap entry, see Documentation/admin-guide/mm/pagemap.rst. */
#define PM_UFFD_WP	((uint64_t)1 << 57)
#define PM_SWAP		((uint64_t)1 << 62)
#define PM_PRESENT	((uint64_t)1 << 63)
#define PM_SWAP_OFFSET(entry)	((entry) << 9 >> 14)	/* bits 5 to 54 */

struct badswap {
	char name[32];		/* of the null_blk, its disk and the cgroup */
	char cgroup[64];	/* that the maker is in, empty without cgroup v2 */
	char old_cgroup[512];	/* that it was in before */
	size_t page_size;
	size_t size;		/* of the device, in bytes */
	bool used;		/* slots may have what pages had that are elsewhere now */
	char *mem;		/* that was paged out last */
	int *page_in;		/* for each slot, the number of its page in mem, or -1 */
	int fd;			/* of the disk, for direct reads */
	int guard;		/* pid of the process that cleans up after us */
};

/* Returns why no device can be made on this machine, or NULL if one can. */
const char *badswap_missing(void);

/* Makes a device of @mib MiB and swaps to it. */
int badswap_create(struct badswap *bs, unsigned int mib);

/*
 * Pages @len bytes at @mem out, and returns when no copy of them is left in
 * memory.  No page may begin with 8 bytes of zeroes, or be as another one.
 * -EAGAIN: some stay in memory; -EXDEV: some went to another device.
 */
int badswap_pageout(struct badswap *bs, void *mem, size_t len);

/* Makes the page at @mem, which the last badswap_pageout() took out, unreadable. */
int badswap_lose(struct badswap *bs, void *mem);

/* Makes all of the device readable again. */
int badswap_heal(struct badswap *bs);

/* Swaps off the device: pages that can be read come back, others are lost. */
int badswap_swapoff(struct badswap *bs);

/* Swaps to it again. */
int badswap_swapon(struct badswap *bs);

/* Swaps off if need be, and removes the device. */
void badswap_destroy(struct badswap *bs);

/* Stores the pagemap entries of @pages pages at @mem in the calling process. */
int pagemap_entries(const void *mem, size_t pages, uint64_t *entries);

#endif /* BADSWAP_H */
