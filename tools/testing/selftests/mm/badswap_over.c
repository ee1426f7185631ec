// SPDX-License-Identifier: GPL-2.0
/* See badswap_over.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/sysmacros.h>

#include "badswap.h"
#include "badswap_over.h"

#define ZRAMFS		"/sys/class/zram-control"
#define SECTOR_SIZE	512

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

static bool file_has(const char *path, const char *text)
{
	char buf[512] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, buf, sizeof(buf) - 1) < 0)
		buf[0] = '\0';
	close(fd);
	return strstr(buf, text);
}

/* Opens @path, which may be @module's; that is loaded if need be. */
static int open_or_load(const char *path, int flags, const char *module)
{
	int fd = open(path, flags | O_CLOEXEC);
	char load[64];

	snprintf(load, sizeof(load), "modprobe -q %s >/dev/null 2>&1", module);
	if (fd < 0 && !system(load))
		fd = open(path, flags | O_CLOEXEC);
	return fd;
}

int disk_open(const char *path)
{
	int tries, fd;

	for (tries = 0; tries < 100; tries++) {
		fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		usleep(20000);	/* udev may still be making the node */
	}
	return -errno;
}

/* zram, with the disk behind it, on which it puts what it is told to. */
static int zram_add(struct badswap *bs)
{
	int fd = open_or_load(ZRAMFS "/hot_add", O_RDONLY, "zram num_devices=0");
	char text[16] = "";

	if (fd < 0)
		return -ENODEV;
	if (read(fd, text, sizeof(text) - 1) > 0)
		bs->number = atoi(text);
	close(fd);
	return bs->number < 0 ? -ENODEV : 0;
}

static int zram_create(struct badswap *bs, size_t len)
{
	char text[64];

	snprintf(text, sizeof(text), "/dev/%s", bs->name);
	if (write_text(text, "/sys/block/zram%d/backing_dev", bs->number))
		return -ENODEV;
	snprintf(text, sizeof(text), "%zu", len);
	return write_text(text, "/sys/block/zram%d/disksize", bs->number);
}

static int zram_flush(struct badswap *bs)
{
	int ret = write_text("all", "/sys/block/zram%d/idle", bs->number);

	return ret ? ret : write_text("idle", "/sys/block/zram%d/writeback", bs->number);
}

static int zram_remove(struct badswap *bs)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", bs->number);
	return write_text(text, ZRAMFS "/hot_remove");
}

/* zswap, which the machine has in front of all swap. */
static int zswap_add(struct badswap *bs)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/memory.zswap.max", bs->cgroup);
	return bs->cgroup[0] && !access(path, W_OK) &&
	       file_has("/sys/module/zswap/parameters/enabled", "Y") ? 0 : -ENODEV;
}

/* Where it may hold no more, each page that comes has it write another one. */
static int zswap_flush(struct badswap *bs)
{
	const size_t len = bs->size / 2;
	char path[128];
	int tries, ret = -EAGAIN;
	char *mem;

	snprintf(path, sizeof(path), "%s/memory.stat", bs->cgroup);
	write_text("0", "%s/memory.zswap.max", bs->cgroup);
	for (tries = 0; ret && tries < 50; tries++) {
		mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mem == MAP_FAILED)
			return -ENOMEM;
		if (getrandom(mem, len, 0) > 0)
			madvise(mem, len, MADV_PAGEOUT);
		munmap(mem, len);
		if (file_has(path, "\nzswapped 0\n"))
			ret = 0;
	}
	write_text("max", "%s/memory.zswap.max", bs->cgroup);
	return ret;
}

/* A loop device, which is gone with its last user. */
static int loop_add(struct badswap *bs)
{
	int fd = open_or_load("/dev/loop-control", O_RDWR, "loop");

	if (fd < 0)
		return -ENODEV;
	bs->number = ioctl(fd, LOOP_CTL_GET_FREE);
	close(fd);
	return bs->number < 0 ? -ENODEV : 0;
}

static int loop_create(struct badswap *bs, size_t len)
{
	struct loop_config config = {
		.fd = bs->fd,
		.block_size = bs->page_size,
		.info.lo_sizelimit = len,
		.info.lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_AUTOCLEAR,
	};
	char path[64];

	over_path(bs, path, sizeof(path));
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "/dev/%s", bs->name);
	bs->over = disk_open(path);
	if (bs->over < 0)
		return bs->over;
	return ioctl(bs->over, LOOP_CONFIGURE, &config) ? -errno : 0;
}

/* A linear target of the device mapper, as a logical volume is. */
static int dm_ioctl(struct badswap *bs, unsigned int request, size_t sectors)
{
	struct {
		struct dm_ioctl head;
		struct dm_target_spec target;
		char where[64];
	} arg = {
		.head.version = { DM_VERSION_MAJOR, 0, 0 },
		.head.data_size = sizeof(arg),
		.head.data_start = sizeof(arg.head),
		.head.target_count = !!sectors,
		.target.length = sectors,
		.target.target_type = "linear",
	};
	int fd = open_or_load("/dev/mapper/control", O_RDWR, "dm-mod");
	int ret;

	if (fd < 0)
		return -ENODEV;
	strcpy(arg.head.name, bs->name);
	snprintf(arg.where, sizeof(arg.where), "/dev/%s 0", bs->name);
	ret = ioctl(fd, request, &arg) ? -errno : 0;
	close(fd);
	return ret ? ret : minor(arg.head.dev);
}

static int dm_add(struct badswap *bs)
{
	bs->number = dm_ioctl(bs, DM_DEV_CREATE, 0);
	return bs->number < 0 ? -ENODEV : 0;
}

static int dm_create(struct badswap *bs, size_t len)
{
	int ret = dm_ioctl(bs, DM_TABLE_LOAD, len / SECTOR_SIZE);

	if (ret >= 0)
		ret = dm_ioctl(bs, DM_DEV_SUSPEND, 0);	/* without its flag: resume */
	return ret < 0 ? ret : 0;
}

static int dm_remove(struct badswap *bs)
{
	int ret = dm_ioctl(bs, DM_DEV_REMOVE, 0);

	return ret < 0 ? ret : 0;
}

/* A file, in a mount on /tmp that nobody else sees. */
static int file_add(struct badswap *bs)
{
	if (!file_has("/proc/filesystems", bs->kind == BADSWAP_EXT2 ? "\text2\n" : "\text4\n"))
		return -ENODEV;
	if (system("command -v mke2fs >/dev/null"))
		return -ENODEV;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	return 0;
}

static int file_create(struct badswap *bs, size_t len)
{
	char *page = calloc(1, bs->page_size), text[128];
	size_t done = 0;
	int fd, ret = 0;

	snprintf(text, sizeof(text), "mke2fs -q -F -b 4096 /dev/%s >/dev/null 2>&1", bs->name);
	if (!page || system(text)) {
		free(page);
		return -ENOSPC;
	}
	snprintf(text, sizeof(text), "/dev/%s", bs->name);
	if (mount(text, "/tmp", bs->kind == BADSWAP_EXT2 ? "ext2" : "ext4", 0, NULL))
		ret = -errno;
	over_path(bs, text, sizeof(text));
	fd = ret ? -1 : open(text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (!ret && fd < 0)
		ret = -errno;
	/* With no holes. */
	for (; !ret && done < len; done += bs->page_size)
		if (write(fd, page, bs->page_size) != (ssize_t)bs->page_size)
			ret = -ENOSPC;
	if (!ret && fsync(fd))
		ret = -errno;
	if (fd >= 0)
		close(fd);
	free(page);
	return ret;
}

static int file_remove(struct badswap *bs)
{
	umount2("/tmp", MNT_DETACH);
	return 0;
}

/* The disk itself, whose errors are over at once. */
static int once_add(struct badswap *bs)
{
	return write_text("1", "/sys/kernel/config/nullb/%s/badblocks_once", bs->name) ?
	       -ENODEV : 0;
}

/* Of each kind: what is swapped to, by its number, and which file then has the disk's name. */
static const struct {
	const char *path, *says;
	int (*add)(struct badswap *bs);
	int (*create)(struct badswap *bs, size_t len);
	int (*flush)(struct badswap *bs);
	int (*remove)(struct badswap *bs);
} kinds[] = {
	[BADSWAP_ZRAM] = { "/dev/zram%d", "/sys/block/zram%d/backing_dev",
		zram_add, zram_create, zram_flush, zram_remove },
	[BADSWAP_ZSWAP] = { .add = zswap_add, .flush = zswap_flush },
	[BADSWAP_LOOP] = { "/dev/loop%d", "/sys/block/loop%d/loop/backing_file",
		loop_add, loop_create },
	[BADSWAP_DM] = { "/dev/dm-%d", "/sys/block/dm-%d/dm/name",
		dm_add, dm_create, NULL, dm_remove },
	[BADSWAP_EXT4] = { .add = file_add, .create = file_create, .remove = file_remove },
	[BADSWAP_EXT2] = { .add = file_add, .create = file_create, .remove = file_remove },
	[BADSWAP_ONCE] = { .add = once_add },
};

void over_path(const struct badswap *bs, char *path, size_t size)
{
	const char *format = kinds[bs->kind].path;

	if (format)
		snprintf(path, size, format, bs->number);
	else
		snprintf(path, size, "/%s/%s", kinds[bs->kind].create ? "tmp" : "dev", bs->name);
}

bool over_is_ours(const struct badswap *bs)
{
	const char *format = kinds[bs->kind].says;
	char path[64];

	if (!format)
		return true;
	snprintf(path, sizeof(path), format, bs->number);
	return file_has(path, bs->name);
}

int over_add(struct badswap *bs)
{
	return kinds[bs->kind].add ? kinds[bs->kind].add(bs) : 0;
}

int over_create(struct badswap *bs, size_t len)
{
	return kinds[bs->kind].create ? kinds[bs->kind].create(bs, len) : 0;
}

int badswap_flush(struct badswap *bs)
{
	return kinds[bs->kind].flush ? kinds[bs->kind].flush(bs) : 0;
}

int over_remove(struct badswap *bs)
{
	return kinds[bs->kind].remove ? kinds[bs->kind].remove(bs) : 0;
}
