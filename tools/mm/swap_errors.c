// SPDX-License-Identifier: GPL-2.0
/*
 * swap_errors: whose memory could not be read back from swap
 *
 * swapoff leaves a swapin error in place of each page that it cannot read: whoever touches
 * it is sent SIGBUS.  Of private memory it stands in the page table, which /proc/PID/pagemap
 * shows to CAP_SYS_ADMIN, as a page in swap of a type that no swap area has.  Of tmpfs files
 * and shared memory it stands in the file, where it looks as a page that is in swap.
 *
 * No page of the processes is touched.  Nothing is read that waits for one of their pages,
 * as cmdline and environ do; what waits for their locks is left to a child, which is given up
 * when it takes too long.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/param.h>

#include "swap_errors.h"

size_t pagesize;
struct judgement judgement;
struct wanted *wanted;
size_t nr_wanted;

struct findings all;

static int opt_verbose, opt_timeout = 10;
static bool opt_json;

int could_not(const char *fmt, ...)
{
	va_list ap;

	fputs("swap_errors: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_COULD_NOT;
}

void *grow(void *array, size_t nr, size_t size)
{
	/* By doubling: it is full when nr is a power of 2. */
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * nr : 1) * size);
	if (!array)
		exit(could_not("out of memory"));
	return array;
}

char *clean(char *text)
{
	char *c;

	for (c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '"' || *c == '\\' || (unsigned char)*c > '~')
			*c = '?';
	return text;
}

/* What the kernel says without any lock of the process's memory. */
static bool identify(struct process *p)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", p->pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	p->comm[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Name:\t%63[^\n]", p->comm) != 1 &&
		    sscanf(line, "Uid:\t%u", &p->uid) == 1)
			break;
	}
	fclose(file);
	clean(p->comm);
	return true;
}

static void add_range(struct mapping *m, uint64_t start, uint64_t pages, bool own_bit)
{
	struct range *last = m->nr_ranges ? &m->ranges[m->nr_ranges - 1] : NULL;

	if (own_bit)
		all.saw_own_bit = true;
	if (last && last->own_bit == own_bit && last->start + last->pages * pagesize == start) {
		last->pages += pages;
		return;
	}
	m->ranges = grow(m->ranges, m->nr_ranges, sizeof(*m->ranges));
	m->ranges[m->nr_ranges++] = (struct range){ start, pages, own_bit };
}

struct shm_file *find_file(uint64_t dev, uint64_t ino)
{
	size_t i;

	for (i = 0; i < all.nr_files; i++)
		if (all.files[i].dev == dev && all.files[i].ino == ino)
			return &all.files[i];
	return NULL;
}

void add_file(const struct report *report, pid_t pid)
{
	struct shm_file *file = find_file(report->dev, report->ino);

	if (!file) {
		all.files = grow(all.files, all.nr_files, sizeof(*all.files));
		file = &all.files[all.nr_files++];
		*file = (struct shm_file){
			.dev = report->dev, .ino = report->ino, .absent = report->pages,
		};
		snprintf(file->name, sizeof(file->name), "%s", report->name);
		clean(file->name);
	}
	if (file->nr_pids && file->pids[file->nr_pids - 1] == pid)
		return;
	file->pids = grow(file->pids, file->nr_pids, sizeof(*file->pids));
	file->pids[file->nr_pids++] = pid;
}

static void add_mapping(struct process *p, const struct report *report)
{
	struct mapping *m;

	p->mappings = grow(p->mappings, p->nr_mappings, sizeof(*p->mappings));
	m = &p->mappings[p->nr_mappings++];
	*m = (struct mapping){ .start = report->start, .end = report->end };
	memcpy(m->perms, report->perms, sizeof(m->perms));
	snprintf(m->name, sizeof(m->name), "%s", report->name);
	clean(m->name);
}

static void watched(struct process *p, uint64_t start)
{
	size_t i;

	for (i = 0; i < p->nr_mappings; i++)
		if (p->mappings[i].start == start)
			p->mappings[i].uffd = true;
}

static void add_holder(const struct process *p, const struct report *report)
{
	struct holder *h;

	all.holders = grow(all.holders, all.nr_holders, sizeof(*all.holders));
	h = &all.holders[all.nr_holders++];
	*h = (struct holder){
		.pid = p->pid, .uid = p->uid, .type = report->type, .addr = report->start,
		.page = report->pages,
	};
	memcpy(h->comm, p->comm, sizeof(h->comm));
	memcpy(h->perms, report->perms, sizeof(h->perms));
	snprintf(h->name, sizeof(h->name), "%s", report->name);
	clean(h->name);
}

static void add_type(const struct report *report)
{
	struct seen_type *type = &all.types[report->type];

	type->pages += report->pages;
	type->last = MAX(type->last, report->end);
}

/* Returns false at the end. */
static bool take_report(struct process *p, const struct report *report)
{
	switch (report->what) {
	case REPORT_SCANNED:
		all.pages_scanned += report->pages;
		break;
	case REPORT_MAPPING:
		add_mapping(p, report);
		break;
	case REPORT_RANGE:
		add_range(&p->mappings[p->nr_mappings - 1], report->start, report->pages,
			  report->own_bit);
		break;
	case REPORT_UFFD:
		watched(p, report->start);
		break;
	case REPORT_FILE:
		add_file(report, p->pid);
		break;
	case REPORT_HELD:
		add_holder(p, report);
		break;
	case REPORT_TYPE:
		add_type(report);
		break;
	case REPORT_FAILED:
		could_not("process %d (%s): %s", p->pid, p->comm, strerror(report->pages));
		all.nr_failed++;
		return false;
	case REPORT_DONE:
		return false;
	}
	return true;
}

static void free_process(struct process *p)
{
	size_t i;

	for (i = 0; i < p->nr_mappings; i++)
		free(p->mappings[i].ranges);
	free(p->mappings);
}

/*
 * Has a child look at a process.  One that waits in the kernel for the lock of the process's
 * memory can only be killed.
 */
static void look_at(struct process *p, pid_t pid)
{
	static struct scan scan;
	struct report report;

	all.nr_scanned++;
	if (scan_start(&scan, pid)) {
		could_not("process %d (%s): %s", p->pid, p->comm, strerror(errno));
		all.nr_failed++;
		return;
	}
	do {
		if (!scan_next(&scan, &report, opt_timeout)) {
			could_not("process %d (%s): no answer in %ds, gave it up",
				  p->pid, p->comm, opt_timeout);
			all.nr_failed++;
			break;
		}
	} while (take_report(p, &report));
	scan_end(&scan);
	if (!p->nr_mappings)
		return;
	all.processes = grow(all.processes, all.nr_processes, sizeof(*all.processes));
	all.processes[all.nr_processes++] = *p;
	memset(p, 0, sizeof(*p));
}

static bool look_at_pid(pid_t pid)
{
	struct process p = { .pid = pid };

	if (!identify(&p))
		return false;
	pid = with_memory(pid);
	if (pid)
		look_at(&p, pid);
	free_process(&p);
	return true;
}

static void look_at_all(void)
{
	pid_t *pids;
	size_t i, nr = all_pids(&pids);

	for (i = 0; i < nr; i++)
		look_at_pid(pids[i]);
	free(pids);
}

static void forget(void)
{
	while (all.nr_processes)
		free_process(&all.processes[--all.nr_processes]);
	while (all.nr_files)
		free(all.files[--all.nr_files].pids);
	all.nr_holders = 0;
	memset(all.types, 0, sizeof(all.types));
	all.nr_scanned = 0;
	all.nr_failed = 0;
	all.pages_scanned = 0;
}

/* Looks at the processes in @pids, or at all, and reports.  Returns the exit status. */
static int look(char **pids)
{
	struct total total = { 0 };
	bool same;
	size_t i;

	/* What is out of memory, while no swap area has any page, is nowhere. */
	total.sure = !read_swap_areas();
	for (i = 0; i < nr_wanted; i++)
		find_sector(&wanted[i]);
	if (!*pids)
		look_at_all();
	for (; *pids; pids++)
		if (!look_at_pid(atoi(*pids))) {
			could_not("there is no process %s", *pids);
			all.nr_failed++;
		}
	find_types(all.types);
	if (read_swap_areas_again(&same))
		total.sure = false;
	for (i = 0; !same && i < NR_SWAP_TYPES; i++)
		all.types[i].area = -1;
	sum_up(&total);
	if (opt_json)
		print_json(&total);
	else
		print_text(&total, opt_verbose);
	fflush(stdout);
	if (total.lost || any_held() || (total.sure && total.file_pages))
		return EXIT_LOST;
	return all.nr_failed ? EXIT_COULD_NOT : 0;
}

static void usage(void)
{
	fputs("swap_errors [options]: lists whose memory could not be read back from swap\n"
	      "            -p|--pid     pid           Only this process; may be given again\n"
	      "            -v|--verbose               Addresses of lost pages, given twice of all\n"
	      "            -s|--sector  M:m:sector    Who has the page there that could not be read, as the\n"
	      "                                       kernel log names it; - takes the log from stdin\n"
	      "            -j|--json                  For scripts: one line, with all addresses\n"
	      "            -w|--watch   seconds       Again and again\n"
	      "            -t|--timeout seconds       To wait for one process (10)\n"
	      "            -h|--help                  Show this message\n"
	      "Needs CAP_SYS_ADMIN: to others, pagemap shows pages without what is known of them.\n"
	      "Exit status: 0 nothing is lost, 1 something is, 2 could not look\n", stdout);
}

static const struct option opts[] = {
	{ "pid", 1, NULL, 'p' },
	{ "verbose", 0, NULL, 'v' },
	{ "sector", 1, NULL, 's' },
	{ "json", 0, NULL, 'j' },
	{ "watch", 1, NULL, 'w' },
	{ "timeout", 1, NULL, 't' },
	{ "help", 0, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static unsigned int to_number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || !value || value > 1U << 30)
		exit(could_not("%s is not above 0", text));
	return value;
}

/* Returns false if there is no sector in @text. */
static bool want(const char *text)
{
	struct wanted w = { 0 };
	size_t i;

	if (sscanf(text, "%u:%u:%llu", &w.major, &w.minor, &w.sector) != 3)
		return false;
	for (i = 0; i < nr_wanted; i++)
		if (wanted[i].major == w.major && wanted[i].minor == w.minor &&
		    wanted[i].sector == w.sector)
			return true;
	wanted = grow(wanted, nr_wanted, sizeof(*wanted));
	wanted[nr_wanted++] = w;
	return true;
}

static bool want_log(void)
{
	static const char what[] = "Read-error on swap-device (";
	char line[1024], *at;
	bool any = false;

	while (fgets(line, sizeof(line), stdin)) {
		at = strstr(line, what);
		if (at)
			any |= want(at + strlen(what));
	}
	return any;
}

static void print_time(void)
{
	char text[64];
	time_t now = time(NULL);

	strftime(text, sizeof(text), "%F %T", localtime(&now));
	printf("\n%s\n", text);
}

int main(int argc, char **argv)
{
	char **pids = calloc(argc + 1, sizeof(*pids)), **pid = pids;
	unsigned int watch = 0;
	int c, status;

	while ((c = getopt_long(argc, argv, "p:vs:jw:t:h", opts, NULL)) != -1) {
		switch (c) {
		case 'p':
			to_number(optarg);
			*pid++ = optarg;
			break;
		case 'v':
			opt_verbose++;
			break;
		case 's':
			if (strcmp(optarg, "-") ? !want(optarg) : !want_log())
				return could_not("%s has no MAJOR:MINOR:SECTOR", optarg);
			break;
		case 'j':
			opt_json = true;
			break;
		case 'w':
			watch = to_number(optarg);
			break;
		case 't':
			opt_timeout = to_number(optarg);
			break;
		case 'h':
			usage();
			return 0;
		default:
			usage();
			return EXIT_COULD_NOT;
		}
	}
	if (optind < argc) {
		usage();
		return EXIT_COULD_NOT;
	}
	pagesize = sysconf(_SC_PAGESIZE);
	status = judge_kernel();
	if (status)
		return status;
	if (!in_first_pid_ns())
		fputs("swap_errors: sees the processes of this PID namespace only\n", stderr);
	for (;;) {
		status = look(pids);
		if (!watch)
			return status;
		forget();
		sleep(watch);
		if (!opt_json)
			print_time();
	}
}
