// SPDX-License-Identifier: GPL-2.0
/* How this kernel marks swapin errors. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "swap_errors.h"

/* Not all headers know these. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM	0x1000
#endif
#ifndef UFFDIO_POISON
#define UFFD_FEATURE_POISON	0x4000
#define UFFDIO_POISON		_IOWR(UFFDIO, 0x08, struct uffdio_poison)
struct uffdio_poison {
	struct uffdio_range range;
	__u64 mode;
	__s64 updated;
};
#endif

/*
 * Of swap types, the last ones have always been for what is no swap area, and their number
 * depends on the config:
 *
 *	v5.19, 6.0, 6.1		..., PTE markers (if any), swapin errors
 *	since 6.2		..., PTE markers, one bit of which is for swapin errors
 *
 * So the type of a marker that we make ourselves says which it is.
 */
struct probe {
	bool uffd;		/* there may be userfaultfd */
	uint64_t features;	/* of it */
	int types;		/* one bit for each type that a marker had */
	bool wrong;		/* a marker has not what it should have */
};

static uint64_t own_entry(void *mem)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (pread(fd, &entry, sizeof(entry), (uintptr_t)mem / pagesize * sizeof(entry)) !=
	    sizeof(entry))
		entry = 0;
	close(fd);
	return entry;
}

static void note_marker(struct probe *probe, void *mem, uint64_t marker)
{
	uint64_t entry = own_entry(mem);

	if (!(entry & PM_SWAP) || entry & PM_PRESENT || PM_OFFSET(entry) != marker)
		probe->wrong = true;
	else
		probe->types |= 1U << PM_TYPE(entry);
}

/* Returns a userfaultfd that watches the page at @mem, or -1. */
static int watch(struct probe *probe, void *mem, uint64_t features, uint64_t mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)mem, .len = pagesize }, .mode = mode,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	/* It may be there, and kept from us. */
	probe->uffd = fd >= 0 || errno == EPERM || errno == EMFILE || errno == ENFILE ||
		      errno == ENOMEM || !access("/proc/sys/vm/unprivileged_userfaultfd", F_OK);
	if (fd < 0)
		return -1;
	if (ioctl(fd, UFFDIO_API, &api) || (mode && ioctl(fd, UFFDIO_REGISTER, &reg))) {
		close(fd);
		return -1;
	}
	probe->features = api.features;
	return fd;
}

static void try_uffd_wp(struct probe *probe)
{
	int memfd = memfd_create("swap_errors", MFD_CLOEXEC), fd = -1;
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	void *mem = MAP_FAILED;

	if (memfd >= 0 && !ftruncate(memfd, pagesize))
		mem = mmap(NULL, pagesize, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	if (mem != MAP_FAILED)
		fd = watch(probe, mem, UFFD_FEATURE_WP_HUGETLBFS_SHMEM, UFFDIO_REGISTER_MODE_WP);
	wp.range = (struct uffdio_range){ .start = (uintptr_t)mem, .len = pagesize };
	if (fd >= 0 && !ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		note_marker(probe, mem, MARKER_UFFD_WP);
	munmap(mem, pagesize);
	close(memfd);
	close(fd);
}

static void try_poison(struct probe *probe, void *mem)
{
	int fd = watch(probe, mem, UFFD_FEATURE_POISON, UFFDIO_REGISTER_MODE_MISSING);
	struct uffdio_poison poison = {
		.range = { .start = (uintptr_t)mem, .len = pagesize },
	};

	if (fd >= 0 && !ioctl(fd, UFFDIO_POISON, &poison))
		note_marker(probe, mem, MARKER_POISONED);
	close(fd);
}

static void *new_page(void)
{
	return mmap(NULL, pagesize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void try_all(struct probe *probe)
{
	void *mem = new_page();
	int fd = watch(probe, NULL, 0, 0);

	close(fd);
	if (probe->features & UFFD_FEATURE_WP_HUGETLBFS_SHMEM)
		try_uffd_wp(probe);
	if (probe->features & UFFD_FEATURE_POISON)
		try_poison(probe, mem);
	munmap(mem, pagesize);
	mem = new_page();
	if (!madvise(mem, pagesize, MADV_GUARD_INSTALL))
		note_marker(probe, mem, MARKER_GUARD);
	munmap(mem, pagesize);
}

/* Whether pagemap shows us which page it is. */
static int judge_pagemap(void)
{
	char *mem = new_page();
	uint64_t entry;

	if (access("/proc/self/pagemap", R_OK))
		return could_not(errno == ENOENT ?
				 "there is no /proc/PID/pagemap (CONFIG_PROC_PAGE_MONITOR)" :
				 "can't read /proc/PID/pagemap: needs root, and CAP_SYS_ADMIN");
	memset(mem, 1, pagesize);
	entry = own_entry(mem);
	munmap(mem, pagesize);
	if (!(entry & PM_PRESENT))
		return could_not("can't make out what /proc/self/pagemap says");
	if (!PM_OFFSET(entry))
		return could_not("needs CAP_SYS_ADMIN, in the first user namespace");
	return 0;
}

/*
 * Of a kernel that makes no marker for us, and so for nobody.  Then the last type is that of
 * swapin errors, as own type or as the only marker, in those versions that have them and no
 * markers but userfaultfd's.
 */
static int judge_by_version(const struct probe *probe, const char *release)
{
	unsigned int major, minor;

	if (probe->uffd && !probe->features)
		return could_not("can't judge this kernel: userfaultfd is kept from us");
	if (probe->features & (UFFD_FEATURE_WP_HUGETLBFS_SHMEM | UFFD_FEATURE_POISON))
		return could_not("can't judge this kernel: it makes no marker for us");
	if (sscanf(release, "%u.%u", &major, &minor) != 2 ||
	    major < 5 || (major == 5 && minor < 19) || major > 6 || (major == 6 && minor > 12))
		return could_not("can't judge Linux %s: it makes no marker for us", release);
	judgement.own_type = true;
	return 0;
}

int judge_kernel(void)
{
	struct probe probe = { 0 };
	struct utsname name;
	int status = judge_pagemap();

	if (status)
		return status;
	uname(&name);
	try_all(&probe);
	if (probe.wrong)
		return could_not("can't judge Linux %s: its markers are none that we know",
				 name.release);
	judgement.poison_looks_same = probe.features & UFFD_FEATURE_POISON ||
				      (probe.uffd && !probe.features);
	switch (probe.types) {
	case 0:
		return judge_by_version(&probe, name.release);
	case 1U << (TYPE_LAST - 1):
		judgement.own_type = true;
		return 0;
	case 1U << TYPE_LAST:
		return 0;
	default:
		return could_not("can't judge Linux %s: its markers have a type not known to us",
				 name.release);
	}
}

bool in_first_pid_ns(void)
{
	char text[64] = "";

	/* PROC_PID_INIT_INO */
	return readlink("/proc/self/ns/pid", text, sizeof(text) - 1) < 0 ||
	       !strcmp(text, "pid:[4026531836]");
}

bool is_swapin_error(uint64_t entry, bool *own_bit)
{
	const uint64_t last = PM_SWAP | TYPE_LAST;
	uint64_t marker = PM_OFFSET(entry);

	*own_bit = false;
	if ((entry & (PM_PRESENT | last)) != last)
		return false;
	if (judgement.own_type)
		return true;
	if (marker & ~(uint64_t)(MARKER_UFFD_WP | MARKER_POISONED | MARKER_GUARD |
				 MARKER_SWAPIN_ERROR))
		return false;
	*own_bit = marker & MARKER_SWAPIN_ERROR;
	return marker & MARKER_POISONED;
}
