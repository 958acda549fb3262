/* SPDX-License-Identifier: Apache-2.0
 *
 * The stores' tables of set-up, and what they share: titles, remedies, steps.
 */
#include "recver/setup.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#include "recver/server/server.h"

static const struct mst_recver_setup_ops *const all[] = {
    &mst_recver_setup_sqlite,
    &mst_recver_setup_postgres,
    &mst_recver_setup_sqlserver,
    &mst_recver_setup_mongodb,
    NULL,
};

const struct mst_recver_setup_ops *mst_recver_setup_find(const char *type)
{
	for (size_t i = 0; all[i]; i++) {
		if (strcmp(all[i]->type, type) == 0)
			return all[i];
	}
	return NULL;
}

char *mst_recver_database(const struct mst_recver_conf *conf,
			  const char *source)
{
	return conf->database ? mst_strdup(conf->database)
			      : mst_asprintf("muster_recver_%s", source);
}

void mst_recver_check_unfinished(const struct mst_recver_setup_env *env)
{
	const struct mst_recver_ops *ops = mst_recver_find(env->conf->type);
	struct mst_buf from = MST_BUF_INIT(65536);
	struct mst_err ignored = MST_ERR_INIT;

	if (ops && ops->driver &&
	    mst_server_unfinished(ops, env->conf, env->source, &from,
				  &ignored) == 0)
		mst_recver_check_copy(env, mst_buf_slice(&from));
	mst_buf_fini(&from);
}

/* ---- for the stores ------------------------------------------------------ */

/* In order. */
static const char *const titles[][2] = {
    {MST_RECVER_CHECK_CONNECT, "RecVer connection"},
    {MST_RECVER_CHECK_SERVER, "RecVer server"},
    {MST_RECVER_CHECK_DATABASE, "RecVer database"},
    {MST_RECVER_CHECK_TABLES, "RecVer tables"},
    {MST_RECVER_CHECK_RIGHTS, "RecVer rights"},
    {MST_RECVER_CHECK_PROBE, "RecVer probe"},
    {MST_RECVER_CHECK_USE, "RecVer use"},
};

struct mst_check mst_recver_check(const char *name)
{
	struct mst_check c = {.name = name};

	for (size_t i = 0; i < MST_LEN(titles); i++) {
		if (strcmp(titles[i][0], name) == 0)
			c.title = titles[i][1];
	}
	return c;
}

void mst_recver_check_fail(struct mst_check *c, const struct mst_err *err)
{
	mst_check_say(c, MST_CHECK_FAILED, "%s", err->msg);
	c->code = err->code;
}

void mst_recver_check_script(const struct mst_recver_setup_env *env,
			     struct mst_check *c)
{
	if (env->conf->bypass_setup)
		mst_check_remedy(c,
				 "let a DBA run what `muster recver script "
				 "%.100s` prints",
				 env->source);
	else
		mst_check_remedy(
		    c,
		    "`muster connection setup %.100s --admin USER` "
		    "sets it up; or let a DBA run what `muster "
		    "recver script %.100s` prints",
		    env->source, env->source);
}

void mst_recver_check_report(const struct mst_recver_setup_env *env,
			     const struct mst_check *c)
{
	env->report(env->ctx, c);
}

void mst_recver_check_skip(const struct mst_recver_setup_env *env,
			   const char *name, const char *failed)
{
	struct mst_check c = mst_recver_check(name);
	struct mst_check by = mst_recver_check(failed);

	mst_check_say(&c, MST_CHECK_SKIPPED, "needs the check '%s'",
		      by.title ? by.title : failed);
	env->report(env->ctx, &c);
}

void mst_recver_check_copy(const struct mst_recver_setup_env *env,
			   struct mst_slice from)
{
	struct mst_check c = {.name = MST_RECVER_CHECK_COPY,
			      .title = "RecVer copy"};

	if (!from.n)
		return;
	mst_check_say(
	    &c, MST_CHECK_FAILED,
	    "a copy of %.*s into it was not finished: no run takes it",
	    (int)MST_MIN(from.n, (size_t)200), from.p);
	mst_check_remedy(&c,
			 "run that 'muster recver copy' again, or give it up "
			 "with 'muster recver reset %s'",
			 env->source);
	c.code = MST_E_CONFLICT;
	mst_recver_check_report(env, &c);
}

void mst_recver_check_skip_from(const struct mst_recver_setup_env *env,
				const char *name, const char *failed)
{
	bool on = false;

	for (size_t i = 0; i < MST_LEN(titles); i++) {
		on = on || strcmp(titles[i][0], name) == 0;
		if (on)
			mst_recver_check_skip(env, titles[i][0], failed);
	}
}

void mst_recver_say_use(struct mst_check *c, const struct mst_lease *lease,
			const struct mst_recver_stats *s)
{
	char size[40], holds[160];

	mst_recver_size_text(s->bytes, size, sizeof(size));
	(void)snprintf(holds, sizeof(holds),
		       "%s, %llu group%s with %llu members", size,
		       (unsigned long long)s->groups, s->groups == 1 ? "" : "s",
		       (unsigned long long)s->members);
	if (!lease->token[0])
		mst_check_say(c, MST_CHECK_OK, "by nobody; %s", holds);
	else if (lease->expired)
		mst_check_say(c, MST_CHECK_OK,
			      "by nobody: the lease of %s has ended; %s",
			      lease->holder, holds);
	else
		mst_check_say(c, MST_CHECK_NOTE, "by %s; %s", lease->holder,
			      holds);
}

int mst_recver_made(const struct mst_recver_setup_env *env, const char *what,
		    const char *how, int rc, const struct mst_err *err)
{
	struct mst_check c = {.code = MST_OK};
	char name[64], title[64];

	(void)snprintf(name, sizeof(name), "setup:%.50s", what);
	(void)snprintf(title, sizeof(title), "RecVer: %.50s", what);
	c.name = name;
	c.title = title;
	if (rc < 0)
		mst_recver_check_fail(&c, err);
	else
		mst_check_say(&c, MST_CHECK_OK, "%s", how);
	env->report(env->ctx, &c);
	return rc;
}

void mst_recver_size_text(uint64_t bytes, char *out, size_t n)
{
	static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
	double v = (double)bytes;
	size_t i = 0;

	for (; v >= 1000 && i + 1 < MST_LEN(units); i++)
		v /= 1000;
	(void)snprintf(out, n, i ? "%.1f %s" : "%.0f %s", v, units[i]);
}
