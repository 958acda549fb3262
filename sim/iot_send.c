/* SPDX-License-Identifier: Apache-2.0
 *
 * Senders: what forwarding rules of a sensor or console do, to an address on
 * this machine. A thread each; it takes the simulator's lock to raise and write
 * a batch of alerts, and sends without it.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "sim/iot_send.h"

#define BATCH 256

static void nap(int ms)
{
	struct timespec ts = {0, (long)ms * 1000000};

	(void)nanosleep(&ts, NULL);
}

/* ---- a batch ------------------------------------------------------------- */

static bool strong_enough(const struct iot_sender *s, const struct iot_alert *a)
{
	static const char *const levels[] = {"Warning", "Minor", "Major",
					     "Critical"};
	const char *have = iot_alert_title(a)->severity;
	int at = 0;

	while (at < 3 && strcmp(levels[at], have) != 0)
		at++;
	return at >= s->severity && (!s->sensor || s->sensor == a->sensor);
}

static void write_one(struct iot_sender *s, const struct iot_alert *a,
		      int64_t now_us, struct mst_arena *arena)
{
	struct mst_jout j;

	if (s->webhook) {
		mst_jout_init(&j, &s->out);
		iot_alert_json(s->sim->iot, a,
			       s->extended ? IOT_WEBHOOK_EXT : IOT_WEBHOOK, 1,
			       arena, &j);
	} else {
		(void)iot_alert_line(s->sim->iot, a, s->form, now_us, arena,
				     &s->out);
	}
	s->ends[s->n++] = s->out.n;
	mst_arena_reset(arena);
}

/* How many may be raised now; 0: wait. */
static uint64_t due(const struct iot_sender *s)
{
	uint64_t left = s->count - s->taken, n = MST_MIN(left, (uint64_t)BATCH);
	double now;

	if (s->rate <= 0)
		return n;
	now = s->rate * (double)(mst_mono_us() - s->began_us) / 1e6 + 1;
	if (now < (double)(s->taken + 1))
		return 0;
	return MST_MIN(n, (uint64_t)now - s->taken);
}

/* Fills the batch. False: there is nothing more to do. */
static bool fill_locked(struct iot_sender *s)
{
	struct sim_iot *iot = s->sim->iot;
	int64_t now_us = sim_now_us(s->sim);
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	uint64_t n = due(s);
	char body[32];

	if (s->count && s->taken >= s->count)
		return false;
	if (s->source == IOT_SEND_NEW && n) {
		s->next = iot->alerts_n;
		(void)snprintf(body, sizeof(body), "{\"n\":%llu}",
			       (unsigned long long)n);
		if (iot_step(s->sim, "raise", mst_slice_str(body), &err) < 0)
			return false;
		s->taken += n;
	} else if (s->source == IOT_SEND_FOLLOW) {
		iot_catch_up(iot, now_us);
		/* a reset has forgotten some */
		s->next = MST_MIN(s->next, iot->alerts_n);
	} else if (s->source == IOT_SEND_OLD && s->next >= iot->alerts_n) {
		return false;
	}
	mst_arena_init(&arena, 1u << 20);
	while (n && s->next < iot->alerts_n && s->n < BATCH) {
		const struct iot_alert *a = &iot->alerts[s->next++];

		if (!strong_enough(s, a))
			continue;
		write_one(s, a, now_us, &arena);
		if (s->source != IOT_SEND_NEW && ++s->taken == s->count)
			break;
		if (s->source != IOT_SEND_NEW && s->n == n)
			break;
	}
	mst_arena_fini(&arena);
	return true;
}

/* ---- the thread ---------------------------------------------------------- */

static void send_batch(struct iot_sender *s)
{
	size_t from = 0;

	for (size_t i = 0; i < s->n && !s->stop; i++) {
		struct mst_slice one =
		    mst_slice(s->out.p + from, s->ends[i] - from);

		while (!iot_wire_send(s, one) && s->retry && !s->stop)
			nap(20);
		from = s->ends[i];
	}
	iot_wire_flush(s);
}

static void *run(void *arg)
{
	struct iot_sender *s = arg;
	bool more = true;
	sigset_t pipe;

	/* the far end may be gone at any write, that of a close too */
	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	s->began_us = mst_mono_us();
	while (more && !s->stop) {
		mst_buf_reset(&s->out);
		s->n = 0;
		pthread_mutex_lock(&s->sim->lock);
		more = fill_locked(s);
		pthread_mutex_unlock(&s->sim->lock);
		if (s->n)
			send_batch(s);
		else if (more)
			nap(2);
	}
	iot_wire_close(s);
	s->ended = true;
	return NULL;
}

static void sender_free(struct iot_sender **sp)
{
	struct iot_sender *s = *sp;

	s->stop = true;
	pthread_join(s->thread, NULL);
	mst_buf_fini(&s->out);
	mst_buf_fini(&s->wire);
	curl_slist_free_all(s->headers);
	free(s->ca);
	free(s);
	*sp = NULL;
}

void sim_iot_send_stop(struct mst_sim *sim)
{
	for (size_t i = 0; i < IOT_MAX_SENDERS; i++)
		if (sim->senders[i])
			sender_free(&sim->senders[i]);
}

/* ---- control ------------------------------------------------------------- */

static void copy(struct mst_json body, const char *name, char *out, size_t n)
{
	struct mst_slice s = mst_json_str(mst_json_get(body, name));

	if (s.p)
		(void)snprintf(out, n, "%.*s", MST_SLICE_ARG(s));
}

static void take_headers(struct iot_sender *s, struct mst_json list)
{
	struct mst_json_iter it = mst_json_iter(list);
	struct mst_slice key;
	struct mst_json v;
	char line[512];

	s->headers = curl_slist_append(NULL, "Content-Type: application/json");
	while (mst_json_next(&it, &key, &v)) {
		(void)snprintf(line, sizeof(line), "%.*s: %.*s",
			       MST_SLICE_ARG(key),
			       MST_SLICE_ARG(mst_json_str(v)));
		s->headers = curl_slist_append(s->headers, line);
	}
}

static int severity_of(struct mst_json v)
{
	static const char *const levels[] = {"Warning", "Minor", "Major",
					     "Critical"};

	for (int i = 0; i < 4; i++)
		if (mst_json_is_str(v, levels[i]))
			return i;
	return 0;
}

static void take_source(struct iot_sender *s, struct mst_json body)
{
	struct mst_json v = mst_json_get(body, "alerts");

	s->source = mst_json_is_str(v, "follow")     ? IOT_SEND_FOLLOW
		    : mst_json_is_str(v, "existing") ? IOT_SEND_OLD
						     : IOT_SEND_NEW;
	s->next = s->source == IOT_SEND_FOLLOW ? s->sim->iot->alerts_n : 0;
	/* only what is new has an end without being told */
	s->count = s->source == IOT_SEND_NEW ? 1 : UINT64_MAX;
}

static const char *take_settings(struct iot_sender *s, struct mst_json body)
{
	struct mst_slice ca = mst_json_str(mst_json_get(body, "ca"));
	int64_t n;

	copy(body, "form", s->form, sizeof(s->form));
	copy(body, "transport", s->transport, sizeof(s->transport));
	copy(body, "host", s->host, sizeof(s->host));
	copy(body, "url", s->url, sizeof(s->url));
	s->webhook = !strncmp(s->form, "webhook", 7);
	s->extended = !strcmp(s->form, "webhook-extended");
	take_source(s, body);
	if (mst_json_i64(mst_json_get(body, "count"), &n) && n > 0)
		s->count = (uint64_t)n;
	if (mst_json_i64(mst_json_get(body, "port"), &n) && n > 0 && n < 65536)
		s->port = (int)n;
	if (mst_json_i64(mst_json_get(body, "sensor"), &n) && n > 0)
		s->sensor = (unsigned)n;
	(void)mst_json_dbl(mst_json_get(body, "rate"), &s->rate);
	(void)mst_json_bool(mst_json_get(body, "retry"), &s->retry);
	(void)mst_json_bool(mst_json_get(body, "verify"), &s->verify);
	s->octets = mst_json_is_str(mst_json_get(body, "framing"), "octets");
	s->severity = severity_of(mst_json_get(body, "severity"));
	if (ca.n)
		s->ca = mst_strndup(ca.p, ca.n);
	take_headers(s, mst_json_get(body, "headers"));
	return iot_wire_check(s);
}

static void list(const struct mst_sim *sim, struct sim_reply *reply)
{
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "senders");
	mst_jout_arr(&j);
	for (size_t i = 0; i < IOT_MAX_SENDERS; i++) {
		const struct iot_sender *s = sim->senders[i];

		if (!s)
			continue;
		mst_jout_obj(&j);
		mst_jout_ki64(&j, "id", s->id);
		mst_jout_kstr(&j, "form", s->form);
		mst_jout_kstr(&j, "transport", s->transport);
		mst_jout_ki64(&j, "sent", (int64_t)s->sent);
		mst_jout_ki64(&j, "failed", (int64_t)s->failed);
		mst_jout_ki64(&j, "bytes", (int64_t)s->bytes);
		mst_jout_kbool(&j, "ended", s->ended);
		mst_jout_kstr(&j, "error", atomic_load(&s->error));
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
}

/* A place for one more: that of one that has ended, too. -1: none. */
static int place(struct mst_sim *sim)
{
	for (int i = 0; i < IOT_MAX_SENDERS; i++)
		if (!sim->senders[i])
			return i;
	for (int i = 0; i < IOT_MAX_SENDERS; i++)
		if (sim->senders[i]->ended) {
			sender_free(&sim->senders[i]);
			return i;
		}
	return -1;
}

static void add(struct mst_sim *sim, struct mst_json body,
		struct sim_reply *reply)
{
	struct iot_sender *s;
	const char *why;
	int at = place(sim);

	if (at < 0) {
		sim_control_error(reply, 409, "%d senders are running",
				  IOT_MAX_SENDERS);
		return;
	}
	s = mst_alloc(sizeof(*s));
	s->sim = sim;
	s->fd = -1;
	s->verify = true;
	(void)snprintf(s->form, sizeof(s->form), "text");
	(void)snprintf(s->transport, sizeof(s->transport), "udp");
	(void)snprintf(s->host, sizeof(s->host), "127.0.0.1");
	mst_buf_init(&s->out, 64u << 20);
	mst_buf_init(&s->wire, 64u << 20);
	why = take_settings(s, body);
	if (!why && pthread_create(&s->thread, NULL, run, s) != 0)
		why = "no thread can be started";
	if (why) {
		sim_control_error(reply, 400, "%s", why);
		mst_buf_fini(&s->out);
		mst_buf_fini(&s->wire);
		curl_slist_free_all(s->headers);
		free(s->ca);
		free(s);
		return;
	}
	s->id = ++sim->senders_made;
	sim->senders[at] = s;
	list(sim, reply);
}

void iot_send_control(struct mst_sim *sim, const struct sim_request *r,
		      struct mst_json body, struct sim_reply *reply)
{
	if (!strcmp(r->method, "POST")) {
		add(sim, body, reply);
		return;
	}
	/* they end soon; waiting for them here would wait for the lock */
	for (size_t i = 0; !strcmp(r->method, "DELETE") && i < IOT_MAX_SENDERS;
	     i++)
		if (sim->senders[i])
			sim->senders[i]->stop = true;
	list(sim, reply);
}
