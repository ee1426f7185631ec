// SPDX-License-Identifier: GPL-2.0
/* See badswap.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest.h"
#include "badswap.h"

#define CONFIGFS	"/sys/kernel/config/nullb"
#define CGROUPFS	"/sys/fs/cgroup"

/* Not all libcs know these. */
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open	434
#endif

#define SECTOR_SIZE	512
#define PM_SWAP_OFFSET(entry)	(((entry) & (((uint64_t)1 << 55) - 1)) >> 5)

/* Writes @text to the file that @fmt names. */
static int put(const char *text, const char *fmt, ...)
{
	char path[256];
	va_list ap;
	int fd, ret = 0;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static void disk_path(const struct badswap *bs, char *path, size_t size)
{
	snprintf(path, size, "/dev/%s", bs->name);
}

int pagemap_entry(const void *mem, uint64_t *entry)
{
	off_t index = (uintptr_t)mem / sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (pread(fd, entry, sizeof(*entry), index * sizeof(*entry)) != sizeof(*entry))
		ret = -EIO;
	close(fd);
	return ret;
}

const char *badswap_missing(void)
{
	if (geteuid())
		return "needs root";
	if (access(CONFIGFS, F_OK) &&
	    system("modprobe -q null_blk nr_devices=0 >/dev/null 2>&1"))
		return "needs null_blk (CONFIG_BLK_DEV_NULL_BLK)";
	if (access(CONFIGFS, F_OK))
		return "needs null_blk in configfs on /sys/kernel/config";
	if (access("/proc/self/pagemap", R_OK))
		return "needs /proc/self/pagemap (CONFIG_PROC_PAGE_MONITOR)";
	if (access("/proc/swaps", R_OK))
		return "needs swap (CONFIG_SWAP)";
	return NULL;
}

/*
 * A cgroup of our own, if there can be one: it is only a help.  Made before the
 * guard starts, so that it knows of it, and entered after, so that it stays out.
 */
static void cgroup_create(struct badswap *bs)
{
	snprintf(bs->cgroup, sizeof(bs->cgroup), CGROUPFS "/%s", bs->name);
	if (mkdir(bs->cgroup, 0755))
		bs->cgroup[0] = '\0';
}

static void cgroup_enter(struct badswap *bs)
{
	char line[PATH_MAX] = "";
	FILE *file = fopen("/proc/self/cgroup", "r");

	if (file) {
		while (fgets(line, sizeof(line), file))
			if (!strncmp(line, "0::", 3))
				snprintf(bs->old_cgroup, sizeof(bs->old_cgroup),
					 CGROUPFS "%.*s", (int)strcspn(line + 3, "\n"),
					 line + 3);
		fclose(file);
	}
	if (!bs->old_cgroup[0] || put("0", "%s/cgroup.procs", bs->cgroup)) {
		rmdir(bs->cgroup);
		bs->cgroup[0] = '\0';
		return;
	}
	/* What zswap keeps does not reach the device. */
	put("0", "%s/memory.zswap.max", bs->cgroup);
}

static void cgroup_remove(struct badswap *bs)
{
	int tries;

	/* Processes that are still dying keep it busy. */
	for (tries = 0; bs->cgroup[0] && tries < 100; tries++) {
		if (!rmdir(bs->cgroup) || errno != EBUSY)
			break;
		usleep(20000);
	}
}

static int disk_create(struct badswap *bs, unsigned int mib)
{
	/*
	 * queue_mode 0 and irqmode 0 make page-out synchronous where null_blk
	 * still has them, which leaves nothing in the swap cache.
	 */
	static const char *const attrs[][2] = {
		{ "blocksize", "4096" }, { "memory_backed", "1" },
		{ "queue_mode", "0" }, { "irqmode", "0" },
	};
	char path[64], size[16];
	unsigned int i;
	int ret;

	snprintf(path, sizeof(path), CONFIGFS "/%s", bs->name);
	snprintf(size, sizeof(size), "%u", mib);
	ret = put(size, "%s/size", path);
	for (i = 0; !ret && i < ARRAY_SIZE(attrs); i++)
		ret = put(attrs[i][1], "%s/%s", path, attrs[i][0]);
	if (!ret)
		ret = put("1", "%s/power", path);
	return ret;
}

/* What mkswap(8) writes, as linux/swap.h has it in union swap_header. */
static int disk_format(struct badswap *bs, unsigned int mib)
{
	size_t size = bs->page_size;
	char *header = aligned_alloc(size, size);
	uint32_t version = 1, last_page = ((size_t)mib << 20) / size - 1;
	int ret = 0;

	if (!header)
		return -ENOMEM;
	memset(header, 0, size);
	memcpy(header + 1024, &version, sizeof(version));
	memcpy(header + 1028, &last_page, sizeof(last_page));
	memcpy(header + size - 10, "SWAPSPACE2", 10);
	if (pwrite(bs->fd, header, size, 0) != (ssize_t)size)
		ret = -EIO;
	free(header);
	return ret;
}

static int disk_open(struct badswap *bs)
{
	char path[64];
	int tries;

	disk_path(bs, path, sizeof(path));
	for (tries = 0; tries < 100; tries++) {
		bs->fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
		if (bs->fd >= 0)
			return 0;
		usleep(20000);	/* udev may still be making the node */
	}
	return -errno;
}

/*
 * Removes the device.  Never while it is swapped to, by whomever: with the device
 * their pages would go.
 */
static int disk_remove(struct badswap *bs)
{
	char path[64];

	disk_path(bs, path, sizeof(path));
	if (swapoff(path) && errno != EINVAL && errno != ENOENT)
		return -errno;
	if (bs->fd >= 0)
		close(bs->fd);
	bs->fd = -1;
	snprintf(path, sizeof(path), CONFIGFS "/%s", bs->name);
	put("0", "%s/power", path);
	rmdir(path);
	return 0;
}

/* Does not return. */
static void guard_run(struct badswap *bs, int owner, int ready)
{
	struct pollfd poll_owner = { .fd = STDIN_FILENO, .events = POLLIN };
	sigset_t all;
	int fd;

	/* No terminal and no killed process group is to reach us. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	dup2(owner, STDIN_FILENO);
	if (write(ready, "", 1) != 1)
		_exit(1);
	/* Nobody may wait for output from here. */
	for (fd = STDIN_FILENO + 1; fd < 1024; fd++)
		close(fd);

	while (poll(&poll_owner, 1, -1) < 1)
		;
	while (disk_remove(bs))
		sleep(1);
	cgroup_remove(bs);
	_exit(0);
}

/*
 * Starts a process that outlives ours, even a SIGKILL of our process group, and
 * then removes what we have left.
 */
static int guard_start(struct badswap *bs)
{
	int owner, ready[2], ret = 0;
	char byte;

	owner = syscall(__NR_pidfd_open, getpid(), 0);
	if (owner < 0)
		return -errno;
	if (pipe(ready)) {
		close(owner);
		return -EMFILE;
	}
	bs->guard = fork();
	if (!bs->guard)
		guard_run(bs, owner, ready[1]);
	close(owner);
	close(ready[1]);
	if (bs->guard < 0 || read(ready[0], &byte, 1) != 1)
		ret = -ECHILD;
	close(ready[0]);
	return ret;
}

int badswap_create(struct badswap *bs, unsigned int mib)
{
	char path[64];
	int ret;

	memset(bs, 0, sizeof(*bs));
	bs->fd = -1;
	bs->page_size = sysconf(_SC_PAGESIZE);
	snprintf(bs->name, sizeof(bs->name), "badswap-%d", getpid());

	/* Whoever makes this folder owns the name. */
	snprintf(path, sizeof(path), CONFIGFS "/%s", bs->name);
	if (mkdir(path, 0755))
		return -errno;
	cgroup_create(bs);
	ret = guard_start(bs);
	if (!ret && bs->cgroup[0])
		cgroup_enter(bs);
	if (!ret)
		ret = disk_create(bs, mib);
	if (!ret)
		ret = disk_open(bs);
	if (!ret)
		ret = disk_format(bs, mib);
	if (!ret) {
		disk_path(bs, path, sizeof(path));
		if (swapon(path, SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK))
			ret = -errno;
	}
	if (ret)
		badswap_destroy(bs);
	return ret;
}

/* Whether page @mem is swapped out, with no copy left in the swap cache. */
static bool page_is_out(struct badswap *bs, char *mem)
{
	unsigned char cached;
	uint64_t entry;

	return !pagemap_entry(mem, &entry) && (entry & PM_SWAP) &&
	       !mincore(mem, bs->page_size, &cached) && !(cached & 1);
}

static bool all_out(struct badswap *bs, char *mem, size_t len)
{
	size_t off;

	for (off = 0; off < len; off += bs->page_size)
		if (!page_is_out(bs, mem + off))
			return false;
	return true;
}

/* Stores the number of the slot that the page at @mem is in. */
static int slot_of(char *mem, uint64_t *slot)
{
	uint64_t entry;
	int ret;

	ret = pagemap_entry(mem, &entry);
	if (ret)
		return ret;
	if (!(entry & PM_SWAP))
		return -EINVAL;
	*slot = PM_SWAP_OFFSET(entry);
	return 0;
}

/* Reads what the device has in the slot of the page at @mem. */
static int slot_read(struct badswap *bs, char *mem, char *buf)
{
	uint64_t slot;
	int ret;

	ret = slot_of(mem, &slot);
	if (ret)
		return ret;
	if (pread(bs->fd, buf, bs->page_size, slot * bs->page_size) != (ssize_t)bs->page_size)
		return -EIO;
	return 0;
}

/* Finds the pages on our own device by what they had in them. */
static int all_ours(struct badswap *bs, char *mem, size_t len, const char *data)
{
	char *buf = aligned_alloc(bs->page_size, bs->page_size);
	int ret = buf ? 0 : -ENOMEM;
	size_t off;

	for (off = 0; !ret && off < len; off += bs->page_size) {
		ret = slot_read(bs, mem + off, buf);
		if (!ret && memcmp(buf, data + off, bs->page_size))
			ret = -EXDEV;
		if (ret == -EIO)	/* past the end of our device */
			ret = -EXDEV;
	}
	free(buf);
	return ret;
}

int badswap_pageout(struct badswap *bs, void *mem, size_t len)
{
	char *data = malloc(len);
	int tries, ret = -EAGAIN;

	if (!data)
		return -ENOMEM;
	memcpy(data, mem, len);
	for (tries = 0; tries < 50; tries++) {
		if (madvise(mem, len, MADV_PAGEOUT)) {
			ret = -errno;
			break;
		}
		if (all_out(bs, mem, len)) {
			ret = all_ours(bs, mem, len, data);
			if (ret != -EXDEV)
				break;
			/* Give back the slots of another area, of which CPUs keep some. */
			memcpy(mem, data, len);
			continue;
		}
		/* Pages in the swap cache leave it only under pressure. */
		if (bs->cgroup[0])
			put("16M", "%s/memory.reclaim", bs->cgroup);
		usleep(20000);
	}
	free(data);
	return ret;
}

int badswap_lose(struct badswap *bs, void *mem)
{
	char range[64], *buf;
	uint64_t slot, first;
	int ret;

	ret = slot_of(mem, &slot);
	if (ret)
		return ret;
	first = slot * bs->page_size / SECTOR_SIZE;
	snprintf(range, sizeof(range), "+%llu-%llu", (unsigned long long)first,
		 (unsigned long long)(first + bs->page_size / SECTOR_SIZE - 1));
	ret = put(range, CONFIGFS "/%s/badblocks", bs->name);
	if (ret)
		return ret;

	/* Believe it only when seen. */
	buf = aligned_alloc(bs->page_size, bs->page_size);
	if (!buf)
		return -ENOMEM;
	ret = slot_read(bs, mem, buf);
	free(buf);
	if (ret != -EIO)
		return ret ? ret : -ENODATA;
	/* Somebody's readahead may have been faster. */
	return page_is_out(bs, mem) ? 0 : -EAGAIN;
}

int badswap_swapoff(struct badswap *bs)
{
	char path[64];

	disk_path(bs, path, sizeof(path));
	return swapoff(path) ? -errno : 0;
}

void badswap_destroy(struct badswap *bs)
{
	/* What can't be removed now is left to the guard. */
	if (disk_remove(bs))
		return;
	if (bs->cgroup[0])
		put("0", "%s/cgroup.procs", bs->old_cgroup);
	cgroup_remove(bs);
	if (bs->guard > 0) {
		kill(bs->guard, SIGKILL);
		waitpid(bs->guard, NULL, 0);
	}
}
