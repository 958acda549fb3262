/* SPDX-License-Identifier: Apache-2.0
 *
 * maintenanceWindow of the console: alerts that a window covers are not
 * raised. An operation that worked is kept as a step.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "sim/iot.h"

static const char *const engine_names[] = {"ANOMALY", "MALWARE", "OPERATIONAL",
					   "POLICY_VIOLATION",
					   "PROTOCOL_VIOLATION"};

/* "10.0.0.0/16", or an address alone. */
static bool subnet(struct mst_slice s, uint32_t *net_r, uint32_t *mask_r)
{
	const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
	size_t n = slash ? (size_t)(slash - s.p) : s.n;
	struct in_addr addr;
	int64_t bits = 32;
	char text[32];

	if (n >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)n, s.p ? s.p : "");
	if (slash && (!mst_num_i64(mst_slice(slash + 1, s.n - n - 1), &bits) ||
		      bits < 0 || bits > 32))
		return false;
	if (inet_pton(AF_INET, text, &addr) != 1)
		return false;
	*mask_r = bits ? ~0u << (32 - bits) : 0;
	*net_r = ntohl(addr.s_addr) & *mask_r;
	return true;
}

static bool closed(const struct iot_window *w, int64_t at_us)
{
	return !w->open || w->until_us <= at_us;
}

static struct iot_window *find(struct sim_iot *iot, struct mst_slice ticket,
			       int64_t at_us)
{
	for (size_t i = 0; i < iot->windows_n; i++)
		if (!closed(&iot->windows[i], at_us) &&
		    mst_slice_is(ticket, iot->windows[i].ticket))
			return &iot->windows[i];
	return NULL;
}

/* ---- checks -------------------------------------------------------------- */

static bool known_engine(struct mst_slice s)
{
	for (size_t i = 0; i < MST_LEN(engine_names); i++)
		if (mst_slice_is(s, engine_names[i]))
			return true;
	return false;
}

static bool good_ttl(struct mst_json body, int64_t *ttl_r)
{
	return mst_json_i64(mst_json_get(body, "ttl"), ttl_r) && *ttl_r > 0 &&
	       *ttl_r < 10000000;
}

static bool is_list(struct mst_json v)
{
	return mst_json_type(v) == MST_JSON_NULL ||
	       mst_json_type(v) == MST_JSON_ARRAY;
}

/* NULL: it may be opened; else why not. */
static const char *refused(struct sim_iot *iot, struct mst_json body,
			   int *status_r)
{
	struct mst_json engines = mst_json_get(body, "engines");
	struct mst_json sensors = mst_json_get(body, "sensorIds");
	struct mst_json subnets = mst_json_get(body, "subnets"), v;
	struct mst_json_iter it;
	uint32_t net, mask;
	int64_t n;

	*status_r = 400;
	if (!is_list(engines) || !is_list(sensors) || !is_list(subnets))
		return "Couldn't parse request.";
	it = mst_json_iter(engines);
	while (mst_json_next(&it, NULL, &v))
		if (!known_engine(mst_json_str(v)))
			return "Couldn't parse request.";
	it = mst_json_iter(subnets);
	while (mst_json_next(&it, NULL, &v))
		if (!subnet(mst_json_str(v), &net, &mask))
			return "Couldn't parse request.";
	*status_r = 404;
	it = mst_json_iter(sensors);
	while (mst_json_next(&it, NULL, &v))
		if (!mst_json_i64(v, &n) || !iot_sensor(iot, n))
			return "Unknown sensor ID";
	return NULL;
}

static const char *list_text(struct sim_iot *iot, struct mst_json v)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	const char *text = NULL;

	if (mst_json_len(v) && mst_json_write(v, &out))
		text = mst_arena_dup(&iot->arena, mst_buf_slice(&out)).p;
	mst_buf_fini(&out);
	return text;
}

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && !strcmp(a, b));
}

/* ---- operations ---------------------------------------------------------- */

static void note(struct sim_iot *iot, const struct iot_window *w,
		 const char *operation, const char *token, int64_t at_us)
{
	struct iot_log *l;

	if (iot->log_n % 16 == 0)
		iot->log = mst_realloc(iot->log,
				       (iot->log_n + 16) * sizeof(*iot->log));
	l = &iot->log[iot->log_n++];
	*l = (struct iot_log){.w = *w, .operation = operation};
	l->w.id = (int64_t)iot->log_n;
	l->w.at_us = at_us;
	(void)snprintf(l->w.token, sizeof(l->w.token), "%s", token);
}

static const char *open_window(struct sim_iot *iot, struct mst_json body,
			       const char *token, int64_t at_us, int *status_r)
{
	struct mst_slice ticket = mst_json_str(mst_json_get(body, "ticketId"));
	struct iot_window w = {.open = true, .at_us = at_us};
	const char *why;

	if (!good_ttl(body, &w.ttl))
		return "Illegal TTL";
	why = refused(iot, body, status_r);
	if (why)
		return why;
	*status_r = 409;
	if (find(iot, ticket, at_us))
		return "Ticket ID already has an open window.";
	*status_r = 400;
	(void)snprintf(w.ticket, sizeof(w.ticket), "%.*s",
		       MST_SLICE_ARG(ticket));
	w.until_us = at_us + w.ttl * 60000000;
	w.engines = list_text(iot, mst_json_get(body, "engines"));
	w.sensors = list_text(iot, mst_json_get(body, "sensorIds"));
	w.subnets = list_text(iot, mst_json_get(body, "subnets"));
	for (size_t i = 0; i < iot->windows_n; i++) {
		const struct iot_window *o = &iot->windows[i];

		if (!closed(o, at_us) && o->ttl == w.ttl &&
		    same(o->engines, w.engines) &&
		    same(o->sensors, w.sensors) && same(o->subnets, w.subnets))
			return "Maintenance window with same parameters "
			       "already exists.";
	}
	if (iot->windows_n == IOT_MAX_WINDOWS)
		return "Couldn't parse request.";
	iot->windows[iot->windows_n++] = w;
	note(iot, &w, "OPEN", token, at_us);
	*status_r = 201;
	return NULL;
}

static const char *change(struct sim_iot *iot, struct mst_json body,
			  const char *token, int64_t at_us, bool close,
			  int *status_r)
{
	struct mst_slice ticket = mst_json_str(mst_json_get(body, "ticketId"));
	struct iot_window *w = find(iot, ticket, at_us);
	int64_t ttl = 0;

	if (!close && !good_ttl(body, &ttl))
		return "Illegal TTL";
	*status_r = 404;
	if (!w)
		return "Maintenance window not found";
	*status_r = 200;
	if (close) {
		w->open = false;
	} else {
		w->ttl = ttl;
		w->until_us = at_us + ttl * 60000000;
	}
	note(iot, w, close ? "CLOSE" : "UPDATE", token, at_us);
	return NULL;
}

static const char *operate(struct sim_iot *iot, struct mst_json body,
			   const char *method, const char *token, int64_t at_us,
			   int *status_r)
{
	*status_r = 400;
	if (!mst_json_str(mst_json_get(body, "ticketId")).n ||
	    mst_json_str(mst_json_get(body, "ticketId")).n > 79)
		return "No TicketId";
	if (!strcmp(method, "POST"))
		return open_window(iot, body, token, at_us, status_r);
	return change(iot, body, token, at_us, !strcmp(method, "DELETE"),
		      status_r);
}

int iot_window_step(struct sim_iot *iot, struct mst_json body, int64_t at_us,
		    struct mst_err *err)
{
	struct mst_slice method = mst_json_str(mst_json_get(body, "method"));
	struct mst_slice token = mst_json_str(mst_json_get(body, "token"));
	char how[16], who[64];
	const char *why;
	int status;

	(void)snprintf(how, sizeof(how), "%.*s", MST_SLICE_ARG(method));
	(void)snprintf(who, sizeof(who), "%.*s", MST_SLICE_ARG(token));
	why = operate(iot, mst_json_get(body, "request"), how, who, at_us,
		      &status);
	return why ? mst_err_set(err, MST_E_INVALID, "%s", why) : 0;
}

/* ---- the log ------------------------------------------------------------- */

/* The log knows windows that are closed; one that ran out was closed by
 * nobody. */
static void run_out(struct sim_iot *iot, int64_t now_us)
{
	for (size_t i = 0; i < iot->windows_n; i++) {
		struct iot_window *w = &iot->windows[i];

		if (!w->open || w->until_us > now_us)
			continue;
		w->open = false;
		note(iot, w, "CLOSE", "", w->until_us);
	}
}

static bool still_open(struct sim_iot *iot, const char *ticket, int64_t now_us)
{
	return find(iot, mst_slice_str(ticket), now_us) != NULL;
}

static void raw(struct mst_jout *j, const char *key, const char *json)
{
	mst_jout_key(j, key);
	mst_jout_raw(j, mst_slice_str(json ? json : "[]"));
}

static void write_log(const struct iot_log *l, struct mst_jout *j)
{
	char time[21], ms[32];

	mst_time_iso(l->w.at_us, time);
	(void)snprintf(ms, sizeof(ms), "%.19s.%03dZ", time,
		       (int)(l->w.at_us / 1000 % 1000));
	mst_jout_obj(j);
	mst_jout_ki64(j, "id", l->w.id);
	mst_jout_kstr(j, "dateTime", ms);
	mst_jout_kstr(j, "ticketId", l->w.ticket);
	mst_jout_kstr(j, "tokenName", l->w.token);
	raw(j, "engines", l->w.engines);
	raw(j, "sensorIds", l->w.sensors);
	raw(j, "subnets", l->w.subnets);
	mst_jout_ki64(j, "ttl", l->w.ttl);
	mst_jout_kstr(j, "operationType", l->operation);
	mst_jout_end_obj(j);
}

static bool date(const struct sim_request *r, const char *name, int64_t *us_r)
{
	const char *text = sim_query(r, name);

	if (!text || !*text)
		return true;
	return strlen(text) == 10 && mst_time_parse(mst_slice_str(text), us_r);
}

static bool fits(const struct sim_request *r, const char *name,
		 const char *have)
{
	const char *want = sim_query(r, name);

	return !want || !*want || !strcmp(want, have);
}

static void list(struct sim_iot *iot, const struct sim_request *r,
		 struct sim_reply *reply)
{
	int64_t from = INT64_MIN, to = INT64_MAX - EST_DAY_US;
	struct mst_jout j;
	unsigned n = 0;

	if (!date(r, "fromDate", &from) || !date(r, "toDate", &to)) {
		iot_error(reply, 400, "Couldn't parse request.");
		return;
	}
	run_out(iot, r->now_us);
	mst_jout_init(&j, &reply->body);
	mst_jout_arr(&j);
	for (size_t i = 0; i < iot->log_n; i++) {
		const struct iot_log *l = &iot->log[i];

		if (l->w.at_us < from || l->w.at_us >= to + EST_DAY_US ||
		    !fits(r, "ticketId", l->w.ticket) ||
		    !fits(r, "tokenName", l->w.token) ||
		    still_open(iot, l->w.ticket, r->now_us))
			continue;
		write_log(l, &j);
		n++;
	}
	mst_jout_end_arr(&j);
	if (n)
		return;
	mst_buf_reset(&reply->body);
	reply->status = 204;
}

/* The body of the request is kept with the method and the token's name. */
static void keep(struct mst_sim *sim, const struct sim_request *r,
		 const char *token, struct mst_json body)
{
	struct mst_buf step = MST_BUF_INIT(1u << 20);
	struct mst_buf text = MST_BUF_INIT(1u << 20);
	struct mst_jout j;

	(void)mst_json_write(body, &text);
	mst_jout_init(&j, &step);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "method", r->method);
	mst_jout_kstr(&j, "token", token);
	mst_jout_key(&j, "request");
	mst_jout_raw(&j, mst_buf_slice(&text));
	mst_jout_end_obj(&j);
	iot_keep(sim, "window", mst_buf_slice(&step));
	mst_buf_fini(&text);
	mst_buf_fini(&step);
}

void iot_window_serve(struct mst_sim *sim, const struct sim_request *r,
		      const char *token, struct sim_reply *reply)
{
	struct mst_json_parser *p;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json body;
	const char *why;
	int status;

	if (!strcmp(r->method, "GET")) {
		list(sim->iot, r, reply);
		return;
	}
	if (strcmp(r->method, "POST") != 0 && strcmp(r->method, "PUT") != 0 &&
	    strcmp(r->method, "DELETE") != 0) {
		iot_error(reply, 405, "Method not allowed");
		return;
	}
	p = mst_json_parser_new(1u << 20);
	if (mst_json_parse(p, r->body, &body, &err) < 0 ||
	    mst_json_type(body) != MST_JSON_OBJECT) {
		iot_error(reply, 400, "Couldn't parse request.");
	} else {
		why = operate(sim->iot, body, r->method, token,
			      iot_ms(r->now_us) * 1000, &status);
		if (why)
			iot_error(reply, status, "%s", why);
		else
			keep(sim, r, token, body);
		reply->status = status;
	}
	mst_json_parser_free(&p);
}

/* ---- what a window covers --------------------------------------------------
 */

/* The list, as it was given, holds the text with quotes or as a number. */
static bool holds(const char *list, const char *text)
{
	char quoted[64];

	if (!list)
		return true;
	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", text);
	return strstr(list, quoted) != NULL;
}

static bool in_subnets(const char *list, const char *ip)
{
	uint32_t net, mask, addr, own;

	if (!list)
		return true;
	if (!ip || !subnet(mst_slice_str(ip), &addr, &own))
		return false;
	for (const char *p = strchr(list, '"'); p; p = strchr(p, '"')) {
		size_t n = strcspn(++p, "\"");

		if (subnet(mst_slice(p, n), &net, &mask) &&
		    (addr & mask) == net)
			return true;
		p += n + 1;
	}
	return false;
}

bool iot_window_hides(const struct sim_iot *iot, const struct iot_title *title,
		      unsigned sensor, const char *ip, int64_t at_us)
{
	char engine[32], number[16];
	size_t n = strlen(title->engine);

	(void)snprintf(engine, sizeof(engine), "%s", title->engine);
	for (size_t i = 0; i < n && i < sizeof(engine); i++)
		engine[i] = engine[i] == ' '   ? '_'
			    : engine[i] >= 'a' ? (char)(engine[i] - 32)
					       : engine[i];
	(void)snprintf(number, sizeof(number), "%u", sensor);
	for (size_t i = 0; i < iot->windows_n; i++) {
		const struct iot_window *w = &iot->windows[i];

		if (!closed(w, at_us) && w->at_us <= at_us &&
		    holds(w->engines, engine) && holds(w->sensors, number) &&
		    in_subnets(w->subnets, ip))
			return true;
	}
	return false;
}
