/* SPDX-License-Identifier: Apache-2.0
 *
 * The control API: paths below /_sim/ on every host (docs/internals/sim.md).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "sim/estate.h"
#include "sim/fault.h"
#include "sim/iot.h"
#include "sim/truth.h"

struct call {
	struct mst_sim *sim;
	const struct sim_request *r;
	struct sim_reply *reply;
	struct mst_json body; /* NULL type when there is none */
};

static void write_routes(const struct mst_sim *sim, struct mst_jout *j)
{
	mst_jout_key(j, "routes");
	mst_jout_arr(j);
	for (size_t i = 0; i < sim->routes_n; i++) {
		const struct sim_route *r = &sim->routes[i];

		mst_jout_obj(j);
		mst_jout_kstr(j, "host", sim_host_name(r->host));
		mst_jout_kstr(j, "path", r->name);
		mst_jout_ki64(j, "requests", (int64_t)r->requests);
		mst_jout_ki64(j, "bytes", (int64_t)r->bytes);
		mst_jout_ki64(j, "faults", (int64_t)r->faults);
		for (int d = 2; d <= 5; d++) {
			char key[8];

			snprintf(key, sizeof(key), "%dxx", d);
			mst_jout_ki64(j, key, (int64_t)r->status[d]);
		}
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_hosts(const struct mst_sim *sim, struct mst_jout *j)
{
	mst_jout_key(j, "hosts");
	mst_jout_obj(j);
	for (int h = 0; h < MST_SIM__HOSTS; h++) {
		uint64_t requests = 0, bytes = 0;

		for (size_t i = 0; i < sim->routes_n; i++)
			if ((int)sim->routes[i].host == h) {
				requests += sim->routes[i].requests;
				bytes += sim->routes[i].bytes;
			}
		mst_jout_key(j, sim_host_name((enum mst_sim_host)h));
		mst_jout_obj(j);
		mst_jout_kstr(j, "url", sim->url[h]);
		mst_jout_ki64(j, "requests", (int64_t)requests);
		mst_jout_ki64(j, "bytes", (int64_t)bytes);
		mst_jout_end_obj(j);
	}
	mst_jout_end_obj(j);
}

static void get_stats(struct call *c)
{
	struct mst_jout j;

	if (!strcmp(c->r->method, "DELETE"))
		c->sim->routes_n = 0;
	mst_jout_init(&j, &c->reply->body);
	mst_jout_obj(&j);
	write_hosts(c->sim, &j);
	write_routes(c->sim, &j);
	mst_jout_end_obj(&j);
}

/* What every change answers with. */
static void write_estate(struct call *c)
{
	const struct sim_estate *e = c->sim->estate;
	uint64_t listed = 0;
	struct mst_jout j;
	char now[21];

	for (size_t i = 0; i < e->devices_n; i++)
		listed += e->devices[i].listed && !e->devices[i].gone;
	mst_time_iso(sim_now_us(c->sim), now);
	mst_jout_init(&j, &c->reply->body);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "seed", (int64_t)e->seed);
	mst_jout_ki64(&j, "day", e->day);
	mst_jout_ki64(&j, "devices", (int64_t)listed);
	mst_jout_ki64(&j, "cve_rows", (int64_t)sim_estate_cve_rows(e));
	mst_jout_kstr(&j, "now", now);
	mst_jout_end_obj(&j);
}

/* Runs and keeps a step; true when it went well. */
static bool step(struct call *c, struct sim_op *op)
{
	struct mst_err err = MST_ERR_INIT;

	op->at_us = sim_now_us(c->sim);
	if (sim_op_run(c->sim, op, &err) < 0) {
		free(op->json);
		sim_control_error(c->reply,
				  err.code == MST_E_NOTFOUND ? 404 : 400, "%s",
				  err.msg);
		return false;
	}
	sim_op_keep(c->sim, op);
	return true;
}

static char *body_text(const struct call *c)
{
	return mst_strndup(c->r->body.p ? c->r->body.p : "", c->r->body.n);
}

static void post_day(struct call *c)
{
	struct sim_op op = {.kind = SIM_OP_DAY};

	if (!mst_json_i64(mst_json_get(c->body, "day"), &op.day) ||
	    op.day < 0 || op.day > 3650) {
		sim_control_error(c->reply, 400, "needs {\"day\":0…3650}");
		return;
	}
	if (op.day < c->sim->estate->day) {
		sim_control_error(c->reply, 409,
				  "the estate is at day %u and cannot go back; "
				  "POST /_sim/reset starts again",
				  c->sim->estate->day);
		return;
	}
	if (op.day == c->sim->estate->day || step(c, &op))
		write_estate(c);
}

static void post_time(struct call *c)
{
	int64_t s = 0, skew = 0;

	if (mst_json_i64(mst_json_get(c->body, "advance_s"), &s))
		c->sim->offset_us += s * 1000000;
	if (mst_json_i64(mst_json_get(c->body, "skew_s"), &skew))
		c->sim->skew_us = skew * 1000000;
	write_estate(c);
}

static void post_estate(struct call *c)
{
	struct sim_op op = {.kind = SIM_OP_CHANGE};

	if (!strcmp(c->r->method, "GET")) {
		write_estate(c);
		return;
	}
	if (!mst_json_dbl(mst_json_get(c->body, "change_percent"),
			  &op.percent) ||
	    op.percent <= 0 || op.percent > 100) {
		sim_control_error(c->reply, 400,
				  "needs {\"change_percent\":0…100}");
		return;
	}
	if (step(c, &op))
		write_estate(c);
}

static void devices(struct call *c)
{
	struct sim_op op = {.kind = !strcmp(c->r->method, "DELETE")
					? SIM_OP_REMOVE
					: SIM_OP_DEVICES,
			    .json = body_text(c)};

	if (step(c, &op))
		write_estate(c);
}

static void write_apps(struct call *c)
{
	const struct sim_apps *a = c->sim->apps;
	struct mst_jout j;

	mst_jout_init(&j, &c->reply->body);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "day", a->day);
	mst_jout_ki64(&j, "people", a->people);
	mst_jout_key(&j, "streams");
	mst_jout_arr(&j);
	for (unsigned s = 0; s < a->streams_n; s++) {
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "id", a->streams[s].id);
		mst_jout_kstr(&j, "name", a->streams[s].name);
		mst_jout_kbool(&j, "anonymous", a->streams[s].anonymous);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "apps");
	mst_jout_arr(&j);
	for (size_t i = 0; i < a->apps_n; i++) {
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "id", a->apps[i]->id);
		mst_jout_kstr(&j, "name", a->apps[i]->name);
		mst_jout_kbool(&j, "shown", sim_app_alive(a, a->apps[i]));
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
}

static void apps(struct call *c)
{
	struct sim_op op = {.kind = !strcmp(c->r->method, "DELETE")
					? SIM_OP_APPS_GONE
					: SIM_OP_APPS};

	if (!strcmp(c->r->method, "GET")) {
		write_apps(c);
		return;
	}
	op.json = body_text(c);
	if (step(c, &op))
		write_apps(c);
}

/* Whom ServiceNow knows now: the state file has no other memory of it. */
static char *users_text(const struct call *c)
{
	struct mst_buf out;
	struct mst_jout j;

	mst_buf_init(&out, SIM_MAX_REPLY);
	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_key(&j, "users");
	sim_sn_users(c->sim->sn, &j);
	mst_jout_end_obj(&j);
	return mst_buf_steal(&out);
}

static void post_synced(struct call *c)
{
	struct sim_op op = {.kind = SIM_OP_SYNCED};
	struct mst_json source = mst_json_get(c->body, "source");

	if (mst_json_is_str(source, "cloudapps")) {
		op.json = users_text(c);
	} else if (mst_json_is_str(source, "iot")) {
		op.kind = SIM_OP_IOT_SYNCED;
	} else if (mst_json_type(source) != MST_JSON_NULL &&
		   !mst_json_is_str(source, "endpoint")) {
		sim_control_error(c->reply, 400,
				  "\"source\" is endpoint, cloudapps or iot");
		return;
	}
	if (step(c, &op))
		write_estate(c);
}

static void post_truth(struct call *c)
{
	struct sim_op op = {.kind = SIM_OP_TRUTH, .json = body_text(c)};

	if (step(c, &op))
		write_estate(c);
}

static void get_expected(struct call *c)
{
	c->reply->content_type = "application/x-ndjson";
	sim_truth_write(c->sim->truth, &c->reply->body);
}

static void post_reset(struct call *c)
{
	struct mst_err err = MST_ERR_INIT;

	sim_ops_clear(c->sim);
	sim_sn_reset(c->sim->sn);
	c->sim->routes_n = 0;
	c->sim->iot_start_us = 0;
	sim_fresh(c->sim, &err);
	write_estate(c);
}

static void post_save(struct call *c)
{
	struct mst_err err = MST_ERR_INIT;

	if (!c->sim->conf.state_file)
		sim_control_error(c->reply, 409, "no state file was given");
	else if (sim_state_save(c->sim, &err) < 0)
		sim_control_error(c->reply, 500, "%s", err.msg);
	else
		write_estate(c);
}

static void switches(struct call *c)
{
	struct sim_switches *w = &c->sim->sw;
	const struct {
		const char *name;
		bool *v;
	} all[] = {
	    {"machines_next_link", &w->machines_next_link},
	    {"machines_404", &w->machines_404},
	    {"foreign_next_link", &w->foreign_next_link},
	    {"account_inactive", &w->account_inactive},
	    {"clock_skew_tokens", &w->clock_skew_tokens},
	    {"rate_limits", &c->sim->conf.rate_limits},
	    {"apps_namespace", &w->apps_namespace},
	    {"apps_old_path", &w->apps_old_path},
	};
	int64_t latency;
	struct mst_jout j;

	if (mst_json_i64(mst_json_get(c->body, "latency_ms"), &latency) &&
	    latency >= 0 && latency <= 60000)
		c->sim->conf.latency_ms = (int)latency;
	(void)mst_json_dbl(mst_json_get(c->body, "throttle_share"),
			   &w->throttle_share);
	mst_jout_init(&j, &c->reply->body);
	mst_jout_obj(&j);
	for (size_t i = 0; i < MST_LEN(all); i++) {
		mst_json_bool(mst_json_get(c->body, all[i].name), all[i].v);
		mst_jout_kbool(&j, all[i].name, *all[i].v);
	}
	mst_jout_ki64(&j, "latency_ms", c->sim->conf.latency_ms);
	mst_jout_kdbl(&j, "throttle_share", w->throttle_share);
	mst_jout_end_obj(&j);
}

static void write_device(const struct sim_estate *e, const struct est_device *d,
			 struct mst_jout *j)
{
	uint64_t rows = 0;

	for (unsigned i = 0; i < d->sw_n; i++)
		rows += est_install_open(e, d, &d->sw[i]);
	mst_jout_obj(j);
	mst_jout_kstr(j, "id", d->id);
	mst_jout_kstr(j, "name", d->name);
	mst_jout_kstr(j, "os_platform", d->os_platform);
	mst_jout_kstr(j, "health", d->health);
	mst_jout_kstr(j, "onboarding", d->onboarding);
	mst_jout_kbool(j, "listed", d->listed);
	mst_jout_kbool(j, "gone", d->gone);
	mst_jout_kstr(j, "merged_into", d->merged_into);
	mst_jout_kstr(j, "excluded", d->excluded);
	if (d->reimaged_of >= 0)
		mst_jout_kstr(j, "reimaged_of", e->devices[d->reimaged_of].id);
	mst_jout_ki64(j, "born_day", d->born_day);
	mst_jout_ki64(j, "software", d->sw_n);
	mst_jout_ki64(j, "cve_rows", (int64_t)rows);
	mst_jout_end_obj(j);
}

static void get_state(struct call *c)
{
	const struct sim_estate *e = c->sim->estate;
	struct mst_jout j;

	mst_jout_init(&j, &c->reply->body);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "seed", (int64_t)e->seed);
	mst_jout_ki64(&j, "day", e->day);
	mst_jout_ki64(&j, "cve_rows", (int64_t)sim_estate_cve_rows(e));
	mst_jout_ki64(&j, "steps", (int64_t)c->sim->ops_n);
	mst_jout_key(&j, "devices");
	mst_jout_arr(&j);
	for (size_t i = 0; i < e->devices_n; i++)
		write_device(e, &e->devices[i], &j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
}

/* What people did in ServiceNow is told to the truth. */
static void sn_control(struct call *c)
{
	struct sim_op op = {.kind = SIM_OP_USERS};

	sim_sn_control(c->sim->sn, c->r, c->reply);
	if (strcmp(c->r->path, "/_sim/sn/users") != 0 ||
	    strcmp(c->r->method, "POST") != 0 || c->reply->status / 100 != 2)
		return;
	op.json = mst_strndup(c->reply->body.p ? c->reply->body.p : "",
			      c->reply->body.n);
	step(c, &op);
}

static void app(struct call *c)
{
	sim_entra_control(c->sim, c->r, c->reply);
}

static void sign_in(struct call *c)
{
	sim_entra_sign_in(c->sim, c->r, c->reply);
}

static void faults(struct call *c)
{
	sim_faults_control(c->sim->faults, c->r, c->reply);
}

static const struct {
	const char *path;
	const char *methods;
	void (*fn)(struct call *c);
} paths[] = {
    {"/_sim/stats", "GET DELETE", get_stats},
    {"/_sim/day", "POST", post_day},
    {"/_sim/time", "GET POST", post_time},
    {"/_sim/faults", "GET POST DELETE", faults},
    {"/_sim/synced", "POST", post_synced},
    {"/_sim/expected", "GET", get_expected},
    {"/_sim/reset", "POST", post_reset},
    {"/_sim/state", "GET", get_state},
    {"/_sim/estate", "GET POST", post_estate},
    {"/_sim/devices", "POST DELETE", devices},
    {"/_sim/apps", "GET POST DELETE", apps},
    {"/_sim/truth", "POST", post_truth},
    {"/_sim/switches", "GET POST", switches},
    {"/_sim/app", "GET POST DELETE", app},
    {"/_sim/sign_in", "GET POST DELETE", sign_in},
    {"/_sim/save", "POST", post_save},
};

static bool method_ok(const char *methods, const char *method)
{
	size_t n = strlen(method);

	for (const char *p = methods; *p; p += *p == ' ') {
		size_t len = strcspn(p, " ");

		if (len == n && !memcmp(p, method, n))
			return true;
		p += len;
	}
	return false;
}

static void call_path(struct call *c)
{
	for (size_t i = 0; i < MST_LEN(paths); i++) {
		if (strcmp(paths[i].path, c->r->path) != 0)
			continue;
		if (method_ok(paths[i].methods, c->r->method))
			paths[i].fn(c);
		else
			sim_control_error(c->reply, 405, "%s takes %s",
					  paths[i].path, paths[i].methods);
		return;
	}
	sim_control_error(c->reply, 404,
			  "no control call \"%s\"; see docs/internals/sim.md",
			  c->r->path);
}

void sim_control(struct mst_sim *sim, const struct sim_request *r,
		 struct sim_reply *reply)
{
	struct call c = {.sim = sim, .r = r, .reply = reply};
	struct mst_json_parser *parser = NULL;
	struct mst_err err = MST_ERR_INIT;

	if (!strncmp(r->path, "/_sim/sn/", 9)) {
		sn_control(&c);
		return;
	}
	if (r->body.n) {
		parser = mst_json_parser_new(SIM_MAX_BODY);
		if (mst_json_parse(parser, r->body, &c.body, &err) < 0) {
			sim_control_error(reply, 400, "%s", err.msg);
			mst_json_parser_free(&parser);
			return;
		}
	}
	if (!strncmp(r->path, "/_sim/iot/", 10))
		sim_iot_control(sim, r, c.body, reply);
	else
		call_path(&c);
	mst_json_parser_free(&parser);
}
