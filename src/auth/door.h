/* SPDX-License-Identifier: Apache-2.0
 *
 * The door: lets people and programs in. Passwords, sessions of browsers, API
 * tokens; what a request must bring so that no other page can have sent it. One
 * per process, from any thread; each call gets the caller's own handle of the
 * state store.
 *
 * What it keeps in memory is bounded and may be lost: wrong sign-ins by
 * address, and what the section `service` says.
 */
#ifndef MST_AUTH_DOOR_H
#define MST_AUTH_DOOR_H

#include "auth/auth.h"
#include "auth/token.h"
#include "conf/service.h"
#include "net/proxy.h"

struct mst_door;

struct mst_door *mst_door_new(void);
void mst_door_free(struct mst_door **d);
/* What the section says from now on, and the proxy on the way to the issuer.
 * Takes over the arena that their texts live in (zeroes *arena). */
void mst_door_set(struct mst_door *d, const struct mst_service_conf *conf,
		  const struct mst_proxy *proxy, struct mst_arena *arena);
bool mst_door_is_set(struct mst_door *d);
/* True to one caller every five seconds, and while it is not set: it is time to
 * read the section again. */
bool mst_door_is_due(struct mst_door *d, int64_t mono_us);
/* The same as it was set last, held until it is released. */
struct mst_door_conf {
	struct mst_service_conf service;
	struct mst_proxy proxy;
	struct mst_arena arena;
	unsigned users;
};
const struct mst_door_conf *mst_door_hold(struct mst_door *d);
void mst_door_release(struct mst_door *d, const struct mst_door_conf *c);

/* ---- signing in ---------------------------------------------------------- */

struct mst_caller {		     /* who is at the other end */
	const char *address, *agent; /* agent may be NULL */
};

/* A new session: what the browser gets. */
struct mst_door_session {
	char cookie[MST_RANDOM_TEXT], csrf[MST_RANDOM_TEXT];
	int64_t ends_us; /* at the latest */
};

/* By password. Whoever is not there, has another password, is disabled or
 * locked gets the same MST_E_AUTH after the same time; too many of them from
 * one address, or at once, MST_E_THROTTLED with retry_after_ms. old: the cookie
 * that the browser had, whose session ends; or NULL. Blocks for about a tenth
 * of a second. */
int mst_door_sign_in(struct mst_door *d, struct mst_state *s, const char *user,
		     struct mst_slice password, const struct mst_caller *from,
		     const char *old, struct mst_door_session *out_r,
		     struct mst_err *err);
/* Of somebody who was found to be this user in another way. */
int mst_door_begin(struct mst_door *d, struct mst_state *s, const char *user,
		   const struct mst_caller *from, const char *old,
		   struct mst_door_session *out_r, struct mst_err *err);
/* Ends the session of the cookie; one that is not there is no error. */
int mst_door_end(struct mst_state *s, const char *cookie, struct mst_err *err);
/* Changes one's own password: all other sessions of the user end, and this one
 * gets another cookie. The old password is asked for like a sign-in: MST_E_AUTH
 * when it is wrong, MST_E_INVALID when the new one may not be had. */
int mst_door_password(struct mst_door *d, struct mst_state *s,
		      const struct mst_who *who, struct mst_slice old,
		      struct mst_slice password, const struct mst_caller *from,
		      struct mst_door_session *out_r, struct mst_err *err);

/* ---- letting a request in ------------------------------------------------ */

struct mst_door_ask {
	const char *authorization; /* header, or NULL; as all the others */
	const char *cookie;	   /* value of the session's cookie */
	const char *csrf, *origin, *fetch_site, *host;
	const char *address;
	bool tls;
	bool safe;     /* GET, HEAD */
	bool is_open;  /* nobody need have signed in */
	unsigned need; /* MST_MAY_…: all of them; 0: to be somebody */
};

/* Who asks, and may they? *known_r false: nobody in particular (is_open).
 * MST_E_AUTH: not known, or not any more; MST_E_FORBIDDEN: known, but may not,
 * or the request may be another page's; MST_E_THROTTLED: see above. Texts live
 * in arena. */
int mst_door_ask(struct mst_door *d, struct mst_state *s,
		 const struct mst_door_ask *a, struct mst_arena *arena,
		 struct mst_who *who_r, bool *known_r, struct mst_err *err);
/* The name of the session's cookie, and its Set-Cookie header ("Set-Cookie:
 * …"); cookie NULL: takes it away. */
const char *mst_door_cookie_name(bool tls);
const char *mst_door_set_cookie(const char *cookie, bool tls,
				struct mst_arena *arena);

#endif
