/* SPDX-License-Identifier: Apache-2.0
 *
 * A body to an item. The values' places are made up: line i + 2 is that of
 * value i, line 1 the item's; so whatever complains of a place says which
 * member of the body it means.
 */
#include "api/item.h"

#include <string.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/secret.h"
#include "conf/service.h"
#include "dest/dest.h"
#include "forward/action.h"
#include "forward/exclude.h"
#include "forward/outbox.h"
#include "forward/receiver.h"
#include "forward/rule.h"
#include "source/source.h"
#include "sync/job.h"

#define PLACE	   "request"
#define FIRST_LINE 2

/* ---- option tables ------------------------------------------------------- */

static const struct mst_opt *connection_opts(const char *type)
{
	const struct mst_source_ops *source = mst_source_find(type);
	const struct mst_dest_ops *dest = mst_dest_find(type);

	return source ? source->opts : dest ? dest->opts : NULL;
}

static const struct mst_opt *receiver_opts(const char *type)
{
	for (size_t i = 0; mst_receiver_types[i]; i++) {
		if (strcmp(mst_receiver_types[i], type) == 0)
			return mst_receiver_opts;
	}
	return NULL;
}

static const struct {
	const char *kind;
	const struct mst_opt *opts; /* NULL: by type */
	const struct mst_opt *(*by_type)(const char *type);
} kinds[] = {
    {"connection", NULL, connection_opts},
    {"job", mst_job_opts, NULL},
    {MST_FORWARD_RULE, mst_alert_rule_opts, NULL},
    {MST_FORWARD_ACTION, NULL, mst_action_opts},
    {MST_FORWARD_RECEIVER, NULL, receiver_opts},
    {MST_EXCLUSION_WINDOW, mst_exclude_opts, NULL},
    {MST_OUTBOX, mst_outbox_opts, NULL},
    {MST_PROXY, mst_proxy_opts, NULL},
    {MST_SERVICE, mst_service_opts, NULL},
};

static bool has_types(const char *kind)
{
	for (size_t i = 0; i < MST_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].by_type != NULL;
	}
	return false;
}

const struct mst_opt *mst_api_opts(const char *kind, const char *type)
{
	for (size_t i = 0; i < MST_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].opts ? kinds[i].opts
					     : kinds[i].by_type(type);
	}
	return NULL;
}

/* ---- values -------------------------------------------------------------- */

struct reading {
	struct mst_http_req *r;
	struct mst_arena *arena;
	const struct mst_opt *opts;
	const struct mst_conf_item *stored;
	const char *name;
	struct mst_conf_value *values;
	const char **pointers;
	struct mst_api_seal *seals;
	size_t n, seals_n;
	bool wrong;
};

static void wrong(struct reading *k, const char *pointer, const char *text)
{
	mst_http_wrong(k->r, pointer, "%s", text);
	k->wrong = true;
}

/* A member's name as part of a JSON pointer. */
static const char *below(struct reading *k, const char *pointer,
			 struct mst_slice key)
{
	struct mst_buf b = MST_BUF_INIT(MST_MAX_CONF);
	const char *text;

	(void)mst_buf_addf(&b, "%s/", pointer);
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '~' || key.p[i] == '/')
			(void)mst_buf_adds(&b, key.p[i] == '~' ? "~0" : "~1");
		else
			(void)mst_buf_addc(&b, key.p[i]);
	}
	text = mst_arena_strdup(k->arena, b.p);
	mst_buf_fini(&b);
	return text;
}

/* The text of a scalar; NULL: it is none. */
static const char *text_of(struct reading *k, struct mst_json v)
{
	struct mst_slice s = mst_json_str(v);
	char number[32];
	int64_t i;
	double d;
	bool b;

	switch (mst_json_type(v)) {
	case MST_JSON_STRING:
		if (memchr(s.p, 0, s.n))
			return NULL;
		return mst_arena_dup(k->arena, s).p;
	case MST_JSON_BOOL:
		return mst_json_bool(v, &b) && b ? "true" : "false";
	case MST_JSON_INT:
		return mst_json_i64(v, &i)
			   ? mst_arena_printf(k->arena, "%lld", (long long)i)
			   : NULL;
	case MST_JSON_DOUBLE:
		if (!mst_json_dbl(v, &d))
			return NULL;
		mst_num_text(d, number);
		return mst_arena_strdup(k->arena, number);
	case MST_JSON_NULL:
	case MST_JSON_ARRAY:
	case MST_JSON_OBJECT:
		break;
	}
	return NULL;
}

static void add(struct reading *k, const char *key, const char *pointer,
		const char *const *texts, size_t n, bool is_list)
{
	int line = (int)k->n + FIRST_LINE;

	for (size_t i = 0; i < k->n; i++) {
		if (strcmp(k->values[i].key, key) == 0) {
			wrong(k, pointer, "is given twice");
			return;
		}
	}
	if (k->n == MST_MAX_CONF_VALUES) {
		wrong(k, pointer, "too many options");
		return;
	}
	k->pointers[k->n] = pointer;
	k->values[k->n++] = (struct mst_conf_value){
	    .key = key,
	    .texts = texts,
	    .texts_n = n,
	    .is_list = is_list,
	    .line = line,
	    .column = 1,
	    .key_line = line,
	    .key_column = 1,
	};
}

static void add_text(struct reading *k, const char *key, const char *pointer,
		     const char *text)
{
	const char **texts = mst_arena_alloc(k->arena, sizeof(*texts));

	texts[0] = text;
	add(k, key, pointer, texts, 1, false);
}

static void add_list(struct reading *k, const char *key, const char *pointer,
		     struct mst_json v)
{
	struct mst_json_iter it = mst_json_iter(v);
	size_t n = mst_json_len(v), i = 0;
	const char **texts;
	struct mst_json one;

	if (n > MST_MAX_CONF_LIST) {
		wrong(k, pointer, "the list is too long");
		return;
	}
	texts = mst_arena_alloc(k->arena, (n + 1) * sizeof(*texts));
	while (mst_json_next(&it, NULL, &one)) {
		texts[i] = text_of(k, one);
		if (!texts[i++]) {
			wrong(k, pointer, "a list holds texts only");
			return;
		}
	}
	add(k, key, pointer, texts, n, true);
}

/* ---- secrets ------------------------------------------------------------- */

static const char *stored_text(const struct mst_conf_item *item,
			       const char *key)
{
	for (size_t i = 0; item && i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0 &&
		    item->values[i].texts_n == 1)
			return item->values[i].texts[0];
	}
	return NULL;
}

/* {"keep": true}, {"set", "ref"} as it was shown, or {"value": "…"}. */
static void add_secret(struct reading *k, const char *key, const char *pointer,
		       struct mst_json v)
{
	struct mst_json value = mst_json_get(v, "value");
	const char *ref = text_of(k, mst_json_get(v, "ref"));
	struct mst_slice s = mst_json_str(value);
	bool keep = false;

	if (mst_json_bool(mst_json_get(v, "keep"), &keep) && keep) {
		ref = stored_text(k->stored, key);
	} else if (mst_json_type(value) != MST_JSON_NULL) {
		ref = mst_arena_printf(k->arena, "%s.%s", k->name, key);
		if (mst_json_type(value) != MST_JSON_STRING || s.n == 0)
			wrong(k, pointer, "\"value\" is a text, not empty");
		else if (!mst_secret_name_ok(ref))
			wrong(k, pointer,
			      "the name is too long to seal a secret under; "
			      "store it by PUT /secrets/NAME and refer to it "
			      "as \"sealed:NAME\"");
		k->seals[k->seals_n++] = (struct mst_api_seal){ref, s};
		ref = mst_arena_printf(k->arena, "sealed:%s", ref);
	}
	if (ref)
		add_text(k, key, pointer, ref);
}

static bool is_secret(struct reading *k, const char *key)
{
	const struct mst_opt *opt = k->opts ? mst_opt_find(k->opts, key) : NULL;

	return opt && opt->type == MST_OPT_SECRET;
}

/* ---- all values ---------------------------------------------------------- */

static void add_values(struct reading *k, struct mst_json map,
		       const char *prefix, const char *pointer, int depth)
{
	struct mst_json_iter it = mst_json_iter(map);
	struct mst_slice name;
	struct mst_json v;

	while (mst_json_next(&it, &name, &v)) {
		const char *at = below(k, pointer, name);
		const char *key =
		    mst_arena_printf(k->arena, "%s%s%.*s", prefix,
				     *prefix ? "." : "", (int)name.n, name.p);
		enum mst_json_type type = mst_json_type(v);
		const char *text;

		if (!name.n || strlen(key) > MST_MAX_CONF_KEY ||
		    k->seals_n == MST_MAX_CONF_VALUES)
			wrong(k, at, "is no key of an option");
		else if (type == MST_JSON_OBJECT && is_secret(k, key))
			add_secret(k, key, at, v);
		else if (type == MST_JSON_OBJECT && depth < 8)
			add_values(k, v, key, at, depth + 1);
		else if (type == MST_JSON_ARRAY)
			add_list(k, key, at, v);
		else if (type != MST_JSON_NULL && (text = text_of(k, v)))
			add_text(k, key, at, text);
		else if (type != MST_JSON_NULL)
			wrong(k, at, "is no text, number, boolean or list");
	}
}

static void tell_wrong(void *ctx, const struct mst_conf_value *v,
		       const char *key, const char *text)
{
	struct reading *k = ctx;
	const char *at = v ? k->pointers[v - k->values]
			   : mst_arena_printf(k->arena, "/values/%s", key);

	wrong(k, at, text);
}

static int take_type(struct reading *k, struct mst_json body, const char *kind,
		     struct mst_conf_item *item, struct mst_err *err)
{
	struct mst_json type = mst_json_get(body, "type");

	item->type = k->stored ? k->stored->type : "";
	if (!has_types(kind)) {
		k->opts = mst_api_opts(kind, "");
		return 0;
	}
	if (mst_json_type(type) == MST_JSON_STRING)
		item->type = mst_arena_dup(k->arena, mst_json_str(type)).p;
	k->opts = mst_api_opts(kind, item->type);
	if (k->opts)
		return 0;
	wrong(k, "/type", *item->type ? "there is no such type" : "is missing");
	return mst_err_set(err, MST_E_INVALID, "there is no %s of type '%.60s'",
			   mst_conf_entry(kind), item->type);
}

int mst_api_item_read(struct mst_http_req *r, struct mst_json body,
		      const char *kind, const char *name,
		      const struct mst_conf_item *stored,
		      struct mst_arena *arena, struct mst_api_item *out_r,
		      struct mst_err *err)
{
	size_t room = MST_MAX_CONF_VALUES;
	struct mst_conf_item item = {
	    .kind = kind, .name = name, .file = PLACE, .line = 1, .column = 1};
	struct reading k = {
	    .r = r,
	    .arena = arena,
	    .stored = stored,
	    .name = name,
	    .values = mst_arena_alloc(arena, room * sizeof(*k.values)),
	    .pointers = mst_arena_alloc(arena, room * sizeof(*k.pointers)),
	    .seals = mst_arena_alloc(arena, room * sizeof(*k.seals)),
	};
	struct mst_json values = mst_json_get(body, "values");

	if (!mst_conf_name_ok(mst_slice_str(name)))
		return mst_err_set(err, MST_E_INVALID,
				   "a name is 1 to %d letters, digits, \"_\", "
				   "\"-\" or \".\", and begins with a letter "
				   "or digit",
				   MST_MAX_NAME);
	if (take_type(&k, body, kind, &item, err) < 0)
		return -(int)err->code;
	if (mst_json_type(values) != MST_JSON_OBJECT)
		wrong(&k, "/values", "is an object of options");
	else
		add_values(&k, values, "", "/values", 0);
	item.values = k.values;
	item.values_n = k.n;
	if (!k.wrong && k.opts)
		(void)mst_conf_wrong(&item, k.opts, tell_wrong, &k);
	*out_r = (struct mst_api_item){item, k.pointers, k.seals, k.seals_n};
	return k.wrong ? mst_err_set(err, MST_E_INVALID,
				     "the %s '%s' is not right; nothing was "
				     "saved",
				     mst_conf_entry(kind), name)
		       : 0;
}

/* ---- checking ------------------------------------------------------------ */

/* The digits up to the next ':', and what stands behind it. */
static bool take_number(const char **p, uint64_t *n_r)
{
	size_t n = strcspn(*p, ":");

	if ((*p)[n] != ':' || !mst_num_u64(mst_slice(*p, n), n_r))
		return false;
	*p += n + 1;
	return true;
}

void mst_api_item_place(struct mst_http_req *r, const struct mst_api_item *v,
			struct mst_err *err)
{
	char *at = strstr(err->msg, PLACE ":");
	const char *p = at ? at + strlen(PLACE ":") : NULL;
	const char *pointer = "";
	uint64_t line = 0, column;

	if (!at || !take_number(&p, &line) || !take_number(&p, &column))
		return;
	p += *p == ' ';
	(void)memmove(at, p, strlen(p) + 1);
	if (line >= FIRST_LINE && line - FIRST_LINE < v->item.values_n)
		pointer = v->pointers[line - FIRST_LINE];
	mst_http_wrong(r, pointer, "%s", at);
}

int mst_api_item_check(struct mst_http_req *r, struct mst_state *state,
		       const struct mst_api_item *v, struct mst_err *err)
{
	const struct mst_config config = {state, &v->item, 1};
	int rc = mst_config_check(&config, err);

	if (rc == 0)
		rc = mst_config_no_programs(&config, err);
	if (rc < 0)
		mst_api_item_place(r, v, err);
	/* What it names and is not there is a matter of the body. */
	if (rc == -MST_E_NOTFOUND)
		err->code = MST_E_INVALID;
	return rc < 0 ? -(int)err->code : 0;
}
