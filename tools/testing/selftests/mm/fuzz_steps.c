// SPDX-License-Identifier: GPL-2.0
/* See fuzz_steps.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../kselftest.h"
#include "fuzz_shadow.h"
#include "fuzz_steps.h"
#include "vm_util.h"

/* Not all libcs know these. */
#ifndef MADV_COLD
#define MADV_COLD		20
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

#define MAX_DEPTH	3		/* of children */

char *arena;

static const struct step *steps, *steps_end, *next;

/*
 * Steps
 */

/* One in four is all of the mapping. */
struct range range_of(const struct step *s)
{
	struct range r = { .m = &maps[s->a % nr_maps] };

	if (s->c % 4) {
		r.first = s->b % r.m->pages;
		r.nr = MIN(1 + s->c / 4 % 12, r.m->pages - r.first);
	} else {
		r.nr = r.m->pages;
	}
	r.at = r.m->mem + r.first * page_size;
	r.len = r.nr * page_size;
	snprintf(r.text, sizeof(r.text), "%s + %u * page_size, %u * page_size", r.m->name, r.first,
		 r.nr);
	return r;
}

void write_pages(struct map *m, unsigned int first, unsigned int nr)
{
	unsigned int i, version;
	enum outcome got;

	/* As its monitor would. */
	if (m->uffd >= 0 && !m->async)
		protect(m, first, nr, false);
	line("fill(%s + %u * page_size, %u);", m->name, first, nr);
	for (i = first; i < first + nr; i++) {
		/* What it would write there may be in the file when it grows. */
		if (m->large && is_after_end(m, i))
			continue;
		version = new_version(m->shared);
		make_page(version);
		got = copy_bytes(m->mem + i * page_size, buf, page_size);
		forget_buf();
		compare(m, i, got, true, true);
		if (got != DATA)
			continue;
		set_page(m, i, OWN, version);
		m->page[i].dirty = true;
	}
}

static void do_write(const struct step *s)
{
	struct range r = range_of(s);

	write_pages(r.m, r.first, r.nr);
}

void do_mprotect(const struct step *s)
{
	static const struct { int prot; const char *name; } prots[] = {
		{ PROT_READ | PROT_WRITE, "PROT_READ | PROT_WRITE" },
		{ PROT_READ, "PROT_READ" }, { PROT_NONE, "PROT_NONE" },
		{ PROT_READ | PROT_WRITE, "PROT_READ | PROT_WRITE" },
	};
	const unsigned int n = s->d % ARRAY_SIZE(prots);
	struct range r = range_of(s);
	unsigned int i;

	line("mprotect(%s, %s);", r.text, prots[n].name);
	must("mprotect", mprotect(r.at, r.len, prots[n].prot), 0, 0);
	for (i = 0; i < r.nr; i++)
		r.m->page[r.first + i].prot = prots[n].prot;
}

static void give_up(struct range *r)
{
	unsigned int i;

	for (i = r->first; !r->m->shared && i < r->first + r->nr; i++)
		if (r->m->page[i].state != GUARD)
			set_page(r->m, i, NONE, 0);
}

void do_dontneed(const struct step *s)
{
	struct range r = range_of(s);

	line("madvise(%s, MADV_DONTNEED);", r.text);
	must("MADV_DONTNEED", madvise(r.at, r.len, MADV_DONTNEED), 0, 0);
	give_up(&r);
}

static void do_read(const struct step *s)
{
	struct range r = range_of(s);
	unsigned int i;

	line("read(%s);", r.text);
	for (i = 0; i < r.nr; i++)
		read_page(r.m, r.first + i, true);
}

static void resize(struct map *m, unsigned int size)
{
	struct file *f = m->file;
	unsigned int i;

	line("ftruncate(%s, %u * page_size);", f->name, size);
	must("ftruncate", ftruncate(f->fd, size * page_size), 0, 0);
	for (i = size; i < m->pages; i++) {
		f->has[i] = 0;
		f->gone[i]++;
	}
	f->size = size;
}

/* The first mapping of a file from @n on, or NULL. */
static struct map *file_map(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < nr_maps; i++)
		if (maps[(n + i) % nr_maps].file)
			return &maps[(n + i) % nr_maps];
	return NULL;
}

/* To less, maybe to nothing, and back; of what is in swap, be it in large folios, too. */
static void do_truncate(const struct step *s)
{
	struct map *m = file_map(s->a);

	if (!m)
		return;
	if (s->d & 4 && swap_on()) {
		if (m->large) {
			resize(m, 0);
			resize(m, m->pages);
			write_pages(m, 0, m->pages);
		}
		page_out(m);
	}
	resize(m, m->file->size < m->pages ? m->pages : s->c % 2 ? 0 : s->b % m->pages);
}

void do_punch(const struct step *s)
{
	struct range r = range_of(s);
	unsigned int i;

	if (!r.m->file)
		return;
	line("punch(%s, %u, %u);", r.m->file->name, r.first, r.nr);
	must("punch", fallocate(r.m->file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				r.first * page_size, r.len), 0, 0);
	for (i = r.first; i < r.first + r.nr; i++) {
		r.m->file->has[i] = 0;
		r.m->file->holes[i]++;
	}
}

static void do_clear_refs(const struct step *s)
{
	unsigned int i, j;

	line("write_text(\"4\", \"/proc/self/clear_refs\");");
	must("clear_refs", write_text("4", "/proc/self/clear_refs"), 0, 0);
	for (i = 0; i < nr_maps; i++)
		for (j = 0; j < maps[i].pages; j++)
			maps[i].page[j].dirty = false;
}

/* What reads pages, if only to have them in memory. */
static void touch_range(struct range *r)
{
	unsigned int i;

	for (i = r->first; i < r->first + r->nr; i++)
		touched(shows(r->m, i));
}

/*
 * Whether a write that changes nothing may copy pages: those of the file, or of a parent.
 * Of two pages with one version, one may be lost and the other not.
 */
static bool copies(struct map *m)
{
	return !m->shared && (m->file || run->depth);
}

static void do_free(const struct step *s)
{
	struct range r = range_of(s);
	unsigned int i;

	/*
	 * Kernels that read zram past the swap cache free the parent's pages too, if they
	 * have not been written since.
	 */
	if (r.m->file || (copies(r.m) && bs.kind == BADSWAP_ZRAM))
		return;
	line("madvise(%s, MADV_FREE);", r.text);
	must("MADV_FREE", madvise(r.at, r.len, MADV_FREE), 0, 0);
	for (i = r.first; i < r.first + r.nr; i++) {
		struct page *p = page_of(r.m, i);

		if (p->state == GUARD)
			continue;
		if ((p->state == OWN || p->state == EITHER) && run->health[p->version] == GOOD)
			set_page(r.m, i, EITHER, p->version);
		else
			set_page(r.m, i, NONE, 0);
	}
}

/* Advice that changes nothing: what it returns is not looked at. */
static void do_advise(const struct step *s)
{
	static const struct { int nr; const char *name; bool copies; } advice[] = {
		{ MADV_COLD, "MADV_COLD", false },
		{ MADV_WILLNEED, "MADV_WILLNEED", false },
		{ MADV_POPULATE_READ, "MADV_POPULATE_READ", false },
		{ MADV_POPULATE_WRITE, "MADV_POPULATE_WRITE", true },
		{ MADV_COLLAPSE, "MADV_COLLAPSE", true },
		{ MADV_UNMERGEABLE, "MADV_UNMERGEABLE", true },
		{ MADV_GUARD_REMOVE, "MADV_GUARD_REMOVE", false },
	};
	const unsigned int n = s->d % ARRAY_SIZE(advice);
	struct range r = range_of(s);
	unsigned int i;
	int ret;

	if (copies(r.m) && advice[n].copies)
		return;
	/* Nobody would resolve it. */
	if (r.m->uffd >= 0 && !r.m->async && n > 1)
		return;
	line("madvise(%s, %s);", r.text, advice[n].name);
	ret = madvise(r.at, r.len, advice[n].nr);
	for (i = r.first; i < r.first + r.nr; i++)
		if (!ret && advice[n].nr == MADV_GUARD_REMOVE && r.m->page[i].state == GUARD)
			set_page(r.m, i, NONE, 0);
	touch_range(&r);
}

static void do_guard(const struct step *s)
{
	struct range r = range_of(s);
	unsigned int i;

	if (r.m->file)
		return;
	line("madvise(%s, MADV_GUARD_INSTALL);", r.text);
	if (madvise(r.at, r.len, MADV_GUARD_INSTALL))
		return;
	for (i = r.first; i < r.first + r.nr; i++)
		set_page(r.m, i, GUARD, 0);
}

static void do_mlock(const struct step *s)
{
	struct range r = range_of(s);

	if (copies(r.m) || r.m->uffd >= 0)
		return;
	line("mlock(%s);", r.text);
	mlock(r.at, r.len);
	munlock(r.at, r.len);
	touch_range(&r);
}

static void do_inherit(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	const bool wipe = s->b % 2 && !m->file;
	bool *is = wipe ? &m->wipeonfork : &m->dontfork;
	const int advice = wipe ? *is ? MADV_KEEPONFORK : MADV_WIPEONFORK :
			   *is ? MADV_DOFORK : MADV_DONTFORK;

	line("madvise(%s, %u * page_size, %s);", m->name, m->pages,
	     wipe ? *is ? "MADV_KEEPONFORK" : "MADV_WIPEONFORK" :
	     *is ? "MADV_DOFORK" : "MADV_DONTFORK");
	must("madvise", madvise(m->mem, m->pages * page_size, advice), 0, 0);
	*is = !*is;
}

/* In the middle of a page, whose second half is zeroes then; and back to the old size. */
static void do_halve(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	struct file *f = m->file;
	unsigned int page, i, version;

	if (!f || !f->size)
		return;
	page = s->b % f->size;
	line("ftruncate(%s, %u * page_size + page_size / 2);", f->name, page);
	must("ftruncate", ftruncate(f->fd, page * page_size + page_size / 2), 0, 0);
	line("ftruncate(%s, %u * page_size);", f->name, f->size);
	must("ftruncate", ftruncate(f->fd, f->size * page_size), 0, 0);
	version = f->has[page];
	if (run->health[version] == BAD)
		run->health[version] = DEAD;
	else if (version && run->health[version] == GOOD)
		run->halved[version] = true;
	for (i = page + 1; i < m->pages; i++) {
		f->has[i] = 0;
		f->gone[i]++;
	}
}

static void do_fallocate(const struct step *s)
{
	struct range r = range_of(s);
	struct file *f = r.m->file;
	unsigned int i, last, bad = 0;

	if (!f || r.first >= f->size)
		return;
	last = MIN(r.first + r.nr, f->size);
	for (i = r.first; i < last; i++)
		bad += run->health[f->has[i]] != GOOD;
	line("fallocate(%s, 0, %u * page_size, %u * page_size);", f->name, r.first, last - r.first);
	must("fallocate", fallocate(f->fd, 0, r.first * page_size, (last - r.first) * page_size),
	     bad ? -1 : 0, EIO);
	/* It has stopped at the first one. */
	for (i = r.first; i < last && run->health[f->has[i]] == GOOD; i++)
		;
	if (i < last)
		touched(f->has[i]);
}

/* A page of a file by read(2) or write(2), or of any mapping through /proc/self/mem. */
static void do_syscall(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	const unsigned int i = s->b % m->pages, kind = s->c % (m->file ? 3 : 1);
	struct file *f = m->file;
	const off_t pos = i * page_size;
	unsigned int version;
	uint64_t first;
	int fd;

	if (kind && i >= f->size)
		return;
	if (!kind) {
		struct due d = due(m, i, false);

		/* It reads what is not for reading, but no guard page. */
		if (m->missing || d.segv)
			return;
		line("pread(mem_fd, buf, page_size, (uintptr_t)%s + %u * page_size);", m->name, i);
		fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
		errno = 0;
		if (pread(fd, buf, page_size, (uintptr_t)m->mem + pos) != (ssize_t)page_size)
			must("/proc/self/mem", -1, d.bus ? -1 : page_size, EIO);
		else
			compare(m, i, DATA, false, true);
		if (d.bus)
			touched(shows(m, i));
		close(fd);
		forget_buf();
		return;
	}
	version = f->has[i];
	errno = 0;
	if (kind == 1) {
		line("pread(%s, buf, page_size, %u * page_size);", f->name, i);
		must("pread", pread(f->fd, buf, page_size, pos),
		     run->health[version] == GOOD ? (long)page_size : -1, EIO);
		first = *(uint64_t *)buf;
		if (run->health[version] == GOOD &&
		    (version ? version_of(first) != version : first != 0))
			wrong("corrupt", "%s page %u has %#llx", f->name, i,
			      (unsigned long long)first);
		forget_buf();
	} else {
		line("pwrite(%s, buf, page_size, %u * page_size);", f->name, i);
		make_page(new_version(true));
		must("pwrite", pwrite(f->fd, buf, page_size, pos),
		     run->health[version] == GOOD ? (long)page_size : -1, EIO);
		forget_buf();
		if (run->health[version] == GOOD)
			f->has[i] = run->versions;
	}
	touched(version);
}

static void reserve(void *at)
{
	if (mmap(at, SLOT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		wrong("setup", "mmap: %s", strerror(errno));
}

/* To the mapping's other place.  What can't be moved, as it is in parts, stays. */
static void do_mremap(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	const size_t len = m->pages * page_size;
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | (s->b % 3 ? 0 : MREMAP_DONTUNMAP);
	char *old = m->mem, *new = arena + ((old - arena) / SLOT ^ 1) * SLOT;
	unsigned int i;

	if (m->merged && copies(m))
		return;
	unwatch(m, true);
	line("mprotect(%s, %u * page_size, PROT_READ | PROT_WRITE);", m->name, m->pages);
	must("mprotect", mprotect(old, len, PROT_READ | PROT_WRITE), 0, 0);
	for (i = 0; i < m->pages; i++)
		m->page[i].prot = PROT_READ | PROT_WRITE;
	line("mremap(%s, %u * page_size, %u * page_size, %#x, new);", m->name, m->pages, m->pages,
	     flags);
	if (mremap(old, len, len, flags, new) != new) {
		reserve(new);
		return;
	}
	m->mem = new;
	/* What stays has nothing. */
	for (i = 0; flags & MREMAP_DONTUNMAP && i < m->pages; i++)
		if (!m->file && (pagemap_get_entry(pagemap, old + i * page_size) &
				 (PM_PRESENT | PM_SWAP)))
			wrong("changed", "%s page %u was moved, and left something", m->name, i);
	reserve(old);
}

/* Merges what is in memory with a twin, which goes away then: KSM's pages are left. */
static void do_ksm(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	const size_t len = m->pages * page_size;
	unsigned int i;
	char *twin;

	if (m->file || copies(m) || m->uffd >= 0 || m->pages > PAGES || s->b % 2 ||
	    !set_knob("/sys/kernel/mm/ksm/sleep_millisecs", "0"))
		return;
	line("/* KSM merges %s with a copy of it, which is unmapped then */", m->name);
	twin = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(twin, len, MADV_NOHUGEPAGE);
	for (i = 0; i < m->pages; i++) {
		struct page *p = page_of(m, i);

		if (pagemap_get_entry(pagemap, m->mem + i * page_size) & PM_PRESENT)
			copy_bytes(twin + i * page_size, m->mem + i * page_size, page_size);
		p->dirty = false;	/* KSM forgets it */
	}
	madvise(m->mem, len, MADV_MERGEABLE);
	madvise(twin, len, MADV_MERGEABLE);
	set_knob("/sys/kernel/mm/ksm/run", "1");
	usleep(60000);
	set_knob("/sys/kernel/mm/ksm/run", "0");
	munmap(twin, len);
	m->merged = true;
}

static void do_sweep(const struct step *s)
{
	unsigned int i;

	line("check all;");
	check_all(0);
	for (i = 0; i < nr_maps; i++)
		check_smaps(&maps[i]);
}

static void do_fork(const struct step *s);
static void do_exit(const struct step *s);

static const struct op {
	const char *name;
	unsigned int weight;
	void (*run)(const struct step *s);
} ops[] = {
	{ "write", 10, do_write },
	{ "cycle", 14, do_cycle },
	{ "read", 5, do_read },
	{ "fork", 6, do_fork },
	{ "exit", 6, do_exit },
	{ "mprotect", 5, do_mprotect },
	{ "dontneed", 3, do_dontneed },
	{ "pageout", 6, do_pageout },
	{ "lose", 6, do_lose },
	{ "heal", 4, do_heal },
	{ "swapoff", 6, do_swapoff },
	{ "other", 3, do_other },
	{ "reclaim", 3, do_reclaim },
	{ "truncate", 6, do_truncate },
	{ "punch", 2, do_punch },
	{ "halve", 3, do_halve },
	{ "fallocate", 2, do_fallocate },
	{ "syscall", 6, do_syscall },
	{ "clear_refs", 2, do_clear_refs },
	{ "free", 2, do_free },
	{ "advise", 6, do_advise },
	{ "guard", 1, do_guard },
	{ "mlock", 3, do_mlock },
	{ "inherit", 2, do_inherit },
	{ "watch", 4, do_watch },
	{ "protect", 8, do_protect },
	{ "unwatch", 5, do_unwatch },
	{ "fill", 10, do_fill },
	{ "minor", 4, do_minor },
	{ "scan", 4, do_scan },
	{ "mremap", 4, do_mremap },
	{ "ksm", 1, do_ksm },
	{ "sweep", 1, do_sweep },
	{ "kill", 5, do_kill },
	{ "busy", 3, do_busy },
	{ "interrupt", 5, do_interrupt },
};

static void run_rest(void)
{
	const struct step *s;

	while (next < steps_end) {
		s = next++;
		run->step = s - steps;
		ops[s->op].run(s);
		check_all(s->d | 1);
	}
}

void run_steps(const struct step *list, unsigned int nr)
{
	steps = list;
	next = list;
	steps_end = list + nr;
	run_rest();
	check_all(0);
	run->step = nr;
	do_swapoff(NULL);
	if (run->other_on)
		do_other(NULL);
	check_all(0);
}

unsigned int op_weight(unsigned int op)
{
	return op < ARRAY_SIZE(ops) ? ops[op].weight : 0;
}

static void child(void)
{
	unsigned int i, j;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	mlock(buf, page_size);
	run->depth++;
	close(pagemap);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	for (i = 0; i < nr_maps; i++) {
		struct map *m = &maps[i];

		close(m->uffd);
		m->uffd = -1;
		m->missing = false;
		m->async = false;
		for (j = 0; m->wipeonfork && j < m->pages; j++)
			set_page(m, j, NONE, 0);
	}
	/* What it does not have, it does not look at again. */
	for (i = 0; i < nr_maps; i++) {
		if (!maps[i].dontfork)
			continue;
		if (copy_bytes(buf, maps[i].mem, 8) != SEGV)
			wrong("corrupt", "%s is in a child after MADV_DONTFORK", maps[i].name);
		maps[i--] = maps[--nr_maps];
	}
	if (!nr_maps)
		_exit(0);
	check_all(1);
}

/* The child does the steps up to its do_exit(), and the parent goes on after that. */
static void do_fork(const struct step *s)
{
	int status, depth = 0;
	pid_t pid;

	if (run->depth >= MAX_DEPTH)
		return;
	line("if (!fork()) {");
	pid = fork();
	if (!pid) {
		child();
		run_rest();
		do_exit(NULL);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		wrong("child", "fork or wait: %s", strerror(errno));
	if (!run->how[0] && status)
		wrong("child", "its status is %#x", status);
	if (run->how[0])
		_exit(1);
	run->depth--;
	line("}");
	for (; next < steps_end && depth >= 0; next++) {
		if (ops[next->op].run == do_fork && (int)run->depth + 1 + depth < MAX_DEPTH)
			depth++;
		else if (ops[next->op].run == do_exit)
			depth--;
	}
}

static void do_exit(const struct step *s)
{
	if (!run->depth)
		return;
	check_all(0);
	line("exit(0);");
	_exit(0);
}

