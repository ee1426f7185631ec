/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may be between swap and the disk of a badswap: zram, a file, and so on.
 * For badswap.c alone.  Functions return 0, or a negative errno.
 */
#ifndef BADSWAP_OVER_H
#define BADSWAP_OVER_H

#include <stdbool.h>
#include <stddef.h>

struct badswap;

/* Stores what is swapped to. */
void over_path(const struct badswap *bs, char *path, size_t size);

/* Whether there is such a thing over the disk, still ours: another may have its number. */
bool over_is_ours(struct badswap *bs);

/* Before there is a disk: so much that over_remove() can do the rest.  -ENODEV: no such kind. */
int over_add(struct badswap *bs);

/* On the disk, of which @len bytes are to be swapped to. */
int over_create(struct badswap *bs, size_t len);

/*
 * When nobody swaps to it any more; what is not ours stays.
 * -EBUSY: somebody, as udev, has it open.
 */
int over_remove(struct badswap *bs);

/* Whether zswap takes what is swapped out, of all but our cgroup. */
bool zswap_is_on(void);

/* Returns a file descriptor for direct I/O. */
int disk_open(const char *path);

#endif /* BADSWAP_OVER_H */
