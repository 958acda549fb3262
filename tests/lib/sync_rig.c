/* SPDX-License-Identifier: Apache-2.0
 *
 * See sync_rig.h.
 */
#include "tests/lib/sync_rig.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "sim/verify.h"

#define OUT_MAX	  (64u << 20)
#define WORDS_MAX 24
#define OWN_MAX	  16
#define ENV_MAX	  400

/* ---- starting ------------------------------------------------------------ */

static const struct mst_sim_conf tiny[] = {
    [RIG_ENDPOINT] = {.devices = 6, .cve_rows = 60},
    [RIG_CLOUDAPPS] = {.devices = 1,
		       .cve_rows = 1,
		       .apps = 12,
		       .people = 15,
		       .app_links = 60},
    [RIG_IOT] = {.devices = 1,
		 .cve_rows = 1,
		 .apps = -1,
		 .iot_devices = 120,
		 .iot_alerts = 10},
};

static const char *const sources[] = {
    [RIG_ENDPOINT] = "endpoint",
    [RIG_CLOUDAPPS] = "cloudapps",
    [RIG_IOT] = "iot",
};

static const char *const names[] = {
    [RIG_ENDPOINT] = "defender",
    [RIG_CLOUDAPPS] = "apps",
    [RIG_IOT] = "plant",
};

void rig_start(struct rig *r, const struct mst_sim_conf *conf)
{
	rig_start_source(r, RIG_ENDPOINT, conf);
}

void rig_start_source(struct rig *r, enum rig_source source,
		      const struct mst_sim_conf *conf)
{
	static unsigned rigs;
	struct mst_err err = MST_ERR_INIT;

	*r = (struct rig){.source = source};
	mst_buf_init(&r->out, OUT_MAX);
	mst_buf_init(&r->err, OUT_MAX);
	mst_buf_init(&r->report, OUT_MAX);
	mst_buf_init(&r->body, OUT_MAX);
	r->json = mst_json_parser_new(OUT_MAX);
	r->rows_json = mst_json_parser_new(OUT_MAX);
	r->dir = mst_asprintf("%s/rig-%u", t_dir(), rigs++);
	t_ok(mst_dir_make(r->dir, &err), &err);
	t_ok(mst_sim_start(conf ? conf : &tiny[source], &r->sim, &err), &err);
	rig_new_state(r);
}

void rig_stop(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;

	mst_sim_stop(&r->sim);
	t_ok(mst_dir_remove(r->dir, &err), &err);
	mst_buf_fini(&r->out);
	mst_buf_fini(&r->err);
	mst_buf_fini(&r->report);
	mst_buf_fini(&r->body);
	mst_json_parser_free(&r->json);
	mst_json_parser_free(&r->rows_json);
	free(r->dir);
	free(r->state);
}

void rig_new_state(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;

	if (r->state)
		t_ok(mst_dir_remove(r->state, &err), &err);
	if (r->recver_empty)
		r->recver_empty();
	free(r->state);
	r->state = mst_asprintf("%s/state-%u", r->dir, r->states_n++);
}

void rig_fresh(struct rig *r)
{
	rig_control(r, "DELETE", "/_sim/faults", "%s", "");
	rig_control(r, "DELETE", "/_sim/app", "%s", "");
	rig_control(r, "POST", "/_sim/reset", "{}");
	if (r->source == RIG_CLOUDAPPS)
		rig_control(r, "POST", "/_sim/truth",
			    "{\"cloudapps\":"
			    "{\"allow_user_synchronization\":true}}");
	rig_new_state(r);
	rig_apply(r, NULL, NULL, NULL);
}

void rig_apply_text(struct rig *r, const char *yaml)
{
	char *path = mst_asprintf("%s/conf.yaml", r->dir);

	t_write(path, mst_slice_str(yaml));
	rig_muster(r, "apply", "-f", path);
	rig_status(r, 0);
	free(path);
}

/* The source connection of the standard configuration. */
static void add_source(const struct rig *r, struct mst_buf *yaml)
{
	if (r->source == RIG_IOT) {
		(void)mst_buf_addf(yaml,
				   "  - name: %s\n"
				   "    type: iot\n"
				   "    url: %s\n"
				   "    token: env:MUSTER_SIM_IOT_TOKEN\n%s",
				   names[r->source], RIG_HOST(r, MST_SIM_IOT),
				   r->recver ? r->recver : "");
		return;
	}
	(void)mst_buf_addf(yaml,
			   "  - name: %s\n"
			   "    type: %s\n"
			   "    tenant_id: %s\n"
			   "    client_id: %s\n"
			   "    client_secret: env:MUSTER_SIM_SECRET\n"
			   "    login_url: %s\n"
			   "    graph_url: %s\n",
			   names[r->source], sources[r->source], MST_SIM_TENANT,
			   MST_SIM_CLIENT, RIG_HOST(r, MST_SIM_LOGIN),
			   RIG_HOST(r, MST_SIM_GRAPH));
	if (r->source == RIG_ENDPOINT)
		(void)mst_buf_addf(yaml,
				   "    api_url: %s\n"
				   "    hardware: true\n",
				   RIG_HOST(r, MST_SIM_API));
	(void)mst_buf_adds(yaml, r->recver ? r->recver : "");
}

char *rig_yaml(const struct rig *r, const char *source, const char *dest,
	       const char *job)
{
	static const char users[] = "    allow_user_synchronization: yes\n";
	struct mst_buf yaml = MST_BUF_INIT(1u << 20);

	if (!source)
		source = r->source == RIG_CLOUDAPPS ? users : "";

	(void)mst_buf_adds(&yaml, "connections:\n");
	add_source(r, &yaml);
	(void)mst_buf_addf(
	    &yaml,
	    "%s"
	    "  - name: cmdb\n"
	    "    type: servicenow\n"
	    "    url: %s\n"
	    "    auth: basic\n"
	    "    username: %s\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "%s"
	    "jobs:\n"
	    "  - name: main\n"
	    "    source: %s\n"
	    "    destination: cmdb\n"
	    "    retry_base: 4ms\n"
	    "    retry_total: 1s\n"
	    "    source_limits: no\n"
	    "%s",
	    source, RIG_HOST(r, MST_SIM_SERVICENOW), MST_SIM_USER,
	    dest ? dest : "", names[r->source],
	    job ? job : "    guard:\n      share: 90%\n      count: 1000\n");
	return mst_buf_steal(&yaml);
}

void rig_apply(struct rig *r, const char *source, const char *dest,
	       const char *job)
{
	char *yaml = rig_yaml(r, source, dest, job);

	rig_apply_text(r, yaml);
	free(yaml);
}

/* ---- children ------------------------------------------------------------ */

static int output(const struct rig *r, const char *name)
{
	char *path =
	    mst_asprintf("%s/%s%s", r->dir, r->output ? r->output : "", name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		fail_msg("cannot write %s", path);
	free(path);
	return fd;
}

/* By a file: a pipe that nobody reads would hold the test up. */
static void give_input(const struct rig *r)
{
	char *path = mst_asprintf("%s/stdin", r->dir);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t n = strlen(r->input);

	if (fd < 0 || write(fd, r->input, n) != (ssize_t)n ||
	    lseek(fd, 0, SEEK_SET) != 0)
		_exit(127);
	(void)dup2(fd, STDIN_FILENO);
	free(path);
}

static void become(const struct rig *r, char *const *argv, char *const *env,
		   int out, int err)
{
	if (r->file_max) {
		struct rlimit lim = {(rlim_t)r->file_max, (rlim_t)r->file_max};

		(void)setrlimit(RLIMIT_FSIZE, &lim);
		(void)signal(SIGXFSZ, SIG_IGN);
	}
	if (r->input)
		give_input(r);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	(void)execve(RIG_MUSTER, argv, env);
	_exit(127);
}

pid_t rig_spawn(struct rig *r, const char *const *words)
{
	/* argv and environ are char *const: nobody writes to them */
	char *argv[WORDS_MAX + 4], *env[ENV_MAX + 1];
	size_t n = 0, k = 0;
	int out = output(r, "stdout"), err = output(r, "stderr");
	pid_t pid;

	argv[n++] = (char *)(uintptr_t) "muster";
	for (size_t i = 0; words[i] && n < WORDS_MAX; i++)
		argv[n++] = (char *)(uintptr_t)words[i];
	if (!r->elsewhere) {
		argv[n++] = (char *)(uintptr_t) "--state";
		argv[n++] = r->state;
	}
	argv[n] = NULL;
	/* the caller's come first: the first of two counts */
	for (size_t i = 0; r->env && r->env[i] && k < OWN_MAX; i++)
		env[k++] = (char *)(uintptr_t)r->env[i];
	env[k++] = (char *)(uintptr_t) "MUSTER_SIM_SECRET=" MST_SIM_SECRET;
	env[k++] =
	    (char *)(uintptr_t) "MUSTER_SIM_IOT_TOKEN=" MST_SIM_IOT_TOKEN;
	env[k++] = (char *)(uintptr_t) "MUSTER_SIM_PASSWORD=" MST_SIM_PASSWORD;
	env[k++] = (char *)(uintptr_t) "no_proxy=127.0.0.1";
	for (size_t i = 0; environ[i] && k < ENV_MAX; i++)
		env[k++] = environ[i];
	env[k] = NULL;
	pid = fork();
	if (pid == 0)
		become(r, argv, env, out, err);
	if (pid < 0)
		fail_msg("cannot fork");
	(void)close(out);
	(void)close(err);
	return pid;
}

static void read_output(const struct rig *r, const char *name,
			struct mst_buf *buf)
{
	struct mst_err err = MST_ERR_INIT;
	char *path = mst_asprintf("%s/%s", r->dir, name);

	mst_buf_reset(buf);
	t_ok(mst_file_read(path, buf, &err), &err);
	(void)mst_buf_addc(buf, '\0');
	buf->n--;
	free(path);
}

int rig_wait(struct rig *r, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		fail_msg("the child is lost");
	r->status =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	read_output(r, "stdout", &r->out);
	read_output(r, "stderr", &r->err);
	return r->status;
}

int rig_run(struct rig *r, const char *const *words)
{
	return rig_wait(r, rig_spawn(r, words));
}

/* What was refused, and why. */
static void show_run(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;
	char id[24];

	if (mst_json_parse(r->json, mst_buf_slice(&r->out), &r->root, &err) < 0)
		return;
	(void)snprintf(id, sizeof(id), "%lld",
		       (long long)rig_num(r->root, "run"));
	(void)rig_muster(r, "runs", id);
	(void)fprintf(stderr, "%s", r->out.p);
}

void rig_status_at(struct rig *r, int want, const char *file, int line)
{
	if (r->status == want)
		return;
	(void)fprintf(stderr, "%s:%d: exit status %d, not %d\n%s%s\n", file,
		      line, r->status, want, r->out.p, r->err.p);
	if (r->status == 3)
		show_run(r);
	_fail(file, line);
}

void rig_says(struct rig *r, const char *part)
{
	if (!strstr(r->err.p, part))
		fail_msg("\"%s\" is not in: %s", part, r->err.p);
}

void rig_one_error(struct rig *r)
{
	unsigned n = 0;

	for (const char *p = r->err.p; p && *p; p = strchr(p, '\n')) {
		p += *p == '\n';
		n += strncmp(p, "muster: ", 8) == 0 &&
		     strncmp(p, "muster: stopping", 16) != 0;
		if (!*p)
			break;
	}
	if (n != 1)
		fail_msg("%u error lines instead of one: %s", n, r->err.p);
}

/* ---- what they say ------------------------------------------------------- */

struct mst_json rig_json(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;

	if (mst_json_parse(r->json, mst_buf_slice(&r->out), &r->root, &err) < 0)
		fail_msg("%s: %s%s", err.msg, r->out.p, r->err.p);
	return r->root;
}

int64_t rig_num(struct mst_json v, const char *path)
{
	char key[64];
	int64_t n;

	while (*path) {
		size_t len = strcspn(path, ".");

		(void)snprintf(key, sizeof(key), "%.*s", (int)len, path);
		v = mst_json_get(v, key);
		path += len + (path[len] == '.');
	}
	return mst_json_i64(v, &n) ? n : -1;
}

int64_t rig_sync(struct rig *r, int want)
{
	rig_muster(r, "run", "main", "--json");
	rig_status(r, want);
	return r->out.n ? rig_num(rig_json(r), "writes") : 0;
}

void rig_quiet(struct rig *r)
{
	if (rig_sync(r, 0) != 0)
		fail_msg("a further run wrote: %s", r->out.p);
}

char *rig_recver(struct rig *r)
{
	rig_muster(r, "recver", "stats", "main", "--json");
	rig_status(r, 0);
	/* A server clears dead rows when it likes. */
	for (char *p = r->out.p; r->recver && (p = strstr(p, "bytes\":"));) {
		for (p += 7; *p >= '0' && *p <= '9'; p++)
			*p = '0';
	}
	return mst_strndup(r->out.p, r->out.n);
}

/* ---- the simulators ------------------------------------------------------ */

void rig_control(struct rig *r, const char *method, const char *path,
		 const char *fmt, ...)
{
	char *body = NULL;
	va_list ap;
	int status;

	va_start(ap, fmt);
	if (vasprintf(&body, fmt, ap) < 0)
		mst_oom();
	va_end(ap);
	mst_buf_reset(&r->body);
	status = mst_sim_control(r->sim, method, path, mst_slice_str(body),
				 &r->body);
	(void)mst_buf_addc(&r->body, '\0');
	r->body.n--;
	if (status < 200 || status > 299)
		fail_msg("%s %s %s: %d %s", method, path, body, status,
			 r->body.p);
	free(body);
}

uint64_t rig_differences(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;
	uint64_t n = 0;

	rig_control(r, "POST", "/_sim/synced", "{\"source\":\"%s\"}",
		    sources[r->source]);
	mst_buf_reset(&r->report);
	t_ok(sim_verify(r->sim, &r->report, &n, &err), &err);
	return n;
}

void rig_verify(struct rig *r)
{
	if (rig_differences(r) == 0)
		return;
	/* cmocka cuts long texts */
	(void)fprintf(stderr, "%.*s", (int)r->report.n, r->report.p);
	fail_msg("the CMDB is not what it should be");
}

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
	(void)size;
	return mst_buf_add(ctx, p, n) ? n : 0;
}

static long get(struct rig *r, const char *url)
{
	CURL *curl = curl_easy_init();
	long status = 0;

	mst_buf_reset(&r->body);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_USERPWD,
			 MST_SIM_USER ":" MST_SIM_PASSWORD);
	curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &r->body);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	return status;
}

struct mst_json rig_rows(struct rig *r, const char *table, const char *query,
			 const char *fields)
{
	struct mst_buf url = MST_BUF_INIT(1u << 16);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	long status;

	(void)mst_buf_addf(&url,
			   "%s/api/now/table/%s?sysparm_limit=10000"
			   "&sysparm_exclude_reference_link=true"
			   "&sysparm_fields=%s&sysparm_query=",
			   RIG_HOST(r, MST_SIM_SERVICENOW), table, fields);
	(void)mst_buf_add_uri(&url, mst_slice_str(query));
	status = get(r, url.p);
	if (status != 200)
		fail_msg("%s: %ld %.*s", url.p, status, (int)r->body.n,
			 r->body.p);
	mst_buf_fini(&url);
	t_ok(mst_json_parse(r->rows_json, mst_buf_slice(&r->body), &root, &err),
	     &err);
	return mst_json_get(root, "result");
}

size_t rig_count(struct rig *r, const char *table, const char *query)
{
	return mst_json_len(rig_rows(r, table, query, "sys_id"));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct lines {
	char *v[100000];
	size_t n;
};

static char *one_line(const char *table, struct mst_json row)
{
	struct mst_buf out = MST_BUF_INIT(1u << 16);
	struct mst_json_iter it = mst_json_iter(row);
	struct mst_json v;

	(void)mst_buf_adds(&out, table);
	while (mst_json_next(&it, NULL, &v)) {
		(void)mst_buf_addc(&out, ' ');
		(void)mst_buf_add_slice(&out, mst_json_str(v));
	}
	(void)mst_buf_addc(&out, '\0');
	return mst_buf_steal(&out);
}

static void add_lines(struct rig *r, const char *table, const char *query,
		      const char *column, struct lines *lines)
{
	struct mst_json rows = rig_rows(r, table, query, column), row;
	struct mst_json_iter it = mst_json_iter(rows);

	while (mst_json_next(&it, NULL, &row) && lines->n < MST_LEN(lines->v))
		lines->v[lines->n++] = one_line(table, row);
}

/* CIs of any class, and muster's own tables. */
static void add_plant(struct rig *r, const char *mine, const char *ci_column,
		      struct lines *lines)
{
	char *ends = mst_asprintf("parent.%s,child.%s", ci_column, ci_column);

	add_lines(r, "cmdb_ci", mine, ci_column, lines);
	add_lines(r, "cmdb_rel_ci", "sys_created_by=" MST_SIM_USER, ends,
		  lines);
	free(ends);
	add_lines(r, "cmdb_ot_entity", "", "ot_correlation_id", lines);
	add_lines(r, "u_muster_ot_appliance", "u_state!=gone", "u_key", lines);
	add_lines(r, "u_muster_ot_device", "u_state!=gone", "u_key", lines);
	add_lines(r, "u_muster_ot_firmware", "", "u_key", lines);
	add_lines(r, "u_muster_ot_connection", "", "u_key", lines);
	add_lines(r, "u_muster_ot_alert", "", "u_key", lines);
}

char *rig_alive(struct rig *r, const char *ci_column)
{
	static const char mine[] =
	    "sys_created_by=" MST_SIM_USER "^install_status!=7";
	struct lines *lines = mst_alloc(sizeof(*lines));
	struct mst_buf out = MST_BUF_INIT(OUT_MAX);
	char *software = mst_asprintf("installed_on.%s,name", ci_column);
	char *users;

	add_lines(r, "cmdb_ci_computer", mine, ci_column, lines);
	add_lines(r, "cmdb_ci_handheld_computing", mine, ci_column, lines);
	add_lines(r, "cmdb_ci_spkg", mine, "key", lines);
	add_lines(r, "cmdb_software_instance", "", software, lines);
	free(software);
	add_lines(r, "u_muster_cve_instance", "u_status!=resolved_confirmed",
		  "u_key", lines);
	add_lines(r, "cmdb_ci_business_app", mine, ci_column, lines);
	users = mst_asprintf("ci.%s,user", ci_column);
	add_lines(r, "cmdb_rel_person", "sys_created_by=" MST_SIM_USER, users,
		  lines);
	free(users);
	if (r->source == RIG_IOT)
		add_plant(r, mine, ci_column, lines);
	qsort(lines->v, lines->n, sizeof(*lines->v), by_text);
	(void)mst_buf_adds(&out, "");
	for (size_t i = 0; i < lines->n; i++) {
		(void)mst_buf_adds(&out, lines->v[i]);
		(void)mst_buf_addc(&out, '\n');
		free(lines->v[i]);
	}
	(void)mst_buf_addc(&out, '\0');
	free(lines);
	return mst_buf_steal(&out);
}

/* Both sorted: one walk. */
char *rig_lines_without(const char *a, const char *b)
{
	struct mst_buf out = MST_BUF_INIT(OUT_MAX);

	while (*a) {
		size_t an = strcspn(a, "\n") + 1, bn;
		int order = 1;

		while (*b) {
			bn = strcspn(b, "\n") + 1;
			order = strncmp(a, b, MST_MIN(an, bn));
			if (order <= 0)
				break;
			b += bn;
		}
		if (!*b || order != 0)
			(void)mst_buf_add(&out, a, an);
		else
			b += bn;
		a += an;
	}
	(void)mst_buf_addc(&out, '\0');
	return mst_buf_steal(&out);
}

static int64_t stat_of(struct rig *r, const char *path, const char *name)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	rig_control(r, "GET", path, "%s", "");
	t_ok(mst_json_parse(r->rows_json, mst_buf_slice(&r->body), &root, &err),
	     &err);
	return rig_num(root, name);
}

int64_t rig_sn_writes(struct rig *r)
{
	return stat_of(r, "/_sim/sn/stats", "writes");
}

int64_t rig_sn_requests(struct rig *r)
{
	return stat_of(r, "/_sim/stats", "hosts.servicenow.requests");
}
