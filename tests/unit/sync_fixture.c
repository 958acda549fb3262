/* SPDX-License-Identifier: Apache-2.0
 *
 * See sync_fixture.h.
 */
#include "sync_fixture.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/gunzip.h"
#include "base/num.h"
#include "rules/rules.h"

static const struct mst_field device_fields[] = {
    {"id", ""}, {"name", ""}, {"os", ""}, {"seen", ""}};
static const struct mst_field row_fields[] = {{"device", ""}, {"key", ""},
					      {"text", ""},   {"def", ""},
					      {"score", ""},  {"seen", ""}};
static const struct mst_field def_fields[] = {{"id", ""}, {"title", ""}};

static const struct mst_feed feeds[] = {
    {"devices", "Devices", device_fields, MST_LEN(device_fields), false},
    {"rows", "Rows", row_fields, MST_LEN(row_fields), false},
    {"defs", "Definitions", def_fields, MST_LEN(def_fields), true},
};

static const struct mst_column device_columns[] = {
    {"name", MST_COL_NAME, 40, NULL},
    {"os", 0, 40, NULL},
    {"last_seen", MST_COL_VOLATILE, 0, NULL},
    {"source_id", MST_COL_INSERT, 0, NULL},
};
static const struct mst_column row_columns[] = {
    {"u_key", MST_COL_KEY | MST_COL_INSERT, 40, NULL},
    {"u_device", MST_COL_PARENT | MST_COL_REQUIRED, 0, NULL},
    {"u_def", MST_COL_REF, 0, "defs"},
    {"u_value", 0, 40, NULL},
    {"u_seen", MST_COL_VOLATILE, 0, NULL},
};
static const struct mst_column def_columns[] = {
    {"u_id", MST_COL_KEY, 40, NULL},
    {"u_title", 0, 40, NULL},
};

static const char *const retired[] = {"status=retired", NULL};

static const struct mst_set sets[] = {
    {.name = "devices",
     .title = "Devices",
     .order = 1,
     .missing = MST_MISSING_RETIRE,
     .writer = MST_WRITE_CI,
     .table = "cmdb_ci_computer",
     .columns = device_columns,
     .columns_n = MST_LEN(device_columns),
     .retire_values = retired},
    {.name = "defs",
     .title = "Definitions",
     .order = 2,
     .missing = MST_MISSING_KEEP,
     .writer = MST_WRITE_ROW,
     .table = "u_def",
     .columns = def_columns,
     .columns_n = MST_LEN(def_columns),
     .referenced_by = "rows",
     .selected_by = "rows"},
    {.name = "rows",
     .title = "Rows",
     .parent = "devices",
     .order = 3,
     .missing = MST_MISSING_CLOSE,
     .writer = MST_WRITE_ROW,
     .table = "u_row",
     .columns = row_columns,
     .columns_n = MST_LEN(row_columns)},
};

static enum mst_keep keep_device(struct mst_rule_ctx *ctx,
				 const struct mst_value *v,
				 struct mst_slice *why_r)
{
	struct mst_slice os = {NULL, 0};

	*why_r = MST_SLICE_LIT("no name");
	(void)mst_op_text(ctx, v, FD_OS, NULL, &os);
	if (mst_slice_is(os, "Left"))
		return MST_LEAVE;
	if (mst_slice_is(os, "Known"))
		return MST_KNOWN;
	return v[FD_NAME].type == MST_JSON_STRING ? MST_KEEP : MST_SKIP;
}

static enum mst_keep keep_row(struct mst_rule_ctx *ctx,
			      const struct mst_value *v,
			      struct mst_slice *why_r)
{
	const struct fx_conf *conf = mst_rule_conf(ctx);

	if (v[FR_SCORE].type == MST_JSON_INT &&
	    (double)v[FR_SCORE].u.i < conf->least)
		return conf->leave ? MST_LEAVE : MST_DROP;
	if (v[FR_DEVICE].type == MST_JSON_NULL) {
		*why_r = MST_SLICE_LIT("a row without a device");
		return MST_SKIP;
	}
	return MST_KEEP;
}

static int row_key(struct mst_rule_ctx *ctx, const struct mst_value *v,
		   unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_lower(ctx, v, FR_KEY, arg, out_r);
}

static int row_def(struct mst_rule_ctx *ctx, const struct mst_value *v,
		   unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_upper(ctx, v, FR_DEF, arg, out_r);
}

static int device_name(struct mst_rule_ctx *ctx, const struct mst_value *v,
		       unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_lower(ctx, v, FD_NAME, arg, out_r);
}

static int device_rank(struct mst_rule_ctx *ctx, const struct mst_value *v,
		       unsigned field, const void *arg, struct mst_slice *out_r)
{
	return mst_op_text(ctx, v, FD_SEEN, arg, out_r);
}

static const struct mst_map_row device_rows[] = {
    {"name", FD_NAME, mst_op_text, NULL, "r"},
    {"os", FD_OS, mst_op_text, NULL, "r"},
    {"last_seen", FD_SEEN, mst_op_text, NULL, "r"},
    {"source_id", FD_ID, mst_op_text, NULL, "r"},
};
static const struct mst_map_row row_rows[] = {
    {"u_key", FR_KEY, mst_op_lower, NULL, "r"},
    {"u_device", FR_DEVICE, mst_op_lower, NULL, "r"},
    {"u_def", FR_DEF, mst_op_upper, NULL, "r"},
    {"u_value", FR_VALUE, mst_op_text, NULL, "r"},
    {"u_seen", FR_SEEN, mst_op_text, NULL, "r"},
};
static const struct mst_map_row def_rows[] = {
    {"u_id", 0, mst_op_upper, NULL, "r"},
    {"u_title", 1, mst_op_text, NULL, "r"},
};
static const struct mst_map_row fallback_rows[] = {
    {"u_id", FR_DEF, mst_op_upper, NULL, "r"},
    {"u_title", FR_VALUE, mst_op_text, NULL, "r"},
};

static const struct mst_mapping mappings[] = {
    {.set = "devices",
     .feeds = 1u << FX_DEVICES,
     .key = mst_op_lower,
     .filter = keep_device,
     .identity = device_name,
     .rank = device_rank,
     .rows = device_rows,
     .rows_n = MST_LEN(device_rows)},
    {.set = "defs",
     .feeds = 1u << FX_DEFS,
     .key = mst_op_upper,
     .rows = def_rows,
     .rows_n = MST_LEN(def_rows)},
    {.set = "defs",
     .feeds = 1u << FX_ROWS,
     .fallback = true,
     .key = row_def,
     .rows = fallback_rows,
     .rows_n = MST_LEN(fallback_rows)},
    {.set = "rows",
     .feeds = 1u << FX_ROWS,
     .key = row_key,
     .group = mst_op_lower,
     .filter = keep_row,
     .rows = row_rows,
     .rows_n = MST_LEN(row_rows)},
};

static const struct mst_catalog catalog = {
    .feeds = feeds,
    .feeds_n = MST_LEN(feeds),
    .sets = sets,
    .sets_n = MST_LEN(sets),
    .mappings = mappings,
    .mappings_n = MST_LEN(mappings),
};

/* By the name alone, unless the text says that it is no good. */
static int classify(const char *rel, struct mst_slice head,
		    struct mst_spoilt *sp)
{
	struct mst_slice s = mst_slice_str(rel);
	int feed = MST_FILE_OTHER;

	if (mst_slice_ifind(head, "\"urls\""))
		return MST_FILE_ADDRESSES;
	for (int i = 0; i < FX__FEEDS && feed < 0; i++) {
		if (mst_slice_ifind(s, feeds[i].name))
			feed = i;
	}
	*sp = (struct mst_spoilt){feed, false, "is an error"};
	if (mst_slice_ifind(head, "\"error\""))
		return MST_FILE_SPOILT;
	*sp = (struct mst_spoilt){feed, true, "is damaged"};
	if (mst_slice_ifind(head, "\"damage\""))
		return MST_FILE_SPOILT;
	return feed;
}

const struct mst_source_ops fx_source = {
    .type = "fixture",
    .title = "Fixture",
    .catalog = &catalog,
    .classify = classify,
    .envelope = "value",
    .more = "@odata.nextLink",
};

const char *fx_dir(void)
{
	static unsigned n;
	struct mst_err err = MST_ERR_INIT;
	const char *dir = t_path("dir-%u", n++);

	t_ok(mst_dir_make(dir, &err), &err);
	return dir;
}

void fx_file(const char *dir, const char *name, const char *text, bool gzip,
	     size_t cut)
{
	struct mst_buf b = MST_BUF_INIT(256u << 20);
	struct mst_err err = MST_ERR_INIT;
	char *copy = mst_strdup(text);

	for (char *p = copy; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	if (gzip)
		t_ok(mst_gzip(mst_slice_str(copy), 1, &b, &err), &err);
	else
		assert_true(mst_buf_adds(&b, copy));
	assert_true(cut <= b.n);
	t_write(t_path("%s/%s", dir + strlen(t_dir()) + 1, name),
		mst_slice(b.p ? b.p : "", b.n - cut));
	free(copy);
	mst_buf_fini(&b);
}

void fx_add(struct mst_spool *s, unsigned feed, const char *name,
	    const char *text, enum mst_part_form form, bool gzip)
{
	const char *path = mst_spool_path(s, feed, name);

	fx_file(s->dir, path + strlen(s->dir) + 1, text, gzip, 0);
	mst_spool_add(s, feed, path, strlen(text), form, gzip);
}
