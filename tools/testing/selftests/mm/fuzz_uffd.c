// SPDX-License-Identifier: GPL-2.0
/* What userfaultfd is asked for, and PAGEMAP_SCAN, which needs it.  See fuzz_steps.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "fuzz_shadow.h"
#include "fuzz_steps.h"
#include "vm_util.h"

int protect(struct map *m, unsigned int first, unsigned int nr, bool wp)
{
	struct uffdio_writeprotect arg = {
		.range = {
			.start = (uintptr_t)m->mem + first * page_size,
			.len = nr * page_size,
		},
		.mode = wp ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};
	int ret = 0;

	line("uffd_protect(uffd, %s + %u * page_size, %u * page_size, %d);", m->name, first, nr,
	     wp);
	if (!ioctl(m->uffd, UFFDIO_WRITEPROTECT, &arg))
		return 0;
	/* Older kernels take no more than one VMA. */
	for (arg.range.len = page_size; nr-- && !ret; arg.range.start += page_size)
		ret = ioctl(m->uffd, UFFDIO_WRITEPROTECT, &arg);
	return ret;
}

/* As uffd_watch(), of which page_size and mem_size are all that it knows. */
static int watch(struct map *m, uint64_t mode, uint64_t features)
{
	mem_size = m->pages * page_size;
	line("uffd = uffd_watch(%s, %#llx, %#llx);", m->name, (unsigned long long)mode,
	     (unsigned long long)features);
	return uffd_watch(m->mem, mode, features);
}

#ifdef UFFD_FEATURE_WP_ASYNC
#define WP_ASYNC	(UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED)
#else
#define WP_ASYNC	0
#endif

void do_watch(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	uint64_t mode = UFFDIO_REGISTER_MODE_WP, features = UFFD_FEATURE_PAGEFAULT_FLAG_WP;

	if (m->uffd >= 0)
		return;
	m->missing = s->b % 3 == 0;
	m->async = WP_ASYNC && s->c % 2;
	if (m->missing) {
		mode |= UFFDIO_REGISTER_MODE_MISSING;
		features |= UFFD_FEATURE_SIGBUS;
	}
	if (m->async)
		features |= WP_ASYNC;
	m->uffd = watch(m, mode, features);
	if (m->uffd < 0)
		m->missing = false;
}

void do_protect(const struct step *s)
{
	struct range r = range_of(s);

	do_watch(s);
	if (r.m->uffd >= 0)
		must("uffd_protect", protect(r.m, r.first, r.nr, s->d % 3), 0, 0);
}

void unprotect_rest(struct map *m)
{
	unsigned int i;

	for (i = 0; i < m->pages; i++)
		if (pagemap_get_entry(pagemap, m->mem + i * page_size) & PM_UFFD_WP)
			break;
	if (i == m->pages)
		return;
	m->uffd = watch(m, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	if (m->uffd >= 0) {
		protect(m, 0, m->pages, false);
		close(m->uffd);
	}
	m->uffd = -1;
}

bool leave_markers(struct map *m)
{
	struct uffdio_register missing = {
		.range = { .start = (uintptr_t)m->mem, .len = m->pages * page_size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	unsigned int i, nr = 0;

	m->uffd = watch(m, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	if (m->uffd < 0)
		return false;
	must("uffd_protect", protect(m, 0, m->pages, true), 0, 0);
	/* The end of write-protection takes its markers along; another mode forgets them. */
	line("ioctl(uffd, UFFDIO_REGISTER, &missing);");
	ioctl(m->uffd, UFFDIO_REGISTER, &missing);
	line("close(uffd);");
	close(m->uffd);
	m->uffd = -1;
	for (i = 0; i < m->pages; i++)
		nr += is_marker(pagemap_get_entry(pagemap, m->mem + i * page_size));
	return nr == m->pages;
}

void unwatch(struct map *m, bool unregister)
{
	if (m->uffd < 0)
		return;
	mem_size = m->pages * page_size;
	if (unregister) {
		line("uffd_unwatch(uffd, %s);", m->name);
		must("unregister", uffd_unwatch(m->uffd, m->mem), 0, 0);
	}
	line("close(uffd);");
	close(m->uffd);
	m->uffd = -1;
	m->missing = false;
	m->async = false;
	check_map(m, 1);
	unprotect_rest(m);
}

void do_unwatch(const struct step *s)
{
	unwatch(&maps[s->a % nr_maps], s->b % 2);
}

/* A page that is lost, if there is one. */
static unsigned int lost_page(struct map *m, unsigned int i)
{
	unsigned int n;

	i %= m->pages;
	for (n = 0; n < m->pages; n++)
		if (run->health[shows(m, (i + n) % m->pages)] == DEAD)
			return (i + n) % m->pages;
	return i;
}

enum fill { COPY, ZEROES, CONTINUE, SET_POISON, MOVE, NR_FILLS };

static int fill_page(struct map *m, int uffd, enum fill how, unsigned int i, unsigned int from)
{
	char *at = m->mem + i * page_size;

	switch (how) {
	case COPY:
		line("uffd_copy(uffd, %s + %u * page_size, src);", m->name, i);
		make_page(new_version(m->shared));
		return uffd_copy(uffd, at, buf);
	case ZEROES:
		line("uffd_zeropage(uffd, %s + %u * page_size);", m->name, i);
		return uffd_zeropage(uffd, at);
	case CONTINUE:
		line("uffd_continue(uffd, %s + %u * page_size);", m->name, i);
		return uffd_continue(uffd, at);
#ifdef UFFDIO_POISON
	case SET_POISON:
		line("uffd_poison(uffd, %s + %u * page_size);", m->name, i);
		return uffd_poison(uffd, at);
#endif
#ifdef UFFDIO_MOVE
	case MOVE: {
		struct uffdio_move move = {
			.dst = (uintptr_t)at, .len = page_size,
			.src = (uintptr_t)m->mem + from * page_size,
		};

		line("uffd_move(uffd, %s + %u * page_size, %s + %u * page_size);", m->name, i,
		     m->name, from);
		return ioctl(uffd, UFFDIO_MOVE, &move);
	}
#endif
	default:
		return -1;
	}
}

/* The page has been filled. */
static void is_filled(struct map *m, enum fill how, unsigned int i, unsigned int from)
{
	struct page *p = page_of(m, from);

	switch (how) {
	case COPY:
		set_page(m, i, OWN, run->versions);
		break;
	case ZEROES:
		set_page(m, i, ZERO, 0);
		break;
	case SET_POISON:
		set_page(m, i, POISON, 0);
		break;
	case MOVE:
		set_page(m, i, p->state, p->version);
		set_page(m, from, NONE, 0);
		break;
	default:
		if (!m->shared)
			set_page(m, i, NONE, 0);
	}
}

/*
 * A page that is there can't be filled, lost or not.  One that reads as zeroes may be there or
 * not, and so may the file's page under a private mapping be: both results are right.
 */
static void fill_one(struct map *m, enum fill how, unsigned int i, unsigned int from)
{
	static const uint64_t feature[NR_FILLS] = {
		[CONTINUE] = UFFD_FEATURE_MINOR_SHMEM,
#ifdef UFFDIO_POISON
		[SET_POISON] = UFFD_FEATURE_POISON,
#endif
#ifdef UFFDIO_MOVE
		[MOVE] = UFFD_FEATURE_MOVE,
#endif
	};
	struct page *p = page_of(m, i);
	const bool there = m->shared ? m->file->has[i] : p->state == OWN || p->state == GUARD;
	const unsigned int under = m->file && i < m->file->size ? m->file->has[i] : 0;
	int uffd = m->uffd, ret;

	if ((how == CONTINUE && !m->file) ||
	    (how == MOVE && (m->file || from == i || m->page[from].prot != p->prot)) ||
	    (how > CONTINUE && !feature[how]) || (how == SET_POISON && m->shared) ||
	    (m->file && i >= m->file->size) || !(p->prot & PROT_WRITE))
		return;
	if (uffd >= 0 && (!m->missing || how > ZEROES))
		return;
	if (uffd < 0)
		uffd = watch(m, how == CONTINUE ? UFFDIO_REGISTER_MODE_MINOR :
			     UFFDIO_REGISTER_MODE_MISSING, feature[how]);
	if (uffd < 0)
		return;
	ret = fill_page(m, uffd, how, i, from);
	if (m->uffd < 0) {
		int err = errno;

		line("close(uffd);");
		close(uffd);
		errno = err;
	}
	forget_buf();
	if (how == CONTINUE && run->health[under] != GOOD) {
		must("UFFDIO_CONTINUE", ret, -1, EIO);
		touched(under);
	} else if (there && !(how == CONTINUE && (m->shared || !under))) {
		must("a fill", ret, -1, EEXIST);
	} else if (!ret && how == MOVE && is_dead(m, from)) {
		wrong("errno", "%s page %u is lost, and was moved", m->name, from);
	} else if (!ret) {
		is_filled(m, how, i, from);
	}
}

void do_fill(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	unsigned int n;

	if (s->c % 2)
		unwatch(m, s->c % 4);
	for (n = 0; n < 4; n++)
		fill_one(m, (s->c / 4 + n) % NR_FILLS, lost_page(m, s->b + n * s->d),
			 s->d / 8 % m->pages);
}

/* A lost page is none that userfaultfd is asked for. */
void do_minor(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	const unsigned int i = lost_page(m, s->b);
	struct uffd_monitor monitor;
	int uffd;

	if (!m->shared || m->uffd >= 0 || !is_dead(m, i))
		return;
	uffd = watch(m, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
	if (uffd < 0)
		return;
	line("uffd_monitor_start(&monitor, uffd);");
	must("monitor", uffd_monitor_start(&monitor, uffd), 0, 0);
	read_page(m, i, true);
	line("uffd_monitor_stop(&monitor);");
	if (uffd_monitor_stop(&monitor))
		wrong("uffd", "%s page %u went to userfaultfd", m->name, i);
	line("close(uffd);");
	close(uffd);
}

#ifdef PAGEMAP_SCAN
void do_scan(const struct step *s)
{
	struct map *m = &maps[s->a % nr_maps];
	struct page_region regions[PAGES];
	struct pm_scan_arg arg = {
		.size = sizeof(arg), .flags = PM_SCAN_WP_MATCHING,
		.start = (uintptr_t)m->mem,
		.end = (uintptr_t)m->mem + m->pages * page_size,
	};
	bool watched = m->uffd >= 0;

	if (watched && !m->async)
		return;
	/* Each takes another path. */
	if (s->b % 3) {
		arg.vec = (uintptr_t)regions;
		arg.vec_len = PAGES;
		arg.return_mask = PAGE_IS_WRITTEN;
	}
	if (s->b % 3 == 1)
		arg.category_mask = PAGE_IS_WRITTEN;
	else
		arg.category_anyof_mask = PAGE_IS_WRITTEN;
	if (!watched)
		m->uffd = watch(m, UFFDIO_REGISTER_MODE_WP,
				UFFD_FEATURE_PAGEFAULT_FLAG_WP | WP_ASYNC);
	if (m->uffd < 0)
		return;
	m->async = true;
	line("ioctl(pagemap_fd, PAGEMAP_SCAN, &arg);	/* all of %s */", m->name);
	if (ioctl(pagemap, PAGEMAP_SCAN, &arg) < 0)
		wrong("errno", "PAGEMAP_SCAN: %s", strerror(errno));
	check_map(m, 1);
	if (!watched)
		unwatch(m, s->c % 2);
}
#else
void do_scan(const struct step *s)
{
}
#endif
