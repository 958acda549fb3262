/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an alert, in each form and behind each syslog header: an alert
 * with clean texts of a bounded length, or a reason without the bytes.
 */
#include <assert.h>
#include <stdlib.h>

#include "alert/form.h"
#include "tests/fuzz/fuzz.h"

static void check_text(struct mst_slice s, size_t max, bool line)
{
	assert(s.n <= max && (s.n == 0 || s.p));
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		assert((c >= ' ' && c != 0x7f) || (c == '\n' && !line));
	}
}

static void check(const struct mst_alert *a, struct mst_arena *arena)
{
	const struct mst_slice names[] = {
	    a->uuid,
	    a->id,
	    a->title,
	    a->protocol,
	    a->category,
	    a->sensor,
	    a->sensor_id,
	    a->zone,
	    a->site,
	    a->source.id,
	    a->source.name,
	    a->source.address,
	    a->source.mac,
	    a->destination.id,
	    a->destination.name,
	    a->destination.address,
	    a->destination.mac,
	};

	for (size_t i = 0; i < MST_LEN(names); i++)
		check_text(names[i], MST_ALERT_TEXT, true);
	check_text(a->message, MST_ALERT_MESSAGE, false);
	check_text(a->steps, MST_ALERT_MESSAGE, false);
	check_text(a->more, MST_ALERT_MESSAGE, false);
	assert(a->title.n > 0);
	assert(mst_alert_key(a, arena).n > 0);
	assert(mst_alert_device(a).n > 0);
	assert(a->severity <= MST_SEVERITY_CRITICAL);
	assert(a->engine <= MST_ENGINE_OPERATIONAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size, so that one byte too far is seen. */
	char *copy = malloc(size + 1);
	struct mst_slice s = {copy, size}, body, host;
	struct mst_arena arena;
	int64_t us;

	if (!copy || size > MST_FORM_MAX) {
		free(copy);
		return 0;
	}
	memcpy(copy, data, size);
	body = mst_form_syslog(s, INT64_C(1795168800000000), &host, &us);
	assert(body.n <= size && host.n <= size);
	assert(body.n == 0 ||
	       (body.p >= copy && body.p + body.n <= copy + size));
	mst_arena_init(&arena, 16u << 20);
	(void)mst_form_of(body);
	for (unsigned f = MST_FORM_JSON; f <= MST_FORM_OBJECT; f++) {
		struct mst_err err = MST_ERR_INIT;
		struct mst_alert a;

		if (mst_form_read((enum mst_form)f, body, 3600, &arena, &a,
				  &err) == 0)
			check(&a, &arena);
		else
			assert(err.msg[0] && !strchr(err.msg, '\n'));
		mst_arena_reset(&arena);
	}
	mst_arena_fini(&arena);
	free(copy);
	return 0;
}
