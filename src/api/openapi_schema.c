/* SPDX-License-Identifier: Apache-2.0
 *
 * The small language of types (schema.h) as JSON Schema.
 */
#include <stdio.h>

#include "api/openapi_private.h"
#include "api/tables.h"

/* ---- types --------------------------------------------------------------- */

static bool ends(struct mst_slice t, const char *tail)
{
	size_t n = strlen(tail);

	return t.n > n && memcmp(t.p + t.n - n, tail, n) == 0;
}

void mst_openapi_ref(struct mst_jout *j, struct mst_slice name)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "#/components/schemas/%.*s",
		       MST_SLICE_ARG(name));
	mst_jout_obj(j);
	mst_jout_kstr(j, "$ref", text);
	mst_jout_end_obj(j);
}

void mst_openapi_words(struct mst_jout *j, struct mst_slice t, bool null)
{
	mst_jout_obj(j);
	mst_jout_key(j, "enum");
	mst_jout_arr(j);
	while (t.n) {
		const char *bar = memchr(t.p, '|', t.n);
		size_t n = bar ? (size_t)(bar - t.p) : t.n;

		mst_jout_slice(j, mst_slice(t.p, n));
		t = mst_slice(t.p + n + !!bar, t.n - n - !!bar);
	}
	if (null)
		mst_jout_null(j);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static const struct plain {
	const char *name, *type, *format;
} plains[] = {
    {"string", "string", NULL},	     {"integer", "integer", "int64"},
    {"number", "number", NULL},	     {"boolean", "boolean", NULL},
    {"time", "string", "date-time"}, {"day", "string", "date"},
    {"object", "object", NULL},	     {"any", NULL, NULL},
};

static const struct plain *plain_of(struct mst_slice t)
{
	for (size_t i = 0; i < MST_LEN(plains); i++)
		if (mst_slice_is(t, plains[i].name))
			return &plains[i];
	return NULL;
}

static void plain_json(struct mst_jout *j, const struct plain *p, bool null)
{
	mst_jout_obj(j);
	if (p->type && null) {
		mst_jout_key(j, "type");
		mst_jout_arr(j);
		mst_jout_str(j, p->type);
		mst_jout_str(j, "null");
		mst_jout_end_arr(j);
	} else if (p->type) {
		mst_jout_kstr(j, "type", p->type);
	}
	if (p->format)
		mst_jout_kstr(j, "format", p->format);
	mst_jout_end_obj(j);
}

static void or_null(struct mst_jout *j, struct mst_slice t)
{
	mst_jout_obj(j);
	mst_jout_key(j, "anyOf");
	mst_jout_arr(j);
	mst_openapi_type(j, t);
	mst_jout_obj(j);
	mst_jout_kstr(j, "type", "null");
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static void inner(struct mst_jout *j, const char *type, const char *member,
		  struct mst_slice t)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "type", type);
	mst_jout_key(j, member);
	mst_openapi_type(j, t);
	mst_jout_end_obj(j);
}

void mst_openapi_type(struct mst_jout *j, struct mst_slice t)
{
	bool null = ends(t, "?");
	struct mst_slice core = null ? mst_slice(t.p, t.n - 1) : t;
	const struct plain *p = plain_of(core);
	bool one = core.p[0] == '=';
	bool words = core.p[0] != '{' && memchr(core.p, '|', core.n) &&
		     !ends(core, "[]");

	if (p)
		plain_json(j, p, null);
	else if (words || one)
		mst_openapi_words(j, mst_slice(core.p + one, core.n - one),
				  null);
	else if (null)
		or_null(j, core);
	else if (ends(core, "[]"))
		inner(j, "array", "items", mst_slice(core.p, core.n - 2));
	else if (core.p[0] == '{' && ends(core, "}"))
		inner(j, "object", "additionalProperties",
		      mst_slice(core.p + 1, core.n - 2));
	else if (core.p[0] == '&')
		mst_openapi_ref(j, mst_slice(core.p + 1, core.n - 1));
	else /* a table of ours is wrong: test_openapi finds it */
		mst_jout_raw(j, MST_SLICE_LIT("{\"x-unknown\":true}"));
}

/* ---- schemas ------------------------------------------------------------- */

/* Its schema with the help beside it. */
static void member_json(struct mst_jout *j, const struct mst_api_field *f)
{
	struct mst_slice t = mst_slice_str(f->type);

	if (!f->help || !*f->help) {
		mst_openapi_type(j, t);
		return;
	}
	mst_jout_obj(j);
	mst_jout_kstr(j, "description", f->help);
	mst_jout_key(j, "allOf");
	mst_jout_arr(j);
	mst_openapi_type(j, t);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static struct mst_slice bare_name(const char *name, bool *optional_r)
{
	struct mst_slice s = mst_slice_str(name);

	*optional_r = ends(s, "?");
	if (*optional_r)
		s.n--;
	return s;
}

static void schema_json(struct mst_jout *j, const struct mst_api_schema *s)
{
	bool optional;

	mst_jout_obj(j);
	mst_jout_kstr(j, "type", "object");
	if (s->help && *s->help)
		mst_jout_kstr(j, "description", s->help);
	mst_jout_key(j, "properties");
	mst_jout_obj(j);
	for (const struct mst_api_field *f = s->fields; f && f->name; f++) {
		mst_jout_key_slice(j, bare_name(f->name, &optional));
		member_json(j, f);
	}
	mst_jout_end_obj(j);
	mst_jout_key(j, "required");
	mst_jout_arr(j);
	for (const struct mst_api_field *f = s->fields; f && f->name; f++) {
		struct mst_slice name = bare_name(f->name, &optional);

		if (!optional)
			mst_jout_slice(j, name);
	}
	mst_jout_end_arr(j);
	mst_jout_kbool(j, "additionalProperties", false);
	mst_jout_end_obj(j);
}

static const struct mst_api_field problem_fields[] = {
    {"type", "string", "urn:muster:error:CODE"},
    {"title", "string", ""},
    {"status", "integer", ""},
    {"detail", "string", "what, where, why, what to do"},
    {"errors?", "&problem_error[]", "members and parameters that are wrong"},
    {"instance", "string", "id of the request, which the log has, too"},
    {0},
};

static const struct mst_api_field error_fields[] = {
    {"pointer", "string", "/member of the body, or ?parameter"},
    {"detail", "string", ""},
    {"line?", "integer", "of a text"},
    {"column?", "integer", "of a text"},
    {0},
};

static const struct mst_api_schema problem_schemas[] = {
    {"problem", "An error (RFC 9457).", problem_fields},
    {"problem_error", "What is wrong with one of them.", error_fields},
    {0},
};

static void table(struct mst_jout *j, const struct mst_api_schema *s)
{
	for (; s->name; s++) {
		mst_jout_key(j, s->name);
		schema_json(j, s);
	}
}

void mst_openapi_schemas(struct mst_jout *j)
{
	table(j, problem_schemas);
	for (size_t i = 0; mst_api_schemas[i]; i++)
		table(j, mst_api_schemas[i]);
}
