/* SPDX-License-Identifier: Apache-2.0
 *
 * What Prometheus is told: every name is in docs/metrics.md, and none there
 * that is not told.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "serve/gauges.h"
#include "state/task.h"
#include "sync/config.h"

#define S   INT64_C(1000000)
#define NOW (INT64_C(1795176000) * S)

static const char yaml[] =
    "connections:\n"
    "  - name: e\n    type: endpoint\n    read_from: /srv/x\n"
    "  - name: cmdb\n    type: servicenow\n    url: https://sn.example\n"
    "    username: u\n    password: env:X\n    requests_per_hour: 100\n"
    "jobs:\n"
    "  - name: a\n    source: e\n    destination: cmdb\n"
    "    schedule: {cron: \"0 13 * * *\", time_zone: UTC}\n"
    "  - name: b\n    source: e\n    destination: cmdb\n"
    "    schedule: {every: 1h, paused: yes}\n";

static void text(struct mst_state *state, struct mst_buf *out)
{
	struct mst_agenda *agenda = mst_agenda_new(state, false);
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_agenda_refresh(agenda, NOW, &err), &err);
	t_ok(mst_gauges_write(state, agenda, NOW, out, &err), &err);
	mst_agenda_free(&agenda);
}

static void fill(struct mst_state *state)
{
	const struct mst_task t = {.kind = "run",
				   .job = "a",
				   .connection = "",
				   .argv = "[]",
				   .files = "",
				   .state = MST_TASK_QUEUED,
				   .asked_by = "ann",
				   .asked_via = "api",
				   .approved_by = "",
				   .node = "",
				   .exit_status = -1,
				   .error = "",
				   .progress = ""};
	struct mst_run r = {.job = "a",
			    .status = MST_RUN_OK,
			    .ended_us = NOW + 5 * S,
			    .error = "",
			    .proof = "{}"};
	struct mst_err err = MST_ERR_INIT;
	struct mst_conf_item *items;
	struct mst_arena arena;
	size_t n, added, changed;
	int64_t id, until;
	uint64_t got;
	bool fresh;

	mst_arena_init(&arena, MST_MAX_ARENA);
	t_ok(mst_conf_read_in(mst_slice_str(yaml), "m", &arena, &items, &n,
			      &err),
	     &err);
	t_ok(
	    mst_config_put(state, items, n, NULL, NULL, &added, &changed, &err),
	    &err);
	mst_arena_fini(&arena);
	t_ok(mst_state_run_begin(state, "a", &r.id, &err), &err);
	t_ok(mst_state_run_end(state, &r, &err), &err);
	t_ok(mst_task_put(state, &t, &id, &err), &err);
	t_ok(mst_node_beat(state, "n\"1", 1, "1", "", &err), &err);
	t_ok(mst_notice_on(state, "guard", "a", "warning", "x", &fresh, &err),
	     &err);
	t_ok(mst_budget_take(state, "cmdb", 100, 7, NOW, &got, &until, &err),
	     &err);
}

static void gauges(void **unused)
{
	static const char *const lines[] = {
	    "\nmuster_job_last_run_start_timestamp_seconds{job=\"a\"} "
	    "1795176000\n",
	    "\nmuster_job_last_ok_timestamp_seconds{job=\"a\"} 1795176005\n",
	    "\nmuster_job_next_run_timestamp_seconds{job=\"a\"} 1795179600\n",
	    "\nmuster_job_paused{job=\"a\"} 0\nmuster_job_paused{job=\"b\"} "
	    "1\n",
	    "\nmuster_tasks{state=\"queued\"} 1\n",
	    "\nmuster_notices{kind=\"guard\"} 1\n",
	    "\nmuster_node_up{node=\"n\\\"1\"} 1\n",
	    "\nmuster_budget_used_requests{connection=\"cmdb\"} 7\n",
	};
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state;

	(void)unused;
	t_clock_set(NOW);
	t_ok(mst_state_open(t_path("gauges"), &state, &err), &err);
	fill(state);
	text(state, &out);
	for (size_t i = 0; i < MST_LEN(lines); i++) {
		if (!strstr(out.p, lines[i]))
			fail_msg("no line %s in\n%s", lines[i], out.p);
	}
	assert_null(strstr(out.p, "next_run_timestamp_seconds{job=\"b\"}"));
	mst_buf_fini(&out);
	mst_state_close(&state);
}

/* All "# TYPE name" of the sources and all "`name`" of the page. */
static void names(void **unused)
{
	static const char *const files[] = {
	    "src/serve/gauges.c", "src/serve/serve.c", "src/api/metrics.c",
	    "src/api/prometheus.c"};
	struct mst_buf page = MST_BUF_INIT(1u << 20),
		       code = MST_BUF_INIT(4u << 20);
	struct mst_err err = MST_ERR_INIT;
	char name[128];

	(void)unused;
	t_ok(mst_file_read(ROOT "/docs/metrics.md", &page, &err), &err);
	for (size_t i = 0; i < MST_LEN(files); i++) {
		char path[4096];

		(void)snprintf(path, sizeof(path), ROOT "/%s", files[i]);
		t_ok(mst_file_read(path, &code, &err), &err);
	}
	for (const char *p = code.p; (p = strstr(p, "# HELP muster_"));) {
		size_t n;

		p += strlen("# HELP ");
		n = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		(void)snprintf(name, sizeof(name), "`%.*s`", (int)n, p);
		if (!strstr(page.p, name))
			fail_msg("docs/metrics.md lacks %s", name);
	}
	for (const char *p = page.p; (p = strstr(p, "\n| `muster_"));) {
		size_t n;

		p += strlen("\n| `");
		n = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		(void)snprintf(name, sizeof(name), "%.*s", (int)n, p);
		if (!strstr(code.p, name))
			fail_msg("there is no %s", name);
	}
	mst_buf_fini(&page);
	mst_buf_fini(&code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gauges),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
