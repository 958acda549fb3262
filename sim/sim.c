/* SPDX-License-Identifier: Apache-2.0
 *
 * Start, stop, and the way of a request to its system.
 */
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/time.h"
#include "sim/apps.h"
#include "sim/estate.h"
#include "sim/fault.h"
#include "sim/iot.h"
#include "sim/sn.h"
#include "sim/truth.h"

static const char *const host_names[] = {"login",      "api", "graph", "blob",
					 "servicenow", "iot", "sensor"};

const char *sim_host_name(enum mst_sim_host host)
{
	return host_names[host];
}

bool sim_is_control(const char *path)
{
	return !strncmp(path, "/_sim/", 6);
}

void sim_estate_changed(struct mst_sim *sim)
{
	sim_mde_forget(sim->mde);
}

void sim_dispatch(struct mst_sim *sim, const struct sim_request *r,
		  struct sim_reply *reply)
{
	int retry_s;

	if (sim->conf.rate_limits &&
	    !sim_limits_take(sim->limits, r, &retry_s)) {
		sim_reply_header(reply, "Retry-After", "%d", retry_s);
		sim_mde_error(reply, 429, "TooManyRequests",
			      "Response represents reaching quota limit either "
			      "by number of requests or by CPU.");
		return;
	}
	switch (r->host) {
	case MST_SIM_LOGIN:
		sim_entra_serve(sim, r, reply);
		break;
	case MST_SIM_API:
		sim_mde_serve(sim, r, reply);
		break;
	case MST_SIM_GRAPH:
		sim_graph_serve(sim, r, reply);
		break;
	case MST_SIM_BLOB:
		sim_blob_serve(sim, r, reply);
		break;
	case MST_SIM_SERVICENOW:
		sim_sn_serve(sim->sn, r, reply);
		break;
	case MST_SIM_IOT:
	case MST_SIM_SENSOR:
		sim_iot_serve(sim, r, reply);
		break;
	case MST_SIM__HOSTS:
		break;
	}
}

/* "/api/now/table/incident/0123…" → ids and file names become {id}. */
static void route_name(const struct sim_request *r, char *out, size_t n)
{
	const char *p = r->path;
	size_t at = (size_t)snprintf(out, n, "%s ", r->method);

	while (*p && at + 8 < n) {
		size_t len = strcspn(p + 1, "/");
		size_t digits = 0;

		for (size_t i = 0; i < len; i++)
			digits += p[1 + i] >= '0' && p[1 + i] <= '9';
		if ((len > 3 && digits * 3 > len) || len > 64 ||
		    (r->host == MST_SIM_BLOB && p != r->path)) {
			at += (size_t)snprintf(out + at, n - at, "/{id}");
			if (r->host == MST_SIM_BLOB)
				return;
		} else {
			at += (size_t)snprintf(out + at, n - at, "/%.*s",
					       (int)MST_MIN(len, n - at - 2),
					       p + 1);
		}
		p += 1 + len;
	}
}

void sim_count(struct mst_sim *sim, const struct sim_request *r,
	       const struct sim_reply *reply, bool fault)
{
	struct sim_route *route = NULL;
	char name[80];
	int digit = reply->status / 100;

	route_name(r, name, sizeof(name));
	for (size_t i = 0; i < sim->routes_n && !route; i++)
		if (sim->routes[i].host == r->host &&
		    !strcmp(sim->routes[i].name, name))
			route = &sim->routes[i];
	if (!route) {
		if (sim->routes_n == SIM_MAX_ROUTES)
			return;
		route = &sim->routes[sim->routes_n++];
		*route = (struct sim_route){.host = r->host};
		memcpy(route->name, name, sizeof(name));
	}
	route->requests++;
	route->faults += fault;
	route->bytes += reply->lent.p ? reply->lent.n : reply->body.n;
	if (digit >= 1 && digit <= 5)
		route->status[digit]++;
}

static bool has_class(void *sn, const char *table)
{
	return sn_table(sn, table) != NULL;
}

int sim_op_run(struct mst_sim *sim, const struct sim_op *op,
	       struct mst_err *err)
{
	struct mst_slice json = mst_slice_str(op->json);
	int ret = 0;

	switch (op->kind) {
	case SIM_OP_DAY:
		sim_estate_day(sim->estate, (unsigned)op->day);
		sim_apps_day(sim->apps, (unsigned)op->day);
		sim_iot_day(sim->iot, (unsigned)op->day, op->at_us);
		break;
	case SIM_OP_CHANGE:
		sim_estate_change(sim->estate, op->percent);
		break;
	case SIM_OP_DEVICES:
		ret = sim_estate_hand(sim->estate, json, err);
		break;
	case SIM_OP_REMOVE:
		ret = sim_estate_remove(sim->estate, json, err);
		break;
	case SIM_OP_APPS:
		ret = sim_apps_hand(sim->apps, json, err);
		break;
	case SIM_OP_APPS_GONE:
		ret = sim_apps_remove(sim->apps, json, err);
		break;
	case SIM_OP_SYNCED:
		if (op->json)
			ret = sim_truth_apps_synced(sim->truth, sim->apps, json,
						    err);
		else
			sim_truth_synced(sim->truth, sim->estate);
		break;
	case SIM_OP_USERS:
		ret = sim_truth_users(sim->truth, json, err);
		break;
	case SIM_OP_TRUTH:
		ret = sim_truth_configure(sim->truth, json, err);
		break;
	case SIM_OP_IOT_SYNCED:
		sim_truth_iot_synced(sim->truth, sim->iot, has_class, sim->sn);
		break;
	case SIM_OP_IOT:
		return sim_iot_step(sim->iot, json, op->at_us, err);
	case SIM_OP__MAX:
		break;
	}
	if (op->kind != SIM_OP_SYNCED && op->kind != SIM_OP_IOT_SYNCED &&
	    op->kind != SIM_OP_USERS)
		sim_estate_changed(sim);
	return ret;
}

void sim_op_keep(struct mst_sim *sim, const struct sim_op *op)
{
	if (sim->ops_n == SIM_MAX_OPS) {
		free(op->json);
		return;
	}
	if (sim->ops_n % 16 == 0)
		sim->ops = mst_realloc(sim->ops,
				       (sim->ops_n + 16) * sizeof(*sim->ops));
	sim->ops[sim->ops_n++] = *op;
}

void sim_ops_clear(struct mst_sim *sim)
{
	for (size_t i = 0; i < sim->ops_n; i++)
		free(sim->ops[i].json);
	free(sim->ops);
	sim->ops = NULL;
	sim->ops_n = 0;
}

int sim_fresh(struct mst_sim *sim, struct mst_err *err)
{
	(void)err;
	sim_estate_free(&sim->estate);
	sim_apps_free(&sim->apps);
	sim_truth_free(&sim->truth);
	sim_iot_free(&sim->iot);
	sim->estate = sim_estate_new(sim->conf.seed, sim->conf.devices,
				     sim->conf.cve_rows, sim->conf.empty);
	sim->apps = sim_apps_new(sim->conf.seed, (uint32_t)sim->conf.apps,
				 (uint32_t)sim->conf.people,
				 (uint64_t)sim->conf.app_links);
	sim->truth = sim_truth_new();
	sim->offset_us = sim->skew_us = 0;
	if (!sim->iot_start_us)
		sim->iot_start_us = sim_now_us(sim);
	sim->iot = sim_iot_new(&sim->conf, sim->iot_start_us);
	sim->sw = (struct sim_switches){0};
	sim_faults_clear(sim->faults);
	sim_estate_changed(sim);
	return 0;
}

void sim_conf_fill(struct mst_sim_conf *c)
{
	if (!c->seed)
		c->seed = 1;
	if (!c->devices)
		c->devices = 500;
	if (!c->cve_rows)
		c->cve_rows = 120ull * c->devices;
	if (!c->apps)
		c->apps = MST_MAX(24, c->devices * 3ll / 5);
	if (c->apps < 0 || c->empty)
		c->apps = c->people = 0;
	else if (!c->people)
		c->people = MST_MAX(40, c->apps * 5 / 3);
	if (!c->app_links)
		c->app_links = c->apps * 40;
	if (!c->iot_devices)
		c->iot_devices = 2000;
	if (c->empty)
		c->iot_devices = -1;
	if (!c->iot_connections)
		c->iot_connections = 3 * c->iot_devices;
	if (!c->iot_alerts)
		c->iot_alerts = 40;
	if (!c->sensors)
		c->sensors = 4;
	c->sensors = MST_MIN(c->sensors, MST_SIM_MAX_SENSORS);
}

static void set_conf(struct mst_sim *sim, const struct mst_sim_conf *conf)
{
	sim->conf = *conf;
	sim_conf_fill(&sim->conf);
	sim->conf.state_file = mst_strdup(conf->state_file);
	sim->conf.update_set = mst_strdup(conf->update_set);
	sim->conf.certificate = mst_strdup(conf->certificate);
}

static int make_systems(struct mst_sim *sim, struct mst_err *err)
{
	sim->mde = sim_mde_new();
	sim->faults = sim_faults_new();
	sim->limits = sim_limits_new();
	sim->entra = sim_entra_new(&sim->conf, err);
	if (!sim->entra)
		return -(int)err->code;
	sim->sn = sim_sn_new(&sim->conf, err);
	if (!sim->sn)
		return -(int)err->code;
	return sim_fresh(sim, err);
}

int mst_sim_start(const struct mst_sim_conf *conf, struct mst_sim **sim_r,
		  struct mst_err *err)
{
	struct mst_sim *sim = mst_alloc(sizeof(*sim));
	int ret;

	pthread_mutex_init(&sim->lock, NULL);
	set_conf(sim, conf);
	ret = make_systems(sim, err);
	if (ret == 0 && sim->conf.state_file)
		ret = sim_state_load(sim, err);
	for (int h = 0; h < MST_SIM__HOSTS && ret == 0; h++)
		ret = sim_server_start(sim, h, sim->conf.ports[h], err);
	if (ret < 0) {
		/* what was loaded must not be written back over the file */
		free((void *)(uintptr_t)sim->conf.state_file);
		sim->conf.state_file = NULL;
		mst_sim_stop(&sim);
		return ret;
	}
	*sim_r = sim;
	return 0;
}

void mst_sim_stop(struct mst_sim **simp)
{
	struct mst_sim *sim = *simp;
	struct mst_err err = MST_ERR_INIT;

	if (!sim)
		return;
	for (int h = 0; h < MST_SIM__HOSTS; h++)
		sim_server_stop(sim, h);
	sim_iot_send_stop(sim);
	if (sim->conf.state_file && sim_state_save(sim, &err) < 0)
		fprintf(stderr, "simulator: %s\n", err.msg);
	sim_ops_clear(sim);
	if (sim->sn)
		sim_sn_free(&sim->sn);
	sim_entra_free(&sim->entra);
	sim_mde_free(&sim->mde);
	sim_faults_free(&sim->faults);
	sim_limits_free(&sim->limits);
	sim_truth_free(&sim->truth);
	sim_estate_free(&sim->estate);
	sim_apps_free(&sim->apps);
	sim_iot_free(&sim->iot);
	free((void *)(uintptr_t)sim->conf.state_file);
	free((void *)(uintptr_t)sim->conf.update_set);
	free((void *)(uintptr_t)sim->conf.certificate);
	pthread_mutex_destroy(&sim->lock);
	free(sim);
	*simp = NULL;
}

const char *mst_sim_url(const struct mst_sim *sim, enum mst_sim_host host)
{
	return sim->url[host];
}

const char *mst_sim_sensor_url(const struct mst_sim *sim, unsigned n)
{
	if (n < 1 || n > sim->conf.sensors)
		return NULL;
	return n == 1 ? sim->url[MST_SIM_SENSOR] : sim->sensor_url[n - 1];
}

int mst_sim_control(struct mst_sim *sim, const char *method, const char *path,
		    struct mst_slice body, struct mst_buf *out)
{
	struct sim_impl impl = {0};
	struct sim_reply reply;
	const char *q = strchr(path, '?');
	struct sim_request r = {.host = MST_SIM_API,
				.method = method,
				.url = path,
				.body = body,
				.base = sim->url[MST_SIM_API],
				.now_us = sim_now_us(sim),
				.impl = &impl};
	int status;

	mst_arena_init(&impl.arena, 4u << 20);
	r.path =
	    q ? mst_arena_printf(&impl.arena, "%.*s", (int)(q - path), path)
	      : path;
	if (q)
		impl.query_n = sim_form_parse(&impl.arena, mst_slice_str(q + 1),
					      impl.query, MST_LEN(impl.query));
	sim_reply_init(&reply);
	pthread_mutex_lock(&sim->lock);
	if (sim_is_control(r.path))
		sim_control(sim, &r, &reply);
	else
		sim_control_error(&reply, 404, "\"%s\" is no control path",
				  r.path);
	pthread_mutex_unlock(&sim->lock);
	status = reply.status;
	mst_buf_add_slice(out, reply.lent.p ? reply.lent
					    : mst_buf_slice(&reply.body));
	sim_reply_fini(&reply);
	mst_arena_fini(&impl.arena);
	return status;
}
