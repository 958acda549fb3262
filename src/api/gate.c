/* SPDX-License-Identifier: Apache-2.0
 *
 * Who asks, before every handler.
 */
#include "api/gate.h"

#include <assert.h>

#include "api/api.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "sync/proxy.h"
#include "sync/service.h"

struct mst_caller mst_api_caller(const struct mst_http_req *r)
{
	return (struct mst_caller){.address = r->peer,
				   .agent = mst_http_header(r, "User-Agent")};
}

const char *mst_api_cookie(const struct mst_http_req *r)
{
	return mst_http_cookie(r, mst_door_cookie_name(r->tls));
}

void mst_api_header(struct mst_http_resp *resp, const char *header)
{
	size_t i = 0;

	while (i < MST_LEN(resp->headers) && resp->headers[i])
		i++;
	assert(i < MST_LEN(resp->headers));
	resp->headers[i] = header;
}

/* ---- the section service ------------------------------------------------- */

int mst_auth_load(struct mst_door *d, struct mst_state *s, struct mst_err *err)
{
	const struct mst_config config = {.state = s};
	struct mst_service_conf conf;
	struct mst_proxy proxy;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = mst_service_section(&config, &arena, &conf, err);
	if (rc == 0)
		rc = mst_proxy_section(&config, &arena, &proxy, err);
	if (rc == 0)
		mst_door_set(d, &conf, &proxy, &arena);
	mst_arena_fini(&arena);
	return rc;
}

/* What is damaged leaves the door as it was, or shut when it never was set. */
static int refresh(struct mst_door *d, struct mst_state *s, struct mst_err *err)
{
	struct mst_err why = MST_ERR_INIT;

	if (!mst_door_is_due(d, mst_mono_us()))
		return 0;
	if (mst_auth_load(d, s, &why) == 0)
		return 0;
	if (mst_door_is_set(d)) {
		mst_warn("the section service cannot be read; it stays as it "
			 "was: %s",
			 why.msg);
		return 0;
	}
	*err = why;
	return -(int)err->code;
}

/* ---- the gate ------------------------------------------------------------ */

int mst_auth_gate(struct mst_http_req *r, struct mst_http_resp *resp,
		  struct mst_err *err)
{
	struct mst_door *door = mst_api_door(r);
	struct mst_state *state = mst_api_state(r);
	struct mst_door_ask ask = {
	    .authorization = mst_http_header(r, "Authorization"),
	    .cookie = mst_api_cookie(r),
	    .csrf = mst_http_header(r, "X-CSRF-Token"),
	    .origin = mst_http_header(r, "Origin"),
	    .fetch_site = mst_http_header(r, "Sec-Fetch-Site"),
	    .host = mst_http_header(r, "Host"),
	    .address = r->peer,
	    .tls = r->tls,
	    .safe = r->method == MST_ROUTE_GET,
	};
	struct mst_who *who;
	bool known = false;
	int rc;

	(void)resp;
	if (!r->route) /* the console's files are for everybody */
		return 0;
	if (!door)
		return mst_err_set(err, MST_E_AUTH, "nobody can sign in here");
	ask.is_open = (r->route->flags & MST_ROUTE_OPEN) != 0;
	ask.need = r->route->need;
	mst_state_secrets_offer(state);
	rc = refresh(door, state, err);
	who = mst_arena_alloc(&r->arena, sizeof(*who));
	if (rc == 0)
		rc = mst_door_ask(door, state, &ask, &r->arena, who, &known,
				  err);
	if (rc < 0)
		return rc;
	if (known) {
		r->who = who;
		r->caller = who->actor;
	}
	mst_state_actor_set(state, known ? who->actor : "", mst_api_via(r),
			    r->peer);
	return 0;
}
