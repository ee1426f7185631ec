/* SPDX-License-Identifier: GPL-2.0 */
/* In place of selftests/mm's: pagemap has what checks.c says. */
#include <stdint.h>

#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_UFFD_WP	(1ULL << 57)
#define PM_SWAP		(1ULL << 62)

uint64_t pagemap_get_entry(int fd, char *start);
