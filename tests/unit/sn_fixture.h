/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated ServiceNow without a web server: requests are calls.
 */
#ifndef MST_TESTS_SN_FIXTURE_H
#define MST_TESTS_SN_FIXTURE_H

#include "tests/lib/t.h"

#include "sim/sn.h"
#include "json/json.h"

/* Set-up and tear-down of a test that wants a fresh instance. */
int sn_up(void **state);
int sn_down(void **state);

extern struct sim_sn *sn; /* the instance of the running test */
extern int64_t sn_clock;  /* its time */
/* Authorization of the following requests; NULL: none. */
extern const char *sn_auth_header;
extern const char *sn_accept, *sn_content_type, *sn_cookie, *sn_no_body;

/* The status of the last answer, its body and the body as JSON. */
extern int sn_status;
extern struct mst_slice sn_text;
extern struct mst_json sn_json;

/* url with the query; body NULL or JSON. Returns the status. */
int ask(const char *method, const char *url, const char *body);
int askf(const char *method, const char *body, const char *fmt, ...)
    MST_PRINTF(3, 4);
int control(const char *method, const char *path, const char *body);
/* A header of the last answer, NULL when it is not there. */
const char *answer_header(const char *name);
/* "result.0.name" of the last answer; fails the test when it is no text. */
const char *at(const char *path);
struct mst_json json_at(const char *path);
size_t count_at(const char *path); /* elements */
/* POSTs a record; returns its sys_id. */
const char *make(const char *table, const char *body);

#define BASIC_MUSTER                                                           \
	"Basic bXVzdGVyLmludGVncmF0aW9uOm5vdC1hLXJlYWwtcGFzc3dvcmQ="
#define BASIC_ADMIN "Basic YWRtaW46bm90LWEtcmVhbC1hZG1pbi1wYXNzd29yZA=="

#endif
