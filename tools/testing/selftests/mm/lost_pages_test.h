/* SPDX-License-Identifier: GPL-2.0 */
/* What a test of lost pages begins with, in kselftest_harness.h's terms. */
#ifndef LOST_PAGES_TEST_H
#define LOST_PAGES_TEST_H

#include "../kselftest_harness.h"
#include "lost_pages.h"

/*
 * Says what a test is about.  Returns whether it can be run: the mapping that it is for
 * may be missing here.
 */
static inline bool begin(struct __test_metadata *_metadata, const char *missing,
			 const char *text)
{
	CASE(text);
	if (missing)
		SKIP(return false, "%s", missing);
	return true;
}

#endif /* LOST_PAGES_TEST_H */
