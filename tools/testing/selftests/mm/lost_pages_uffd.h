/* SPDX-License-Identifier: GPL-2.0 */
/* What tests of lost pages ask of userfaultfd; ioctls return as ioctl(2) does. */
#ifndef LOST_PAGES_UFFD_H
#define LOST_PAGES_UFFD_H

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define UFFD_NEEDED	"needs userfaultfd with write-protection"

/*
 * Returns a userfaultfd that has @features and watches @mem_size bytes at @mem in @mode,
 * -1 where there is none, and -2 where there is, but not for @mem.
 */
static inline int uffd_watch(char *mem, uint64_t mode, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)mem, .len = mem_size },
		.mode = mode,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return -1;
	}
	if (ioctl(fd, UFFDIO_REGISTER, &reg)) {
		close(fd);
		return -2;
	}
	return fd;
}

static inline int uffd_unregister(int fd, char *mem)
{
	struct uffdio_range range = { .start = (uintptr_t)mem, .len = mem_size };

	return ioctl(fd, UFFDIO_UNREGISTER, &range);
}

static inline int uffd_protect(int fd, char *mem, bool wp)
{
	struct uffdio_writeprotect prot = {
		.range = { .start = (uintptr_t)mem, .len = mem_size },
		.mode = wp ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &prot);
}

static inline int uffd_watch_wp(char *mem)
{
	return uffd_watch(mem, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
}

/* Fills the page at @mem with what is at @src. */
static inline int uffd_copy(int fd, char *mem, const char *src)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)mem, .src = (uintptr_t)src, .len = page_size,
	};

	return ioctl(fd, UFFDIO_COPY, &copy);
}

static inline int uffd_zeropage(int fd, char *mem)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)mem, .len = page_size },
	};

	return ioctl(fd, UFFDIO_ZEROPAGE, &zero);
}

/* Maps the page that the file of @mem has. */
static inline int uffd_continue(int fd, char *mem)
{
	struct uffdio_continue cont = {
		.range = { .start = (uintptr_t)mem, .len = page_size },
	};

	return ioctl(fd, UFFDIO_CONTINUE, &cont);
}

/* A thread that lets each fault that it is told of go on, and counts them. */
struct uffd_monitor {
	int uffd;
	int stop[2];		/* a pipe */
	unsigned int faults;
	pthread_t thread;
};

static inline void *uffd_monitor_run(void *arg)
{
	struct uffd_monitor *monitor = arg;
	struct pollfd fds[] = {
		{ .fd = monitor->uffd, .events = POLLIN },
		{ .fd = monitor->stop[0], .events = POLLIN },
	};
	struct uffdio_range range = { .len = page_size };
	struct uffd_msg msg;

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		if (read(monitor->uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		monitor->faults++;
		range.start = msg.arg.pagefault.address & -page_size;
		if (uffd_zeropage(monitor->uffd, (char *)(uintptr_t)range.start) &&
		    uffd_continue(monitor->uffd, (char *)(uintptr_t)range.start)) {
			/* It can't be filled: what does it give without us? */
			ioctl(monitor->uffd, UFFDIO_UNREGISTER, &range);
			ioctl(monitor->uffd, UFFDIO_WAKE, &range);
		}
	}
	return NULL;
}

/* Returns 0 or an errno. */
static inline int uffd_monitor_start(struct uffd_monitor *monitor, int uffd)
{
	monitor->uffd = uffd;
	monitor->faults = 0;
	if (pipe(monitor->stop))
		return errno;
	return pthread_create(&monitor->thread, NULL, uffd_monitor_run, monitor);
}

/* Returns how many faults there were. */
static inline unsigned int uffd_monitor_stop(struct uffd_monitor *monitor)
{
	close(monitor->stop[1]);
	pthread_join(monitor->thread, NULL);
	close(monitor->stop[0]);
	return monitor->faults;
}

#endif /* LOST_PAGES_UFFD_H */
