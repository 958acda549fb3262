/* SPDX-License-Identifier: Apache-2.0
 *
 * A small source of the tests of src/sync: devices, what is found on them, and
 * the definitions that the findings refer to. Records are written as texts in
 * which ' stands for ".
 */
#ifndef MST_TESTS_SYNC_FIXTURE_H
#define MST_TESTS_SYNC_FIXTURE_H

#include "tests/lib/t.h"

#include "sync/spool.h"

enum { FX_DEVICES, FX_ROWS, FX_DEFS, FX__FEEDS };
enum { FD_ID, FD_NAME, FD_OS, FD_SEEN, FD__N };
enum { FR_DEVICE, FR_KEY, FR_VALUE, FR_DEF, FR_SCORE, FR_SEEN, FR__N };

struct fx_conf {
	double least; /* rows with a smaller score are dropped */
	bool leave;   /* or left as they are */
};

extern const struct mst_source_ops fx_source;

/* A new, empty folder. */
const char *fx_dir(void);
/* Writes below dir: text with ' for ", as gzip or plain. cut: bytes that are
 * missing at the end. */
void fx_file(const char *dir, const char *name, const char *text, bool gzip,
	     size_t cut);
/* Writes and adds a part. */
void fx_add(struct mst_spool *s, unsigned feed, const char *name,
	    const char *text, enum mst_part_form form, bool gzip);

#endif
