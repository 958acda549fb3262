/* SPDX-License-Identifier: Apache-2.0
 *
 * An instance that is set up, for the tests of the set-up checks: it answers
 * well, unless a test puts an answer in front. What the checks said is kept.
 */
#ifndef MST_TESTS_SETUP_FAKE_H
#define MST_TESTS_SETUP_FAKE_H

#include "sn_fake.h"

#include "dest/servicenow/setup.h"

/* An answer in front of the usual ones: to requests of the method ("" any)
 * whose URL, decoded, holds the part. */
struct say {
	const char *method, *part;
	int status;
	const char *body;
	const char *type; /* NULL: JSON */
	int64_t skew_us;
	bool lost; /* no answer at all */
	enum mst_code code;
	int times; /* 0: always */
};

struct found {
	struct mst_check c;
	char name[64], title[64];
};

extern struct setup_run {
	struct fake *f;
	struct mst_checks *checks;
	const struct say *says;
	size_t says_n;
	int left[16];
	int64_t rate; /* of every answer; -1: none */
	struct found found[64];
	size_t found_n;
	struct mst_buf log; /* "GET /path body\n" of each request */
	char fixed[1024];   /* body of the last record that was to be added */
	const char *writer;
	const char *skip;
	bool choice_added;
} run;

/* Opens the connection and makes all checks. */
void begin(const struct say *says, size_t n);
/* Until the list ends; after a fix too. */
void pump(void);
void finish(void);
/* The last of this name, or NULL. */
const struct mst_check *check_of(const char *name);
void shows(const char *name, enum mst_check_level level, const char *text,
	   const char *remedy);
size_t levels(enum mst_check_level level);
/* For cmocka. */
int setup(void **state);
int teardown(void **state);

#endif
