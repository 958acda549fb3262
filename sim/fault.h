/* SPDX-License-Identifier: Apache-2.0
 *
 * Misbehaviour on request. A fault names which requests it is for (host,
 * method, part of the path) and which of them it hits (from the nth match on,
 * at most count of them, each with a probability from a seeded generator).
 * The server asks for a plan before it calls the system, and obeys it.
 */
#ifndef MST_SIM_FAULT_H
#define MST_SIM_FAULT_H

#include "sim/private.h"

enum sim_fault_kind {
	SIM_FAULT_NONE,
	SIM_FAULT_429,		 /* with Retry-After: retry_after seconds */
	SIM_FAULT_429_BARE,	 /* without */
	SIM_FAULT_STATUS_BEFORE, /* `status`, the system is not called */
	SIM_FAULT_STATUS_AFTER,	 /* `status`, after the system did its work */
	SIM_FAULT_DROP_BEFORE,	 /* connection closed, system not called */
	SIM_FAULT_DROP_AFTER,	 /* connection closed after the work */
	SIM_FAULT_202,		 /* accepted, and thrown away */
	SIM_FAULT_TRUNCATED,	 /* 200, list cut, error text appended */
	SIM_FAULT_HTML,		 /* 200, a hibernating instance's page */
	SIM_FAULT_RESET,	 /* TCP reset in the middle of the body */
	SIM_FAULT_WRONG_LENGTH,	 /* Content-Length promises more */
	SIM_FAULT_BAD_GZIP,	 /* bytes flipped in what is compressed; what is
				  * not is sent with Content-Encoding: gzip */
	SIM_FAULT_SHORT_GZIP,	 /* ends early with a right Content-Length */
	SIM_FAULT_EMPTY_BODY,	 /* 200, nothing */
	SIM_FAULT_ODD_JSON,	 /* 200, an object of another kind */
	SIM_FAULT_EMPTY_PAGE,	 /* 200, "value" or "result" is [] */
	SIM_FAULT_REPEAT_PAGE,	 /* the previous list again */
	SIM_FAULT_SHORT_PAGE,	 /* the last record is missing */
	SIM_FAULT_EXPIRED_SAS,	 /* 403 XML AuthenticationFailed */
	SIM_FAULT_EXPIRED_TOKEN, /* 401 */
	SIM_FAULT_REVOKED,	 /* 403 with the host's error body */
	SIM_FAULT_FALSE_404,
	SIM_FAULT_SLOW,		   /* body in drips */
	SIM_FAULT_CLOCK_SKEW,	   /* Date header off by skew_s */
	SIM_FAULT_SKIPTOKEN_DEATH, /* `status` for requests with a token */
	SIM_FAULT__MAX
};

/* What the server is to do with one request. */
struct sim_plan {
	enum sim_fault_kind kind;
	int status;
	int retry_after;
	int64_t skew_s;
	int delay_ms; /* SLOW: between drips */
	uint64_t random;
};

struct sim_faults *sim_faults_new(void);
void sim_faults_free(struct sim_faults **f);
void sim_faults_clear(struct sim_faults *f);
/* Decides, and counts. Lock held. */
struct sim_plan sim_faults_plan(struct sim_faults *f,
				const struct sim_request *r);
/* Makes the answer for kinds that replace the system's; false when the system
 * is to be called. */
bool sim_fault_before(const struct sim_plan *p, const struct sim_request *r,
		      struct sim_reply *reply);
/* Changes the system's answer. */
void sim_fault_after(struct sim_faults *f, const struct sim_plan *p,
		     const struct sim_request *r, struct sim_reply *reply);
/* GET, POST, DELETE /_sim/faults */
void sim_faults_control(struct sim_faults *f, const struct sim_request *r,
			struct sim_reply *reply);
const char *sim_fault_name(enum sim_fault_kind k);

#endif
