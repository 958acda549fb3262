/* SPDX-License-Identifier: Apache-2.0
 *
 * Control requests below /_sim/iot/, and the steps that they become: what
 * changes the plant is kept and taken again when a state file is loaded.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/iot.h"

/* ---- steps --------------------------------------------------------------- */

static int set_rate(struct sim_iot *iot, struct mst_json body, int64_t at_us,
		    struct mst_err *err)
{
	double rate;

	if (!mst_json_dbl(mst_json_get(body, "per_second"), &rate) ||
	    rate < 0 || rate > 100000)
		return mst_err_set(err, MST_E_INVALID,
				   "needs {\"per_second\":0…100000}");
	iot->rate = rate;
	iot->rate_us = at_us;
	iot->rate_done = 0;
	return 0;
}

static int raise_some(struct sim_iot *iot, struct mst_json body, int64_t at_us,
		      struct mst_err *err)
{
	int64_t n = 1;

	(void)mst_json_i64(mst_json_get(body, "n"), &n);
	if (n < 1 || n > 1000000)
		return mst_err_set(err, MST_E_INVALID,
				   "needs {\"n\":1…1000000}");
	for (int64_t i = 0; i < n; i++)
		(void)iot_raise_any(iot, at_us);
	return 0;
}

static int handle(struct sim_iot *iot, struct mst_json body, int64_t at_us,
		  struct mst_err *err)
{
	int status;
	const char *text = iot_alert_handle(
	    iot, mst_json_str(mst_json_get(body, "uuid")),
	    mst_json_str(mst_json_get(body, "action")), at_us, &status);

	if (status != 200)
		return mst_err_set(err, MST_E_NOTFOUND, "%s", text);
	return 0;
}

static int switches(struct sim_iot *iot, struct mst_json body,
		    struct mst_err *err)
{
	if (!mst_json_bool(mst_json_get(body, "uuids"), &iot->uuids))
		return mst_err_set(err, MST_E_INVALID,
				   "needs {\"uuids\":true or false}");
	return 0;
}

static int take(struct sim_iot *iot, const char *what, struct mst_json body,
		int64_t at_us, struct mst_err *err)
{
	iot_catch_up(iot, at_us);
	iot->generation++;
	if (!strcmp(what, "token"))
		return iot_token_step(iot, body, false, err);
	if (!strcmp(what, "token_gone"))
		return iot_token_step(iot, body, true, err);
	if (!strcmp(what, "password"))
		return iot_password_step(iot, body, err);
	if (!strcmp(what, "window"))
		return iot_window_step(iot, body, at_us, err);
	if (!strcmp(what, "rate"))
		return set_rate(iot, body, at_us, err);
	if (!strcmp(what, "raise"))
		return raise_some(iot, body, at_us, err);
	if (!strcmp(what, "handle"))
		return handle(iot, body, at_us, err);
	if (!strcmp(what, "switches"))
		return switches(iot, body, err);
	return iot_hand_step(iot, what, body, at_us, err);
}

int sim_iot_step(struct sim_iot *iot, struct mst_slice json, int64_t at_us,
		 struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(SIM_MAX_BODY);
	struct mst_json root;
	struct mst_slice what;
	char text[32];
	int ret = mst_json_parse(p, json, &root, err);

	if (ret == 0) {
		what = mst_json_str(mst_json_get(root, "do"));
		(void)snprintf(text, sizeof(text), "%.*s", MST_SLICE_ARG(what));
		ret = take(iot, text, mst_json_get(root, "body"),
			   iot_ms(at_us) * 1000, err);
	}
	mst_json_parser_free(&p);
	return ret;
}

static struct sim_op op_of(struct mst_sim *sim, const char *what,
			   struct mst_slice body)
{
	struct sim_op op = {.kind = SIM_OP_IOT, .at_us = sim_now_us(sim)};
	struct mst_buf json;

	mst_buf_init(&json, SIM_MAX_BODY + 1024);
	(void)mst_buf_addf(&json, "{\"do\":\"%s\",\"body\":", what);
	(void)mst_buf_add_slice(&json, body.n ? body : MST_SLICE_LIT("{}"));
	(void)mst_buf_addc(&json, '}');
	op.json = mst_buf_steal(&json);
	return op;
}

void iot_keep(struct mst_sim *sim, const char *what, struct mst_slice body)
{
	struct sim_op op = op_of(sim, what, body);

	sim_op_keep(sim, &op);
}

int iot_step(struct mst_sim *sim, const char *what, struct mst_slice body,
	     struct mst_err *err)
{
	struct sim_op op = op_of(sim, what, body);
	int ret = sim_op_run(sim, &op, err);

	if (ret < 0)
		free(op.json);
	else
		sim_op_keep(sim, &op);
	return ret;
}

/* ---- what is there ------------------------------------------------------- */

static void write_plant(const struct mst_sim *sim, struct mst_jout *j)
{
	const struct sim_iot *iot = sim->iot;
	int64_t devices = 0, open = 0;

	for (size_t i = 0; i < iot->devices_n; i++)
		devices += !iot->devices[i].gone_us;
	for (size_t i = 0; i < iot->alerts_n; i++)
		open += !iot->alerts[i].handled;
	mst_jout_ki64(j, "day", iot->day);
	mst_jout_ki64(j, "now", iot_ms(sim_now_us(sim)));
	mst_jout_ki64(j, "devices", devices);
	mst_jout_ki64(j, "alerts", (int64_t)iot->alerts_n);
	mst_jout_ki64(j, "unhandled", open);
	mst_jout_ki64(j, "suppressed", iot->suppressed);
	mst_jout_kdbl(j, "per_second", iot->rate);
	mst_jout_key(j, "sensors");
	mst_jout_arr(j);
	for (unsigned n = 1; n <= iot->sensors_n; n++) {
		mst_jout_obj(j);
		mst_jout_ki64(j, "id", n);
		mst_jout_kstr(j, "name", iot->sensors[n - 1].name);
		mst_jout_kstr(j, "url", mst_sim_sensor_url(sim, n));
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

/* Alerts from the nth on, with what no API tells of them. */
static void write_alerts(const struct sim_iot *iot, size_t from,
			 struct mst_jout *j)
{
	mst_jout_key(j, "raised");
	mst_jout_arr(j);
	for (size_t i = from; i < iot->alerts_n; i++) {
		const struct iot_alert *a = &iot->alerts[i];
		char uuid[80];

		iot_alert_uuid(iot, a, uuid);
		mst_jout_obj(j);
		mst_jout_ki64(j, "id", a->id);
		mst_jout_ki64(j, "sensor", a->sensor);
		mst_jout_ki64(j, "sensor_alert", a->sensor_id);
		mst_jout_kstr(j, "uuid", uuid);
		mst_jout_kstr(j, "title", iot_alert_title(a)->title);
		mst_jout_kbool(j, "handled", a->handled);
		mst_jout_kbool(j, "learned", a->learned);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void write_tokens(const struct sim_iot *iot, struct mst_jout *j)
{
	mst_jout_key(j, "tokens");
	mst_jout_arr(j);
	for (size_t i = 0; i < iot->tokens_n; i++) {
		const struct iot_token *t = &iot->tokens[i];

		mst_jout_obj(j);
		mst_jout_ki64(j, "sensor", t->sensor);
		mst_jout_kstr(j, "token", t->token);
		mst_jout_kstr(j, "name", t->name);
		mst_jout_kbool(j, "revoked", t->revoked);
		mst_jout_key(j, "used");
		if (t->used_us)
			mst_jout_i64(j, iot_ms(t->used_us));
		else
			mst_jout_str(j, "N/A");
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static void answer(struct mst_sim *sim, const char *what, size_t alerts,
		   struct sim_reply *reply)
{
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	write_plant(sim, &j);
	if (!strcmp(what, "tokens"))
		write_tokens(sim->iot, &j);
	if (!strcmp(what, "alerts") || !strcmp(what, "attack"))
		write_alerts(sim->iot, alerts, &j);
	mst_jout_end_obj(&j);
}

/* ---- requests ------------------------------------------------------------ */

static const struct {
	const char *path, *method, *step; /* step NULL: only looks */
} calls[] = {
    {"plant", "GET", NULL},
    {"devices", "POST", "devices"},
    {"devices", "DELETE", "devices_gone"},
    {"connections", "POST", "connections"},
    {"cves", "POST", "cves"},
    {"alerts", "GET", NULL},
    {"alerts", "POST", "alerts"},
    {"raise", "POST", "raise"},
    {"rate", "POST", "rate"},
    {"attack", "POST", "attack"},
    {"sensors", "POST", "sensors"},
    {"tokens", "GET", NULL},
    {"tokens", "POST", "token"},
    {"tokens", "DELETE", "token_gone"},
    {"switches", "POST", "switches"},
};

static void run(struct mst_sim *sim, const struct sim_request *r,
		const char *path, const char *what, struct sim_reply *reply)
{
	struct mst_err err = MST_ERR_INIT;
	size_t alerts;

	iot_catch_up(sim->iot, sim_now_us(sim));
	alerts = what ? sim->iot->alerts_n : 0;
	if (what && iot_step(sim, what, r->body, &err) < 0)
		sim_control_error(reply, err.code == MST_E_NOTFOUND ? 404 : 400,
				  "%s", err.msg);
	else
		answer(sim, path, alerts, reply);
}

void sim_iot_control(struct mst_sim *sim, const struct sim_request *r,
		     struct mst_json body, struct sim_reply *reply)
{
	const char *path = r->path + strlen("/_sim/iot/");
	bool known = false;

	if (!strcmp(path, "send")) {
		iot_send_control(sim, r, body, reply);
		return;
	}
	for (size_t i = 0; i < MST_LEN(calls); i++) {
		if (strcmp(calls[i].path, path) != 0)
			continue;
		known = true;
		if (strcmp(calls[i].method, r->method) != 0)
			continue;
		run(sim, r, path, calls[i].step, reply);
		return;
	}
	sim_control_error(reply, known ? 405 : 404,
			  "no control call \"%s %s\"; see "
			  "docs/internals/sim-iot.md",
			  r->method, r->path);
}
