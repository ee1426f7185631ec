// SPDX-License-Identifier: GPL-2.0
/* See fuzz_shadow.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "../kselftest.h"
#include "fuzz_shadow.h"
#include "vm_util.h"

struct run *run;
struct map maps[MAX_MAPS];
unsigned int nr_maps;
struct badswap bs;
int kmsg = -1, pagemap = -1;
char *buf;

bool shadow_init(void)
{
	run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	buf = aligned_alloc(page_size, page_size);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(kmsg, 0, SEEK_END);
	return run != MAP_FAILED && buf;
}

void shadow_reset(void)
{
	static unsigned int resets;
	const bool again = run->again;

	memset(run, 0, sizeof(*run));
	run->again = again;
	run->tag = 1ULL << 63 | (getpid() & 0x7fffULL) << 48 | (++resets & 0xffffULL) << 32;
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* The first mismatch is what counts. */
void mismatch(const char *how, const char *fmt, ...)
{
	va_list ap;

	if (run->how[0])
		return;
	va_start(ap, fmt);
	vsnprintf(run->why, sizeof(run->why), fmt, ap);
	va_end(ap);
	snprintf(run->how, sizeof(run->how), "%s", how);
}

/* @what is due: 0, or -1 with an errno. */
void must(const char *what, long ret, long due_ret, int due_err)
{
	if (ret != due_ret || (ret < 0 && errno != due_err))
		wrong("errno", "%s gave %ld (%s), where %ld (%s) is due", what, ret,
		      ret < 0 ? strerror(errno) : "no error", due_ret,
		      due_ret < 0 ? strerror(due_err) : "no error");
}

void line(const char *fmt, ...)
{
	char *text = run->log[run->beats++ % NR_LINES];
	const unsigned int tabs = MIN(run->depth + 1, 8U);
	va_list ap;

	memset(text, '\t', tabs);
	va_start(ap, fmt);
	vsnprintf(text + tabs, sizeof(run->log[0]) - tabs, fmt, ap);
	va_end(ap);
	if (run->verbose)
		dprintf(STDOUT_FILENO, "#%s\n", text);
}

void last_lines(void)
{
	unsigned int i;

	for (i = run->beats - MIN(run->beats, NR_LINES); i < run->beats; i++)
		dprintf(STDOUT_FILENO, "#%s\n", run->log[i % NR_LINES]);
}

/*
 * Versions
 */

static uint64_t word(unsigned int version, unsigned int w)
{
	if (!version || (run->halved[version] && w >= page_size / 2 / sizeof(uint64_t)))
		return 0;
	return run->tag | (uint64_t)version << 16 | w;
}

void make_page(unsigned int version)
{
	uint64_t *words = (uint64_t *)buf;
	unsigned int w;

	for (w = 0; w < page_size / sizeof(*words); w++)
		words[w] = word(version, w);
}

unsigned int new_version(bool of_file)
{
	if (run->versions + 1 >= MAX_VERSIONS)
		_exit(0);
	run->of_file[++run->versions] = of_file;
	return run->versions;
}

/* The version whose first word @first is, or 0. */
unsigned int version_of(uint64_t first)
{
	unsigned int version = first >> 16 & 0xffff;

	return version && first == word(version, 0) ? version : 0;
}

/* Somebody has tried to read it. */
void touched(unsigned int version)
{
	if (run->health[version] != BAD)
		return;
	if (!run->again && run->of_file[version])
		run->health[version] = DEAD;
	run->touched = true;
}

/*
 * What is due
 */

struct page *page_of(struct map *m, unsigned int i)
{
	struct page *p = &m->page[i];

	if (!m->shared && m->file && (p->gone != m->file->gone[i] ||
				      (p->state == ZERO && p->holes != m->file->holes[i]))) {
		p->gone = m->file->gone[i];
		p->state = NONE;
		p->dirty = false;
		p->entry = 0;
	}
	return p;
}

void set_page(struct map *m, unsigned int i, enum state state, unsigned int version)
{
	struct page *p = page_of(m, i);

	if (m->shared) {
		m->file->has[i] = version;
		return;
	}
	p->state = state;
	p->version = version;
	p->dirty = false;
	p->entry = 0;
	if (m->file)
		p->holes = m->file->holes[i];
}

/* The version that page @i shows, or 0. */
unsigned int shows(struct map *m, unsigned int i)
{
	struct page *p = page_of(m, i);

	if (!m->shared && (p->state == OWN || p->state == EITHER))
		return p->version;
	return m->file && i < m->file->size && (m->shared || p->state == NONE) ?
	       m->file->has[i] : 0;
}

bool is_dead(struct map *m, unsigned int i)
{
	return run->health[shows(m, i)] == DEAD;
}

bool is_after_end(struct map *m, unsigned int i)
{
	return m->shared && i >= m->file->size;
}

struct due due(struct map *m, unsigned int i, bool write)
{
	struct page *p = page_of(m, i);
	unsigned int version = shows(m, i);
	struct due due = { 0 };

	if (!(p->prot & (write ? PROT_WRITE : PROT_READ)) ||
	    (!m->shared && p->state == GUARD)) {
		due.segv = true;
		return due;
	}
	if ((version && run->health[version] != GOOD) || (!m->shared && p->state == POISON))
		due.bus = true;
	else if (version)
		due.version = version;
	else if (p->state == NONE && m->file && i >= m->file->size)
		due.bus = true;
	else
		due.zero = true;
	/* With its folio, it is zeroes. */
	if (is_after_end(m, i) && m->large)
		due.zero = true;
	/* What was freed may be gone at once, or when there is need for memory. */
	if (!m->shared && p->state == EITHER)
		due.zero = true;
	/* Zeroes may be there, as somebody has read them, or may not; a file's page may be. */
	if (m->missing && (due.zero || (!m->shared && p->state == NONE)))
		due.bus = true;
	return due;
}

/*
 * What there is
 */

void forget_buf(void)
{
	*(uint64_t *)buf = 0;
}

/* @got is what page @i of @m gave when it was read (or written, see @write), as a whole or not. */
void compare(struct map *m, unsigned int i, enum outcome got, bool write, bool whole)
{
	const struct due d = due(m, i, write);
	const uint64_t *words = (const uint64_t *)buf;
	const unsigned int last = page_size / sizeof(*words) - 1;
	const char *what = write ? "write to" : "read of";
	unsigned int version, w;

	if (got == BUS) {
		if (!d.bus)
			wrong("SIGBUS", "%s %s page %u", what, m->name, i);
		if (last_si_code == BUS_MCEERR_AR && (m->shared || m->page[i].state != POISON))
			wrong("hwpoison", "%s %s page %u", what, m->name, i);
		touched(shows(m, i));
		return;
	}
	if (got == SEGV) {
		if (!d.segv)
			wrong("SIGSEGV", "%s %s page %u", what, m->name, i);
		return;
	}
	if (!d.zero && !d.version)
		wrong(!write && version_of(words[0]) == shows(m, i) ? "data" : "corrupt",
		      "%s %s page %u, where a signal is due, word 0 is %#llx", what, m->name, i,
		      (unsigned long long)words[0]);
	if (write)
		return;
	version = version_of(words[0]);
	if ((!version || version != d.version) && !(d.zero && !words[0]))
		wrong("corrupt", "%s page %u has version %u (%#llx), where %u is due", m->name, i,
		      version, (unsigned long long)words[0], d.version);
	for (w = 1; whole && w <= last; w++)
		if (words[w] != word(version, w))
			wrong("corrupt", "%s page %u, version %u, word %u is %#llx", m->name, i,
			      version, w, (unsigned long long)words[w]);
}

void read_page(struct map *m, unsigned int i, bool whole)
{
	const size_t len = whole ? page_size : sizeof(uint64_t);

	compare(m, i, copy_bytes(buf, m->mem + i * page_size, len), false, whole);
	forget_buf();
}

#define PM_TYPE(entry)	((entry) & 31)
bool is_marker(uint64_t entry)
{
	return entry & PM_SWAP && PM_TYPE(entry) == 31;
}

/* What pagemap says of a page that is private memory of its own. */
static void compare_entry(struct map *m, unsigned int i, uint64_t entry)
{
	struct page *p = page_of(m, i);

	if (p->state != OWN)
		return;
	if (run->health[p->version] != DEAD) {
		if (is_marker(entry) || !(entry & (PM_PRESENT | PM_SWAP)))
			wrong("changed", "%s page %u can be read, and its entry is %#llx", m->name,
			      i, (unsigned long long)entry);
	} else if (!is_marker(entry)) {
		wrong("changed", "%s page %u is lost, and its entry is %#llx", m->name, i,
		      (unsigned long long)entry);
	} else {
		if (!p->entry)
			p->entry = entry;
		if (entry & PM_UFFD_WP || (entry ^ p->entry) & ~PM_SOFT_DIRTY)
			wrong("changed", "%s page %u had the marker %#llx, now %#llx", m->name, i,
			      (unsigned long long)p->entry, (unsigned long long)entry);
	}
	if (p->dirty && !(entry & PM_SOFT_DIRTY) && has_soft_dirty())
		wrong("unchanged", "%s page %u was written, and its entry is %#llx", m->name, i,
		      (unsigned long long)entry);
}

/*
 * All pages: of those that are in memory, or are lost, it reads some words, which changes
 * nothing; of the others, one in so many, as all would be back from swap.
 */
void check_map(struct map *m, unsigned int dice)
{
	static uint64_t entries[MAX_PAGES];
	const ssize_t size = m->pages * sizeof(*entries);
	unsigned int i;

	if (pread(pagemap, entries, size, (uintptr_t)m->mem / page_size * 8) != size)
		wrong("pagemap", "can't be read");
	for (i = 0; i < m->pages; i++) {
		const unsigned int roll = dice ? (dice + i * 2654435761U) >> 8 & 127 : 0;

		compare_entry(m, i, entries[i]);
		if (!(roll & 15) || entries[i] & PM_PRESENT || is_dead(m, i))
			read_page(m, i, !roll);
	}
}

long blocks_of(struct file *f)
{
	struct stat stat;

	return fstat(f->fd, &stat) ? -1 : (long)stat.st_blocks * 512 / (long)page_size;
}

/* A page that has a version has a block; one that has none may have, if it was read. */
void check_file(struct file *f, unsigned int dice)
{
	struct statfs statfs;
	const long blocks = blocks_of(f);
	unsigned int i, least = 0;

	for (i = 0; i < f->size; i++)
		least += !!f->has[i];
	if (blocks < (long)least || blocks > (long)MAX(f->size, MAX_PAGES))
		wrong("counter", "%s has blocks for %ld pages, and %u of %u with data", f->name,
		      blocks, least, f->size);
	/* No hole, and where it is alone it is all that there is. */
	for (i = dice / 64 % MAX(f->size, 1U); i < f->size && !f->has[i]; i++)
		;
	if (i < f->size && lseek(f->fd, i * page_size, SEEK_DATA) != (off_t)(i * page_size))
		wrong("corrupt", "%s page %u is a hole for lseek", f->name, i);
	if (!f->mounted || fstatfs(f->fd, &statfs))
		return;
	if ((long)(statfs.f_blocks - statfs.f_bfree) != blocks)
		wrong("counter", "%s has blocks for %ld pages, its tmpfs for %ld", f->name, blocks,
		      (long)(statfs.f_blocks - statfs.f_bfree));
}

/* A lost page of a file counts as swap, one of private memory does not. */
void check_smaps(struct map *m)
{
	const size_t len = m->pages * page_size;
	const long swap = smaps_kb(m->mem, len, "Swap:") * 1024 / (long)page_size;
	unsigned int i, least = 0;

	for (i = 0; m->shared && i < MIN(m->pages, m->file->size); i++)
		least += is_dead(m, i);
	if (swap < (long)least || swap > (long)m->pages * (1 + !m->shared))
		wrong("counter", "smaps has %ld pages of %s in swap, and %u are lost", swap,
		      m->name, least);
}

/* What the kernel has said since the last time, and should not have. */
bool kmsg_is_clean(void)
{
	static const char *const bad[] = { "WARNING:", "BUG:", "Oops", "Bad ", "kernel BUG" };
	char text[1024];
	unsigned int i;
	ssize_t len;

	while ((len = read(kmsg, text, sizeof(text) - 1)) > 0) {
		text[len] = '\0';
		for (i = 0; i < ARRAY_SIZE(bad); i++)
			if (strstr(text, bad[i]))
				mismatch("report", "%.200s", strstr(text, bad[i]));
	}
	return !run->how[0];
}

void check_all(unsigned int dice)
{
	unsigned int i;

	for (i = 0; i < nr_maps; i++)
		check_map(&maps[i], dice);
	for (i = 0; i < MAX_FILES; i++)
		if (run->file[i].name)
			check_file(&run->file[i], dice);
	if (dice % 32 == 1)
		check_smaps(&maps[dice / 32 % nr_maps]);
	if (!kmsg_is_clean())
		_exit(1);
}

