/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a source connection in their order: settings, jobs, the way,
 * log-in, permissions, and what its connector adds; or those of its folder.
 */
#include <stdio.h>

#include "checkup/private.h"
#include "cred/cred.h"
#include "sync/fetch.h"

static int open_source(struct mst_checkup *c, struct mst_err *err)
{
	struct mst_job job = {
	    .name = "checks",
	    .source = c->c.source,
	    .source_conf = c->c.source_conf,
	    .catalog = c->c.source->catalog,
	};

	job.conf.source = c->c.name;
	job.conf.retry_total_ms = MST_CHECKUP_RETRY_TOTAL_MS;
	if (c->c.source->open(c->c.name, c->c.source_conf, &c->source, err) <
		0 ||
	    mst_fetch_client(&job, c->source, &c->client, err) < 0)
		return -(int)err->code;
	if (c->c.source->addresses)
		c->addresses_n = c->c.source->addresses(c->source, c->addresses,
							MST_CHECKUP_ADDRESSES);
	return 0;
}

static const char *log_in(struct mst_checkup *c, const char *broken)
{
	struct mst_source_auth auths[8];
	size_t n = c->c.source->auths(c->source, auths, MST_LEN(auths));
	const char *failed = broken;

	for (size_t i = 0; i < n; i++) {
		struct mst_err err = MST_ERR_INIT;
		const char *warning;
		struct mst_check check = {.code = MST_OK};
		char name[96], title[96];

		(void)snprintf(name, sizeof(name), "login:%.80s",
			       auths[i].name);
		(void)snprintf(title, sizeof(title), "log-in %.80s",
			       auths[i].name);
		check.name = name;
		check.title = title;
		warning = mst_cred_warning(auths[i].auth);
		if (broken) {
			mst_check_say(&check, MST_CHECK_SKIPPED,
				      "needs the check '%s'", broken);
		} else if (mst_client_login(c->client, auths[i].name, &err) <
			   0) {
			check.code = err.code;
			mst_check_say(&check, MST_CHECK_FAILED, "%.760s",
				      err.msg);
			failed = "log-in";
		} else if (warning && *warning) {
			mst_check_say(&check, MST_CHECK_WARNING, "%s", warning);
		} else {
			mst_check_say(&check, MST_CHECK_OK, "a token is there");
		}
		c->conf.report(c->conf.ctx, &check);
	}
	return failed;
}

/* "DIR: machines 2 files, software 5 files" */
static void list_feeds(const struct mst_checkup *c, const struct mst_spool *s,
		       char *out, size_t room)
{
	const struct mst_catalog *catalog = c->c.source->catalog;
	size_t n =
	    (size_t)snprintf(out, room, "%.400s", c->c.source_conf->read_from);
	const char *mark = ":";

	for (size_t i = 0; i < catalog->feeds_n && n < room; i++) {
		size_t parts = s->feeds[i].parts_n;

		if (!s->feeds[i].present)
			continue;
		n += (size_t)snprintf(out + n, room - n, "%s %s %zu file%s",
				      mark, catalog->feeds[i].name, parts,
				      parts == 1 ? "" : "s");
		mark = ",";
	}
}

static int look_at_folder(struct mst_checkup *c)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_spool spool = {0};
	char text[760] = "";
	int rc =
	    mst_spool_open(&spool, c->c.source, c->c.source_conf->read_from,
			   c->c.source_conf->assume_complete, &err);

	if (rc >= 0) {
		mst_err_clear(&err);
		list_feeds(c, &spool, text, sizeof(text));
	}
	mst_spool_fini(&spool);
	mst_checkup_say(c, "folder", "folder", &err, text);
	return 0;
}

static int check_api(struct mst_checkup *c, const char *broken,
		     struct mst_err *err)
{
	broken = log_in(c, broken);
	if (mst_checkup_cancelled(c))
		return mst_err_set(err, MST_E_CANCELLED, "cancelled");
	if (broken)
		mst_checkup_skip(c, "permissions", "permissions", broken);
	else
		mst_checkup_permissions(c->c.source, c->source, &c->jobs,
					&c->conf);
	return mst_checkup_own(c, broken, err);
}

int mst_checkup_source(struct mst_checkup *c, struct mst_err *err)
{
	bool folder = c->c.source_conf->read_from;
	struct mst_err why = MST_ERR_INIT;
	const char *broken;
	int rc = 0;

	if (!folder) {
		rc = open_source(c, &why);
		mst_checkup_say(c, "settings", "settings", &why,
				*mst_checkup_address(c) ? mst_checkup_address(c)
							: c->c.type);
	}
	if (mst_checkup_jobs(c->state, &c->c, &c->conf, &c->jobs, err) < 0)
		return -(int)err->code;
	if (rc < 0) /* nobody to ask */
		return 0;
	if (folder)
		return look_at_folder(c);
	if (mst_checkup_look_at_way(c, &broken, err) < 0)
		return -(int)err->code;
	return check_api(c, broken, err);
}
