/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop that lets a source say what to ask and hands it the answers.
 */
#include "sync/fetch.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "cred/cred.h"

#define UNDER_WAY 6 /* files, and pages that do not hang on each other */

void mst_fetch_warn_insecure(const char *connection,
			     const struct mst_source_common *conf)
{
	if (!conf->insecure_tls || (conf->pin && *conf->pin))
		return;
	mst_warn("connection '%s': insecure_tls: nobody looks at the "
		 "certificate of the far end, so whoever is in between reads "
		 "the token and changes what is read; set pin or ca_file "
		 "instead",
		 connection);
}

int mst_fetch_client(const struct mst_job *job, struct mst_source *source,
		     struct mst_client **c_r, struct mst_err *err)
{
	struct mst_client_conf conf = {
	    .name = job->conf.source,
	    .proxy = job->source_conf->proxy,
	    .ca_file = job->source_conf->ca_file,
	    .pin = job->source_conf->pin,
	    .insecure_tls = job->source_conf->insecure_tls,
	    .insecure_loopback = true,
	    .retry_base_ms = job->conf.retry_base_ms,
	    .retry_total_ms = job->conf.retry_total_ms,
	};
	struct mst_source_auth auths[8];
	struct mst_rate unlimited[16] = {0};
	size_t n;

	mst_fetch_warn_insecure(conf.name, job->source_conf);
	conf.rates = job->source->rates(source, &conf.rates_n);
	if (!job->conf.source_limits && job->conf.destination) {
		conf.rates_n = MST_MIN(conf.rates_n, MST_LEN(unlimited));
		for (size_t i = 0; i < conf.rates_n; i++)
			unlimited[i].name = conf.rates[i].name;
		conf.rates = unlimited;
	}
	*c_r = mst_client_new(&conf, err);
	if (!*c_r)
		return -(int)err->code;
	n = job->source->auths(source, auths, MST_LEN(auths));
	for (size_t i = 0; i < n; i++)
		mst_client_add_auth(*c_r, auths[i].name, auths[i].auth,
				    auths[i].hosts);
	return 0;
}

static bool optional(const struct mst_fetch *f, unsigned feed)
{
	return f->job->catalog->feeds[feed].optional;
}

static void leave_out(struct mst_fetch *f, unsigned feed, const char *why)
{
	struct mst_spool_feed *sf = &f->spool->feeds[feed];

	mst_warn("%s is left out: %s", f->job->catalog->feeds[feed].title, why);
	mst_spool_drop(f->spool, feed);
	sf->present = false;
	sf->proof = (struct mst_proof){.as_of_us = MST_TIME_NONE};
	(void)snprintf(sf->proof.why, sizeof(sf->proof.why), "%.240s", why);
}

/* What a person should do in the coming days. Several tokens of one credential
 * are told once. */
static void warn_of_credentials(const struct mst_fetch *f,
				const struct mst_source_auth *auths, size_t n)
{
	const char *told = "";

	for (size_t i = 0; i < n; i++) {
		const char *w = mst_cred_warning(auths[i].auth);

		if (*w && strcmp(w, told) != 0)
			mst_warn("connection '%s': %s", f->job->conf.source, w);
		told = *w ? w : told;
	}
}

int mst_fetch_permissions(struct mst_fetch *f, uint32_t *feeds,
			  struct mst_err *err)
{
	struct mst_source_auth auths[8];
	struct mst_check checks[32];
	size_t n = f->job->source->auths(f->source, auths, MST_LEN(auths));
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		if (mst_client_login(f->client, auths[i].name, err) < 0)
			return mst_err_prefix(err, "connection '%s'",
					      f->job->conf.source);
	}
	warn_of_credentials(f, auths, n);
	n = f->job->source->permissions(f->source, *feeds, checks,
					MST_LEN(checks));
	for (size_t i = 0; i < n; i++) {
		if (checks[i].level == MST_CHECK_WARNING)
			mst_warn("%s: %s: %s", checks[i].name, checks[i].text,
				 checks[i].remedy);
		if (checks[i].level != MST_CHECK_FAILED)
			continue;
		mst_error("%s: %s: %s", checks[i].name, checks[i].text,
			  checks[i].remedy);
		failed++;
	}
	if (failed > 0)
		return mst_err_set(err, MST_E_FORBIDDEN,
				   "connection '%s': %zu permission%s missing "
				   "(named above); grant with admin consent "
				   "and run again",
				   f->job->conf.source, failed,
				   failed == 1 ? " is" : "s are");
	return 0;
}

static int send(struct mst_fetch *f, unsigned feed, struct mst_req *req,
		struct mst_err *err)
{
	if (req->file)
		req->file = mst_spool_path(f->spool, feed, req->file);
	return mst_client_submit(f->client, req, err);
}

static int keep(struct mst_fetch *f, unsigned feed, const struct mst_req *req,
		const struct mst_resp *resp, struct mst_err *err)
{
	if (resp->file) {
		mst_spool_add(f->spool, feed, resp->file, resp->bytes,
			      MST_PART_LINES, true);
		return 0;
	}
	if (req->anew && req->part)
		mst_spool_drop_named(f->spool, feed, req->part);
	return mst_spool_add_body(f->spool, feed, req->part, resp->body, err);
}

static void tell(struct mst_fetch *f, unsigned feed, uint64_t bytes, bool end)
{
	struct mst_client_stats stats;
	struct mst_progress_now now = {
	    .stage = "fetch",
	    .what = f->job->catalog->feeds[feed].name,
	    .done = bytes,
	    .bytes = true,
	    .end = end,
	};

	mst_client_stats(f->client, &stats);
	now.requests = stats.requests;
	mst_progress_tell(f->progress, &now);
}

static int check_room(const struct mst_fetch *f, uint64_t bytes,
		      struct mst_err *err)
{
	if (!f->job->conf.spool_max || bytes <= f->job->conf.spool_max)
		return 0;
	return mst_err_set(err, MST_E_IO,
			   "the spool would pass spool_max (%llu bytes); "
			   "raise it in the job or read fewer record sets",
			   (unsigned long long)f->job->conf.spool_max);
}

/* Waits for one answer and hands it to the source. */
static int take(struct mst_fetch *f, unsigned feed, uint64_t *bytes,
		struct mst_err *err)
{
	const struct mst_resp *resp;
	const struct mst_req *req;
	int rc = mst_client_wait(f->client, 200, &req, &resp, err);

	if (rc <= 0) {
		tell(f, feed, *bytes, false);
		return rc;
	}
	*bytes += resp->bytes;
	f->bytes += resp->bytes;
	rc = f->job->source->accept(f->source, req, resp, err);
	if (rc == MST_TAKE_RECORDS)
		rc = keep(f, feed, req, resp, err);
	else if (rc == MST_TAKE_RESTART)
		mst_spool_drop(f->spool, feed);
	mst_client_done(f->client);
	tell(f, feed, *bytes, false);
	if (rc >= 0)
		rc = check_room(f, f->bytes, err);
	return rc < 0 ? rc : 0;
}

/* The feed failed: what is still under way is of no use. */
static void drain(struct mst_fetch *f)
{
	struct mst_err err = MST_ERR_INIT;
	const struct mst_resp *resp;
	const struct mst_req *req;

	while (mst_client_pending(f->client) > 0) {
		int rc;

		if (f->cancel && atomic_load(f->cancel))
			mst_client_cancel(f->client);
		rc = mst_client_wait(f->client, 200, &req, &resp, &err);

		if (rc < 0)
			break;
		if (rc > 0)
			mst_client_done(f->client);
	}
}

static int read_one(struct mst_fetch *f, unsigned feed, struct mst_err *err)
{
	const struct mst_source_ops *ops = f->job->source;
	uint64_t bytes = 0;
	int rc = ops->begin(f->source, feed, f->one, err);

	while (rc == 0) {
		struct mst_req req = {0};
		int next = MST_NEXT_WAIT;

		if (f->cancel && atomic_load(f->cancel))
			return mst_err_set(err, MST_E_CANCELLED,
					   "cancelled while reading");
		if (f->recver)
			rc = mst_recver_keep(f->recver, err);
		if (rc == 0 && mst_client_pending(f->client) < UNDER_WAY)
			next = ops->next(f->source, &req, err);
		if (rc < 0)
			break;
		if (next < 0)
			rc = next;
		else if (next == MST_NEXT_REQUEST)
			rc = send(f, feed, &req, err);
		else if (next == MST_NEXT_END &&
			 mst_client_pending(f->client) == 0)
			break;
		else if (mst_client_pending(f->client) > 0)
			rc = take(f, feed, &bytes, err);
		else
			rc = mst_err_set(err, MST_E_INTERNAL,
					 "the source waits for an answer to "
					 "nothing");
	}
	if (rc == 0) {
		f->spool->feeds[feed].present = true;
		ops->proof(f->source, feed, &f->spool->feeds[feed].proof);
	} else {
		drain(f);
	}
	tell(f, feed, bytes, true);
	return rc;
}

/* What a person can live without: a licence or a permission that is not
 * there. Everything else ends the run. */
static bool can_do_without(enum mst_code code)
{
	return code == MST_E_FORBIDDEN || code == MST_E_NOTFOUND ||
	       code == MST_E_UNSUPPORTED;
}

/* What else decides what is read: a list that was read just now may say it. */
static void tell_scopes(struct mst_fetch *f)
{
	const struct mst_source_ops *ops = f->job->source;
	const struct mst_catalog *c = ops->catalog;

	for (unsigned i = 0; ops->scope && i < c->feeds_n; i++) {
		if (c->feeds[i].key_n)
			mst_mirror_scope(f->mirror, i,
					 ops->scope(f->source, i));
	}
}

/* Since when the feed is to be read, told to the source. */
static int64_t tell_since(struct mst_fetch *f, unsigned feed, int64_t now_us)
{
	const struct mst_source_ops *ops = f->job->source;
	int64_t since = MST_TIME_NONE;

	if (f->mirror)
		tell_scopes(f);
	if (f->mirror && !f->one && !f->full)
		since = mst_mirror_since(f->mirror, feed, now_us,
					 f->job->source_conf->full_read_ms);
	if (ops->since)
		ops->since(f->source, feed, since);
	return since;
}

/* One record is nobody's mirror. */
static int merge(struct mst_fetch *f, uint32_t feeds, const int64_t *since,
		 int64_t now_us, struct mst_err *err)
{
	const struct mst_catalog *c = f->job->catalog;
	int rc = 0;

	if (!f->mirror || f->one)
		return 0;
	for (unsigned i = 0; i < c->feeds_n && rc == 0; i++) {
		if ((feeds & 1u << i) && c->feeds[i].key_n &&
		    f->spool->feeds[i].present)
			rc = mst_mirror_merge(f->mirror, f->spool, i, since[i],
					      now_us, err);
	}
	return rc == 0 ? mst_mirror_save(f->mirror, err) : rc;
}

static int read_feeds(struct mst_fetch *f, uint32_t feeds, struct mst_err *err)
{
	const struct mst_catalog *c = f->job->catalog;
	int64_t since[MST_MAX_FEEDS], now_us = mst_now_us();

	for (unsigned i = 0; i < c->feeds_n; i++) {
		if (!(feeds & 1u << i) || c->feeds[i].nested)
			continue;
		mst_debug("reading %s", c->feeds[i].title);
		since[i] = tell_since(f, i, now_us);
		if (read_one(f, i, err) == 0)
			continue;
		if (!optional(f, i) || !can_do_without(err->code))
			return mst_err_prefix(err, "reading %s",
					      c->feeds[i].title);
		leave_out(f, i, err->msg);
		mst_err_clear(err);
	}
	return merge(f, feeds, since, now_us, err);
}

/* What came is of no use without the mirror that it changes. */
static void forget(struct mst_fetch *f, uint32_t feeds)
{
	for (unsigned i = 0; i < f->job->catalog->feeds_n; i++) {
		if (!(feeds & 1u << i) || f->job->catalog->feeds[i].nested)
			continue;
		mst_spool_drop(f->spool, i);
		f->spool->feeds[i].present = false;
	}
	f->bytes = 0;
}

int mst_fetch_feeds(struct mst_fetch *f, uint32_t feeds, struct mst_err *err)
{
	int rc = read_feeds(f, feeds, err);

	if (rc == 0 || !f->mirror || !mst_mirror_spoilt(f->mirror))
		return rc;
	mst_warn("a mirror cannot be read, so everything is read anew: %s",
		 err->msg);
	mst_err_clear(err);
	forget(f, feeds);
	return read_feeds(f, feeds, err);
}
