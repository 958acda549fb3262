/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the simulators and their web server (libmicrohttpd): a request with
 * its whole body, an answer to fill. Every simulated system is one function
 * of this shape, called with the simulator's one lock held, so that none of
 * them needs locks of its own. Faults (sim/fault.h) are put in front of and
 * behind this call by the server and are no business of the systems.
 */
#ifndef MST_SIM_HTTP_H
#define MST_SIM_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "sim/sim.h"
#include "json/out.h"

struct sim_request {
	enum mst_sim_host host;
	unsigned sensor;    /* of host sensor: its number, from 1 */
	const char *method; /* "GET" */
	const char *path;   /* percent-decoded, without the query */
	const char *url;    /* as sent, with the query */
	struct mst_slice body;
	const char *base; /* "http://127.0.0.1:41234" of this host */
	int64_t now_us;	  /* the simulated time */
	const void *impl; /* the server's own */
};

struct sim_reply {
	int status;		  /* 200 unless set */
	const char *content_type; /* "application/json" unless set; static or
				   * in arena */
	struct mst_buf body;
	/* A large body that is not copied: used instead of body when p is not
	 * NULL; must live until the server stops or until `release`. */
	struct mst_slice lent;
	void (*release)(void *ctx);
	void *release_ctx;
	struct mst_arena arena; /* for header texts; lives with the reply */
	struct {
		const char *name, *value;
	} headers[16];
	size_t headers_n;
};

/* First value of a header (case folded) or NULL. */
const char *sim_header(const struct sim_request *r, const char *name);
/* First value of a query parameter, percent-decoded ('+' is a space), or NULL.
 * Names are compared exactly; sim_iquery folds case. */
const char *sim_query(const struct sim_request *r, const char *name);
const char *sim_iquery(const struct sim_request *r, const char *name);
void sim_reply_header(struct sim_reply *reply, const char *name,
		      const char *fmt, ...) MST_PRINTF(3, 4);

/* The simulated ServiceNow (sim/sn.c), made and called by sim/sim.c. */
struct sim_sn;
struct sim_sn *sim_sn_new(const struct mst_sim_conf *conf, struct mst_err *err);
void sim_sn_free(struct sim_sn **sn);
void sim_sn_serve(struct sim_sn *sn, const struct sim_request *r,
		  struct sim_reply *reply);
/* Control requests below /_sim/sn/ (see docs/internals/sim.md). */
void sim_sn_control(struct sim_sn *sn, const struct sim_request *r,
		    struct sim_reply *reply);
/* State as JSON text, for the state file. */
bool sim_sn_save(struct sim_sn *sn, struct mst_buf *out);
int sim_sn_load(struct sim_sn *sn, struct mst_slice json, struct mst_err *err);
void sim_sn_reset(struct sim_sn *sn);
/* All users as a list of {"sys_id","email","user_name","active","created"}. */
void sim_sn_users(struct sim_sn *sn, struct mst_jout *j);

/* A set of real CVEs (sim/cve_facts.c). */
struct sim_cve_fact {
	const char *id;	     /* "CVE-2024-38063" */
	const char *vendor;  /* as Defender writes it: "microsoft" */
	const char *product; /* "windows_11" */
	const char *fixed; /* first version without it, as the vendor counts */
	const char *severity;  /* "Critical" */
	double cvss;	       /* v3 base score */
	const char *vector;    /* "CVSS:3.1/AV:N/…" */
	const char *published; /* "2024-08-13" */
	const char *title;     /* one sentence, our own words */
	int exploit;	       /* 0 none, 1 public, 2 verified, 3 in a kit */
	double epss;	       /* about; 0..1 */
};

extern const struct sim_cve_fact sim_cve_facts[];
extern const size_t sim_cve_facts_n;

/* Further products that have a CVE of sim_cve_facts (other releases of
 * Windows, other programs with the same library), each with its own first
 * version without it. An id may stand here many times, never twice with the
 * same product and never with the product of its fact. */
struct sim_cve_also {
	const char *id, *vendor, *product, *fixed;
};

extern const struct sim_cve_also sim_cve_also[];
extern const size_t sim_cve_also_n;

#endif
