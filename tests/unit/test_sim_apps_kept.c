/* SPDX-License-Identifier: Apache-2.0
 *
 * The organisation's people as users of the simulated ServiceNow, and what is
 * kept of cloud apps on disk: the state file, folders of answers.
 */
#include "sim_fixture.h"

#include <stdio.h>

#include "base/file.h"

static struct fx fx;

static void start(const struct mst_sim_conf *conf)
{
	fx_start(&fx, conf);
	fx.token[0] = '\0';
	fx.basic = true;
}

/* ---- people -------------------------------------------------------------- */

static size_t users_like(const char *query)
{
	char path[256];

	(void)snprintf(path, sizeof(path),
		       "/api/now/table/sys_user?sysparm_query=%s", query);
	assert_int_equal(fx_get(&fx, MST_SIM_SERVICENOW, path), 200);
	return mst_json_len(mst_json_get(fx_json(&fx), "result"));
}

static void last_user_type(char out[40])
{
	struct mst_json_iter it;
	struct mst_json v;

	assert_int_equal(fx_get(&fx, MST_SIM_SERVICENOW,
				"/api/now/table/cmdb_rel_user_type?"
				"sysparm_query=name=Uses"),
			 200);
	it = mst_json_iter(mst_json_get(fx_json(&fx), "result"));
	assert_true(mst_json_next(&it, NULL, &v));
	(void)snprintf(out, 40, "%.*s",
		       MST_SLICE_ARG(mst_json_str(mst_json_get(v, "sys_id"))));
}

static void people(void **state)
{
	static const struct mst_sim_conf some = {
	    .devices = 20, .apps = 40, .people = 200};
	static const struct mst_sim_conf none = {.empty = true};
	char with[40], without[40];

	(void)state;
	start(&some);
	assert_int_equal(users_like("email=lena.fischer@corp.example.com"), 1);
	assert_int_equal(users_like("email=emil.meyer@corp.example.com"
				    "^active=false"),
			 1);
	/* two of the same address; one of them is not active */
	assert_int_equal(users_like("user_nameSTARTSWITHx."), 10);
	assert_int_equal(users_like("emailSTARTSWITHkarl.kowal"), 2);
	assert_int_equal(users_like("user_nameENDSWITH@id.example.com"), 5);
	assert_int_equal(users_like("emailENDSWITHpartner.example.net"), 0);
	last_user_type(with);
	fx_stop(&fx);
	start(&none);
	assert_int_equal(users_like("emailENDSWITHcorp.example.com"), 0);
	last_user_type(without);
	assert_string_equal(with, without);
	fx_stop(&fx);
}

/* ---- state and files ----------------------------------------------------- */

static void expected(struct mst_sim *sim, struct mst_buf *out)
{
	mst_buf_reset(out);
	assert_int_equal(mst_sim_control(sim, "GET", "/_sim/expected",
					 mst_slice(NULL, 0), out),
			 200);
}

/* What ServiceNow knew at a sync is remembered, though it changes later. */
static void state_file(void **state)
{
	struct mst_sim_conf conf = {
	    .devices = 5, .apps = 40, .state_file = t_path("apps.json")};
	struct mst_buf before, after;
	struct fx one;

	(void)state;
	mst_buf_init(&before, 1u << 28);
	mst_buf_init(&after, 1u << 28);
	fx_start(&one, &conf);
	fx_control(&one, "POST", "/_sim/truth",
		   "{\"cloudapps\":{\"allow_user_synchronization\":true}}");
	fx_control(&one, "POST", "/_sim/apps",
		   "{\"apps\":[{\"id\":\"1\",\"name\":\"X\",\"users\":["
		   "\"new@x.example\"]}]}");
	fx_control(&one, "POST", "/_sim/sn/insert",
		   "{\"table\":\"sys_user\",\"values\":{\"email\":"
		   "\"new@x.example\",\"active\":\"true\"}}");
	fx_control(&one, "POST", "/_sim/synced", "{\"source\":\"cloudapps\"}");
	fx_control(&one, "POST", "/_sim/day", "{\"day\":2}");
	fx_control(&one, "DELETE", "/_sim/apps", "{\"ids\":[\"10000\"]}");
	fx_control(&one, "POST", "/_sim/synced", "{\"source\":\"cloudapps\"}");
	expected(one.sim, &before);
	assert_non_null(strstr(before.p, "\"table\":\"cmdb_rel_person\""));
	assert_non_null(strstr(before.p, "\"install_status\":\"7\""));
	fx_stop(&one);
	conf.apps = 0; /* the file says it */
	fx_start(&one, &conf);
	expected(one.sim, &after);
	assert_int_equal(after.n, before.n);
	assert_memory_equal(after.p, before.p, before.n);
	fx_control(&one, "GET", "/_sim/apps", NULL);
	assert_int_equal(fx_int(fx_json(&one), "people"), 66);
	fx_stop(&one);
	mst_buf_fini(&before);
	mst_buf_fini(&after);
}

struct files {
	size_t streams, apps, info, users, further;
	uint64_t records;
};

static int count_file(void *ctx, const char *path, const char *rel,
		      uint64_t size, struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(64u << 20);
	struct files *f = ctx;
	struct mst_buf text;
	struct mst_json root;

	mst_buf_init(&text, 64u << 20);
	t_ok(mst_file_read(path, &text, err), err);
	assert_int_equal(text.n, size);
	t_ok(mst_json_parse(p, mst_buf_slice(&text), &root, err), err);
	f->streams += !strcmp(rel, "streams/streams.json");
	f->apps += !strncmp(rel, "apps/", 5);
	f->info += !strncmp(rel, "app_info/", 9);
	if (!strncmp(rel, "app_users/", 10)) {
		size_t commas = 0;

		for (const char *c = rel; *c; c++)
			commas += *c == ',';
		assert_true(commas == 1 || commas == 2);
		f->users += commas == 1;
		f->further += commas == 2;
		f->records += mst_json_len(mst_json_get(root, "value"));
	}
	mst_buf_fini(&text);
	mst_json_parser_free(&p);
	return 0;
}

static void folder(void **state)
{
	struct mst_sim_conf conf = {.apps = 60, .app_links = 3000};
	struct mst_sim_folder f = {.dir = t_path("apps"), .page = 20};
	struct mst_err err = MST_ERR_INIT;
	struct mst_sim_saved saved;
	struct files files = {0};

	(void)state;
	t_ok(mst_sim_save_apps(&conf, &f, &saved, &err), &err);
	t_ok(mst_dir_walk(f.dir, count_file, &files, &err), &err);
	assert_int_equal(files.streams, 1);
	assert_true(files.apps > 4);
	assert_int_equal(files.info, saved.apps);
	assert_true(files.users > saved.apps && files.further > 0);
	assert_int_equal(files.records, saved.users);
	assert_int_equal(saved.files, 1 + files.apps + files.info +
					  files.users + files.further);
	f.dir = "/dev/null/no";
	assert_true(mst_sim_save_apps(&conf, &f, &saved, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(people),
	    cmocka_unit_test(state_file),
	    cmocka_unit_test(folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
