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
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "badswap.h"
#include "badswap_over.h"

#define ZRAMFS		"/sys/class/zram-control"
#define SECTOR_SIZE	512

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

/* Stores the beginning of the file that @format names, with @number in it. */
static void read_file(char *text, size_t size, const char *format, int number)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), format, number);
	memset(text, 0, size);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, text, size - 1) < 0)
		*text = '\0';
	close(fd);
}

/* Whether such a file has the path of our disk, or its name, and nothing else. */
static bool has_name(const struct badswap *bs, const char *format, int number)
{
	char text[128], *name;

	read_file(text, sizeof(text), format, number);
	text[strcspn(text, "\n ")] = '\0';
	name = strrchr(text, '/');
	return !strcmp(name ? name + 1 : text, bs->name);
}

bool zswap_is_on(void)
{
	char text[2];

	read_file(text, sizeof(text), "/sys/module/zswap/parameters/enabled", 0);
	return text[0] == 'Y';
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

/* One that nobody has set up is what we have left, or nobody's yet. */
static bool zram_is_ours(struct badswap *bs)
{
	char size[4];

	if (bs->number < 0)
		return false;
	read_file(size, sizeof(size), "/sys/block/zram%d/disksize", bs->number);
	return !strcmp(size, "0\n") || has_name(bs, "/sys/block/zram%d/backing_dev", bs->number);
}

static int zram_flush(struct badswap *bs)
{
	int ret = write_text("all", "/sys/block/zram%d/idle", bs->number);

	return ret ? ret : write_text("idle", "/sys/block/zram%d/writeback", bs->number);
}

static int zram_remove(struct badswap *bs)
{
	char text[16];

	if (!zram_is_ours(bs))
		return 0;
	snprintf(text, sizeof(text), "%d", bs->number);
	return write_text(text, ZRAMFS "/hot_remove");
}

/* zswap, which the machine has in front of all swap, where it can be told to write. */
static int zswap_add(struct badswap *bs)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/memory.zswap.writeback", bs->cgroup);
	return bs->cgroup[0] && !access(path, W_OK) && zswap_is_on() ? 0 : -ENODEV;
}

/* Where it may hold no more, each page that comes has it write another one. */
static int zswap_flush(struct badswap *bs)
{
	const size_t len = bs->size / 2;
	char path[128], stat[8192];
	int tries, ret = -EBUSY;
	char *mem;

	snprintf(path, sizeof(path), "%s/memory.stat", bs->cgroup);
	write_text("0", "%s/memory.zswap.max", bs->cgroup);
	for (tries = 0; ret == -EBUSY && tries < 50; tries++) {
		mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mem == MAP_FAILED) {
			ret = -ENOMEM;
			break;
		}
		if (getrandom(mem, len, 0) > 0)
			madvise(mem, len, MADV_PAGEOUT);
		munmap(mem, len);
		read_file(stat, sizeof(stat), path, 0);
		if (strstr(stat, "\nzswapped 0\n"))
			ret = 0;
	}
	write_text("max", "%s/memory.zswap.max", bs->cgroup);
	return ret;
}

/* A loop device, which is free again with its last user. */
static int loop_add(struct badswap *bs)
{
	int fd = open_or_load("/dev/loop-control", O_RDWR, "loop");

	close(fd);
	return fd < 0 ? -ENODEV : 0;
}

static int loop_try(struct badswap *bs, const struct loop_config *config)
{
	int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	char path[64];

	bs->number = ioctl(fd, LOOP_CTL_GET_FREE);
	close(fd);
	over_path(bs, path, sizeof(path));
	bs->over = disk_open(path);
	if (bs->over < 0)
		return bs->over;
	if (!ioctl(bs->over, LOOP_CONFIGURE, config))
		return 0;
	fd = -errno;
	close(bs->over);
	bs->over = -1;
	return fd;
}

static int loop_create(struct badswap *bs, size_t len)
{
	struct loop_config config = {
		.fd = bs->fd,
		.block_size = bs->page_size,
		.info.lo_sizelimit = len,
		.info.lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_AUTOCLEAR,
	};
	int tries, ret = -EBUSY;

	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "/dev/%s", bs->name);
	/* Another may be faster. */
	for (tries = 0; ret == -EBUSY && tries < 10; tries++)
		ret = loop_try(bs, &config);
	return ret;
}

/* Our guard does not know which one we got. */
static bool loop_is_ours(struct badswap *bs)
{
	const char *format = "/sys/block/loop%d/loop/backing_file";
	int number;

	if (bs->number >= 0)
		return has_name(bs, format, bs->number);
	for (number = 0; number < 1024 && bs->number < 0; number++)
		if (has_name(bs, format, number))
			bs->number = number;
	return bs->number >= 0;
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
	snprintf(arg.head.name, sizeof(arg.head.name), "%s", bs->name);
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

static bool dm_is_ours(struct badswap *bs)
{
	return has_name(bs, "/sys/block/dm-%d/dm/name", bs->number);
}

/* Goes by its name, which may be all that there is of it. */
static int dm_remove(struct badswap *bs)
{
	int ret = dm_ioctl(bs, DM_DEV_REMOVE, 0);

	return ret < 0 ? ret : 0;
}

/* A file, in a mount on /tmp that nobody else sees. */
static int file_add(struct badswap *bs)
{
	if (system("command -v mke2fs >/dev/null"))
		return -ENODEV;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return -errno;
	return 0;
}

/* Whether what is on /tmp is on our disk. */
static bool file_is_ours(struct badswap *bs)
{
	struct stat tmp, disk;
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", bs->name);
	return !stat("/tmp", &tmp) && !stat(path, &disk) && tmp.st_dev == disk.st_rdev;
}

static int file_fill(const char *path, size_t page_size, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char *page = calloc(1, page_size);
	int ret = 0;

	if (fd < 0 || !page)
		ret = -EIO;
	/* With no holes. */
	for (; !ret && len; len -= page_size)
		if (write(fd, page, page_size) != (ssize_t)page_size)
			ret = -ENOSPC;
	if (!ret && fsync(fd))
		ret = -errno;
	if (fd >= 0)
		close(fd);
	free(page);
	return ret;
}

static int file_create(struct badswap *bs, size_t len)
{
	const char *type = bs->kind == BADSWAP_EXT2 ? "ext2" : "ext4";
	char text[128];

	/* Not all know the types; what ext2 has, ext4 can mount. */
	snprintf(text, sizeof(text), "mke2fs -q -F -b 4096 -t %s /dev/%s >/dev/null 2>&1", type,
		 bs->name);
	if (system(text)) {
		snprintf(text, sizeof(text), "mke2fs -q -F -b 4096 /dev/%s >/dev/null 2>&1",
			 bs->name);
		if (system(text))
			return -EIO;
	}
	/* As we have it open, it was not written back when mke2fs has closed it. */
	fsync(bs->fd);
	snprintf(text, sizeof(text), "/dev/%s", bs->name);
	if (mount(text, "/tmp", type, 0, NULL))
		return -errno;
	over_path(bs, text, sizeof(text));
	return file_fill(text, bs->page_size, len);
}

static int file_remove(struct badswap *bs)
{
	return file_is_ours(bs) && umount2("/tmp", MNT_DETACH) ? -errno : 0;
}

/* The disk itself, whose errors are over at once. */
static int once_add(struct badswap *bs)
{
	return write_text("1", "/sys/kernel/config/nullb/%s/badblocks_once", bs->name) ?
	       -ENODEV : 0;
}

/* Of each kind; path is of what is swapped to, with its number. */
static const struct {
	const char *path;
	int (*add)(struct badswap *bs);
	int (*create)(struct badswap *bs, size_t len);
	bool (*is_ours)(struct badswap *bs);
	int (*flush)(struct badswap *bs);
	int (*remove)(struct badswap *bs);
} kinds[] = {
	[BADSWAP_ZRAM] = { "/dev/zram%d", zram_add, zram_create, zram_is_ours, zram_flush,
			   zram_remove },
	[BADSWAP_ZSWAP] = { .add = zswap_add, .flush = zswap_flush },
	[BADSWAP_LOOP] = { "/dev/loop%d", loop_add, loop_create, loop_is_ours },
	[BADSWAP_DM] = { "/dev/dm-%d", dm_add, dm_create, dm_is_ours, NULL, dm_remove },
	[BADSWAP_EXT4] = { NULL, file_add, file_create, file_is_ours, NULL, file_remove },
	[BADSWAP_EXT2] = { NULL, file_add, file_create, file_is_ours, NULL, file_remove },
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

bool over_is_ours(struct badswap *bs)
{
	return kinds[bs->kind].is_ours ? kinds[bs->kind].is_ours(bs) : false;
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
