/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an exclusion window, and as a rule: a YAML list entry of
 * options, then "\n---\n" and an address. Made or refused with a line; what is
 * made can be asked.
 */
#include <assert.h>
#include <stdlib.h>

#include "forward/act_incident.h"
#include "forward/act_webhook.h"
#include "forward/exclude.h"
#include "forward/rule.h"
#include "tests/fuzz/fuzz.h"

#define OPTIONS 16
#define TEXTS	8

static void one_line(const struct mst_err *err)
{
	assert(err->msg[0] && !strchr(err->msg, '\n'));
}

static void ask(const struct mst_conf_item *item, struct mst_arena *arena,
		const struct mst_alert *a)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_exclude x;
	struct mst_alert_rule r;
	struct mst_incident_conf c;
	const char *line;
	char why[256];

	if (mst_exclude_make(item, arena, &x, &err) == 0) {
		(void)mst_exclude_fits(&x, a, 0);
		mst_exclude_fini(&x);
	} else {
		one_line(&err);
	}
	mst_err_clear(&err);
	if (mst_alert_rule_make(item, 0, arena, &r, &err) == 0) {
		enum mst_alert_rule_no no =
		    mst_alert_rule_match(&r, "iot", a, 0);

		assert(mst_alert_rule_why(no, &r, "iot", a, why)[0]);
	} else {
		one_line(&err);
	}
	mst_err_clear(&err);
	if (mst_incident_make(item, arena, &c, &err) < 0)
		one_line(&err);
	mst_err_clear(&err);
	if (item->values_n &&
	    mst_webhook_header(item, "x", item->values[0].texts[0], arena,
			       &line, &err) == 0)
		assert(!strpbrk(line, "\r\n"));
}

/* The next part of s before c, as a text; s is what is behind it. */
static const char *part(struct mst_slice *s, char c, struct mst_arena *arena)
{
	const char *end = s->n ? memchr(s->p, c, s->n) : NULL;
	size_t n = end ? (size_t)(end - s->p) : s->n;
	const char *text = mst_arena_dup(arena, mst_slice(s->p, n)).p;

	n += end != NULL;
	*s = mst_slice(s->p + n, s->n - n);
	return text;
}

/* lists: of one text, too. */
static struct mst_conf_item item_of(struct mst_slice s, bool lists,
				    struct mst_arena *arena)
{
	struct mst_conf_value *v = mst_arena_alloc(arena, OPTIONS * sizeof(*v));
	struct mst_conf_item item = {
	    .kind = "rule", .name = "x", .file = "f", .values = v};

	while (s.n && item.values_n < OPTIONS) {
		const char *line = part(&s, '\n', arena);
		struct mst_slice rest = mst_slice_str(line);
		const char **texts =
		    mst_arena_alloc(arena, TEXTS * sizeof(*texts));
		struct mst_conf_value *one = &v[item.values_n++];

		*one = (struct mst_conf_value){
		    .key = part(&rest, '=', arena), .texts = texts, .line = 1};
		do
			texts[one->texts_n++] = part(&rest, '|', arena);
		while (rest.n && one->texts_n < TEXTS);
		one->is_list = lists || one->texts_n > 1;
	}
	return item;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_slice all = {(const char *)data, size}, address = {0};
	struct mst_alert a = {.severity = MST_SEVERITY_MINOR};
	const char *cut = size ? memmem(data, size, "---\n", 4) : NULL;
	struct mst_conf_item item;
	struct mst_arena arena;
	struct mst_net net;

	if (size > 4096)
		return 0;
	if (cut) {
		all.n = (size_t)(cut - all.p);
		address = mst_slice(cut + 4, size - all.n - 4);
	}
	a.source.address = a.destination.mac = a.title = a.protocol = address;
	if (mst_net_parse(address, &net))
		assert(net.bits <= 128 && mst_net_has(&net, &net));
	mst_arena_init(&arena, 1u << 24);
	for (int lists = 0; lists < 2; lists++) {
		item = item_of(all, lists, &arena);
		ask(&item, &arena, &a);
	}
	mst_arena_fini(&arena);
	return 0;
}
