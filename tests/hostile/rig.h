/* SPDX-License-Identifier: Apache-2.0
 *
 * A client and a misbehaving server, ready to be set upon each other.
 */
#ifndef MST_TESTS_RIG_H
#define MST_TESTS_RIG_H

#include "net/client.h"
#include "tests/lib/httpd.h"

struct rig {
	struct t_httpd *h;
	struct mst_client *c;
	const struct mst_req *req; /* of the last answer */
	const struct mst_resp *resp;
};

/* conf NULL: waits of 0 to 2 ms, time-outs that only end a test that hangs, all
 * else as by default. What conf leaves at 0 is filled the same way. The clock
 * is the real one. */
struct rig rig_up(const struct t_answer *script, size_t n,
		  const struct mst_client_conf *conf);
void rig_down(struct rig *r);
/* Sends to the server and waits for the answer. */
void rig_send(struct rig *r, struct mst_req *req, const char *path);
void rig_get(struct rig *r, const char *path, enum mst_repeat repeat);
void rig_post(struct rig *r, const char *path, enum mst_repeat repeat);
void rig_url(struct rig *r, enum mst_method method, enum mst_repeat repeat,
	     const char *url);
/* Only submits; what = "read <path>". */
void rig_submit_get(struct rig *r, const char *path, const char *rate);
void rig_wait(struct rig *r);
/* Drives the client for 5 ms; no answer may come. */
void rig_idle(struct rig *r);
/* Lets the client do what is due now, whatever the clock says; true when there
 * is an answer. */
bool rig_step(struct rig *r);
/* For a clock that stands (t_clock_set): moves it over the client's pauses. */
void rig_quick(struct rig *r);
struct mst_client_stats rig_stats(struct rig *r);
/* The last answer. */
void expect(const struct rig *r, enum mst_outcome outcome, int status,
	    int attempts, enum mst_code code);
void says(const struct rig *r, const char *part);

#endif
