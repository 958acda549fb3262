/* SPDX-License-Identifier: Apache-2.0
 *
 * Running the scripts of sql/sqlserver without sqlcmd: its variables, GO, and
 * USE, behind which another connection goes on.
 */
#include "recver/sqlserver/private.h"

/* ---- names --------------------------------------------------------------- */

static const char *value_of(const struct mst_ms_names *names,
			    struct mst_slice name)
{
	if (mst_slice_is(name, "recver_database_name"))
		return names->database;
	return mst_slice_is(name, "recver_login") ? names->login : NULL;
}

/* Within brackets the closing one is doubled, within quotes the quote. */
static void add_name(struct mst_buf *out, const char *value, bool brackets)
{
	for (; *value; value++) {
		if (*value == (brackets ? ']' : '\''))
			(void)mst_buf_addc(out, *value);
		(void)mst_buf_addc(out, *value);
	}
}

void mst_ms_fill(struct mst_buf *out, struct mst_slice text,
		 const struct mst_ms_names *names)
{
	for (size_t i = 0; i < text.n; i++) {
		const char *p = text.p + i, *end, *value = NULL;

		end = *p == '$' && text.n - i > 3 && p[1] == '('
			  ? memchr(p, ')', text.n - i)
			  : NULL;
		if (end)
			value = value_of(
			    names, mst_slice(p + 2, (size_t)(end - p - 2)));
		if (!value) {
			(void)mst_buf_addc(out, *p);
			continue;
		}
		add_name(out, value, i > 0 && p[-1] == '[');
		i += (size_t)(end - p);
	}
}

/* ---- batches ------------------------------------------------------------- */

static bool starts(struct mst_slice line, const char *with)
{
	size_t n = strlen(with);

	return line.n >= n && memcmp(line.p, with, n) == 0;
}

/* A heading is a line of comment in front of its batches: "-- name: …". */
static bool is_heading(struct mst_slice line, const char *name)
{
	return starts(line, "-- ") && line.n > strlen(name) + 3 &&
	       starts(mst_slice(line.p + 3, line.n - 3), name) &&
	       line.p[3 + strlen(name)] == ':';
}

static bool any_heading(struct mst_slice line)
{
	const char *colon = line.n > 3 && starts(line, "-- ")
				? memchr(line.p, ':', line.n)
				: NULL;

	for (const char *p = line.p + 3; colon && p < colon; p++)
		if (*p < 'a' || *p > 'z')
			return false;
	return colon && colon > line.p + 3;
}

int mst_ms_run(struct mst_ms *c, const char *script, const char *part,
	       const struct mst_ms_names *names, struct mst_err *err)
{
	bool on = strcmp(part, MST_MS_MASTER) == 0;
	struct mst_buf sql = MST_BUF_INIT(1u << 20);
	int rc = 0;

	for (const char *p = script; *p && rc == 0;) {
		struct mst_slice line = mst_slice(p, strcspn(p, "\n"));

		if (mst_slice_is(line, "GO")) {
			if (sql.n)
				rc = mst_ms_make_it(c, sql.p, err);
			mst_buf_reset(&sql);
		} else if (starts(line, "USE ")) {
			on = strcmp(part, MST_MS_DATABASE) == 0;
		} else if (any_heading(line) &&
			   strcmp(part, MST_MS_MASTER) != 0 &&
			   strcmp(part, MST_MS_DATABASE) != 0) {
			on = is_heading(line, part);
		} else if (on && line.n && !starts(line, "--")) {
			mst_ms_fill(&sql, line, names);
			(void)mst_buf_addc(&sql, '\n');
		}
		p += line.n;
		p += *p == '\n';
	}
	mst_buf_fini(&sql);
	return rc;
}
