/* SPDX-License-Identifier: Apache-2.0
 *
 * See certs.h.
 */
#include "checkup/certs.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "sync/connection.h"

#define DAY_US (24 * 3600 * (int64_t)1000000)

/* ---- what connections name ----------------------------------------------- */

static const char *value(const struct mst_connection *c, const char *key,
			 const char *otherwise)
{
	for (size_t i = 0; i < c->item->values_n; i++)
		if (strcmp(c->item->values[i].key, key) == 0 &&
		    c->item->values[i].texts_n == 1)
			return c->item->values[i].texts[0];
	return otherwise;
}

/* One of a static list, which outlives the connection. */
static const char *word_of(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return *words;
	return "";
}

static void look_up(const struct mst_connection *c, const char *name,
		    const struct mst_secret *password, struct mst_cert_entry *e)
{
	const char *location =
	    word_of(mst_cert_locations,
		    value(c, "certificate_location", mst_cert_locations[0]));
	const char *store = word_of(
	    mst_cert_stores, value(c, "certificate_store", mst_cert_stores[0]));
	struct mst_err err = MST_ERR_INIT;

	if (mst_cert_find(location, store, name, password, e, &err) < 0)
		*e = (struct mst_cert_entry){.location = location,
					     .store = store,
					     .path = mst_strdup(name),
					     .from_us = MST_TIME_NONE,
					     .to_us = MST_TIME_NONE,
					     .problem = mst_strdup(err.msg)};
}

static void take_use(struct mst_certs *u, const struct mst_connection *c)
{
	const char *file = value(c, "certificate", NULL);
	const char *name = value(c, "certificate_name", NULL);
	const char *ref = value(c, "certificate_password", NULL);
	struct mst_secret *password = NULL;
	struct mst_err err = MST_ERR_INIT;
	struct mst_certs_use *use;

	if (!file && !name)
		return;
	u->uses = mst_realloc(u->uses, (u->uses_n + 1) * sizeof(*u->uses));
	use = &u->uses[u->uses_n++];
	use->connection = mst_arena_strdup(&u->arena, c->name);
	if (ref && mst_secret_ref(ref, &password, &err) < 0)
		mst_warn("connection '%s': certificate_password: %s", c->name,
			 err.msg);
	if (file)
		mst_cert_look(file, value(c, "certificate_key", NULL), password,
			      &use->cert);
	else
		look_up(c, name, password, &use->cert);
	mst_secret_free(&password);
}

static int each_connection(void *ctx, const struct mst_state_item *item)
{
	struct mst_certs *u = ctx;
	struct mst_connection c;

	if (mst_connection_load(u->state, item->name, &u->arena, &c, &u->err) <
	    0)
		return -(int)u->err.code;
	take_use(u, &c);
	return 0;
}

/* ---- the list ------------------------------------------------------------ */

static int list_stores(struct mst_cert_list *l, struct mst_err *err)
{
	for (size_t i = 0; mst_cert_locations[i]; i++) {
		char *dir = mst_cert_dir(mst_cert_locations[i], NULL);
		bool is_there = dir != NULL;

		free(dir);
		for (size_t k = 0; is_there && mst_cert_stores[k]; k++)
			if (mst_cert_list(mst_cert_locations[i],
					  mst_cert_stores[k], NULL, l, err) < 0)
				return -(int)err->code;
	}
	return 0;
}

static bool is_same(const struct mst_cert_entry *a,
		    const struct mst_cert_entry *b)
{
	return a->path && b->path && strcmp(a->path, b->path) == 0;
}

/* What a connection uses and the stores do not show; what it can open with its
 * password and the list could not. */
static void merge(struct mst_cert_list *l, struct mst_certs *u)
{
	for (size_t i = 0; i < u->uses_n; i++) {
		struct mst_cert_entry *e = &u->uses[i].cert, *at = NULL;

		for (size_t k = 0; k < l->n && !at; k++)
			if (is_same(&l->v[k], e))
				at = &l->v[k];
		if (at && (at->subject || !e->subject))
			continue;
		if (at) {
			e->location = at->location;
			e->store = at->store;
			mst_cert_entry_fini(at);
		} else {
			l->v = mst_realloc(l->v, (l->n + 1) * sizeof(*l->v));
			at = &l->v[l->n++];
		}
		*at = *e;
		*e = (struct mst_cert_entry){.path = mst_strdup(at->path)};
	}
}

void mst_certs_users(const struct mst_certs *u, const struct mst_cert_entry *e,
		     struct mst_buf *out)
{
	for (size_t i = 0; i < u->uses_n; i++)
		if (is_same(&u->uses[i].cert, e))
			(void)mst_buf_addf(out, "%s%s", out->n ? ", " : "",
					   u->uses[i].connection);
}

void mst_certs_warning(const struct mst_cert_entry *e, struct mst_buf *out)
{
	int64_t left = e->to_us - mst_now_us();

	if (e->problem)
		(void)mst_buf_adds(out, e->problem);
	else if (e->subject && e->to_us != MST_TIME_NONE && left < 0)
		(void)mst_buf_adds(out, "it has expired");
	else if (e->subject && e->to_us != MST_TIME_NONE &&
		 left < MST_CERT_SOON_US)
		(void)mst_buf_addf(out,
				   "it expires in %lld day(s); make a new one "
				   "and upload it to the app registration "
				   "before",
				   (long long)(left / DAY_US));
}

void mst_certs_json(struct mst_jout *j, const struct mst_certs *c,
		    const struct mst_cert_entry *e)
{
	struct mst_buf warning = MST_BUF_INIT(4096);
	char end[21] = "", from[21] = "";

	if (e->to_us != MST_TIME_NONE)
		mst_time_iso(e->to_us, end);
	if (e->from_us != MST_TIME_NONE)
		mst_time_iso(e->from_us, from);
	mst_jout_obj(j);
	mst_jout_kstr(j, "location", e->location ? e->location : "");
	mst_jout_kstr(j, "store", e->store ? e->store : "");
	mst_jout_kstr(j, "path", e->path ? e->path : "");
	mst_jout_kstr(j, "subject", e->subject ? e->subject : "");
	mst_jout_kstr(j, "thumbprint", e->thumb);
	mst_jout_kstr(j, "thumbprint_sha256", e->thumb256);
	mst_jout_kstr(j, "valid_from", from);
	mst_jout_kstr(j, "valid_to", end);
	mst_jout_kbool(j, "private_key", e->has_key);
	mst_jout_key(j, "connections");
	mst_jout_arr(j);
	for (size_t i = 0; i < c->uses_n; i++)
		if (is_same(&c->uses[i].cert, e))
			mst_jout_str(j, c->uses[i].connection);
	mst_jout_end_arr(j);
	mst_certs_warning(e, &warning);
	mst_jout_kstr(j, "warning", warning.p ? warning.p : "");
	mst_jout_end_obj(j);
	mst_buf_fini(&warning);
}

/* ---- all of it ----------------------------------------------------------- */

int mst_certs_gather(struct mst_state *state, struct mst_certs *c,
		     struct mst_err *err)
{
	int rc;

	*c = (struct mst_certs){.state = state, .err = MST_ERR_INIT};
	mst_arena_init(&c->arena, MST_MAX_ARENA);
	rc = mst_state_items(state, "connection", each_connection, c, err);
	if (rc < 0 && c->err.code)
		*err = c->err;
	if (rc == 0)
		rc = list_stores(&c->list, err);
	if (rc == 0)
		merge(&c->list, c);
	return rc;
}

void mst_certs_fini(struct mst_certs *c)
{
	for (size_t i = 0; i < c->uses_n; i++)
		mst_cert_entry_fini(&c->uses[i].cert);
	free(c->uses);
	mst_cert_list_fini(&c->list);
	mst_arena_fini(&c->arena);
}
