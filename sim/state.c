/* SPDX-License-Identifier: Apache-2.0
 *
 * The state file. The estate and the truth follow from the seed and the steps
 * that were taken, so the file holds those and they are taken again; the
 * simulated ServiceNow saves its records.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "sim/private.h"

#define STATE_MAX (1u << 30)

static const char *const op_names[SIM_OP__MAX] = {
    "day",    "change", "devices", "remove", "apps",	  "apps_gone",
    "synced", "users",	"truth",   "iot",    "iot_synced"};

static void write_op(const struct sim_op *op, struct mst_jout *j)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "op", op_names[op->kind]);
	if (op->kind == SIM_OP_DAY)
		mst_jout_ki64(j, "day", op->day);
	if (op->kind == SIM_OP_CHANGE)
		mst_jout_kdbl(j, "percent", op->percent);
	mst_jout_ki64(j, "at_us", op->at_us);
	if (op->json)
		mst_jout_kstr(j, "json", op->json);
	mst_jout_end_obj(j);
}

int sim_state_save(struct mst_sim *sim, struct mst_err *err)
{
	struct mst_buf out, sn;
	struct mst_jout j;
	int ret;

	mst_buf_init(&out, STATE_MAX);
	mst_buf_init(&sn, STATE_MAX);
	sim_sn_save(sim->sn, &sn);
	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	mst_jout_ki64(&j, "version", 1);
	mst_jout_ki64(&j, "seed", (int64_t)sim->conf.seed);
	mst_jout_ki64(&j, "devices", sim->conf.devices);
	mst_jout_ki64(&j, "cve_rows", (int64_t)sim->conf.cve_rows);
	mst_jout_ki64(&j, "apps", sim->conf.apps);
	mst_jout_ki64(&j, "people", sim->conf.people);
	mst_jout_ki64(&j, "app_links", sim->conf.app_links);
	mst_jout_ki64(&j, "iot_devices", sim->conf.iot_devices);
	mst_jout_ki64(&j, "iot_connections", sim->conf.iot_connections);
	mst_jout_ki64(&j, "iot_alerts", sim->conf.iot_alerts);
	mst_jout_ki64(&j, "sensors", sim->conf.sensors);
	mst_jout_ki64(&j, "iot_start_us", sim->iot_start_us);
	mst_jout_kbool(&j, "empty", sim->conf.empty);
	mst_jout_ki64(&j, "offset_us", sim->offset_us);
	mst_jout_key(&j, "steps");
	mst_jout_arr(&j);
	for (size_t i = 0; i < sim->ops_n; i++)
		write_op(&sim->ops[i], &j);
	mst_jout_end_arr(&j);
	if (sn.n) {
		mst_jout_key(&j, "servicenow");
		mst_jout_raw(&j, mst_buf_slice(&sn));
	}
	mst_jout_end_obj(&j);
	if (out.overflow || sn.overflow)
		ret = mst_err_set(err, MST_E_INVALID,
				  "the state is over %u bytes and is not saved",
				  STATE_MAX);
	else
		ret = mst_file_write(sim->conf.state_file, mst_buf_slice(&out),
				     0600, err);
	mst_buf_fini(&out);
	mst_buf_fini(&sn);
	return ret;
}

static int take_step(struct mst_sim *sim, struct mst_json v,
		     struct mst_err *err)
{
	struct mst_slice json = mst_json_str(mst_json_get(v, "json"));
	struct sim_op op = {.kind = SIM_OP__MAX};
	int ret;

	for (int k = 0; k < SIM_OP__MAX; k++)
		if (mst_json_is_str(mst_json_get(v, "op"), op_names[k]))
			op.kind = k;
	if (op.kind == SIM_OP__MAX)
		return mst_err_set(err, MST_E_CORRUPT,
				   "the state file has an unknown step");
	mst_json_i64(mst_json_get(v, "day"), &op.day);
	mst_json_i64(mst_json_get(v, "at_us"), &op.at_us);
	mst_json_dbl(mst_json_get(v, "percent"), &op.percent);
	if (json.p)
		op.json = mst_strndup(json.p, json.n);
	ret = sim_op_run(sim, &op, err);
	if (ret < 0)
		free(op.json);
	else
		sim_op_keep(sim, &op);
	return ret;
}

/* Nor has one of before the plant. */
static void take_iot(struct mst_sim *sim, struct mst_json root)
{
	struct mst_sim_conf *c = &sim->conf;
	int64_t n;

	mst_json_i64(mst_json_get(root, "iot_devices"), &c->iot_devices);
	mst_json_i64(mst_json_get(root, "iot_connections"),
		     &c->iot_connections);
	mst_json_i64(mst_json_get(root, "iot_alerts"), &c->iot_alerts);
	mst_json_i64(mst_json_get(root, "iot_start_us"), &sim->iot_start_us);
	if (mst_json_i64(mst_json_get(root, "sensors"), &n) && n > 0 &&
	    n <= MST_SIM_MAX_SENSORS)
		c->sensors = (unsigned)n;
}

static int take_all(struct mst_sim *sim, struct mst_json root,
		    struct mst_err *err)
{
	struct mst_json sn = mst_json_get(root, "servicenow"), v;
	struct mst_json_iter it = mst_json_iter(mst_json_get(root, "steps"));
	int64_t n;
	int ret;

	if (mst_json_i64(mst_json_get(root, "seed"), &n))
		sim->conf.seed = (uint64_t)n;
	if (mst_json_i64(mst_json_get(root, "devices"), &n))
		sim->conf.devices = (unsigned)n;
	if (mst_json_i64(mst_json_get(root, "cve_rows"), &n))
		sim->conf.cve_rows = (uint64_t)n;
	/* a file of before has none of these three */
	mst_json_i64(mst_json_get(root, "apps"), &sim->conf.apps);
	mst_json_i64(mst_json_get(root, "people"), &sim->conf.people);
	mst_json_i64(mst_json_get(root, "app_links"), &sim->conf.app_links);
	take_iot(sim, root);
	mst_json_bool(mst_json_get(root, "empty"), &sim->conf.empty);
	ret = sim_fresh(sim, err);
	mst_json_i64(mst_json_get(root, "offset_us"), &sim->offset_us);
	while (ret == 0 && mst_json_next(&it, NULL, &v))
		ret = take_step(sim, v, err);
	if (ret == 0 && mst_json_type(sn) != MST_JSON_NULL) {
		struct mst_buf text;

		mst_buf_init(&text, STATE_MAX);
		mst_json_write(sn, &text);
		ret = sim_sn_load(sim->sn, mst_buf_slice(&text), err);
		mst_buf_fini(&text);
	}
	return ret;
}

int sim_state_load(struct mst_sim *sim, struct mst_err *err)
{
	struct mst_json_parser *p = NULL;
	struct mst_json root;
	struct mst_buf text;
	int ret;

	mst_buf_init(&text, STATE_MAX);
	ret = mst_file_read(sim->conf.state_file, &text, err);
	if (ret == -MST_E_NOTFOUND) {
		mst_err_clear(err);
		mst_buf_fini(&text);
		return 0;
	}
	if (ret == 0) {
		p = mst_json_parser_new(STATE_MAX);
		ret = mst_json_parse(p, mst_buf_slice(&text), &root, err);
	}
	if (ret == 0)
		ret = take_all(sim, root, err);
	if (ret < 0)
		mst_err_prefix(err, "state file \"%s\"", sim->conf.state_file);
	mst_json_parser_free(&p);
	mst_buf_fini(&text);
	return ret;
}

bool mst_sim_yaml(const struct mst_sim *sim, struct mst_buf *out)
{
	bool apps = sim->conf.apps >= 0, iot = sim->conf.iot_devices >= 0;

	(void)mst_buf_addf(out,
			   "connections:\n"
			   "  - name: defender\n"
			   "    type: endpoint\n"
			   "    tenant_id: %s\n"
			   "    client_id: %s\n"
			   "    client_secret: env:MUSTER_SIM_SECRET\n"
			   "    api_url: %s\n"
			   "    login_url: %s\n"
			   "    graph_url: %s\n"
			   "    enrich: true\n"
			   "    hardware: true\n",
			   MST_SIM_TENANT, MST_SIM_CLIENT,
			   sim->url[MST_SIM_API], sim->url[MST_SIM_LOGIN],
			   sim->url[MST_SIM_GRAPH]);
	if (apps)
		(void)mst_buf_addf(out,
				   "  - name: apps\n"
				   "    type: cloudapps\n"
				   "    tenant_id: %s\n"
				   "    client_id: %s\n"
				   "    client_secret: env:MUSTER_SIM_SECRET\n"
				   "    login_url: %s\n"
				   "    graph_url: %s\n"
				   "    allow_user_synchronization: true\n",
				   MST_SIM_TENANT, MST_SIM_CLIENT,
				   sim->url[MST_SIM_LOGIN],
				   sim->url[MST_SIM_GRAPH]);
	if (iot)
		(void)mst_buf_addf(out,
				   "  - name: plant\n"
				   "    type: iot\n"
				   "    url: %s\n"
				   "    token: env:MUSTER_SIM_IOT_TOKEN\n"
				   "    full_read: 0s  # days here take no "
				   "time\n",
				   sim->url[MST_SIM_IOT]);
	(void)mst_buf_addf(out,
			   "  - name: cmdb\n"
			   "    type: servicenow\n"
			   "    url: %s\n"
			   "    auth: basic\n"
			   "    username: %s\n"
			   "    password: env:MUSTER_SIM_PASSWORD\n"
			   "jobs:\n"
			   "  - name: demo\n"
			   "    source: defender\n"
			   "    destination: cmdb\n",
			   sim->url[MST_SIM_SERVICENOW], MST_SIM_USER);
	if (apps)
		(void)mst_buf_adds(out, "  - name: apps\n"
					"    source: apps\n"
					"    destination: cmdb\n");
	return !iot || mst_buf_adds(out, "  - name: plant\n"
					 "    source: plant\n"
					 "    destination: cmdb\n");
}
