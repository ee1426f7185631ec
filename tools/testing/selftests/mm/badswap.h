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
 *	badswap_create(&bs, 64);		room for 64 pages, swapped on
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

/* The slot of a page that is in swap, by pagemap's entry: bits 5 to 54. */
#define PM_SWAP_OFFSET(entry)	((entry) << 9 >> 14)

/* What is swapped to. */
enum badswap_kind {
	BADSWAP_BIO,	/* the disk itself, with no queue where it can be: nothing merges */
	BADSWAP_MQ,	/* with a queue, whose requests can merge */
	BADSWAP_ZRAM,	/* zram with the disk behind it: read synchronously, in large folios */
	BADSWAP_ZSWAP,	/* the disk, and what goes there was in zswap */
	BADSWAP_LOOP,	/* a loop device */
	BADSWAP_DM,	/* a device mapper's, as of LVM */
	BADSWAP_EXT4,	/* a file in ext4 */
	BADSWAP_EXT2,	/* and in ext2 */
	BADSWAP_SLOW,	/* as MQ, and who reads has to wait */
	BADSWAP_DISK,	/* as SLOW, with a scheduler: one request is done at a time */
	BADSWAP_ONCE,	/* as MQ, and what can't be read can at the next try */
};

struct badswap {
	char name[32];		/* of the null_blk, its disk and the cgroup */
	char cgroup[64];	/* that the maker is in, empty without cgroup v2 */
	char old_cgroup[512];	/* that it was in before */
	size_t page_size;
	size_t size;		/* of the device, in bytes */
	bool used;		/* slots may have what pages had that are elsewhere now */
	char *mem;		/* that was paged out last */
	int *page_in;		/* for each slot, the number of its page in mem, or -1 */
	size_t room;		/* for pages, in bytes */
	char *copies;		/* of pages; locked, as swapped out they would be taken for these */
	int fd;			/* of the disk, for direct reads */
	enum badswap_kind kind;
	int number;		/* of what is over the disk, or -1 */
	int over;		/* that has that open, or -1 */
	int guard;		/* pid of the process that cleans up after us */
};

/* Skips all tests, says why, and does not return, where there can be no such device. */
void badswap_or_skip(size_t pages);

/*
 * Makes a device that is less than half full with @pages pages, as a page that is read
 * then keeps its slot, and swaps to it.  Pins the calling thread to the CPU that it is on:
 * each CPU has slots and pages that it keeps to itself.
 */
int badswap_create(struct badswap *bs, size_t pages);

/* The same, of another kind.  -ENODEV where there is none such. */
int badswap_create_kind(struct badswap *bs, size_t pages, enum badswap_kind kind);

/*
 * Lets requests merge, as they do by default: with one page, its neighbours may fail, be they
 * another process's.  -EBUSY: there are more than @pages pages on the device.
 */
int badswap_merge(struct badswap *bs, size_t pages);

/*
 * Pages @len bytes at @mem, no more than there is room for, out, and returns when
 * no copy of them is left in memory.  No page may begin with 8 bytes of zeroes, or
 * be as another one.
 * -EAGAIN: some stay in memory; -EXDEV: some went to another device.
 */
int badswap_pageout(struct badswap *bs, void *mem, size_t len);

/* Has zram or zswap write all that it holds to the disk. */
int badswap_flush(struct badswap *bs);

/* Makes the page at @mem, which the last badswap_pageout() took out, unreadable. */
int badswap_lose(struct badswap *bs, void *mem);

/* The same for those of @pages pages at @mem that are @which, by their number. */
int badswap_lose_some(struct badswap *bs, char *mem, unsigned int pages,
		      bool (*which)(unsigned int i));

/* The same for what is in a slot of the disk, whatever that is. */
int badswap_lose_slot(struct badswap *bs, size_t slot);

/* Writes what mkswap(8) does to @path, of @len bytes. */
int badswap_format(struct badswap *bs, const char *path, size_t len);

/* Makes all of the device readable again. */
int badswap_heal(struct badswap *bs);

/* Swaps off the device: pages that can be read come back, others are lost. */
int badswap_swapoff(struct badswap *bs);

/* Swaps to it again. */
int badswap_swapon(struct badswap *bs);

/* Swaps off if need be, and removes the device. */
void badswap_destroy(struct badswap *bs);

/* Writes @text to the file that @fmt names. */
int write_text(const char *text, const char *fmt, ...);

/* Has the calling thread run on @cpu only. */
void pin_to(int cpu);

/* Has the calling thread run on any CPU again: badswap_create() binds it to one. */
void unpin(void);

#endif /* BADSWAP_H */
