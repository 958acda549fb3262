/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the simulator share. One lock guards everything below
 * struct mst_sim; the web server takes it around every call into a system,
 * so the systems need none. Only sim.c, server.c and verify.c run outside it.
 */
#ifndef MST_SIM_PRIVATE_H
#define MST_SIM_PRIVATE_H

#include <pthread.h>

#include "sim/http.h"
#include "json/json.h"
#include "json/out.h"

#define SIM_MAX_BODY	(64u << 20) /* of a request */
#define SIM_MAX_REPLY	(1u << 30)
#define SIM_MAX_ROUTES	128 /* rows of the statistics */
#define SIM_MAX_OPS	100000
#define SIM_SAS_DEFAULT 1 /* hours */
#define SIM_SAS_MAX	6

struct sim_server;
struct sim_estate;
struct sim_apps;
struct sim_truth;
struct sim_faults;
struct sim_limits;
struct sim_entra;
struct sim_mde;
struct sim_fault_plan;
struct sim_iot;
struct iot_sender;

#define IOT_MAX_SENDERS 16

/* Counts per host and class of path. */
struct sim_route {
	enum mst_sim_host host;
	char name[80]; /* "GET /api/machines/{id}" */
	uint64_t requests, bytes, faults;
	uint64_t status[6]; /* by first digit */
};

/* Switches of the simulated APIs, set by POST /_sim/switches. */
struct sim_switches {
	bool machines_next_link; /* /api/machines gives a nextLink */
	bool machines_404;	 /* an empty machine list is a 404 */
	bool foreign_next_link;	 /* nextLink names another host */
	bool account_inactive;	 /* Defender was never onboarded */
	bool clock_skew_tokens;	 /* times inside tokens follow clock_skew */
	bool apps_namespace;	 /* cloud discovery only with the function's
				  * namespace */
	bool apps_old_path;	 /* and only without /security */
	double throttle_share;	 /* what Graph says of its limit; 0: nothing */
};

/* What changed the estate or the truth, in order; replayed from the state
 * file. */
struct sim_op {
	enum {
		SIM_OP_DAY,
		SIM_OP_CHANGE,
		SIM_OP_DEVICES,
		SIM_OP_REMOVE,
		SIM_OP_APPS,
		SIM_OP_APPS_GONE,
		SIM_OP_SYNCED,
		SIM_OP_USERS,
		SIM_OP_TRUTH,
		SIM_OP_IOT,
		SIM_OP_IOT_SYNCED,
		SIM_OP__MAX
	} kind;
	int64_t day;
	int64_t at_us; /* when it was taken */
	double percent;
	char *json; /* of what a body came with */
};

struct mst_sim {
	struct mst_sim_conf conf; /* texts are own copies */
	struct sim_server *servers[MST_SIM__HOSTS];
	char url[MST_SIM__HOSTS][48];
	/* from the second on: the first is a host like the others */
	struct sim_server *sensors[MST_SIM_MAX_SENSORS];
	char sensor_url[MST_SIM_MAX_SENSORS][48];
	pthread_mutex_t lock;
	int64_t offset_us;
	int64_t skew_us; /* of the Date header */
	struct sim_switches sw;
	struct sim_estate *estate;
	struct sim_apps *apps;
	struct sim_truth *truth;
	struct sim_sn *sn;
	struct sim_entra *entra;
	struct sim_mde *mde;
	struct sim_faults *faults;
	struct sim_limits *limits;
	struct sim_iot *iot;
	int64_t iot_start_us; /* of the plant */
	struct iot_sender *senders[IOT_MAX_SENDERS];
	unsigned senders_made;
	struct sim_route routes[SIM_MAX_ROUTES];
	size_t routes_n;
	struct sim_op *ops;
	size_t ops_n;
};

/* ---- server.c: one libmicrohttpd daemon per host and sensor ------------ */
int sim_server_start(struct mst_sim *sim, enum mst_sim_host host, int port,
		     struct mst_err *err);
void sim_server_stop(struct mst_sim *sim, enum mst_sim_host host);
int64_t sim_now_us(const struct mst_sim *sim);

/* ---- sim.c ------------------------------------------------------------ */
/* One request through statistics, limits and the system; the lock is held. */
void sim_dispatch(struct mst_sim *sim, const struct sim_request *r,
		  struct sim_reply *reply);
/* Counts the answer for GET /_sim/stats. */
void sim_count(struct mst_sim *sim, const struct sim_request *r,
	       const struct sim_reply *reply, bool fault);
/* True for paths of the control API. */
bool sim_is_control(const char *path);
const char *sim_host_name(enum mst_sim_host host);
/* Estate, truth, clock and faults as after the start; ServiceNow is left. */
int sim_fresh(struct mst_sim *sim, struct mst_err *err);
void sim_ops_clear(struct mst_sim *sim);
/* Puts numbers where the configuration has 0 for "as usual". */
void sim_conf_fill(struct mst_sim_conf *conf);
/* Drops what was made from the estate (cached exports). */
void sim_estate_changed(struct mst_sim *sim);
int sim_op_run(struct mst_sim *sim, const struct sim_op *op,
	       struct mst_err *err);
/* Remembers it after it was run. Takes json. */
void sim_op_keep(struct mst_sim *sim, const struct sim_op *op);

/* ---- control.c, state.c ----------------------------------------------- */
void sim_control(struct mst_sim *sim, const struct sim_request *r,
		 struct sim_reply *reply);
int sim_state_save(struct mst_sim *sim, struct mst_err *err);
/* 0 also when there is no file yet. */
int sim_state_load(struct mst_sim *sim, struct mst_err *err);

/* ---- http.c ----------------------------------------------------------- */
struct sim_pair {
	const char *name, *value;
};
/* Splits a query string or form body; names and values decoded in arena. */
size_t sim_form_parse(struct mst_arena *a, struct mst_slice s,
		      struct sim_pair *out, size_t max);
const char *sim_form_get(const struct sim_pair *p, size_t n, const char *name);
struct mst_slice sim_url_decode(struct mst_arena *a, struct mst_slice s,
				bool plus);
/* Appends a JSON string with its quotes. Fast; the text must be UTF-8. */
void sim_json_text(struct mst_buf *b, struct mst_slice s);
void sim_reply_init(struct sim_reply *reply);
void sim_reply_fini(struct sim_reply *reply);
/* A random-looking GUID from a counter, for trace ids. */
void sim_guid(uint64_t a, uint64_t b, char out[37]);
/* {"error":"…"} of the control API. */
void sim_control_error(struct sim_reply *reply, int status, const char *fmt,
		       ...) MST_PRINTF(3, 4);

/* The server's own part of a request. */
struct sim_impl {
	void *connection; /* struct MHD_Connection, NULL for direct calls */
	struct mst_arena arena;
	struct sim_pair query[64];
	size_t query_n;
};

/* ---- the systems ------------------------------------------------------ */
struct sim_entra *sim_entra_new(const struct mst_sim_conf *conf,
				struct mst_err *err);
void sim_entra_free(struct sim_entra **e);
void sim_entra_serve(struct mst_sim *sim, const struct sim_request *r,
		     struct sim_reply *reply);
/* /_sim/certs and /_sim/roles */
void sim_entra_sign_in(struct mst_sim *sim, const struct sim_request *r,
		       struct sim_reply *reply);
void sim_entra_control(struct mst_sim *sim, const struct sim_request *r,
		       struct sim_reply *reply);

enum sim_token {
	SIM_TOKEN_OK,
	SIM_TOKEN_MISSING,
	SIM_TOKEN_BAD,
	SIM_TOKEN_EXPIRED,
	SIM_TOKEN_AUDIENCE,
	SIM_TOKEN_ROLE
};
enum sim_resource { SIM_RES_MDE, SIM_RES_GRAPH, SIM_RES__MAX };
/* Checks the Authorization header for a role out of `roles` ("a|b"). */
enum sim_token sim_entra_check(struct mst_sim *sim, const struct sim_request *r,
			       enum sim_resource res, const char *roles);

struct sim_mde *sim_mde_new(void);
void sim_mde_free(struct sim_mde **m);
void sim_mde_forget(struct sim_mde *m);
void sim_mde_serve(struct mst_sim *sim, const struct sim_request *r,
		   struct sim_reply *reply);
void sim_mde_error(struct sim_reply *reply, int status, const char *code,
		   const char *fmt, ...) MST_PRINTF(4, 5);
void sim_blob_serve(struct mst_sim *sim, const struct sim_request *r,
		    struct sim_reply *reply);
void sim_graph_serve(struct mst_sim *sim, const struct sim_request *r,
		     struct sim_reply *reply);
void sim_graph_apps_serve(struct mst_sim *sim, const struct sim_request *r,
			  struct sim_reply *reply);
/* A token with a role out of `roles` ("a|b"); else writes the refusal. */
bool sim_graph_authorised(struct mst_sim *sim, const struct sim_request *r,
			  struct sim_reply *reply, const char *roles);
void sim_graph_error(const struct sim_request *r, struct sim_reply *reply,
		     int status, const char *code, const char *message);

/* ---- limits.c --------------------------------------------------------- */
struct sim_limits *sim_limits_new(void);
void sim_limits_free(struct sim_limits **l);
/* False: over a limit; *retry_s_r says when to come back. */
bool sim_limits_take(struct sim_limits *l, const struct sim_request *r,
		     int *retry_s_r);

#endif
