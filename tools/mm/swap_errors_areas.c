// SPDX-License-Identifier: GPL-2.0
/* What swap areas there are, and which page of one a sector is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "swap_errors.h"

#define MAX_AREAS	32
#define NR_EXTENTS	256

struct area {
	char name[256];
	unsigned long long size_kb, used_kb;
	bool deleted;		/* its name is */
};

/* As /proc/swaps has them: in the order of their swap types, of which some may be free. */
static struct area areas[MAX_AREAS];
static unsigned int nr_areas;

/* The kernel writes blanks of a name as \ooo. */
static void unescape(char *name)
{
	char *to = name;
	unsigned int c;

	for (; *name; name++) {
		if (*name == '\\' && sscanf(name + 1, "%3o", &c) == 1) {
			*to++ = c;
			name += 3;
		} else {
			*to++ = *name;
		}
	}
	*to = '\0';
}

static bool parse_area(const char *line, struct area *area)
{
	static const char deleted[] = " (deleted)";
	char *end;

	if (sscanf(line, "%255s %*s %llu %llu", area->name, &area->size_kb, &area->used_kb) != 3)
		return false;
	unescape(area->name);
	end = area->name + strlen(area->name) - strlen(deleted);
	area->deleted = end > area->name && !strcmp(end, deleted);
	if (area->deleted)
		*end = '\0';
	return true;
}

/* Returns how many there are. */
static unsigned int read_areas(struct area *to)
{
	FILE *file = fopen("/proc/swaps", "re");
	unsigned int nr = 0;
	char line[1024];

	while (file && nr < MAX_AREAS && fgets(line, sizeof(line), file))
		nr += parse_area(line, &to[nr]);
	if (file)
		fclose(file);
	return nr;
}

static bool any_used(const struct area *of, unsigned int nr)
{
	while (nr--)
		if (of[nr].used_kb)
			return true;
	return false;
}

bool read_swap_areas(void)
{
	nr_areas = read_areas(areas);
	return any_used(areas, nr_areas);
}

bool read_swap_areas_again(bool *same)
{
	static struct area now[MAX_AREAS];
	unsigned int i, nr = read_areas(now);

	*same = nr == nr_areas;
	for (i = 0; *same && i < nr; i++)
		*same = !strcmp(now[i].name, areas[i].name);
	return any_used(now, nr);
}

static const char *print_name(const struct area *area)
{
	static char name[sizeof(area->name)];

	memcpy(name, area->name, sizeof(name));
	return clean(name);
}

const char *swap_area_name(int area)
{
	return print_name(&areas[area]);
}

void print_swap_areas(void)
{
	struct area *area;

	for (area = areas; area < areas + nr_areas; area++)
		printf("swap area %s: on, %llu of %llu kB used%s\n", print_name(area),
		       area->used_kb, area->size_kb,
		       area->deleted ? "; its name is deleted: swapoff can't find it" : "");
}

void json_swap_areas(void)
{
	const char *comma = "";
	struct area *area;

	printf("[");
	for (area = areas; area < areas + nr_areas; area++) {
		printf("%s{\"name\":\"%s\",\"size_kb\":%llu,\"used_kb\":%llu,", comma,
		       print_name(area), area->size_kb, area->used_kb);
		printf("\"deleted\":%s}", area->deleted ? "true" : "false");
		comma = ",";
	}
	printf("]");
}

static bool fits(const struct seen_type *seen, unsigned int type, unsigned int area)
{
	return area <= type && areas[area].used_kb &&
	       seen->last <= areas[area].size_kb * 1024 / pagesize;
}

/*
 * Which area each of the types is that pages in swap have.  Areas keep the order of their
 * types, but a type in between may be free: so it is known where it can be one area only.
 */
void find_types(struct seen_type *types)
{
	int first[NR_SWAP_TYPES], last, next = 0, type;

	for (type = 0; type < NR_SWAP_TYPES; type++) {
		if (!types[type].pages)
			continue;
		while (next < (int)nr_areas && !fits(&types[type], type, next))
			next++;
		first[type] = next++;
	}
	last = nr_areas;
	for (type = NR_SWAP_TYPES - 1; type >= 0; type--) {
		types[type].area = -1;
		if (!types[type].pages)
			continue;
		do {
			last--;
		} while (last >= 0 && !fits(&types[type], type, last));
		if (last >= 0 && last == first[type])
			types[type].area = last;
	}
}

/* Reads MAJOR:MINOR, or a number, from a file in sysfs. */
static bool read_sysfs(const char *path, const char *fmt, void *one, void *two)
{
	FILE *file = fopen(path, "re");
	int nr = 0;

	if (file) {
		nr = fscanf(file, fmt, one, two);
		fclose(file);
	}
	return nr == 1 + !!two;
}

/*
 * Where on the device @dev the page is that the kernel names in "Read-error on swap-device
 * (MAJOR:MINOR:SECTOR)", in bytes, or -1.  It names the disk and the sector of it, even where
 * it swaps to a partition.  If the disk could read some of the page, the sector is the first
 * that it could not.
 */
static long long place_on(dev_t dev, const struct wanted *w)
{
	unsigned long long start = 0;
	unsigned int major_, minor_;
	char path[96];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(dev), minor(dev));
	if (!access(path, F_OK)) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/start", major(dev), minor(dev));
		if (!read_sysfs(path, "%llu", &start, NULL))
			return -1;
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", major(dev), minor(dev));
		if (!read_sysfs(path, "%u:%u", &major_, &minor_))
			return -1;
		dev = makedev(major_, minor_);
	}
	if (dev != makedev(w->major, w->minor) || w->sector < start)
		return -1;
	return (w->sector - start) * SECTOR_BYTES / pagesize * pagesize;
}

/* The page of the file @fd that is at @place on its device, or -1. */
static long long page_at(int fd, unsigned long long place)
{
	static union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + NR_EXTENTS * sizeof(struct fiemap_extent)];
	} u;
	const struct fiemap_extent *e = u.map.fm_extents;
	unsigned long long from = 0;

	do {
		memset(&u.map, 0, sizeof(u.map));
		u.map.fm_start = from;
		u.map.fm_length = FIEMAP_MAX_OFFSET - from;
		u.map.fm_extent_count = NR_EXTENTS;
		if (ioctl(fd, FS_IOC_FIEMAP, &u.map))
			return -1;
		for (e = u.map.fm_extents; e < u.map.fm_extents + u.map.fm_mapped_extents; e++) {
			from = e->fe_logical + e->fe_length;
			if (e->fe_flags & (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_ENCODED |
					   FIEMAP_EXTENT_NOT_ALIGNED))
				continue;
			if (place >= e->fe_physical && place < e->fe_physical + e->fe_length)
				return (e->fe_logical + place - e->fe_physical) / pagesize;
		}
	} while (u.map.fm_mapped_extents == NR_EXTENTS);
	return -1;
}

/* Pages of a swap file are in the order of its own, where a block is not less than a page. */
static long long page_in_file(const char *name, unsigned long long place)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct statfs statfs;
	long long page = -1;

	if (fd < 0)
		return -1;
	if (!fstatfs(fd, &statfs) && (size_t)statfs.f_bsize >= pagesize)
		page = page_at(fd, place);
	close(fd);
	return page;
}

/* Of an area whose name is deleted: its device may still be there. */
static dev_t device_by_name(const char *name)
{
	const char *base = strrchr(name, '/');
	unsigned int major, minor;
	char path[320];

	snprintf(path, sizeof(path), "/sys/class/block/%.255s/dev", base ? base + 1 : name);
	return read_sysfs(path, "%u:%u", &major, &minor) ? makedev(major, minor) : 0;
}

/* The page of the area, be it one that it has not, or -1. */
static long long page_in_area(const struct area *area, const struct wanted *w)
{
	struct stat stat_ = { 0 };
	bool is_file = false;
	long long place;
	dev_t dev;

	if (area->deleted) {
		dev = device_by_name(area->name);
	} else {
		if (stat(area->name, &stat_))
			return -1;
		is_file = S_ISREG(stat_.st_mode);
		dev = is_file ? stat_.st_dev : stat_.st_rdev;
	}
	place = dev ? place_on(dev, w) : -1;
	if (place < 0 || !is_file)
		return place < 0 ? -1 : place / (long long)pagesize;
	return page_in_file(area->name, place);
}

void find_sector(struct wanted *w)
{
	long long page;
	unsigned int i;

	w->area = -1;
	for (i = 0; i < nr_areas && w->area < 0; i++) {
		page = page_in_area(&areas[i], w);
		/* The first page is the header. */
		if (page < 1 || page > (long long)(areas[i].size_kb * 1024 / pagesize))
			continue;
		w->area = i;
		w->page = page;
	}
}
