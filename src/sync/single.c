/* SPDX-License-Identifier: Apache-2.0
 *
 * Two jobs that would write the same things twice: installed software of the
 * same devices, or what a management console and its sensors show.
 */
#include "sync/single.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/url.h"

#define SOFTWARE "software_installs"

static bool writes_software(const struct mst_job *j)
{
	const struct mst_set *set = mst_catalog_set(j->catalog, SOFTWARE);

	return set && mst_job_wants(j, set);
}

static struct mst_slice address(const struct mst_connection *c)
{
	struct mst_slice url = {NULL, 0};

	for (size_t i = 0; i < c->item->values_n; i++) {
		const struct mst_conf_value *v = &c->item->values[i];

		if (strcmp(v->key, "url") == 0 && v->texts_n == 1)
			url = mst_slice_str(v->texts[0]);
	}
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

/* Behind the host of "https://host/path". */
static struct mst_slice path_of(struct mst_slice url)
{
	const char *end = url.p + url.n, *p = url.p;

	for (int slashes = 0; p < end; p++) {
		if (*p == '/' && ++slashes == 3)
			break;
	}
	return mst_slice(p, (size_t)(end - p));
}

/* "https://x" and "https://X:443/" are one. What is no URL is compared as it
 * is written. */
static bool same_address(struct mst_slice a, struct mst_slice b)
{
	char texts[2][1024];
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_url x, y;

	if (!a.n || !b.n)
		return false;
	if (mst_slice_ieq(a, b))
		return true;
	if (a.n >= sizeof(texts[0]) || b.n >= sizeof(texts[1]))
		return false;
	(void)snprintf(texts[0], sizeof(texts[0]), "%.*s", MST_SLICE_ARG(a));
	(void)snprintf(texts[1], sizeof(texts[1]), "%.*s", MST_SLICE_ARG(b));
	return mst_url_read(texts[0], &x, &ignored) == 0 &&
	       mst_url_read(texts[1], &y, &ignored) == 0 &&
	       x.https == y.https && x.port == y.port &&
	       strcmp(x.host, y.host) == 0 &&
	       mst_slice_ieq(path_of(a), path_of(b));
}

bool mst_single_instance(const struct mst_job *a, const struct mst_job *b)
{
	return strcmp(a->conf.destination, b->conf.destination) == 0 ||
	       same_address(address(&a->dest_end), address(&b->dest_end));
}

/* Other devices for certain: other estates of one kind of source. */
static bool other_devices(const struct mst_job *a, const struct mst_job *b)
{
	const char *x, *y;

	if (a->source != b->source || !a->source->estate)
		return false;
	x = a->source->estate(a->source_conf);
	y = a->source->estate(b->source_conf);
	return x && y && !mst_slice_ieq(mst_slice_str(x), mst_slice_str(y));
}

/* Puts the job's place in front where it is what is being applied. */
static int at_job(const struct mst_config *c, const struct mst_job *j,
		  struct mst_err *err)
{
	const struct mst_conf_item *item = NULL;
	struct mst_arena arena;

	mst_arena_init(&arena, MST_MAX_ARENA);
	if (mst_config_find(c, "job", j->name, &arena, &item,
			    &(struct mst_err)MST_ERR_INIT) == 0 &&
	    item && mst_config_is_front(c, item))
		(void)mst_err_prefix(err, "%s:%d:%d", item->file, item->line,
				     item->column);
	mst_arena_fini(&arena);
	return -MST_E_CONFLICT;
}

static int conflict(const struct mst_config *c, const struct mst_job *j,
		    const struct mst_job *other, struct mst_err *err)
{
	if (j->conf.second_software || other->conf.second_software) {
		mst_warn("job %s: installed software goes to '%s' from '%s' "
			 "and, by job '%s', from '%s': devices that both see "
			 "get the same programs under two names; job '%s' "
			 "allows it (allow_second_software_source)",
			 j->name, j->conf.destination, j->conf.source,
			 other->name, other->conf.source,
			 j->conf.second_software ? j->name : other->name);
		return 0;
	}
	(void)mst_err_set(
	    err, MST_E_CONFLICT,
	    "job %s: job '%s' delivers installed software to '%s' already, "
	    "from '%s'; two sources name the same programs differently, so "
	    "devices that both see would get them twice: leave " SOFTWARE
	    " out of the record_sets of one of the two jobs, or, if they see "
	    "different devices, give one of them "
	    "'allow_second_software_source: true'",
	    j->name, other->name, other->conf.destination, other->conf.source);
	return at_job(c, j, err);
}

/* ---- a console and its sensors --------------------------------------------
 */

/* Do they look at the same things from two places, by ids of their own? */
static bool two_places(const struct mst_job *a, const struct mst_job *b)
{
	const char *x, *y;

	if (a->source != b->source || !a->source->place)
		return false;
	x = a->source->place(a->source_conf);
	y = b->source->place(b->source_conf);
	return strcmp(x, y) != 0;
}

static int both_active(const struct mst_config *c, const struct mst_job *j,
		       const struct mst_job *other, struct mst_err *err)
{
	(void)mst_err_set(
	    err, MST_E_CONFLICT,
	    "job %s: it reads %s, '%s', and job '%s' reads %s, '%s', for the "
	    "same instance: both show the same devices by other ids, so the "
	    "CMDB would hold them twice; set 'sync: no' on the connection that "
	    "is to rest ('muster ot rekey' then moves the records of sensors "
	    "to the console)",
	    j->name, j->source->place(j->source_conf), j->conf.source,
	    other->name, other->source->place(other->source_conf),
	    other->conf.source);
	return at_job(c, j, err);
}

/* ---- all ------------------------------------------------------------------
 */

/* Two jobs of one source never meet. Most are told by that, without loading
 * what their rules are: there may be thousands. */
static bool of_this_source(const struct mst_config *c, const struct mst_job *j,
			   const char *name)
{
	struct mst_err ignored = MST_ERR_INIT;
	const struct mst_conf_item *item = NULL;
	struct mst_arena arena;
	bool same = false;

	mst_arena_init(&arena, MST_MAX_ARENA);
	if (mst_config_find(c, "job", name, &arena, &item, &ignored) == 0)
		for (size_t i = 0; item && i < item->values_n; i++)
			same = same ||
			       (strcmp(item->values[i].key, "source") == 0 &&
				item->values[i].texts_n == 1 &&
				strcmp(item->values[i].texts[0],
				       j->conf.source) == 0);
	mst_arena_fini(&arena);
	return same;
}

static int check_two(const struct mst_config *c, const struct mst_job *j,
		     const char *name, bool run, struct mst_err *err)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_job other;
	int rc = 0;

	if (strcmp(name, j->name) == 0 || of_this_source(c, j, name) ||
	    mst_job_get(c, name, &other, &ignored) < 0)
		return 0;
	if (!mst_single_instance(j, &other)) {
		mst_job_fini(&other);
		return 0;
	}
	if (two_places(j, &other) && other.source_conf->sync &&
	    (run || j->source_conf->sync))
		rc = both_active(c, j, &other, err);
	if (rc == 0 && writes_software(j) && writes_software(&other) &&
	    strcmp(j->conf.source, other.conf.source) != 0 &&
	    !other_devices(j, &other))
		rc = conflict(c, j, &other, err);
	mst_job_fini(&other);
	return rc;
}

int mst_single_check(const struct mst_config *c, const struct mst_job *j,
		     bool run, struct mst_err *err)
{
	const char *const *names;
	struct mst_arena arena;
	int rc;

	if (!writes_software(j) && !j->source->place)
		return 0;
	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = mst_config_jobs(c, &arena, &names, err);
	for (; rc == 0 && *names; names++)
		rc = check_two(c, j, *names, run, err);
	mst_arena_fini(&arena);
	return rc;
}
