/* SPDX-License-Identifier: Apache-2.0
 *
 * Any alert, in each form, through every action: what is sent is whole JSON, or
 * one line that reads back as the same alert.
 */
#include <assert.h>
#include <stdlib.h>

#include "alert/form.h"
#include "base/time.h"
#include "forward/action.h"
#include "tests/fuzz/fuzz.h"

#define NOW INT64_C(1795168800000000)

static struct mst_json_parser *parser;

static struct mst_json json(const struct mst_buf *b)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	int rc = mst_json_parse(parser, mst_buf_slice(b), &root, &err);

	assert(rc == 0 && !b->overflow);
	return root;
}

static void bodies(const struct mst_alert *a, struct mst_slice key,
		   struct mst_arena *arena)
{
	static const char *const cmdb[] = {"cmdb"};
	static const struct mst_conf_value value = {
	    .key = "connection", .texts = cmdb, .texts_n = 1};
	const struct mst_conf_item item = {
	    .kind = "job", .name = "x", .values = &value, .values_n = 1};
	const struct mst_application_refs refs = {"", "", ""};
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_event e = {"iot", key, a};
	struct mst_err err = MST_ERR_INIT;
	struct mst_incident_conf c;
	int rc = mst_incident_make(&item, arena, &c, &err);

	assert(rc == 0);
	mst_incident_open(&c, "iot", key, a, NULL, &out);
	assert(mst_json_len(json(&out)) == 6);
	mst_buf_reset(&out);
	mst_incident_update(a, "m-1", &out);
	assert(mst_json_len(json(&out)) == 1);
	mst_buf_reset(&out);
	mst_incident_close(&c, a, &out);
	assert(mst_json_len(json(&out)) == 3);
	mst_buf_reset(&out);
	mst_event_body(&e, 1, NOW, &out);
	assert(mst_json_len(mst_json_get(json(&out), "records")) == 1);
	mst_buf_reset(&out);
	mst_webhook_body(a, &out);
	assert(mst_json_len(json(&out)) == 24);
	mst_buf_reset(&out);
	mst_application_body("iot", key, a, &refs, &out);
	assert(mst_json_len(json(&out)) >= 4);
	mst_buf_reset(&out);
	mst_incident_query("iot", key, &out);
	assert(!strpbrk(out.p, "^ \n"));
	mst_buf_fini(&out);
}

/* No text makes a header of its own, or ends the headers. */
static void mail(const struct mst_alert *a, struct mst_slice key)
{
	static const char *const names[] = {
	    "From: ",	    "To: ",	     "Subject: ",	"Date: ",
	    "Message-ID: ", "In-Reply-To: ", "Auto-Submitted: "};
	const char *to[] = {"soc@example.com"};
	const struct mst_mail_conf c = {
	    .from = "muster@example.com", .to = {to, 1}, .zone_name = "UTC"};
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	size_t n = 0;

	mst_mail_headers(&c, "iot", key, MST_DELIVERY_UPDATE, 7, a, NOW, &out);
	for (const char *p = out.p; *p; p = strstr(p, "\r\n") + 2) {
		assert(strcspn(p, "\r\n") <= 998);
		assert(*p == ' ' ||
		       strncmp(p, names[n], strlen(names[n])) == 0);
		n += *p != ' ';
	}
	assert(n == MST_LEN(names));
	for (size_t i = 0; i < out.n; i++)
		assert((unsigned char)out.p[i] < 0x7f);
	mst_buf_reset(&out);
	mst_mail_text(&c, MST_DELIVERY_OPEN, a, &out);
	assert(out.n > 0 && !out.overflow);
	mst_buf_fini(&out);
}

static void line(const struct mst_alert *a, struct mst_arena *arena)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_slice host, body;
	struct mst_alert b;
	int64_t us;
	int rc;

	mst_syslog(a, "1.2", NULL, NOW, MST_SYSLOG_PLAIN, &out);
	assert(!strpbrk(out.p, "\r\n"));
	body = mst_form_syslog(mst_buf_slice(&out), NOW, &host, &us);
	assert(us == NOW);
	rc = mst_form_read(MST_FORM_CEF, body, 0, arena, &b, &err);
	assert(rc == 0);
	assert(mst_slice_eq(a->title, b.title));
	assert(mst_slice_eq(a->uuid, b.uuid));
	assert(mst_slice_eq(a->protocol, b.protocol));
	assert(mst_slice_eq(a->source.address, b.source.address));
	assert(mst_slice_eq(a->message, b.message));
	assert(a->engine == b.engine);
	mst_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_slice s = {(const char *)data, size};
	struct mst_arena arena;

	if (size > MST_FORM_MAX)
		return 0;
	if (!parser)
		parser = mst_json_parser_new(1u << 20);
	mst_arena_init(&arena, 16u << 20);
	for (unsigned f = MST_FORM_JSON; f <= MST_FORM_OBJECT; f++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_alert a;

		if (mst_form_read((enum mst_form)f, s, 0, &arena, &a, &err) ==
		    0) {
			bodies(&a, mst_alert_key(&a, &arena), &arena);
			mail(&a, mst_alert_key(&a, &arena));
			line(&a, &arena);
		}
		mst_arena_reset(&arena);
	}
	mst_arena_fini(&arena);
	return 0;
}
