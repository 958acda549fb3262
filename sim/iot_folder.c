/* SPDX-License-Identifier: Apache-2.0
 *
 * What a console would answer, as files: a folder per feed of the source
 * (docs/internals/iot.md), a file per page, or its records as lines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/time.h"
#include "sim/iot.h"

#define PAGE 1000 /* records of a file, unless the caller says */

struct folder {
	struct mst_sim *sim;
	const struct mst_sim_folder *f;
	struct mst_sim_saved *saved;
	struct mst_err *err;
};

/* FEED/N.json, as it was answered. No fsync: it can be made again. */
static int put(struct folder *d, const char *feed, uint64_t n,
	       const struct sim_reply *reply)
{
	char *path MST_CLEANUP(mst_freep) = mst_asprintf(
	    "%s/%s/%llu.json", d->f->dir, feed, (unsigned long long)n);
	FILE *out = mst_file_stream(path, "w", d->err);
	bool bad;

	if (!out)
		return -(int)d->err->code;
	bad = fwrite(reply->body.p, 1, reply->body.n, out) != reply->body.n;
	if (fclose(out) != 0 || bad)
		return mst_err_os(d->err, "%s", path);
	d->saved->files++;
	d->saved->bytes += reply->body.n;
	return 0;
}

/* FEED/mirror.ndjson: the records of a page behind those of the ones before. */
static int add_lines(struct folder *d, const char *feed, const char *list,
		     const struct sim_reply *reply)
{
	char *path MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/%s/mirror.ndjson", d->f->dir, feed);
	struct mst_json_parser *p = mst_json_parser_new(SIM_MAX_REPLY);
	struct mst_buf line = MST_BUF_INIT(SIM_MAX_REPLY);
	struct mst_json_iter it;
	struct mst_json root, e;
	FILE *out = mst_file_stream(path, "a", d->err);
	bool bad = false;

	if (out && mst_json_parse(p, mst_buf_slice(&reply->body), &root,
				  d->err) == 0) {
		it = mst_json_iter(mst_json_get(root, list));
		while (!bad && mst_json_next(&it, NULL, &e)) {
			mst_buf_reset(&line);
			bad = !mst_json_write(e, &line) ||
			      !mst_buf_addc(&line, '\n') ||
			      fwrite(line.p, 1, line.n, out) != line.n;
		}
	}
	if (out && (fclose(out) != 0 || bad))
		(void)mst_err_os(d->err, "%s", path);
	mst_buf_fini(&line);
	mst_json_parser_free(&p);
	return d->err->code ? -(int)d->err->code : 0;
}

static int make_dir(const struct folder *d, const char *feed)
{
	char *dir MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/%s", d->f->dir, feed);

	return mst_dir_make(dir, d->err);
}

/* Page by page until a page has nothing. */
static int put_pages(struct folder *d, const char *feed, const char *path,
		     const char *list, uint64_t *records_r)
{
	int64_t size = d->f->page ? d->f->page : PAGE;
	bool more = true;
	int rc = make_dir(d, feed);

	for (int64_t n = 0; more && rc == 0; n++) {
		char text[2][24];
		struct sim_impl query = {
		    .query = {{"page", text[0]}, {"size", text[1]}},
		    .query_n = 2};
		struct sim_request r = {.method = "GET", .impl = &query};
		struct sim_reply reply;
		long long count = 0;

		(void)snprintf(text[0], sizeof(text[0]), "%lld", (long long)n);
		(void)snprintf(text[1], sizeof(text[1]), "%lld",
			       (long long)size);
		sim_reply_init(&reply);
		iot_v3_serve(d->sim, &r, path, &reply);
		(void)sscanf(reply.body.p, "{\"u_count\":%lld", &count);
		*records_r = (uint64_t)count;
		more = (n + 1) * size < count;
		rc = d->f->lines ? add_lines(d, feed, list, &reply)
				 : put(d, feed, (uint64_t)n, &reply);
		sim_reply_fini(&reply);
	}
	return rc;
}

enum whole { SENSORS, DELETED, FLAGS, ALERTS };

static int put_whole(struct folder *d, const char *feed, enum whole what)
{
	struct sim_request r = {.method = "GET"};
	struct sim_reply reply;
	int rc = make_dir(d, feed);

	sim_reply_init(&reply);
	switch (what) {
	case SENSORS:
		iot_v3_serve(d->sim, &r, "sensors", &reply);
		break;
	case DELETED:
		iot_v3_serve(d->sim, &r, "deleteddevices/0", &reply);
		break;
	case FLAGS:
		iot_rows_devices(d->sim->iot, &r, 0, &reply);
		break;
	case ALERTS:
		iot_alerts_serve(d->sim->iot, &r, 0, 2, &reply);
		break;
	}
	if (rc == 0)
		rc = put(d, feed, 0, &reply);
	sim_reply_fini(&reply);
	return rc;
}

int mst_sim_save_iot(const struct mst_sim_conf *conf,
		     const struct mst_sim_folder *f,
		     struct mst_sim_saved *saved_r, struct mst_err *err)
{
	struct mst_sim *sim = mst_alloc(sizeof(*sim));
	struct folder d = {.sim = sim, .f = f, .saved = saved_r, .err = err};
	int rc;

	sim->conf = *conf;
	sim_conf_fill(&sim->conf);
	*saved_r = (struct mst_sim_saved){0};
	(void)snprintf(sim->url[MST_SIM_IOT], sizeof(sim->url[MST_SIM_IOT]),
		       "https://console.example");
	(void)snprintf(sim->url[MST_SIM_SENSOR],
		       sizeof(sim->url[MST_SIM_SENSOR]),
		       "https://sensor-1.example");
	for (size_t i = 0; i < MST_LEN(sim->sensor_url); i++)
		(void)snprintf(sim->sensor_url[i], sizeof(sim->sensor_url[i]),
			       "https://sensor-%zu.example", i + 1);
	sim->iot = sim_iot_new(&sim->conf, mst_now_us());
	if (f->day)
		sim_iot_day(sim->iot, f->day, mst_now_us());
	rc = put_whole(&d, "sensors", SENSORS);
	if (rc == 0)
		rc = put_whole(&d, "deleted_devices", DELETED);
	if (rc == 0)
		rc = put_pages(&d, "devices", "devices/0", "u_devices",
			       &saved_r->devices);
	if (rc == 0)
		rc = put_whole(&d, "device_flags", FLAGS);
	if (rc == 0)
		rc = put_pages(&d, "connections", "connections/0",
			       "u_connections", &saved_r->connections);
	if (rc == 0)
		rc = put_pages(&d, "device_cves", "devicecves/0",
			       "u_device_cves", &saved_r->vulnerable);
	if (rc == 0)
		rc = put_whole(&d, "alerts", ALERTS);
	sim_iot_free(&sim->iot);
	free(sim);
	return rc;
}
