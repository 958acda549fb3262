/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a small JSON body member by member. What is wrong with any of them is
 * collected, and a member that nobody asked for is wrong, too.
 */
#ifndef MST_API_MEMBERS_H
#define MST_API_MEMBERS_H

#include "http/http.h"

struct mst_api_members {
	struct mst_http_req *r;
	struct mst_json root;
	const char *asked[16];
	size_t n;
	bool bad;
};

/* MST_E_INVALID: no JSON object. */
int mst_api_members_begin(struct mst_api_members *b, struct mst_http_req *r,
			  struct mst_err *err);
/* The same; an empty body is an object without members. */
int mst_api_members_maybe(struct mst_api_members *b, struct mst_http_req *r,
			  struct mst_err *err);
/* A text, in the request's arena; NULL when it is not there or null, which is
 * wrong when `need`. One with a zero byte is wrong, and one of more than 4 KiB:
 * it would be stored, audited and shown to everybody. */
const char *mst_api_members_text(struct mst_api_members *b, const char *key,
				 bool need);
/* -1: not there. */
int mst_api_members_bool(struct mst_api_members *b, const char *key);
/* A list of texts as one with blanks between; NULL: not there. */
const char *mst_api_members_words(struct mst_api_members *b, const char *key);
/* The same with commas between, which no text may have; none is NULL. *n_r how
 * many. */
const char *mst_api_members_list(struct mst_api_members *b, const char *key,
				 size_t *n_r);
/* 0: not there; least is above it. */
int64_t mst_api_members_number(struct mst_api_members *b, const char *key,
			       int64_t least, int64_t most);
/* MST_TIME_NONE: not there. */
int64_t mst_api_members_time(struct mst_api_members *b, const char *key);
/* The member is wrong: why. */
void mst_api_members_wrong(struct mst_api_members *b, const char *key,
			   const char *fmt, ...) MST_PRINTF(3, 4);
/* Was all of it right? False: resp is the problem (422), return 0. */
bool mst_api_members_ok(struct mst_api_members *b, struct mst_http_resp *resp);

#endif
