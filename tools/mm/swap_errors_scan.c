// SPDX-License-Identifier: GPL-2.0
/* Which swapin errors there are in a process. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "swap_errors.h"

/* Not all headers know this. */
#ifndef PAGEMAP_SCAN
#define PAGEMAP_SCAN	_IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_SWAPPED	0x10
struct page_region {
	__u64 start, end, categories;
};

struct pm_scan_arg {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	__u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};
#endif

/* The next number that is the name of a file, or 0. */
static pid_t next_pid(DIR *dir)
{
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 0)
			return atoi(entry->d_name);
	return 0;
}

size_t all_pids(pid_t **pids)
{
	DIR *dir = opendir("/proc");
	size_t nr = 0;
	pid_t pid;

	*pids = NULL;
	while ((pid = next_pid(dir))) {
		if (pid == getpid())
			continue;
		*pids = grow(*pids, nr, sizeof(**pids));
		(*pids)[nr++] = pid;
	}
	if (dir)
		closedir(dir);
	return nr;
}

static bool has_size(pid_t pid)
{
	unsigned long size = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%lu", &size) != 1)
		size = 0;
	fclose(file);
	return size;
}

pid_t with_memory(pid_t pid)
{
	char path[64];
	pid_t thread;
	DIR *dir;

	if (has_size(pid))
		return pid;
	/* A first thread that is gone has no memory any more, the others have it. */
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	do {
		thread = next_pid(dir);
	} while (thread && !has_size(thread));
	if (dir)
		closedir(dir);
	return thread;
}

/* Here begins what the child does. */

#define PIECE		0x40000000ULL	/* of memory, in which nothing is heard of us */
#define READ_PAGES	65536		/* of pagemap, at once */
#define MAX_REGIONS	1024
#define FEW_PAGES	512		/* that are read rather than left out */

static char put_buf[65536];
static size_t put_len;
static int put_to;

static struct mapping_of {
	uint64_t start, end, dev, ino;
	char perms[5], name[256];
	bool reported;
} *mappings, *mapping;
static size_t nr_mappings;

static int pagemap;
static uint64_t entries[READ_PAGES];
static bool no_pagemap_scan;
static struct seen_type types[NR_SWAP_TYPES];

static void flush(void)
{
	size_t pos = 0;

	while (pos < put_len) {
		ssize_t len = write(put_to, put_buf + pos, put_len - pos);

		if (len < 0)
			_exit(1);
		pos += len;
	}
	put_len = 0;
}

static void put(struct report *report)
{
	report->size = offsetof(struct report, name) + strlen(report->name) + 1;
	report->size = roundup(report->size, sizeof(uint64_t));
	if (put_len + report->size > sizeof(put_buf))
		flush();
	memcpy(put_buf + put_len, report, report->size);
	put_len += report->size;
}

static void put_pages(int what, uint64_t start, uint64_t pages, bool own_bit)
{
	struct report report = {
		.what = what, .start = start, .pages = pages, .own_bit = own_bit,
	};

	put(&report);
}

/* That we go on, having looked at @pages. */
static void put_scanned(uint64_t pages)
{
	put_pages(REPORT_SCANNED, 0, pages, false);
	flush();
}

/* To end with. */
static void put_end(int error)
{
	if (error == ENOENT || error == ESRCH)
		error = 0;	/* it is gone */
	put_pages(error ? REPORT_FAILED : REPORT_DONE, 0, error, false);
	flush();
	_exit(0);
}

static void put_lost(uint64_t start, uint64_t pages, bool own_bit)
{
	struct report report = {
		.what = REPORT_MAPPING, .start = mapping->start, .end = mapping->end,
	};

	if (!mapping->reported) {
		memcpy(report.perms, mapping->perms, sizeof(report.perms));
		snprintf(report.name, sizeof(report.name), "%s", mapping->name);
		put(&report);
		mapping->reported = true;
	}
	put_pages(REPORT_RANGE, start, pages, own_bit);
}

/* A page in swap, maybe in a place that is asked for. */
static void note_swapped(uint64_t addr, unsigned int type, uint64_t page)
{
	struct report report = {
		.what = REPORT_HELD, .type = type, .start = addr, .pages = page,
	};
	size_t i;

	types[type].pages++;
	types[type].last = MAX(types[type].last, page);
	for (i = 0; i < nr_wanted; i++) {
		if (wanted[i].area < 0 || wanted[i].page != page)
			continue;
		memcpy(report.perms, mapping->perms, sizeof(report.perms));
		snprintf(report.name, sizeof(report.name), "%s", mapping->name);
		put(&report);
		break;
	}
}

static void put_types(void)
{
	struct report report = { .what = REPORT_TYPE };

	for (report.type = 0; report.type < NR_SWAP_TYPES; report.type++) {
		report.pages = types[report.type].pages;
		report.end = types[report.type].last;
		if (report.pages)
			put(&report);
	}
}

static void note_entry(uint64_t addr, uint64_t entry)
{
	bool own_bit;

	if (is_swapin_error(entry, &own_bit))
		put_lost(addr, 1, own_bit);
	else if (nr_wanted && PM_TYPE(entry) < NR_SWAP_TYPES)
		note_swapped(addr, PM_TYPE(entry), PM_OFFSET(entry));
}

static void read_pagemap(uint64_t start, uint64_t end)
{
	ssize_t len;
	size_t i;

	while (start < end) {
		len = pread(pagemap, entries,
			    MIN((end - start) / pagesize, READ_PAGES) * sizeof(*entries),
			    start / pagesize * sizeof(*entries));
		if (len < (ssize_t)sizeof(*entries))
			return;		/* it is gone, or it was never the process's */
		for (i = 0; i < len / sizeof(*entries); i++, start += pagesize)
			if (entries[i] & PM_SWAP)
				note_entry(start, entries[i]);
	}
}

/* Has the kernel find where there is anything out of memory.  Returns false if it can't. */
static bool scan_pagemap(uint64_t start, uint64_t end)
{
	static struct page_region regions[MAX_REGIONS];
	struct pm_scan_arg arg = {
		.size = sizeof(arg), .start = start, .end = end, .vec = (uintptr_t)regions,
		.vec_len = MAX_REGIONS,
		.category_mask = PAGE_IS_SWAPPED, .return_mask = PAGE_IS_SWAPPED,
	};
	int first, last, nr;

	do {
		nr = no_pagemap_scan ? -1 : ioctl(pagemap, PAGEMAP_SCAN, &arg);
		if (nr < 0) {
			no_pagemap_scan |= errno == ENOTTY;
			return false;
		}
		for (first = 0; first < nr; first = last + 1) {
			for (last = first; last + 1 < nr; last++)
				if (regions[last + 1].start - regions[last].end >
				    FEW_PAGES * pagesize)
					break;
			read_pagemap(regions[first].start, regions[last].end);
		}
		arg.start = arg.walk_end;
	} while (arg.start < end);
	return true;
}

/* Only private memory has swapin errors in its page table. */
static void look_for_markers(void)
{
	uint64_t start, end;

	for (start = mapping->start; start < mapping->end; start = end) {
		end = start + MIN(PIECE, mapping->end - start);
		if (!scan_pagemap(start, end))
			read_pagemap(start, end);
		put_scanned((end - start) / pagesize);
	}
}

/* How many of @len bytes at @pos of a file are not in memory, in pages. */
static uint64_t absent_in(int fd, off_t pos, size_t len)
{
	static unsigned char in_core[READ_PAGES];
	size_t i, pages = len / pagesize;
	void *mem = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, pos);
	uint64_t absent = 0;

	if (mem == MAP_FAILED)
		return 0;
	if (!mincore(mem, len, in_core))
		for (i = 0; i < pages; i++)
			absent += !(in_core[i] & 1);
	munmap(mem, len);
	put_scanned(pages);
	return absent;
}

/* Of what is no hole. */
static uint64_t absent_of(int fd)
{
	off_t pos = 0, hole;
	uint64_t absent = 0;
	size_t len;

	while ((pos = lseek(fd, pos, SEEK_DATA)) >= 0) {
		hole = lseek(fd, pos, SEEK_HOLE);
		if (hole <= pos)
			break;
		hole = roundup(hole, pagesize);
		for (pos -= pos % pagesize; pos < hole; pos += len) {
			len = MIN((size_t)(hole - pos), READ_PAGES * pagesize);
			absent += absent_in(fd, pos, len);
		}
	}
	return absent;
}

/* Opens what is mapped, if that is a file on tmpfs; nothing else is opened.  Or -1. */
static int open_tmpfs_file(pid_t pid)
{
	struct statfs statfs;
	struct stat stat;
	char path[96];
	int fd, to = -1;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid,
		 (unsigned long long)mapping->start, (unsigned long long)mapping->end);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!fstatfs(fd, &statfs) && statfs.f_type == TMPFS_MAGIC &&
	    !fstat(fd, &stat) && S_ISREG(stat.st_mode)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		to = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	close(fd);
	return to;
}

static void look_at_file(pid_t pid)
{
	struct shm_file *file = find_file(mapping->dev, mapping->ino);
	struct report report = {
		.what = REPORT_FILE, .dev = mapping->dev, .ino = mapping->ino,
	};
	int fd;

	if (file) {
		report.pages = file->absent;
	} else {
		fd = open_tmpfs_file(pid);
		if (fd < 0)
			return;
		report.pages = absent_of(fd);
		close(fd);
	}
	snprintf(report.name, sizeof(report.name), "%s", mapping->name);
	put(&report);
	add_file(&report, pid);		/* for when it comes again */
}

static void add_mapping(const char *line)
{
	unsigned long long start, end, ino;
	unsigned int major, minor;
	struct mapping_of m = { 0 };

	if (sscanf(line, "%llx-%llx %4s %*x %x:%x %llu %255[^\n]", &start, &end, m.perms,
		   &major, &minor, &ino, m.name) < 6)
		return;
	m.start = start;
	m.end = end;
	m.dev = makedev(major, minor);
	m.ino = ino;
	mappings = grow(mappings, nr_mappings, sizeof(*mappings));
	mappings[nr_mappings++] = m;
}

/* At once, as the kernel has a lock of the process while it is read. */
static void get_mappings(pid_t pid)
{
	char path[64], *line = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		put_end(errno);
	while (getline(&line, &size, file) > 0)
		add_mapping(line);
	free(line);
	fclose(file);
}

/* Which of the mappings that have lost pages userfaultfd watches. */
static void look_for_uffd(pid_t pid)
{
	unsigned long long start = 0, end, at;
	char path[64], *line = NULL;
	size_t size = 0, i;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "re");
	while (file && getline(&line, &size, file) > 0) {
		if (sscanf(line, "%llx-%llx ", &at, &end) == 2)
			start = at;
		if (strncmp(line, "VmFlags:", 8) ||
		    (!strstr(line, " um") && !strstr(line, " uw") && !strstr(line, " ui")))
			continue;
		for (i = 0; i < nr_mappings; i++)
			if (mappings[i].reported && mappings[i].start == start)
				put_pages(REPORT_UFFD, start, 0, false);
	}
	free(line);
	if (file)
		fclose(file);
}

static void look_at_memory(pid_t pid)
{
	bool any = false;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		put_end(errno);
	get_mappings(pid);
	for (mapping = mappings; mapping < mappings + nr_mappings; mapping++) {
		if (mapping->perms[3] == 'p')
			look_for_markers();
		if (mapping->ino && !major(mapping->dev))
			look_at_file(pid);
		any |= mapping->reported;
	}
	if (any && judgement.poison_looks_same)
		look_for_uffd(pid);
	put_types();
	put_end(0);
}

/* Here it ends. */

int scan_start(struct scan *scan, pid_t pid)
{
	int ends[2];

	/* Nobody waits for those that can't end. */
	signal(SIGCHLD, SIG_IGN);
	if (pipe(ends))
		return -1;
	fflush(stdout);
	scan->child = fork();
	if (!scan->child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		put_to = ends[1];
		look_at_memory(pid);
	}
	close(ends[1]);
	scan->pipe = ends[0];
	scan->len = 0;
	scan->pos = 0;
	if (scan->child > 0)
		return 0;
	close(ends[0]);
	return -1;
}

/* Whether there are @size bytes in the buffer, in time. */
static bool fill_buf(struct scan *scan, size_t size, int timeout)
{
	struct pollfd fd = { .fd = scan->pipe, .events = POLLIN };
	ssize_t len;

	if (scan->len - scan->pos >= size)
		return true;
	memmove(scan->buf, scan->buf + scan->pos, scan->len - scan->pos);
	scan->len -= scan->pos;
	scan->pos = 0;
	while (scan->len < size) {
		if (poll(&fd, 1, timeout * 1000) < 1)
			return false;
		len = read(scan->pipe, scan->buf + scan->len, sizeof(scan->buf) - scan->len);
		if (len < 1)
			return false;
		scan->len += len;
	}
	return true;
}

bool scan_next(struct scan *scan, struct report *report, int timeout)
{
	size_t size;

	if (!fill_buf(scan, sizeof(size), timeout))
		return false;
	memcpy(&size, scan->buf + scan->pos, sizeof(size));
	if (!fill_buf(scan, size, timeout))
		return false;
	memcpy(report, scan->buf + scan->pos, size);
	scan->pos += size;
	return true;
}

void scan_end(struct scan *scan)
{
	kill(scan->child, SIGKILL);
	close(scan->pipe);
}
