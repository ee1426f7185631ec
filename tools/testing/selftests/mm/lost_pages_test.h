/* SPDX-License-Identifier: GPL-2.0 */
/* What a test of lost pages begins with, in kselftest_harness.h's terms. */
#ifndef LOST_PAGES_TEST_H
#define LOST_PAGES_TEST_H

#include <fnmatch.h>
#include <stdio.h>

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

/* Whether the name of a test, as in the results, fits one of the patterns. */
static inline bool is_asked_for(char **pattern, const char *fixture, const char *variant,
				const char *test)
{
	char name[256], row[256];

	snprintf(row, sizeof(row), "%s.%s", fixture, test);
	snprintf(name, sizeof(name), "%s%s%s.%s", fixture, *variant ? "." : "", variant, test);
	for (; *pattern; pattern++)
		if (!fnmatch(*pattern, name, 0) || !fnmatch(*pattern, row, 0))
			return true;
	return false;
}

/* Takes from @f what no pattern asks for, and returns how many tests are left. */
static inline unsigned int leave_asked_for(struct __fixture_metadata *f, char **pattern)
{
	struct __fixture_variant_metadata none = { .name = "" }, *v, **vp;
	struct __test_metadata *t, **tp;
	unsigned int left = 0;
	bool asked;

	for (vp = &f->variant; *vp;) {
		asked = false;
		for (t = f->tests; t; t = t->next)
			asked |= is_asked_for(pattern, f->name, (*vp)->name, t->name);
		if (asked)
			vp = &(*vp)->next;
		else
			*vp = (*vp)->next;
	}
	for (tp = &f->tests; *tp;) {
		asked = false;
		for (v = f->variant ?: &none; v; v = v->next)
			asked |= is_asked_for(pattern, f->name, v->name, (*tp)->name);
		if (asked) {
			tp = &(*tp)->next;
			left++;
		} else {
			*tp = (*tp)->next;
		}
	}
	return left;
}

/*
 * What main() does.  Arguments are patterns, as of a shell, of the only tests to be run:
 * FIXTURE.TEST, or FIXTURE.VARIANT.TEST; two of different variants may run more than they
 * ask for.  What begins with a - is for the harness, which in old kernels knows nothing.
 */
static inline int run_tests(int argc, char **argv)
{
	struct __fixture_metadata *f;
	unsigned int left = 0;

	lost_pages_init();
	if (argc < 2 || *argv[1] == '-')
		return test_harness_run(argc, argv);
	for (f = __fixture_list; f; f = f->next)
		left += leave_asked_for(f, argv + 1);
	if (left)
		return test_harness_run(1, argv);
	printf("TAP version 13\n1..0 # SKIP no test of that name\n");
	return KSFT_SKIP;
}

#endif /* LOST_PAGES_TEST_H */
