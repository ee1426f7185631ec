// SPDX-License-Identifier: GPL-2.0
/* See badswap.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest.h"
#include "badswap.h"
#include "badswap_over.h"
#include "vm_util.h"

#define CONFIGFS	"/sys/kernel/config/nullb"
#define CGROUPFS	"/sys/fs/cgroup"

/* Not all libcs know these. */
#ifndef MADV_COLD
#define MADV_COLD	20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open	434
#endif

#define SECTOR_SIZE	512
#define CHUNK_PAGES	64	/* that are read at once */

int write_text(const char *text, const char *fmt, ...)
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

/* Returns how many KiB are on ours, and stores the highest priority of all, or 0. */
static size_t read_swaps(const struct badswap *bs, int *highest)
{
	FILE *file = fopen("/proc/swaps", "r");
	char line[256], path[64], of[64];
	size_t kb, ours = 0;
	int prio;

	*highest = 0;
	over_path(bs, path, sizeof(path));
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %*s %*d %zu %d", of, &kb, &prio) != 3)
			continue;
		if (!strcmp(of, path))
			ours = kb;
		*highest = MAX(*highest, prio);
	}
	if (file)
		fclose(file);
	return ours;
}

/* Stores the pagemap entries of @pages pages at @mem. */
static int pagemap_entries(char *mem, size_t pages, uint64_t *entries)
{
	size_t i, size = sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (i = 0; i < pages; i++)
		entries[i] = pagemap_get_entry(fd, mem + i * size);
	close(fd);
	return 0;
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
	if (!bs->old_cgroup[0] || write_text("0", "%s/cgroup.procs", bs->cgroup)) {
		rmdir(bs->cgroup);
		bs->cgroup[0] = '\0';
		return;
	}
	/* What zswap keeps does not reach the device. */
	if (bs->kind != BADSWAP_ZSWAP)
		write_text("0", "%s/memory.zswap.max", bs->cgroup);
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

/* With a scheduler, in which what is to be merged can wait for its turn. */
static int disk_schedule(struct badswap *bs)
{
	int tries, ret;

	if (write_text("mq-deadline", "/sys/block/%s/queue/scheduler", bs->name))
		return -ENODEV;
	/* Somebody who looks at new disks may be at it. */
	for (tries = 0; tries < 100; tries++) {
		ret = write_text("64", "/sys/block/%s/queue/nr_requests", bs->name);
		if (ret != -EBUSY)
			break;
		usleep(10000);
	}
	return ret;
}

static int disk_create(struct badswap *bs)
{
	const bool queued = bs->kind != BADSWAP_BIO && bs->kind != BADSWAP_ZRAM;
	const bool slow = bs->kind == BADSWAP_SLOW, disk = bs->kind == BADSWAP_DISK;
	/*
	 * queue_mode 0 and irqmode 0 make page-out synchronous where null_blk
	 * still has them, which leaves nothing in the swap cache.  Without a
	 * queue nothing merges.  irqmode 2 is done with a request when a timer is.
	 */
	const char *const attrs[][2] = {
		{ "blocksize", "4096" }, { "memory_backed", "1" },
		{ "queue_mode", queued ? "2" : "0" },
		{ "irqmode", slow || disk ? "2" : "0" },
		{ "completion_nsec", slow ? "5000000" : disk ? "1000000" : "0" },
		{ "hw_queue_depth", disk ? "1" : "64" },
	};
	char path[64], size[16];
	unsigned int i;
	int ret;

	snprintf(path, sizeof(path), CONFIGFS "/%s", bs->name);
	snprintf(size, sizeof(size), "%zu", bs->size >> 20);
	ret = write_text(size, "%s/size", path);
	for (i = 0; !ret && i < ARRAY_SIZE(attrs); i++)
		ret = write_text(attrs[i][1], "%s/%s", path, attrs[i][0]);
	if (!ret)
		ret = write_text("1", "%s/power", path);
	/* A bad block fails its request, not those that could be merged with it. */
	if (!ret)
		ret = write_text("2", "/sys/block/%s/queue/nomerges", bs->name);
	return !ret && disk ? disk_schedule(bs) : ret;
}

/* As linux/swap.h has it in union swap_header. */
int badswap_format(struct badswap *bs, const char *path, size_t len)
{
	size_t size = bs->page_size;
	char *header = aligned_alloc(size, size);
	uint32_t version = 1, last_page = len / size - 1;
	int fd, ret = 0;

	if (!header)
		return -ENOMEM;
	fd = disk_open(path);
	memset(header, 0, size);
	memcpy(header + 1024, &version, sizeof(version));
	memcpy(header + 1028, &last_page, sizeof(last_page));
	memcpy(header + size - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, header, size, 0) != (ssize_t)size)
		ret = -EIO;
	close(fd);
	free(header);
	return ret;
}

/* Swaps off the disk and its partitions, which a test may have made; -EBUSY: not all. */
static int disk_off(struct badswap *bs)
{
	FILE *file = fopen("/proc/swaps", "r");
	int len, ret = file ? 0 : -EBUSY;
	char line[256], path[64], of[64];

	len = snprintf(path, sizeof(path), "/dev/%s", bs->name);
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s", of) != 1 || strncmp(of, path, len))
			continue;
		/* Or with \040(deleted) at its end, and then not by its name. */
		if ((!of[len] || of[len] == 'p' || of[len] == '\\') && swapoff(of))
			ret = -EBUSY;
	}
	if (file)
		fclose(file);
	return ret;
}

/*
 * Removes the device.  Never while it is swapped to, by whomever: with the device
 * their pages would go.
 */
static int disk_remove(struct badswap *bs)
{
	char path[64];

	if (over_is_ours(bs)) {
		over_path(bs, path, sizeof(path));
		if (swapoff(path) && errno != EINVAL && errno != ENOENT)
			return -errno;
	}
	if (over_remove(bs) == -EBUSY || disk_off(bs))
		return -EBUSY;
	if (bs->over >= 0)
		close(bs->over);
	if (bs->fd >= 0)
		close(bs->fd);
	bs->over = -1;
	bs->fd = -1;
	snprintf(path, sizeof(path), CONFIGFS "/%s", bs->name);
	write_text("0", "%s/power", path);
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

void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

void unpin(void)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
}

static size_t copies_size(const struct badswap *bs)
{
	return CHUNK_PAGES * bs->page_size + bs->room;
}

int badswap_create_kind(struct badswap *bs, size_t pages, enum badswap_kind kind)
{
	size_t unit, len;
	char path[64];
	int ret;

	memset(bs, 0, sizeof(*bs));
	bs->fd = -1;
	bs->over = -1;
	bs->number = -1;
	bs->kind = kind;
	bs->page_size = sysconf(_SC_PAGESIZE);
	unit = MAX(CHUNK_PAGES * bs->page_size, (size_t)1 << 20);
	len = (2 * pages * bs->page_size / unit + 1) * unit;
	/* A file system wants some for itself. */
	bs->size = kind == BADSWAP_EXT4 || kind == BADSWAP_EXT2 ? 2 * len : len;
	bs->page_in = calloc(bs->size / bs->page_size, sizeof(*bs->page_in));
	bs->room = pages * bs->page_size;
	bs->copies = mmap(NULL, copies_size(bs), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!bs->page_in || bs->copies == MAP_FAILED || mlock(bs->copies, copies_size(bs)))
		return -ENOMEM;
	/* A core dump has the pages themselves only. */
	madvise(bs->copies, copies_size(bs), MADV_DONTDUMP);
	snprintf(bs->name, sizeof(bs->name), "badswap-%d", getpid());
	pin_to(sched_getcpu());

	/* Whoever makes this folder owns the name. */
	snprintf(path, sizeof(path), CONFIGFS "/%s", bs->name);
	if (mkdir(path, 0755))
		return -errno;
	cgroup_create(bs);
	ret = over_add(bs);
	if (!ret)
		ret = guard_start(bs);
	if (!ret && bs->cgroup[0])
		cgroup_enter(bs);
	if (!ret)
		ret = disk_create(bs);
	snprintf(path, sizeof(path), "/dev/%s", bs->name);
	if (!ret)
		bs->fd = disk_open(path);
	if (!ret && bs->fd < 0)
		ret = bs->fd;
	if (!ret)
		ret = over_create(bs, len);
	over_path(bs, path, sizeof(path));
	if (!ret)
		ret = badswap_format(bs, path, len);
	if (!ret)
		ret = badswap_swapon(bs);
	if (ret)
		badswap_destroy(bs);
	return ret;
}

int badswap_create(struct badswap *bs, size_t pages)
{
	return badswap_create_kind(bs, pages, BADSWAP_BIO);
}

int badswap_merge(struct badswap *bs, size_t pages)
{
	int highest;

	if (read_swaps(bs, &highest) > pages * bs->page_size / 1024)
		return -EBUSY;
	return write_text("0", "/sys/block/%s/queue/nomerges", bs->name);
}

/* Whether a copy of a page at @mem is in memory, be it in the swap cache. */
static bool any_in_memory(struct badswap *bs, char *mem, size_t pages)
{
	unsigned char *in_core = malloc(pages);
	bool any = !in_core || mincore(mem, pages * bs->page_size, in_core);
	size_t i;

	for (i = 0; !any && i < pages; i++)
		any = in_core[i] & 1;
	free(in_core);
	return any;
}

/*
 * Maps those pages at @mem again that are only left in the swap cache: clean as they are,
 * the next MADV_PAGEOUT frees them at once.  Not shared ones, which would be dirty.
 */
static int map_cached(struct badswap *bs, char *mem, const char *data, int pages)
{
	const size_t size = bs->page_size;
	uint64_t *entries = calloc(pages, sizeof(*entries));
	int i, ret = entries ? pagemap_entries(mem, pages, entries) : -ENOMEM;

	for (i = 0; !ret && i < pages; i++)
		if (entries[i] & PM_SWAP && memcmp(mem + i * size, data + i * size, size))
			ret = -EIO;
	free(entries);
	return ret;
}

/* The number of the page at @data that is the one at @slot, @guess maybe, or -1. */
static int which_page(struct badswap *bs, const char *slot, const char *data,
		      int pages, int guess)
{
	size_t size = bs->page_size;
	int i;

	if (!*(const uint64_t *)slot)
		return -1;
	if (guess < pages && !memcmp(slot, data + guess * size, size))
		return guess;
	for (i = 0; i < pages; i++)
		if (!memcmp(slot, data + i * size, size))
			return i;
	return -1;
}

/* Whether a slot of swap is that of the disk. */
static bool same_slots(const struct badswap *bs)
{
	switch (bs->kind) {
	case BADSWAP_ZRAM:
	case BADSWAP_EXT4:
	case BADSWAP_EXT2:
		return false;
	default:
		return true;
	}
}

/*
 * Finds the pages on our own device by what they had in them.  Of private pages pagemap
 * knows the slot too, as long as it is one of ours; a shared one may be in more than one,
 * if it was there before.
 */
static int find_pages(struct badswap *bs, const char *data, int pages)
{
	const size_t size = bs->page_size, chunk = CHUNK_PAGES * size;
	uint64_t *entries = calloc(pages, sizeof(*entries));
	char *buf = bs->copies, *found = calloc(1, pages);
	int ret = found && entries ? 0 : -ENOMEM;
	int guess = 0, missing = pages, page;
	size_t pos = 0, off, slot, left;
	bool private = false;

	if (!ret)
		ret = pagemap_entries(bs->mem, pages, entries);
	if (!ret && entries[0] & PM_SWAP && same_slots(bs)) {
		private = true;
		pos = PM_SWAP_OFFSET(entries[0]) * size % bs->size / chunk * chunk;
	}
	memset(bs->page_in, -1, bs->size / size * sizeof(*bs->page_in));
	for (left = bs->size; !ret && left; left -= chunk) {
		ssize_t len;

		if (!missing && (private || !bs->used))
			break;
		len = pread(bs->fd, buf, chunk, pos);
		for (off = 0; off < chunk; off += size) {
			page = -1;
			slot = (pos + off) / size;
			if (len == (ssize_t)chunk ||
			    pread(bs->fd, buf + off, size, pos + off) == (ssize_t)size)
				page = which_page(bs, buf + off, data, pages, guess);
			if (page < 0 || (private && PM_SWAP_OFFSET(entries[page]) != slot))
				continue;
			bs->page_in[slot] = page;
			guess = page + 1;
			if (!found[page])
				missing--;
			found[page] = 1;
		}
		pos = (pos + chunk) % bs->size;
	}
	free(entries);
	free(found);
	return ret ? ret : missing ? -EXDEV : 0;
}

/* Has each CPU give up pages that it keeps to itself, as those that ksmd has merged on it. */
static void drain_cpus(void *mem)
{
	const int home = sched_getcpu(), cpus = sysconf(_SC_NPROCESSORS_CONF);
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		pin_to(cpu);
		madvise(mem, 1, MADV_COLD);
	}
	pin_to(home);
}

int badswap_pageout(struct badswap *bs, void *mem, size_t len)
{
	int tries, pages = len / bs->page_size, ret = -EAGAIN;
	char *data = bs->copies + CHUNK_PAGES * bs->page_size;
	char amount[24];

	if (len > bs->room)
		return -EINVAL;
	memcpy(data, mem, len);
	bs->mem = mem;
	for (tries = 0; tries < 100 && (ret == -EAGAIN || ret == -EXDEV); tries++) {
		if (ret == -EXDEV) {
			/* Give back the slots of another area, of which CPUs keep some. */
			memcpy(mem, data, len);
		} else if (tries) {
			usleep(1000 * tries);
			ret = map_cached(bs, mem, data, pages);
			if (ret)
				break;
			if (tries % 10 == 5)
				drain_cpus(mem);
		}
		if (madvise(mem, len, MADV_PAGEOUT)) {
			ret = -errno;
			break;
		}
		/*
		 * What is then left in the swap cache leaves it only under pressure; at
		 * first no more than needed, as what does not find enough waits for all
		 * CPUs, later more, as others' pages may be the first that are found.
		 */
		if (tries > 1 && bs->cgroup[0] && any_in_memory(bs, mem, pages)) {
			snprintf(amount, sizeof(amount), "%zu", len * (1 + tries / 10));
			write_text(amount, "%s/memory.reclaim", bs->cgroup);
		}
		ret = any_in_memory(bs, mem, pages) ? -EAGAIN : 0;
		if (!ret)
			ret = badswap_flush(bs);
		/* zswap leaves what it writes in the swap cache. */
		if (!ret && any_in_memory(bs, mem, pages))
			ret = -EAGAIN;
		if (!ret)
			ret = find_pages(bs, data, pages);
		bs->used = true;
	}
	return ret;
}

int badswap_lose_slot(struct badswap *bs, size_t slot)
{
	const size_t sectors = bs->page_size / SECTOR_SIZE, first = slot * sectors;
	char range[64];

	snprintf(range, sizeof(range), "+%zu-%zu", first, first + sectors - 1);
	return write_text(range, CONFIGFS "/%s/badblocks", bs->name);
}

int badswap_lose(struct badswap *bs, void *mem)
{
	const int page = ((char *)mem - bs->mem) / bs->page_size;
	int ret = -EINVAL;
	size_t slot;

	for (slot = 0; slot < bs->size / bs->page_size; slot++)
		if (bs->page_in[slot] == page) {
			ret = badswap_lose_slot(bs, slot);
			if (ret)
				return ret;
		}
	/* Somebody's readahead may have been faster. */
	return !ret && any_in_memory(bs, mem, 1) ? -EAGAIN : ret;
}

int badswap_lose_some(struct badswap *bs, char *mem, unsigned int pages,
		      bool (*which)(unsigned int i))
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < pages; i++)
		if (which(i))
			ret = badswap_lose(bs, mem + i * bs->page_size);
	return ret;
}

int badswap_heal(struct badswap *bs)
{
	char range[64];

	snprintf(range, sizeof(range), "-0-%zu", bs->size / SECTOR_SIZE - 1);
	return write_text(range, CONFIGFS "/%s/badblocks", bs->name);
}

int badswap_swapon(struct badswap *bs)
{
	char path[64];
	int highest;

	over_path(bs, path, sizeof(path));
	/* Above all others, be it a device of ours that could not be swapped off. */
	read_swaps(bs, &highest);
	return swapon(path, SWAP_FLAG_PREFER | MIN(highest + 1, SWAP_FLAG_PRIO_MASK)) ?
	       -errno : 0;
}

int badswap_swapoff(struct badswap *bs)
{
	char path[64];

	over_path(bs, path, sizeof(path));
	return swapoff(path) ? -errno : 0;
}

void badswap_destroy(struct badswap *bs)
{
	free(bs->page_in);
	bs->page_in = NULL;
	if (bs->copies)
		munmap(bs->copies, copies_size(bs));
	bs->copies = NULL;
	/* What can't be removed now is left to the guard. */
	if (disk_remove(bs))
		return;
	if (bs->cgroup[0])
		write_text("0", "%s/cgroup.procs", bs->old_cgroup);
	cgroup_remove(bs);
	if (bs->guard > 0) {
		kill(bs->guard, SIGKILL);
		waitpid(bs->guard, NULL, 0);
		bs->guard = 0;
	}
}

/* Uses a device, in a process of its own: a refusal is only seen by that. */
static int try_device(size_t pages)
{
	size_t len = pages * sysconf(_SC_PAGESIZE);
	struct badswap bs;
	char *mem, *buf;
	int status, ret;
	pid_t pid;

	pid = fork();
	if (!pid) {
		ret = badswap_create(&bs, pages);
		if (ret)
			_exit(-ret);
		mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
		if (mem == MAP_FAILED || getrandom(mem, len, 0) != (ssize_t)len)
			_exit(ENOMEM);
		ret = badswap_pageout(&bs, mem, len);
		if (!ret)
			ret = badswap_lose(&bs, mem);
		buf = aligned_alloc(bs.page_size, bs.size);
		if (!ret && buf && pread(bs.fd, buf, bs.size, 0) == (ssize_t)bs.size)
			ret = -ENODATA;
		badswap_destroy(&bs);
		_exit(-ret);
	}
	/* Of other failures the tests will tell. */
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
	       WEXITSTATUS(status) : 0;
}

static const char *missing(size_t pages)
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
	switch (try_device(pages)) {
	case EPERM:
	case EACCES:
	case EROFS:
		return "needs CAP_SYS_ADMIN, and configfs to write to";
	case EXDEV:
		return zswap_is_on() ? "needs zswap to be off, or memory.zswap.max of cgroup v2" :
				     "needs swap for itself: another area takes our pages";
	case ENODATA:
		return "needs bad blocks of null_blk that can't be read";
	case EAGAIN:
		return "needs memory.reclaim of cgroup v2 to empty the swap cache";
	default:
		return NULL;
	}
}

void badswap_or_skip(size_t pages)
{
	const char *why = missing(pages);

	if (why) {
		ksft_print_header();
		ksft_exit_skip("%s\n", why);
	}
}
