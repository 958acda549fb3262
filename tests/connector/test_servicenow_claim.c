/* SPDX-License-Identifier: Apache-2.0
 *
 * A CI gets a further native key: by its sys_id, and only that CI.
 */
#include "sn_fake.h"

#include <stdio.h>

static const char *answer; /* of the engine; NULL: no access */

static bool engine(struct fake *f, struct fake_sub *s)
{
	if (!mst_slice_istarts(s->url, "/api/now/identifyreconcile/enhanced"))
		return false;
	f->n++;
	t_is(s->body,
	     "{\"items\":[{\"className\":\"cmdb_ci_ot_plc\",\"values\":{"
	     "\"sys_id\":\"000000000000000000000000000000aa\"},"
	     "\"sys_object_source_info\":{\"source_name\":\"muster\","
	     "\"source_native_key\":\"c/342\",\"source_feed\":\"rekey\"}}]}");
	s->status = answer ? 200 : 403;
	mst_buf_adds(&s->out, answer ? answer
				     : "{\"error\":{\"message\":\"User Not "
				       "Authorized\",\"detail\":\"x\"},"
				       "\"status\":\"failure\"}");
	return true;
}

static char why[700];
static int ends;

static void on_end(void *ctx, uint64_t tag, const struct mst_raw *row,
		   const char *text)
{
	(void)ctx;
	assert_int_equal(tag, 7);
	assert_null(row);
	(void)snprintf(why, sizeof(why), "%s", text ? text : "");
	ends++;
}

static void says(struct fake *f, const char *with, const char *part)
{
	struct mst_sysid id = fake_id("000000000000000000000000000000aa");

	answer = with;
	ends = 0;
	t_ok(mst_dest_servicenow.claim(f->d, MST_SLICE_LIT("cmdb_ci_ot_plc"),
				       &id, MST_SLICE_LIT("c/342"), "rekey", 7,
				       on_end, NULL, &f->err),
	     &f->err);
	t_ok(fake_pump(f), &f->err);
	assert_int_equal(ends, 1);
	if (*part ? !strstr(why, part) : *why != 0)
		fail_msg("wanted \"%s\", not \"%s\"", part, why);
}

#define ITEM(id, more)                                                         \
	"{\"result\":{\"items\":[{\"className\":\"cmdb_ci_ot_plc\","           \
	"\"operation\":\"NO_CHANGE\",\"sysId\":\"" id                          \
	"\",\"inputIndices\":[0]" more "}]}}"

static void test_answers(void **state)
{
	struct fake *f = fake_new();

	(void)state;
	fake_open(f);
	f->on_sub = engine;
	says(f, ITEM("000000000000000000000000000000aa", ""), "");
	says(f, ITEM("000000000000000000000000000000bb", ""), "another CI");
	says(f,
	     ITEM("Unknown", ",\"errors\":[{\"error\":\"INVALID_INPUT_DATA\","
			     "\"message\":\"no such CI\"}]"),
	     "INVALID_INPUT_DATA: no such CI");
	says(f, "{\"result\":{\"items\":[]}}", "says nothing of the CI");
	says(f, "{}", "says nothing of the CI");
	says(f, NULL, "User Not Authorized");
	assert_int_equal(f->n, 6);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers)};

	return cmocka_run_group_tests_name("servicenow claim", tests, NULL,
					   NULL);
}
