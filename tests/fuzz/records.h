/* SPDX-License-Identifier: Apache-2.0
 *
 * Any JSON as a record of any feed of a source, through every mapping and
 * look-up; any bytes as the head of a file in a folder. The same record makes
 * the same check sum twice, and no text is longer than its column. The first
 * byte of an input chooses the feed and the settings.
 */
#ifndef MST_TESTS_FUZZ_RECORDS_H
#define MST_TESTS_FUZZ_RECORDS_H

#include "rules/rules.h"
#include "source/source.h"

/* What a target brings. */
struct records_of {
	const struct mst_source_ops *ops;
	const char *changed; /* settings that are not their default */
	const char *file;    /* a name of a file that may hold records */
	/* Of each record, beside the mappings; NULL: nothing. */
	void (*also)(unsigned feed, const struct mst_value *v);
};

extern const struct records_of records_of;

#endif
