/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of RecVer on SQL Server that try it, and say who uses it and what
 * it takes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "recver/sqlserver/dba.h"

/* ---- the probe ----------------------------------------------------------- */

/* No set has such a number, no destination this name. */
#define PROBE_SET  (-1)
#define PROBE_NAME "muster connection test"

static int see(void *ctx, const struct mst_hash *key, struct mst_slice list,
	       uint32_t members)
{
	bool *seen = ctx;

	(void)key;
	*seen = list.n == 16 && members == 1;
	return 0;
}

static int put_and_read(struct mst_ms *c, struct mst_err *err)
{
	static const uint8_t list[16] = {1};
	const struct mst_hash key = {0};
	const struct mst_batch_row row = {
	    .set = PROBE_SET,
	    .kind = MST_BATCH_PUT,
	    .row = {.members = 1, .text = MST_SLICE_LIT(PROBE_NAME)},
	    .list = {(const char *)list, sizeof(list)},
	};
	const struct mst_batch_set set = {PROBE_SET, PROBE_NAME, PROBE_NAME};
	const struct mst_batch_meta meta = {PROBE_NAME, PROBE_NAME,
					    MST_SLICE_LIT(PROBE_NAME)};
	const struct mst_batch b = {
	    .sets = &set,
	    .sets_n = 1,
	    .rows = &row,
	    .rows_n = 1,
	    .metas = &meta,
	    .metas_n = 1,
	};
	bool seen = false;
	int rc = mst_ms_write(c, &b, err);

	if (rc == 0)
		rc = mst_ms_lists(c, PROBE_SET, &key, 1, see, &seen, err);
	if (rc == 0 && !seen)
		rc = mst_err_set(err, MST_E_CORRUPT,
				 "what was written is not what was read");
	return rc;
}

static int probe(struct mst_ms *c, const void *ctx, struct mst_err *err)
{
	static const int64_t sets[] = {PROBE_SET};
	static const char *const targets[] = {PROBE_NAME};
	const struct mst_batch gone = {
	    .reset_sets = sets,
	    .reset_sets_n = 1,
	    .reset_targets = targets,
	    .reset_targets_n = 1,
	};
	int rc = put_and_read(c, err);

	(void)ctx;
	return rc < 0 ? rc : mst_ms_write(c, &gone, err);
}

void mst_ms_look_probe(struct mst_ms_look *l)
{
	struct mst_check *c = mst_ms_begin(l, MST_RECVER_CHECK_PROBE);
	struct mst_err err = MST_ERR_INIT;

	if (mst_ms_transaction(&l->c, probe, NULL, &err) < 0)
		mst_recver_check_fail(c, &err);
	else
		mst_check_say(c, MST_CHECK_OK,
			      "a row was written, read and deleted");
	mst_ms_end(l);
}

/* ---- use ----------------------------------------------------------------- */

struct files {
	int64_t size, used; /* KB */
	bool may_grow;
};

#define GROWS                                                                  \
	"CASE WHEN growth > 0 AND (max_size = -1 OR max_size > size) THEN 1 "  \
	"ELSE 0 END"

/* Of the log, or of the rows. False: the server does not tell. */
static bool read_files(struct mst_ms *c, bool log, struct files *f)
{
	static const char *const columns[] = {
	    "SUM(CONVERT(bigint, size)) * 8",
	    "SUM(CONVERT(bigint, FILEPROPERTY(name, N'SpaceUsed'))) * 8",
	    "MAX(" GROWS ")",
	};
	struct mst_err err = MST_ERR_INIT;
	char *row[3];
	bool found, ok;

	ok = mst_ms_ask(c, columns, MST_LEN(columns),
			log ? " FROM sys.database_files WHERE type = 1"
			    : " FROM sys.database_files WHERE type = 0",
			NULL, row, &found, &err) == 0 &&
	     row[0][0] && row[1][0];
	if (ok)
		*f = (struct files){atoll(row[0]), atoll(row[1]),
				    strcmp(row[2], "1") == 0};
	for (size_t i = 0; i < MST_LEN(row); i++)
		free(row[i]);
	return ok;
}

static void megabytes(int64_t kb, char out[32])
{
	(void)snprintf(out, 32, "%.1f MB", (double)kb / 1024);
}

static bool is_tight(const struct files *f)
{
	return !f->may_grow && f->used >= f->size / 10 * 9;
}

/* Why the log cannot be used again; "" when it can, or nobody tells. */
static void read_wait(struct mst_ms *c, char out[64])
{
	struct mst_err err = MST_ERR_INIT;
	static const char *const columns[] = {"log_reuse_wait_desc"};
	char *row[1];
	bool found;

	out[0] = 0;
	if (mst_ms_ask(c, columns, 1,
		       " FROM sys.databases WHERE name = DB_NAME()", NULL, row,
		       &found, &err) == 0 &&
	    found && strcmp(row[0], "NOTHING") != 0)
		(void)snprintf(out, 64, "%s", row[0]);
	free(row[0]);
}

static void say_growth(struct mst_ms_look *l, struct mst_check *c)
{
	struct files data, log;
	char wait[64], used[32], size[32];
	size_t n = strlen(c->text);

	read_wait(&l->c, wait);
	if (!read_files(&l->c, false, &data) ||
	    !read_files(&l->c, true, &log)) {
		(void)snprintf(c->text + n, sizeof(c->text) - n,
			       "; the server does not tell how full its files "
			       "are");
		return;
	}
	megabytes(log.used, used);
	megabytes(log.size, size);
	(void)snprintf(c->text + n, sizeof(c->text) - n, "; log: %s of %s%s%s",
		       used, size, wait[0] ? ", waits for " : "", wait);
	if (is_tight(&log)) {
		c->level = MST_CHECK_WARNING;
		mst_check_remedy(c,
				 "the log is nearly full and may not grow%s: "
				 "let it grow, back it up, or set recovery "
				 "model SIMPLE, which is enough",
				 wait[0] ? "" : " any more");
	} else if (is_tight(&data)) {
		c->level = MST_CHECK_WARNING;
		mst_check_remedy(c, "the database's files are nearly full and "
				    "may not grow: let them, or make room");
	} else if (strcmp(wait, "LOG_BACKUP") == 0 &&
		   log.used > (int64_t)1024 * 1024) {
		c->level = MST_CHECK_WARNING;
		mst_check_remedy(c, "the log grows until it is backed up: back "
				    "it up regularly, or set recovery model "
				    "SIMPLE, which is enough");
	}
}

void mst_ms_look_use(struct mst_ms_look *l)
{
	struct mst_check *c = mst_ms_begin(l, MST_RECVER_CHECK_USE);
	struct mst_recver_stats s = {0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_lease lease = {0};

	if (mst_ms_stats(&l->c, NULL, 0, &s, &err) < 0 ||
	    mst_ms_lease_read(&l->c, &lease, &err) < 0) {
		mst_recver_check_fail(c, &err);
		mst_ms_end(l);
		return;
	}
	mst_recver_say_use(c, &lease, &s);
	say_growth(l, c);
	mst_ms_end(l);
}
