/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch: messages become alerts, alerts are judged.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "forward/act_webhook.h"
#include "forwarder/intake_private.h"

#define FULL_ALERTS 2000
#define FULL_BYTES  (4u << 20)

void mst_batch_init(struct mst_batch *b, struct mst_intake *in,
		    const struct mst_door *door)
{
	*b =
	    (struct mst_batch){.intake = in, .door = door, .err = MST_ERR_INIT};
	mst_arena_init(&b->arena, 256u << 20);
}

void mst_batch_fini(struct mst_batch *b)
{
	mst_batch_empty(b);
	mst_json_parser_free(&b->parser);
	mst_arena_fini(&b->arena);
	free(b->alerts);
	free(b->unread);
}

void mst_batch_empty(struct mst_batch *b)
{
	if (b->conf)
		mst_intake_unref(b->intake, b->conf);
	free(b->by_window);
	mst_arena_reset(&b->arena);
	*b = (struct mst_batch){
	    .intake = b->intake,
	    .door = b->door,
	    .stop = b->stop,
	    .arena = b->arena,
	    .parser = b->parser,
	    .alerts = b->alerts,
	    .alerts_cap = b->alerts_cap,
	    .unread = b->unread,
	    .unread_cap = b->unread_cap,
	    .err = MST_ERR_INIT,
	};
}

static void hold_conf(struct mst_batch *b)
{
	if (b->conf)
		return;
	b->conf = mst_intake_ref(b->intake);
	b->by_window =
	    mst_alloc(MST_MAX(b->conf->windows_n, 1u) * sizeof(*b->by_window));
}

bool mst_batch_full(const struct mst_batch *b)
{
	return b->alerts_n + b->unread_n >= FULL_ALERTS ||
	       b->bytes >= FULL_BYTES;
}

/* ---- what cannot be read ------------------------------------------------- */

void mst_batch_unread(struct mst_batch *b, struct mst_slice body,
		      const char *peer, const char *why)
{
	hold_conf(b);
	if (b->unread_n == b->unread_cap) {
		b->unread_cap = b->unread_cap ? b->unread_cap * 2 : 16;
		b->unread =
		    mst_realloc(b->unread, b->unread_cap * sizeof(*b->unread));
	}
	body.n = MST_MIN(body.n, (size_t)MST_FORM_MAX);
	b->unread[b->unread_n++] = (struct mst_outbox_unread){
	    .receiver = b->door->name,
	    .peer = mst_arena_strdup(&b->arena, peer),
	    .why = mst_arena_strdup(&b->arena, why),
	    .body = mst_arena_dup(&b->arena, body),
	};
	b->bytes += body.n;
	b->received++;
}

/* ---- judging ------------------------------------------------------------- */

/* Why no rule took it: the reason of the rule that got farthest. */
static enum mst_alert_rule_no reason(const struct mst_forward_conf *c,
				     const char *source,
				     const struct mst_alert *a, int64_t now_us)
{
	enum mst_alert_rule_no best = MST_ALERT_RULE_TAKES;

	for (size_t i = 0; i < c->rules_n; i++) {
		enum mst_alert_rule_no no =
		    mst_alert_rule_match(&c->rules[i], source, a, now_us);

		best = MST_MAX(best, no);
	}
	return best;
}

static void add_alert(struct mst_batch *b, const struct mst_alert *a,
		      enum mst_form form, struct mst_slice body,
		      const struct mst_judged *j)
{
	size_t routes_n = j->routes_n + j->known_n;
	struct mst_route *routes =
	    mst_arena_alloc(&b->arena, routes_n * sizeof(*routes));

	if (b->alerts_n == b->alerts_cap) {
		b->alerts_cap = b->alerts_cap ? b->alerts_cap * 2 : 64;
		b->alerts =
		    mst_realloc(b->alerts, b->alerts_cap * sizeof(*b->alerts));
	}
	memcpy(routes, j->routes, routes_n * sizeof(*routes));
	b->alerts[b->alerts_n++] = (struct mst_outbox_alert){
	    .source = b->door->connection,
	    .key = mst_alert_key(a, &b->arena),
	    .device = mst_alert_device(a),
	    .form = form,
	    .body = body,
	    .digest = mst_alert_digest(a),
	    .handled = a->handled,
	    .routes = routes,
	    .routes_n = routes_n,
	    .known_n = j->known_n,
	};
	b->bytes += body.n;
}

/* False: nobody wants it; it is counted. So is what only goes to those that
 * have heard of it. */
static bool judge(struct mst_batch *b, const struct mst_alert *a,
		  struct mst_judged *j)
{
	int64_t now_us = b->intake->f->now_us();

	hold_conf(b);
	b->received++;
	mst_forward_judge(b->conf, b->door->connection, a, now_us, j);
	if (j->window) {
		b->excluded++;
		b->by_window[j->window - b->conf->windows]++;
	} else if (j->routes_n == 0) {
		b->untaken++;
		b->by_reason[reason(b->conf, b->door->connection, a, now_us)]++;
	}
	return j->routes_n + j->known_n > 0;
}

/* ---- syslog -------------------------------------------------------------- */

/* The alert in a form of its own: what the receiver knows beside the message
 * (its zone, the header's time and host) is in it then. */
static struct mst_slice as_json(struct mst_batch *b, const struct mst_alert *a)
{
	struct mst_buf out = MST_BUF_INIT(2 * MST_FORM_MAX);
	struct mst_slice s;

	mst_webhook_body(a, &out);
	s = mst_arena_dup(&b->arena, mst_buf_slice(&out));
	mst_buf_fini(&out);
	return s;
}

void mst_batch_syslog(struct mst_batch *b, struct mst_slice message,
		      const char *peer)
{
	int64_t now_us = b->intake->f->now_us(), time_us;
	int zone_s = mst_zone_offset(b->door->zone, now_us);
	struct mst_err err = MST_ERR_INIT;
	bool known = zone_s != 0;
	struct mst_slice host, body;
	struct mst_judged j;
	struct mst_alert a;
	enum mst_form form;

	body = mst_form_syslog(message, now_us, &host, &time_us);
	form = mst_form_of(body);
	if (mst_form_read(form, body, zone_s, &b->arena, &a, &err) < 0) {
		mst_batch_unread(b, message, peer, err.msg);
		return;
	}
	if (a.time_us == MST_TIME_NONE && time_us != MST_TIME_NONE) {
		a.time_us = time_us;
		known = true;
	}
	if (!a.sensor.n && host.n) {
		a.sensor =
		    mst_alert_text(&b->arena, host, MST_ALERT_TEXT, true);
		known = true;
	}
	if (!judge(b, &a, &j))
		return;
	if (known && form != MST_FORM_JSON)
		add_alert(b, &a, MST_FORM_JSON, as_json(b, &a), &j);
	else
		add_alert(b, &a, form, mst_arena_dup(&b->arena, body), &j);
}

/* ---- JSON ---------------------------------------------------------------- */

bool mst_batch_json(struct mst_batch *b, struct mst_json v, const char *peer)
{
	struct mst_buf text = MST_BUF_INIT(MST_FORM_MAX);
	struct mst_err err = MST_ERR_INIT;
	struct mst_judged j;
	struct mst_alert a;
	struct mst_slice body;
	bool whole = mst_json_write(v, &text), good;

	body = mst_buf_slice(&text);
	good = whole && mst_form_json(v, &b->arena, &a, &err) == 0;
	if (!good)
		mst_batch_unread(b, body, peer,
				 whole ? err.msg : "it is larger than 64 KiB");
	else if (judge(b, &a, &j))
		add_alert(b, &a, MST_FORM_JSON, mst_arena_dup(&b->arena, body),
			  &j);
	mst_buf_fini(&text);
	return good;
}
