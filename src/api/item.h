/* SPDX-License-Identifier: Apache-2.0
 *
 * An item of the configuration as JSON: {"type", "values"}, the values by the
 * keys of its option table, as they would stand in YAML. For everything that
 * is configured: connections, jobs, forwarding, outbox, proxy, service.
 */
#ifndef MST_API_ITEM_H
#define MST_API_ITEM_H

#include "conf/conf.h"
#include "http/http.h"
#include "sync/config.h"

/* In front of the names of secrets that a trial sealed. */
#define MST_API_TRIAL "trial."

/* A secret that came in the body, to be sealed under this name. */
struct mst_api_seal {
	const char *name;
	struct mst_slice value;
};

struct mst_api_item {
	struct mst_conf_item item;
	const char **pointers; /* JSON pointers of the values, in their order */
	struct mst_api_seal *seals;
	size_t seals_n;
};

/* The option table of a kind (and type); NULL: there is no such type, or the
 * kind has none. */
const struct mst_opt *mst_api_opts(const char *kind, const char *type);

/* The item of a body with the members "values" and, for kinds that have types,
 * "type" (what is stored says it when it is left out). stored: the item now,
 * NULL when there is none; {"keep": true} of a secret takes its reference.
 * Everything lives in arena and in the body. What is wrong is added to the
 * request's problem; then MST_E_INVALID. */
int mst_api_item_read(struct mst_http_req *r, struct mst_json body,
		      const char *kind, const char *name,
		      const struct mst_conf_item *stored,
		      struct mst_arena *arena, struct mst_api_item *out_r,
		      struct mst_err *err);
/* Would it be right if it were stored? As above; what mst_config_check says of
 * a value is added with its pointer. */
int mst_api_item_check(struct mst_http_req *r, struct mst_state *state,
		       const struct mst_api_item *v, struct mst_err *err);
/* Makes of an error with the item's places the text for people, and adds it
 * with its pointer. */
void mst_api_item_place(struct mst_http_req *r, const struct mst_api_item *v,
			struct mst_err *err);

/* "values" as an object; secrets as {"set", "ref"}. opts may be NULL. */
void mst_api_values_json(struct mst_jout *j, const struct mst_conf_item *item,
			 const struct mst_opt *opts);
/* A value as its option has it. */
void mst_api_value_json(struct mst_jout *j, const struct mst_opt *opt,
			const struct mst_conf_value *v);
/* "text", "secret" … of the option. */
const char *mst_api_kind(const struct mst_opt *opt);
/* "a|b" as an array; NULL: an empty one. */
void mst_api_choices_json(struct mst_jout *j, const char *choices);
/* Members min and max, null where there is none. */
void mst_api_range_json(struct mst_jout *j, const struct mst_opt *opt);
/* An option table as an array: what a form of it shows. */
void mst_api_form_json(struct mst_jout *j, const struct mst_opt *opts);

#endif
