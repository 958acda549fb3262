/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches into the outbox, several with one sync. Whoever puts a batch while
 * nobody commits leads: takes all that wait, commits, tells the others.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/time.h"
#include "forwarder/intake_private.h"

#define ROUND	     8192 /* alerts in one transaction */
#define TRY_AGAIN_MS 1000

/* ---- configurations ------------------------------------------------------ */

struct mst_forward_conf *mst_intake_ref(struct mst_intake *in)
{
	struct mst_forward_conf *conf;

	(void)pthread_mutex_lock(&in->lock);
	in->confs->refs++;
	conf = in->confs->conf;
	(void)pthread_mutex_unlock(&in->lock);
	return conf;
}

/* With the lock held. */
static void unref(struct mst_intake *in, const struct mst_forward_conf *conf)
{
	struct intake_conf **at = &in->confs, *c;

	while (*at && (*at)->conf != conf)
		at = &(*at)->next;
	c = *at;
	if (!c || --c->refs > 0)
		return;
	*at = c->next;
	mst_forward_conf_free(&c->conf);
	free(c);
}

void mst_intake_unref(struct mst_intake *in, struct mst_forward_conf *conf)
{
	(void)pthread_mutex_lock(&in->lock);
	unref(in, conf);
	(void)pthread_mutex_unlock(&in->lock);
}

void mst_intake_conf(struct mst_intake *in, struct mst_forward_conf *conf)
{
	struct intake_conf *c = mst_alloc(sizeof(*c)), *old;

	c->conf = conf;
	c->refs = 1;
	(void)pthread_mutex_lock(&in->lock);
	old = in->confs;
	c->next = old;
	in->confs = c;
	if (old)
		unref(in, old->conf);
	(void)pthread_mutex_unlock(&in->lock);
}

/* ---- counts -------------------------------------------------------------- */

/* With the lock held. */
static void count(struct mst_intake *in, const char *door, const char *what,
		  uint64_t n)
{
	char text[256];
	struct mst_slice key;
	uintptr_t had;

	if (n == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s\n%s", door, what);
	key = mst_slice_str(text);
	had = (uintptr_t)mst_map_get(&in->counts, key);
	if (had == 0)
		key = mst_arena_dup(&in->arena, key);
	(void)mst_map_put(&in->counts, key, (void *)(had + (uintptr_t)n));
}

void mst_intake_count(struct mst_intake *in, const char *door, const char *what,
		      uint64_t n)
{
	(void)pthread_mutex_lock(&in->lock);
	count(in, door, what, n);
	(void)pthread_mutex_unlock(&in->lock);
}

static void count_batch(struct mst_intake *in, const struct mst_batch *b)
{
	static const char *const reasons[] = {
	    [MST_ALERT_RULE_TAKES] = "no rule",
	    [MST_ALERT_RULE_DISABLED] = "no rule: disabled",
	    [MST_ALERT_RULE_SOURCE] = "no rule: source",
	    [MST_ALERT_RULE_SYSTEM] = "no rule: system notification",
	    [MST_ALERT_RULE_ALERT] = "no rule: alert",
	    [MST_ALERT_RULE_BEFORE] = "no rule: raised before it",
	    [MST_ALERT_RULE_SEVERITY] = "no rule: severity",
	    [MST_ALERT_RULE_ENGINE] = "no rule: engine",
	    [MST_ALERT_RULE_PROTOCOL] = "no rule: protocol",
	};
	const char *door = b->door->name;
	char by[96];

	count(in, door, "received", b->received);
	count(in, door, "accepted", b->fresh);
	count(in, door, "accepted, said before otherwise", b->more);
	count(in, door, "said before", b->repeated);
	count(in, door, "not an alert", b->unread_n);
	for (size_t i = 0; b->excluded && i < b->conf->windows_n; i++) {
		(void)snprintf(by, sizeof(by), "excluded by %s",
			       b->conf->windows[i].name);
		count(in, door, by, b->by_window[i]);
	}
	for (size_t i = 0; b->untaken && i < MST_LEN(reasons); i++)
		count(in, door, reasons[i], b->by_reason[i]);
}

int mst_intake_flush(struct mst_intake *in, struct mst_err *err)
{
	struct mst_outbox_tally *v;
	struct mst_arena arena;
	struct mst_slice key;
	size_t n = 0, i = 0;
	void *value;
	int rc = 0;

	mst_arena_init(&arena, 64u << 20);
	(void)pthread_mutex_lock(&in->lock);
	v = mst_alloc((in->counts.n + 1) * sizeof(*v));
	while (mst_map_next(&in->counts, &i, &key, &value)) {
		char *door = mst_arena_strdup(&arena, key.p);
		char *end = strchr(door, '\n');

		*end = 0;
		v[n++] = (struct mst_outbox_tally){door, end + 1,
						   (uint64_t)(uintptr_t)value};
	}
	mst_map_clear(&in->counts);
	mst_arena_reset(&in->arena);
	(void)pthread_mutex_unlock(&in->lock);
	mst_forwarder_lock(in->f);
	rc = mst_outbox_tally_add(in->f->outbox, v, n, err);
	mst_forwarder_unlock(in->f);
	for (size_t k = 0; rc < 0 && k < n; k++)
		mst_intake_count(in, v[k].door, v[k].what, v[k].n);
	free(v);
	mst_arena_fini(&arena);
	return rc;
}

/* ---- committing ---------------------------------------------------------- */

/* What is wrong with the outbox, once in the log, and when it is over. */
static void tell(struct mst_intake *in, const struct mst_err *err)
{
	if (err->code == in->trouble.code)
		return;
	if (err->code == MST_OK)
		mst_info("alerts are accepted again");
	else
		mst_warn("alerts are not accepted: %s", err->msg);
	in->trouble = *err;
}

/* Copies what waits into one list, as much as fits. *left_r: for something
 * there is no room. Of the leader: nobody else changes batches of its list. */
static size_t gather(struct mst_intake *in, struct mst_batch *list, size_t room,
		     bool *left_r)
{
	size_t n = 0;

	*left_r = false;
	for (struct mst_batch *b = list; b; b = b->next) {
		for (size_t i = b->alerts_done; i < b->alerts_n; i++) {
			if (n == ROUND || b->alerts[i].routes_n > room) {
				*left_r = n < ROUND;
				return n;
			}
			room -= b->alerts[i].routes_n;
			if (n == in->alerts_cap) {
				in->alerts_cap =
				    in->alerts_cap ? in->alerts_cap * 2 : 1024;
				in->alerts = mst_realloc(
				    in->alerts,
				    in->alerts_cap * sizeof(*in->alerts));
			}
			in->alerts[n++] = b->alerts[i];
		}
	}
	return n;
}

/* The verdicts of n alerts, in the order in which they were gathered. */
static void spread(const struct mst_intake *in, struct mst_batch *list,
		   size_t n)
{
	size_t at = 0;

	for (struct mst_batch *b = list; b && at < n; b = b->next) {
		for (; b->alerts_done < b->alerts_n && at < n; at++) {
			const struct mst_outbox_alert *one = &in->alerts[at];
			enum mst_accepted a = one->accepted;
			/* else it is counted as what no rule takes */
			bool taken = one->routes_n > one->known_n;

			b->fresh += a == MST_ACCEPTED_NEW;
			b->more += a == MST_ACCEPTED_MORE;
			b->repeated += taken && a == MST_ACCEPTED_NOTHING;
			b->alerts_done++;
		}
	}
}

static int put_unread(struct mst_forwarder *f, struct mst_batch *list,
		      int64_t now_us, struct mst_err *err)
{
	int rc = 0;

	for (struct mst_batch *b = list; b && rc == 0; b = b->next) {
		if (b->unread_done == b->unread_n)
			continue;
		rc = mst_outbox_unread_put(
		    f->outbox, b->unread + b->unread_done,
		    b->unread_n - b->unread_done, now_us, err);
		if (rc == 0)
			b->unread_done = b->unread_n;
	}
	return rc;
}

/* One transaction, or two when something could not be read. MST_E_THROTTLED:
 * something is left for which there is no room. */
static int commit(struct mst_intake *in, struct mst_batch *list,
		  struct mst_err *err)
{
	struct mst_forwarder *f = in->f;
	int64_t now_us = f->now_us();
	bool left;
	size_t n;
	int rc;

	mst_forwarder_lock(f);
	n = gather(in, list, mst_outbox_room(f->outbox), &left);
	rc = mst_outbox_accept(f->outbox, in->alerts, n, now_us, err);
	if (rc == 0)
		spread(in, list, n);
	if (rc == 0)
		rc = put_unread(f, list, now_us, err);
	if (rc == 0 && n)
		mst_forwarder_changed(f);
	mst_forwarder_unlock(f);
	if (rc == 0 && left)
		rc = mst_err_set(err, MST_E_THROTTLED,
				 "the outbox is full; deliveries wait, or the "
				 "section outbox allows too few (max)");
	return rc;
}

static bool is_done(const struct mst_batch *b)
{
	return b->alerts_done == b->alerts_n && b->unread_done == b->unread_n;
}

/* Trying again would not help. */
static bool is_final(enum mst_code code)
{
	return code == MST_E_CORRUPT || code == MST_E_UNSUPPORTED ||
	       code == MST_E_INVALID || code == MST_E_INTERNAL;
}

/* What the batch comes to, if it need not wait any longer. */
static bool settle(struct mst_intake *in, struct mst_batch *b,
		   const struct mst_err *err)
{
	bool cancelled =
	    b->wait && (in->stopped || (b->stop && atomic_load(b->stop)));

	if (!is_done(b)) {
		if (err->code == MST_OK)
			return false;
		if (b->wait && !cancelled && !is_final(err->code))
			return false;
		b->err = *err;
		if (cancelled && !is_final(err->code))
			(void)mst_err_set(&b->err, MST_E_CANCELLED,
					  "stopped: %.900s", err->msg);
	}
	b->settled = true;
	count_batch(in, b);
	return true;
}

/* With the lock held, let go and taken again. What cannot be committed now
 * waits in front of what came meanwhile. */
static void lead(struct mst_intake *in)
{
	struct mst_batch *list = in->first, *b, *left = NULL, **end = &left;
	struct mst_err err = MST_ERR_INIT;

	in->leading = true;
	in->first = NULL;
	in->last = &in->first;
	(void)pthread_mutex_unlock(&in->lock);
	(void)commit(in, list, &err);
	(void)pthread_mutex_lock(&in->lock);
	tell(in, &err);
	if (is_final(err.code))
		in->broken = err;
	while ((b = list)) {
		list = b->next;
		if (settle(in, b, &err))
			continue;
		*end = b;
		end = &b->next;
	}
	*end = in->first;
	if (left && !in->first)
		in->last = end;
	in->first = left ? left : in->first;
	in->leading = false;
	(void)pthread_cond_broadcast(&in->settled);
}

/* Until a delivery was done, or for a second: the disk may have room again. */
static void wait_for_room(struct mst_intake *in)
{
	struct mst_forwarder *f = in->f;

	mst_forwarder_lock(f);
	mst_forwarder_wait(f, f->changes, TRY_AGAIN_MS);
	mst_forwarder_unlock(f);
}

static bool is_empty(const struct mst_batch *b)
{
	return b->received == 0;
}

int mst_batch_put(struct mst_batch *b, bool wait, struct mst_err *err)
{
	struct mst_intake *in = b->intake;
	int rc = 0;

	if (is_empty(b))
		return 0;
	b->wait = wait;
	b->next = NULL;
	(void)pthread_mutex_lock(&in->lock);
	*in->last = b;
	in->last = &b->next;
	while (!b->settled) {
		if (in->leading) {
			(void)pthread_cond_wait(&in->settled, &in->lock);
			continue;
		}
		lead(in);
		if (b->settled || in->trouble.code == MST_OK)
			continue;
		(void)pthread_mutex_unlock(&in->lock);
		wait_for_room(in);
		(void)pthread_mutex_lock(&in->lock);
	}
	(void)pthread_mutex_unlock(&in->lock);
	if (b->err.code != MST_OK) {
		*err = b->err;
		rc = -(int)err->code;
	}
	mst_batch_empty(b);
	return rc;
}

/* ---- opening ------------------------------------------------------------- */

struct mst_intake *mst_intake_new(struct mst_forwarder *f,
				  struct mst_forward_conf *conf)
{
	struct mst_intake *in = mst_alloc(sizeof(*in));

	in->f = f;
	in->last = &in->first;
	mst_err_clear(&in->trouble);
	mst_err_clear(&in->broken);
	(void)pthread_mutex_init(&in->lock, NULL);
	(void)pthread_cond_init(&in->settled, NULL);
	mst_arena_init(&in->arena, 64u << 20);
	mst_intake_conf(in, conf);
	return in;
}

void mst_intake_stop(struct mst_intake *in)
{
	(void)pthread_mutex_lock(&in->lock);
	in->stopped = true;
	(void)pthread_mutex_unlock(&in->lock);
	mst_forwarder_lock(in->f);
	mst_forwarder_changed(in->f);
	mst_forwarder_unlock(in->f);
}

bool mst_intake_broken(struct mst_intake *in, struct mst_err *err)
{
	bool is;

	(void)pthread_mutex_lock(&in->lock);
	is = in->broken.code != MST_OK;
	if (is)
		*err = in->broken;
	(void)pthread_mutex_unlock(&in->lock);
	return is;
}

void mst_intake_free(struct mst_intake **inp)
{
	struct mst_intake *in = *inp;

	if (!in)
		return;
	unref(in, in->confs->conf);
	mst_map_fini(&in->counts);
	mst_arena_fini(&in->arena);
	(void)pthread_cond_destroy(&in->settled);
	(void)pthread_mutex_destroy(&in->lock);
	free(in->alerts);
	free(in);
	*inp = NULL;
}
