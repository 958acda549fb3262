/* SPDX-License-Identifier: Apache-2.0
 *
 * The API without a socket, with a door in front, and browsers that keep their
 * cookies.
 */
#ifndef MST_TESTS_ACCESS_FIXTURE_H
#define MST_TESTS_ACCESS_FIXTURE_H

#include "lib/t.h"

#include "api/api.h"
#include "auth/door.h"
#include "auth/people.h"
#include "json/json.h"

#define AF_PASSWORD "copper kettle on a slow train"

struct af {
	struct mst_api *api;
	struct mst_door *door;
	struct mst_state *s; /* of the test itself */
	struct mst_json_parser *json;
	struct mst_arena arena;
	const char *dir;
};

struct af_browser {
	struct af *af;
	char cookie[64], oidc[1024], csrf[64];
	const char *token;	   /* sent as Bearer, instead of the cookie */
	const char *extra[6];	   /* further headers, "Name: value" */
	bool tls;		   /* says a proxy that is trusted */
	struct mst_http_said said; /* last answer */
};

/* A state store of its own; service: the section as YAML, or NULL. */
void af_begin(struct af *af, const char *service);
/* As if the program was ended and begun again. */
void af_again(struct af *af);
void af_end(struct af *af);
/* Puts the section anew; the door knows it at once. */
void af_service(struct af *af, const char *yaml);
void af_user(struct af *af, const char *name, enum mst_role role);

void af_open(struct af_browser *b, struct af *af);
void af_close(struct af_browser *b);
/* The status; cookies are kept, the CSRF token is sent. */
int af_ask(struct af_browser *b, const char *method, const char *uri,
	   const char *body);
/* The same, which must be answered with this status and hold this text. */
void af_must(struct af_browser *b, const char *method, const char *uri,
	     const char *body, int status, const char *part);
/* Signs in by password, and reads the CSRF token. */
void af_sign_in(struct af_browser *b, const char *user, const char *password);
/* A text of the last answer's body, "a.b" of objects; "" when it is none. */
const char *af_text(struct af_browser *b, const char *path);
int64_t af_number(struct af_browser *b, const char *path);
/* A header of the last answer, the first one; "" when it has none. */
const char *af_header(struct af_browser *b, const char *name);

#endif
