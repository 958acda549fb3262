/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of settings on its way: what is stored, what is to be, what that
 * changes. For settings, their promotion, and custom mappings.
 */
#ifndef MST_API_SETTINGS_H
#define MST_API_SETTINGS_H

#include "api/configure.h"
#include "sync/connection.h"

struct mst_api_change {
	struct mst_http_req *r;
	struct mst_http_resp *resp;
	struct mst_state *state;
	struct mst_arena arena;	 /* MST_MAX_ARENA */
	struct mst_connection c; /* whose settings they are, in env */
	enum mst_env env;
	const char *name;	   /* "defender/test" */
	struct mst_api_stored now; /* the set as it is stored */
	struct mst_conf_item after;
	const char *what; /* for the audit */
	bool preview, consent;
};

/* {env} of the path, or the word. */
int mst_api_env(struct mst_http_req *r, const char *word, enum mst_env *env_r,
		struct mst_err *err);
/* Finds the connection in the environment and what is stored for it, and looks
 * at If-Match and ?preview; consent is that of the body. fini also after an
 * error. */
int mst_api_change_begin(struct mst_api_change *k, struct mst_http_req *r,
			 struct mst_http_resp *resp, const char *connection,
			 enum mst_env env, struct mst_json body,
			 struct mst_err *err);
/* The same for PUT .../{name}/.../{env}, with its body. */
int mst_api_change_put(struct mst_api_change *k, struct mst_http_req *r,
		       struct mst_http_resp *resp, struct mst_json *body_r,
		       struct mst_err *err);
void mst_api_change_fini(struct mst_api_change *k);
/* k->after is what is to be: checks it, and answers with what changes; saves
 * it, when this is no preview. refuse: answers when it is wrong; NULL: a
 * problem. */
int mst_api_change_end(struct mst_api_change *k,
		       int (*refuse)(struct mst_api_change *k,
				     struct mst_err *err),
		       struct mst_err *err);
/* The set of k with the custom mappings of a YAML text in the place of its
 * own. MST_E_INVALID with "mappings:line:column". */
int mst_api_mappings_read(struct mst_api_change *k, struct mst_slice text,
			  struct mst_conf_item *after_r, struct mst_err *err);
/* The set of k with the settings of "values" in the place of its own; custom
 * mappings stay. What is wrong is added to the problem; then MST_E_INVALID. */
int mst_api_settings_read(struct mst_api_change *k, struct mst_json values,
			  struct mst_conf_item *after_r, struct mst_err *err);
/* One setting as the API shows it: members into an open object. envs: the
 * connection in each environment that it serves, NULL where it does not. */
void mst_api_setting_json(struct mst_jout *j,
			  const struct mst_connection *const *envs, size_t at);
/* The connection in each of its environments, NULL in others; *any_r one of
 * them. All in arena. */
int mst_api_envs(struct mst_state *state, const char *name,
		 struct mst_arena *arena,
		 const struct mst_connection **envs /* MST_ENV__MAX */,
		 const struct mst_connection **any_r, struct mst_err *err);

#endif
