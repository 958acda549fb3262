/* SPDX-License-Identifier: Apache-2.0
 *
 * What all resources of the configuration share: a stored item with its entity
 * tag, putting it, taking it out.
 */
#ifndef MST_API_CONFIGURE_H
#define MST_API_CONFIGURE_H

#include "api/api.h"
#include "api/item.h"

/* A stored item and its text; NULL and {NULL, 0} when there is none. */
struct mst_api_stored {
	const struct mst_conf_item *item;
	struct mst_slice text;
};

/* Lives in arena (MST_MAX_ARENA). */
int mst_api_stored(struct mst_state *state, const char *kind, const char *name,
		   struct mst_arena *arena, struct mst_api_stored *s_r,
		   struct mst_err *err);
/* The answer's entity tag is that of this text: what If-Match is compared
 * with. */
void mst_api_tag(struct mst_http_req *r, struct mst_http_resp *resp,
		 struct mst_slice text);
/* The same as a text, in the request's arena. */
const char *mst_api_tag_text(struct mst_http_req *r, struct mst_slice text);
/* 422 with what is wrong with the members of the body; other errors as they
 * are. */
int mst_api_refuse(struct mst_http_req *r, struct mst_http_resp *resp,
		   struct mst_err *err);

/* GET of a thing: the answer of this item, into an open object. */
typedef int (*mst_api_show_fn)(struct mst_http_req *r,
			       const struct mst_conf_item *item,
			       struct mst_arena *arena, struct mst_jout *j,
			       struct mst_err *err);

/* The whole handlers: 404 when it is not there, with the nearest name. */
int mst_api_get_item(struct mst_http_req *r, struct mst_http_resp *resp,
		     const char *kind, const char *name, mst_api_show_fn show,
		     struct mst_err *err);
int mst_api_put_item(struct mst_http_req *r, struct mst_http_resp *resp,
		     const char *kind, const char *name, mst_api_show_fn show,
		     struct mst_err *err);
/* Refused with the names of what uses it. Settings of a connection go with
 * it. */
int mst_api_delete_item(struct mst_http_req *r, struct mst_http_resp *resp,
			const char *kind, const char *name,
			struct mst_err *err);
/* All of a kind as {"items", "next": null}. */
int mst_api_list_items(struct mst_http_req *r, struct mst_http_resp *resp,
		       const char *kind, mst_api_show_fn show,
		       struct mst_err *err);
/* name, type and values: what every item shows. */
int mst_api_show_item(struct mst_http_req *r, const struct mst_conf_item *item,
		      struct mst_arena *arena, struct mst_jout *j,
		      struct mst_err *err);

/* Names of items that use this one, "job main, job other"; "" when none does.
 * In arena. */
int mst_api_users_of(struct mst_state *state, const char *kind,
		     const char *name, struct mst_arena *arena,
		     const char **text_r, struct mst_err *err);

#endif
