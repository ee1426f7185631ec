// SPDX-License-Identifier: GPL-2.0
/* What was found, as text and as JSON. */
#define _GNU_SOURCE
#include <pwd.h>

#include "swap_errors.h"

#define MAX_RANGES	8	/* of a mapping, with -v */

static const char *user_name(unsigned int uid)
{
	/* Not getpwuid(), which may ask a server, which may be hit. */
	static char name[33];
	struct passwd *entry;
	FILE *file = fopen("/etc/passwd", "re");

	snprintf(name, sizeof(name), "%u", uid);
	while (file && (entry = fgetpwent(file)))
		if (entry->pw_uid == uid) {
			snprintf(name, sizeof(name), "%s", entry->pw_name);
			break;
		}
	if (file)
		fclose(file);
	return clean(name);
}

/* Only what has the bit is of swap, if there is such a bit. */
static bool counts(const struct range *range)
{
	return range->own_bit || !all.saw_own_bit;
}

static unsigned long long lost_in(const struct mapping *m)
{
	unsigned long long pages = 0;
	size_t i;

	for (i = 0; i < m->nr_ranges; i++)
		if (counts(&m->ranges[i]))
			pages += m->ranges[i].pages;
	return pages;
}

/* Whether userspace may have made these itself. */
static bool may_be_poison(const struct mapping *m)
{
	return judgement.poison_looks_same && !all.saw_own_bit && m->uffd;
}

static unsigned long long lost_of(const struct process *p)
{
	unsigned long long pages = 0;
	size_t i;

	for (i = 0; i < p->nr_mappings; i++)
		pages += lost_in(&p->mappings[i]);
	return pages;
}

static void print_ranges(const struct mapping *m, bool them_all)
{
	size_t i, left = them_all ? m->nr_ranges : MAX_RANGES;

	for (i = 0; i < m->nr_ranges; i++) {
		if (!counts(&m->ranges[i]))
			continue;
		if (!left--) {
			printf("           ...\n");
			break;
		}
		printf("           %llx %llu\n", (unsigned long long)m->ranges[i].start,
		       (unsigned long long)m->ranges[i].pages);
	}
}

static void print_process(const struct process *p, int verbose)
{
	const struct mapping *m;

	printf("%7d %-12s %-16s %10llu\n", p->pid, user_name(p->uid), p->comm, lost_of(p));
	for (m = p->mappings; m < p->mappings + p->nr_mappings; m++) {
		if (!lost_in(m))
			continue;
		printf("        %llx-%llx %s %llu%s %s\n", (unsigned long long)m->start,
		       (unsigned long long)m->end, m->perms, lost_in(m),
		       may_be_poison(m) ? "?" : "", m->name[0] ? m->name : "[anon]");
		if (verbose)
			print_ranges(m, verbose > 1);
	}
}

static void print_file(const struct shm_file *file, bool sure)
{
	size_t i;

	printf("   file %02x:%02x:%llu %s: %llu %s, mapped by", major(file->dev), minor(file->dev),
	       (unsigned long long)file->ino, file->name, (unsigned long long)file->absent,
	       sure ? "lost" : "in swap, or lost");
	for (i = 0; i < file->nr_pids && i < MAX_RANGES; i++)
		printf(" %d", file->pids[i]);
	printf("%s\n", i < file->nr_pids ? " ..." : "");
}

/* Whether a page of its type may be the one that is asked for. */
static bool may_hold(const struct holder *h, const struct wanted *w)
{
	int area = all.types[h->type].area;

	return h->page == w->page && (area < 0 || area == w->area);
}

bool any_held(void)
{
	size_t i, j;

	for (i = 0; i < nr_wanted; i++)
		for (j = 0; wanted[i].area >= 0 && j < all.nr_holders; j++)
			if (may_hold(&all.holders[j], &wanted[i]))
				return true;
	return false;
}

static void print_sector(const struct wanted *w)
{
	const struct holder *h;
	bool any = false;

	printf("%u:%u:%llu: ", w->major, w->minor, w->sector);
	if (w->area < 0) {
		printf("in no swap area that is on, as far as can be told\n");
		return;
	}
	printf("page %llu of swap area %s\n", w->page, swap_area_name(w->area));
	for (h = all.holders; h < all.holders + all.nr_holders; h++) {
		if (!may_hold(h, w))
			continue;
		printf("%7d %-12s %-16s %llx %s %s%s\n", h->pid, user_name(h->uid), h->comm,
		       (unsigned long long)h->addr, h->perms, h->name[0] ? h->name : "[anon]",
		       all.types[h->type].area < 0 ? " (or in another area)" : "");
		any = true;
	}
	if (!any)
		printf("        in no private memory: of a file (see below), or free\n");
}

static void json_sector(const struct wanted *w)
{
	const char *comma = "";
	const struct holder *h;

	printf("{\"sector\":\"%u:%u:%llu\",", w->major, w->minor, w->sector);
	if (w->area < 0)
		printf("\"area\":null,\"page\":null,\"holders\":[");
	else
		printf("\"area\":\"%s\",\"page\":%llu,\"holders\":[", swap_area_name(w->area),
		       w->page);
	for (h = all.holders; w->area >= 0 && h < all.holders + all.nr_holders; h++) {
		if (!may_hold(h, w))
			continue;
		printf("%s{\"pid\":%d,\"comm\":\"%s\",\"uid\":%u,\"address\":\"%#llx\",", comma,
		       h->pid, h->comm, h->uid, (unsigned long long)h->addr);
		printf("\"name\":\"%s\",\"sure\":%s}", h->name,
		       all.types[h->type].area < 0 ? "false" : "true");
		comma = ",";
	}
	printf("]}");
}

void print_text(const struct total *total, int verbose)
{
	size_t i;

	for (i = 0; i < nr_wanted; i++)
		print_sector(&wanted[i]);
	if (total->lost)
		printf("%7s %-12s %-16s %10s\n", "PID", "USER", "COMMAND", "LOST PAGES");
	for (i = 0; i < all.nr_processes; i++)
		if (lost_of(&all.processes[i]))
			print_process(&all.processes[i], verbose);
	for (i = 0; i < all.nr_files; i++)
		if (all.files[i].absent)
			print_file(&all.files[i], total->sure);
	printf("private memory: %llu pages lost in %llu of %lu processes\n", total->lost,
	       total->processes, all.nr_scanned);
	if (total->maybe)
		printf("of these, %llu (?) are watched by userfaultfd: maybe its UFFDIO_POISON's\n",
		       total->maybe);
	printf("mapped tmpfs files and shared memory: %llu pages %s\n", total->file_pages,
	       total->sure || !total->file_pages ? "lost" :
	       "in swap or lost, which can't be told while swap is in use");
	print_swap_areas();
}

static void json_ranges(const struct mapping *m)
{
	const char *comma = "";
	size_t i;

	printf("\"ranges\":[");
	for (i = 0; i < m->nr_ranges; i++) {
		if (!counts(&m->ranges[i]))
			continue;
		printf("%s[\"%#llx\",%llu]", comma, (unsigned long long)m->ranges[i].start,
		       (unsigned long long)m->ranges[i].pages);
		comma = ",";
	}
	printf("]");
}

static void json_process(const struct process *p)
{
	const char *comma = "";
	const struct mapping *m;

	printf("{\"pid\":%d,\"comm\":\"%s\",\"uid\":%u,\"user\":\"%s\",", p->pid, p->comm, p->uid,
	       user_name(p->uid));
	printf("\"lost\":%llu,\"mappings\":[", lost_of(p));
	for (m = p->mappings; m < p->mappings + p->nr_mappings; m++) {
		if (!lost_in(m))
			continue;
		printf("%s{\"start\":\"%#llx\",\"end\":\"%#llx\",\"perms\":\"%s\",\"name\":\"%s\",",
		       comma, (unsigned long long)m->start, (unsigned long long)m->end, m->perms,
		       m->name);
		printf("\"lost\":%llu,\"may_be_poison\":%s,", lost_in(m),
		       may_be_poison(m) ? "true" : "false");
		json_ranges(m);
		printf("}");
		comma = ",";
	}
	printf("]}");
}

static void json_file(const struct shm_file *file, bool sure)
{
	size_t i;

	printf("{\"name\":\"%s\",\"dev\":\"%u:%u\",\"inode\":%llu,\"absent\":%llu,\"lost\":",
	       file->name, major(file->dev), minor(file->dev), (unsigned long long)file->ino,
	       (unsigned long long)file->absent);
	if (sure)
		printf("%llu,\"pids\":[", (unsigned long long)file->absent);
	else
		printf("null,\"pids\":[");
	for (i = 0; i < file->nr_pids; i++)
		printf("%s%d", i ? "," : "", file->pids[i]);
	printf("]}");
}

void print_json(const struct total *total)
{
	const char *comma = "";
	size_t i;

	printf("{\"lost\":%llu,\"may_be_poison\":%llu,\"processes_hit\":%llu,\"processes\":[",
	       total->lost, total->maybe, total->processes);
	for (i = 0; i < all.nr_processes; i++) {
		if (!lost_of(&all.processes[i]))
			continue;
		printf("%s", comma);
		json_process(&all.processes[i]);
		comma = ",";
	}
	printf("],\"files\":[");
	comma = "";
	for (i = 0; i < all.nr_files; i++) {
		if (!all.files[i].absent)
			continue;
		printf("%s", comma);
		json_file(&all.files[i], total->sure);
		comma = ",";
	}
	printf("],\"sectors\":[");
	for (i = 0; i < nr_wanted; i++) {
		printf("%s", i ? "," : "");
		json_sector(&wanted[i]);
	}
	printf("],\"swap_areas\":");
	json_swap_areas();
	printf(",\"scanned\":{\"processes\":%lu,\"pages\":%llu,\"failed\":%lu}}\n", all.nr_scanned,
	       all.pages_scanned, all.nr_failed);
}

void sum_up(struct total *total)
{
	unsigned long long lost;
	size_t i, j;

	for (i = 0; i < all.nr_processes; i++) {
		lost = lost_of(&all.processes[i]);
		total->lost += lost;
		total->processes += !!lost;
		for (j = 0; j < all.processes[i].nr_mappings; j++)
			if (may_be_poison(&all.processes[i].mappings[j]))
				total->maybe += lost_in(&all.processes[i].mappings[j]);
	}
	for (i = 0; i < all.nr_files; i++)
		total->file_pages += all.files[i].absent;
}

