/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulators as a library: Entra ID, Defender for Endpoint, Graph, blob
 * storage, ServiceNow, and the management console and sensors of Defender for
 * IoT, each on a loopback port of its own, served by threads of this process.
 * `muster-sim` and `muster sim` run it for people, the demo, the tests and the
 * benchmarks start it themselves.
 */
#ifndef MST_SIM_SIM_H
#define MST_SIM_SIM_H

#include "base/buf.h"
#include "base/err.h"

enum mst_sim_host {
	MST_SIM_LOGIN, /* Entra ID token end point */
	MST_SIM_API,   /* Defender for Endpoint */
	MST_SIM_GRAPH, /* Microsoft Graph */
	MST_SIM_BLOB,  /* export files by SAS URL */
	MST_SIM_SERVICENOW,
	MST_SIM_IOT,	/* the management console of Defender for IoT */
	MST_SIM_SENSOR, /* its first sensor; see mst_sim_sensor_url */
	MST_SIM__HOSTS
};

struct mst_sim_conf {
	uint64_t seed;	   /* same seed, same estate; 0: 1 */
	unsigned devices;  /* 0: 500 */
	uint64_t cve_rows; /* at least this many CVE rows; 0: 120 a device */
	int64_t apps;	   /* of Defender for Cloud Apps; 0: three for every
			    * five devices, at least 24; <0: none */
	int64_t people;	   /* users of apps and of ServiceNow; 0: five for every
			    * three apps, at least 40 */
	int64_t app_links; /* users of all apps, about; 0: 40 an app */
	int64_t iot_devices;	 /* of Defender for IoT; 0: 2000; <0: none */
	int64_t iot_connections; /* between them, about; 0: three a device */
	int64_t iot_alerts;	 /* a day; 0: 40; <0: none */
	unsigned sensors;	 /* 1 to MST_SIM_MAX_SENSORS; 0: 4 */
	const char *state_file;	 /* keep state here across restarts, or NULL */
	int ports[MST_SIM__HOSTS]; /* 0: a free one; sensor: of the first, the
				    * others' follow */
	int latency_ms;		   /* added to every answer */
	bool rate_limits;	   /* enforce the documented rate limits */
	const char *update_set; /* ServiceNow loads this update set XML at the
				 * start; NULL: muster's own main set */
	bool empty;		/* no estate: devices come by the control API */
	const char *certificate; /* PEM file of the application's certificate,
				  * for assertions; NULL: by control API */
};

#define MST_SIM_MAX_SENSORS 64

struct mst_sim;

int mst_sim_start(const struct mst_sim_conf *conf, struct mst_sim **sim_r,
		  struct mst_err *err);
void mst_sim_stop(struct mst_sim **sim);
/* "http://127.0.0.1:41234" */
const char *mst_sim_url(const struct mst_sim *sim, enum mst_sim_host host);
/* Of sensor n, from 1; NULL: there is none. */
const char *mst_sim_sensor_url(const struct mst_sim *sim, unsigned n);
/* The connections, a job "demo" and, when there are cloud apps or a plant, jobs
 * "apps" and "plant" as YAML for these URLs, with the fake secrets as env:
 * references MUSTER_SIM_SECRET, MUSTER_SIM_PASSWORD, MUSTER_SIM_IOT_TOKEN. */
bool mst_sim_yaml(const struct mst_sim *sim, struct mst_buf *out);
/* A control request without HTTP: method, path ("/_sim/day"), body; the
 * answer's body is appended to out. Returns the HTTP status. */
int mst_sim_control(struct mst_sim *sim, const char *method, const char *path,
		    struct mst_slice body, struct mst_buf *out);

/* What a system would answer for such an estate, as files below a folder: one
 * of each feed, a file per part. */
struct mst_sim_folder {
	const char *dir;  /* is made when it is not there */
	unsigned day;	  /* of the estate */
	unsigned period;  /* of cloud discovery: days of the report; 0: 30 */
	unsigned page;	  /* records of a file; 0: all of the list, of Defender
			   * for IoT 1,000 */
	bool lines;	  /* of Defender for IoT: what is paged, as NDJSON */
	unsigned streams; /* of cloud discovery: the first ones; 0: all */
};

struct mst_sim_saved {
	uint64_t apps, users; /* users: records, of all streams together */
	uint64_t devices, connections, vulnerable; /* of Defender for IoT */
	uint64_t files, bytes;
};

/* Cloud discovery. No server is started. Fails when a file cannot be written.
 */
int mst_sim_save_apps(const struct mst_sim_conf *conf,
		      const struct mst_sim_folder *folder,
		      struct mst_sim_saved *saved_r, struct mst_err *err);
/* The same of a management console of Defender for IoT. */
int mst_sim_save_iot(const struct mst_sim_conf *conf,
		     const struct mst_sim_folder *folder,
		     struct mst_sim_saved *saved_r, struct mst_err *err);

/* The program muster-sim (also `muster sim`): runs until SIGINT or SIGTERM. */
int mst_sim_main(int argc, char **argv);

/* The fixed facts of the simulated tenant and instance. Obviously fake. */
#define MST_SIM_TENANT "00000000-0000-4000-8000-00000000000a"
#define MST_SIM_CLIENT "00000000-0000-4000-8000-00000000000b"
#define MST_SIM_SECRET "not-a-real-secret"
/* The application that people sign in to; its secret is the same. */
#define MST_SIM_SIGN_IN	  "00000000-0000-4000-8000-00000000000c"
#define MST_SIM_USER	  "muster.integration"
#define MST_SIM_PASSWORD  "not-a-real-password"
#define MST_SIM_SN_CLIENT "00000000000000000000000000000c1d"
#define MST_SIM_SN_SECRET "not-a-real-client-secret"
/* Defender for IoT: tokens of the console and (with "-1" for the first) of
 * sensors; accounts admin and operator. */
#define MST_SIM_IOT_TOKEN    "not-a-real-console-token"
#define MST_SIM_SENSOR_TOKEN "not-a-real-sensor-token"
#define MST_SIM_IOT_PASSWORD "Not-A-Real-1!"

#endif
