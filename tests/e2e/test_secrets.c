/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials through the whole program: every way to name a secret and every
 * way to log in does its work, and no secret, in no form, is in anything that
 * the program writes: its output, its log, the state folder with RecVer and
 * the spool. And the commands for secrets and certificates.
 */
#include "tests/lib/sync_rig.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/file.h"
#include "base/time.h"
#include "cred/private.h"
#include "tests/lib/pki.h"
#include "json/out.h"

/* What forms and JSON change. */
#define SECRET	"not&a=real \"secret\"/+%~"
#define WRONG	"not&the=right \"secret\"/+%~"
#define PHRASE	"not/a+real&passphrase"
#define ISSUER	"https://issuer.example.com/"
#define SUBJECT "system:serviceaccount:muster:muster"
#define AUD	"api://AzureADTokenExchange"

static struct rig rig;
static struct t_pki pair, issuer;
static char *etc, *credentials, *token_file;

/* ---- what must not be seen ----------------------------------------------- */

static const char *hidden[16];
static size_t hidden_n;

static void hide(const char *secret)
{
	assert_true(hidden_n < MST_LEN(hidden));
	hidden[hidden_n++] = secret;
}

static bool holds(struct mst_slice text, struct mst_slice form)
{
	return form.n >= 6 && memmem(text.p, text.n, form.p, form.n);
}

/* In base64 a text looks different by what stands before it: three forms,
 * without the characters that its neighbours change. */
static bool holds_base64(struct mst_slice text, const char *secret, bool url)
{
	bool found = false;

	for (size_t pad = 0; pad < 3; pad++) {
		struct mst_buf in = MST_BUF_INIT(65536);
		struct mst_buf out = MST_BUF_INIT(131072);
		size_t from = pad ? 4 : 0, n;

		(void)mst_buf_add(&in, "\0\0", pad);
		(void)mst_buf_adds(&in, secret);
		if (url)
			(void)mst_b64url_add(&out, mst_buf_slice(&in));
		else
			(void)mst_b64_add(&out, mst_buf_slice(&in));
		n = in.n / 3 * 4;
		if (n > from)
			found = found ||
				holds(text, mst_slice(out.p + from, n - from));
		mst_buf_fini(&in);
		mst_buf_fini(&out);
	}
	return found;
}

static bool holds_json(struct mst_slice text, const char *secret)
{
	struct mst_buf out = MST_BUF_INIT(131072);
	struct mst_jout j;
	bool found;

	mst_jout_init(&j, &out);
	mst_jout_str(&j, secret);
	found = holds(text, mst_slice(out.p + 1, out.n - 2));
	mst_buf_fini(&out);
	return found;
}

static bool holds_uri(struct mst_slice text, const char *secret)
{
	struct mst_buf out = MST_BUF_INIT(262144);
	bool found;

	(void)mst_buf_add_uri(&out, mst_slice_str(secret));
	found = holds(text, mst_buf_slice(&out));
	mst_buf_fini(&out);
	return found;
}

/* The form in which a secret is there, NULL: none is. */
static const char *seen(struct mst_slice text)
{
	/* the heads of tokens and assertions, up to where they differ */
	static const char *const heads[] = {
	    "eyJ0eXAiOiJKV1Qi", "eyJhbGciOiJQUzI1NiI", "eyJhbGciOiJSUzI1NiI",
	    "PRIVATE KEY-----", "muster-seal-key-1 "};

	for (size_t i = 0; i < MST_LEN(heads); i++)
		if (holds(text, mst_slice_str(heads[i])))
			return heads[i];
	for (size_t i = 0; i < hidden_n; i++) {
		if (holds(text, mst_slice_str(hidden[i])))
			return "as it is";
		if (holds_uri(text, hidden[i]))
			return "URL-encoded";
		if (holds_base64(text, hidden[i], false))
			return "base64";
		if (holds_base64(text, hidden[i], true))
			return "base64url";
		if (holds_json(text, hidden[i]))
			return "as JSON";
	}
	return NULL;
}

static void scan(struct mst_slice text, const char *where)
{
	const char *form = seen(text);

	if (form)
		fail_msg("a secret (%s) is in %s", form, where);
}

static int scan_file(void *ctx, const char *path, const char *rel,
		     uint64_t size, struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(64u << 20);
	unsigned *n = ctx;

	t_ok(mst_file_read(path, &b, err), err);
	scan(mst_buf_slice(&b), rel);
	mst_buf_fini(&b);
	++*n;
	return 0;
}

static void scan_all(void)
{
	struct mst_err err = MST_ERR_INIT;
	unsigned files = 0;

	scan(mst_buf_slice(&rig.out), "standard output");
	scan(mst_buf_slice(&rig.err), "standard error");
	t_ok(mst_dir_walk(rig.state, scan_file, &files, &err), &err);
	assert_true(files > 0);
}

/* The scan finds what it looks for, wherever it stands. */
static void the_scan_works(void **state)
{
	static const char *const before[] = {"", "a", "ab", "abc",
					     "muster.integration:"};
	struct mst_buf in = MST_BUF_INIT(4096), out = MST_BUF_INIT(4096);
	struct mst_jout j;

	assert_null(seen(MST_SLICE_LIT("env:SOURCE_SECRET and nothing else")));
	for (size_t i = 0; i < MST_LEN(before); i++) {
		mst_buf_reset(&in);
		(void)mst_buf_addf(&in, "%s%s:and more", before[i], SECRET);
		assert_string_equal(seen(mst_buf_slice(&in)), "as it is");
		mst_buf_reset(&out);
		(void)mst_b64_add(&out, mst_buf_slice(&in));
		assert_string_equal(seen(mst_buf_slice(&out)), "base64");
		mst_buf_reset(&out);
		(void)mst_buf_add_uri(&out, mst_buf_slice(&in));
		assert_string_equal(seen(mst_buf_slice(&out)), "URL-encoded");
		mst_buf_reset(&out);
		mst_jout_init(&j, &out);
		mst_jout_str(&j, in.p);
		assert_string_equal(seen(mst_buf_slice(&out)), "as JSON");
	}
	mst_buf_fini(&in);
	mst_buf_fini(&out);
}

/* ---- secrets, stored in every way ---------------------------------------- */

static const char *write_in(const char *dir, const char *name, const char *text)
{
	static char path[4][4096];
	static int at;
	char *p = path[at++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	t_write(p, mst_slice_str(text));
	assert_int_equal(chmod(p, 0700), 0);
	return p;
}

static void run_in(const char *input, const char *const *words)
{
	const char *path = write_in(rig.dir, "stdin", input);
	int fd = open(path, O_RDONLY | O_CLOEXEC), old = dup(0);

	assert_true(fd >= 0 && old >= 0);
	assert_int_equal(dup2(fd, 0), 0);
	(void)rig_run(&rig, words);
	assert_int_equal(dup2(old, 0), 0);
	(void)close(fd);
	(void)close(old);
	assert_int_equal(unlink(path), 0);
}

static void seal(const char *name, const char *value)
{
	run_in(value, (const char *const[]){"secret", "set", name, NULL});
	rig_status(&rig, 0);
}

/* A reference of this form to that secret. */
static char *refer(const char *form, const char *name, const char *value)
{
	char *helper, *ref, data[80];

	if (strcmp(form, "sealed") == 0) {
		seal(name, value);
		return mst_asprintf("sealed:%s", name);
	}
	if (strcmp(form, "file") == 0)
		return mst_asprintf("file:%s", write_in(etc, name, value));
	if (strcmp(form, "credential") == 0) {
		(void)write_in(credentials, name, value);
		return mst_asprintf("credential:%s", name);
	}
	if (strcmp(form, "exec") == 0) {
		(void)snprintf(data, sizeof(data), "%s.value", name);
		helper = mst_asprintf("#!/bin/sh\necho some noise >&2\n"
				      "exec cat \"$1\"\n");
		ref = mst_asprintf("exec:timeout=60s %s \"%s\"",
				   write_in(etc, name, helper),
				   write_in(etc, data, value));
		free(helper);
		return ref;
	}
	(void)setenv(name, value, 1);
	return mst_asprintf("env:%s", name);
}

static void apply(const char *source, const char *password)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: defender\n"
	    "    type: endpoint\n"
	    "    tenant_id: %s\n"
	    "    client_id: %s\n"
	    "    api_url: %s\n"
	    "    login_url: %s\n"
	    "    graph_url: %s\n"
	    "%s"
	    "  - name: cmdb\n"
	    "    type: servicenow\n"
	    "    url: %s\n"
	    "    auth: password\n"
	    "    client_id: %s\n"
	    "    client_secret: env:SN_SECRET\n"
	    "    username: %s\n"
	    "    password: '%s'\n"
	    "jobs:\n"
	    "  - name: main\n"
	    "    source: defender\n"
	    "    destination: cmdb\n"
	    "    keep_spool: yes\n"
	    "    retry_base: 4ms\n"
	    "    retry_total: 1s\n"
	    "    source_limits: no\n"
	    "    guard:\n      share: 90%%\n      count: 1000\n",
	    MST_SIM_TENANT, MST_SIM_CLIENT, RIG_HOST(&rig, MST_SIM_API),
	    RIG_HOST(&rig, MST_SIM_LOGIN), RIG_HOST(&rig, MST_SIM_GRAPH),
	    source, RIG_HOST(&rig, MST_SIM_SERVICENOW), MST_SIM_SN_CLIENT,
	    MST_SIM_USER, password);

	rig_apply_text(&rig, yaml);
	free(yaml);
}

static void control(const char *key, const char *text)
{
	struct mst_buf b = MST_BUF_INIT(131072);
	struct mst_jout j;

	mst_jout_init(&j, &b);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, key, text);
	mst_jout_end_obj(&j);
	rig_control(&rig, "POST", "/_sim/app", "%s", b.p);
	mst_buf_fini(&b);
}

static void fresh(void)
{
	rig_control(&rig, "DELETE", "/_sim/app", "%s", "");
	rig_control(&rig, "POST", "/_sim/reset", "{}");
	rig_new_state(&rig);
	control("secret", SECRET);
}

/* Everything that a person may do with a connection, watched. */
static void use_all(void)
{
	static const char *const all[][5] = {
	    {"connection", "test", "defender", "--verbose", NULL},
	    {"connection", "test", "cmdb", "--verbose", NULL},
	    {"plan", "main", "--verbose", NULL},
	    {"run", "main", "--verbose", NULL},
	    {"runs", "1", "--json", NULL},
	    {"check", "main", "--verbose", NULL},
	    {"report", "coverage", "main", "--json", NULL},
	    {"export", NULL},
	    {"settings", "log", "cmdb", NULL},
	    {"secret", "list", NULL},
	    {"cert", "list", "--json", NULL},
	};
	char *plan, *saved;

	for (size_t i = 0; i < MST_LEN(all); i++) {
		(void)rig_run(&rig, all[i]);
		if (rig.status != 0 && rig.status != 7)
			rig_status(&rig, 0);
		scan_all();
	}
	/* files that people pass on, put where the scan looks */
	plan = mst_asprintf("%s/main.plan", rig.state);
	saved = mst_asprintf("%s/saved", rig.state);
	rig_muster(&rig, "plan", "main", "--out", plan);
	rig_muster(&rig, "fetch", "defender", "--to", saved);
	rig_status(&rig, 0);
	assert_true(mst_file_exists(plan));
	scan_all();
	free(plan);
	free(saved);
}

static void secrets_of_every_form(void **state)
{
	static const char *const forms[] = {"env", "file", "credential", "exec",
					    "sealed"};

	for (size_t i = 0; i < MST_LEN(forms); i++) {
		char *one, *two, *source;

		fresh();
		one = refer(forms[i], "SOURCE_SECRET", SECRET);
		two = refer(forms[i], "DEST_PASSWORD", MST_SIM_PASSWORD);
		source = mst_asprintf("    client_secret: '%s'\n", one);
		apply(source, two);
		scan_all();
		use_all();
		free(one);
		free(two);
		free(source);
	}
}

/* A refusal is when people tell too much. */
static void refusals_tell_nothing(void **state)
{
	static const char *const forms[] = {"env", "file", "credential", "exec",
					    "sealed"};

	for (size_t i = 0; i < MST_LEN(forms); i++) {
		char *one, *two, *source;

		fresh();
		one = refer(forms[i], "SOURCE_SECRET", WRONG);
		two = refer(forms[i], "DEST_PASSWORD", WRONG);
		source = mst_asprintf("    client_secret: '%s'\n", one);
		apply(source, two);
		rig_muster(&rig, "connection", "test", "defender", "--verbose");
		rig_status(&rig, 4);
		scan_all();
		rig_muster(&rig, "run", "main", "--verbose");
		rig_status(&rig, 4);
		scan_all();
		free(one);
		free(two);
		free(source);
	}
	/* a secret where a reference belongs */
	fresh();
	{
		const char *path =
		    write_in(rig.dir, "plain.yaml",
			     "connections:\n  - name: d\n    type: endpoint\n"
			     "    tenant_id: a\n    client_id: b\n"
			     "    client_secret: '" SECRET "'\n");

		rig_muster(&rig, "apply", "-f", path);
		rig_status(&rig, 1);
		rig_says(&rig, "must be a reference");
		scan(mst_buf_slice(&rig.err), "standard error");
		assert_int_equal(unlink(path), 0);
	}
}

/* ---- other ways to log in ------------------------------------------------ */

static void certificates(void **state)
{
	const char *pem, *p12;
	char *both = mst_asprintf("%s%s", pair.cert, pair.key), *source, *ref;
	char *store = mst_asprintf("%s/certificates/LocalMachine/My", etc);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json first;
	size_t n;
	char *bytes = t_pki_p12(&pair, PHRASE, NULL, false, &n);

	fresh();
	control("pem", pair.cert);
	t_ok(mst_dir_make(store, &err), &err);
	pem = write_in(store, "muster.pem", both);
	assert_int_equal(chmod(pem, 0600), 0);
	apply("    certificate_name: muster-app\n    send_x5c: yes\n",
	      "env:MUSTER_SIM_PASSWORD");
	use_all();
	rig_muster(&rig, "cert", "list");
	rig_status(&rig, 0);
	assert_non_null(strstr(rig.out.p, "LocalMachine/My  CN=muster-app\n"));
	assert_non_null(strstr(rig.out.p, "used by defender"));
	assert_non_null(strstr(rig.out.p, "it expires in 19 day(s)"));
	rig_muster(&rig, "connection", "test", "defender");
	assert_non_null(strstr(rig.out.p, "expires in"));
	assert_int_equal(unlink(pem), 0);
	rig_muster(&rig, "run", "main");
	rig_says(&rig, "is not in LocalMachine/My");

	fresh();
	control("pem", pair.cert);
	ref = refer("sealed", "phrase", PHRASE);
	p12 = write_in(etc, "muster.p12", "");
	t_write(p12, mst_slice(bytes, n));
	assert_int_equal(chmod(p12, 0600), 0);
	source = mst_asprintf("    certificate: %s\n"
			      "    certificate_password: %s\n"
			      "    assertion_alg: RS256\n",
			      p12, ref);
	apply(source, "env:MUSTER_SIM_PASSWORD");
	use_all();
	rig_muster(&rig, "cert", "list", "--json");
	it = mst_json_iter(rig_json(&rig));
	assert_true(mst_json_next(&it, NULL, &first));
	assert_true(
	    mst_json_is_str(mst_json_get(first, "subject"), "CN=muster-app"));
	seal("phrase", WRONG);
	rig_muster(&rig, "run", "main", "--verbose");
	rig_says(&rig, "check certificate_password");
	scan_all();
	free(source);
	free(both);
	free(store);
	free(bytes);
	free(ref);
}

/* A token as a cluster writes it. */
static void write_token(const char *iss, const char *sub, const char *aud,
			int64_t life_s)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_buf part = MST_BUF_INIT(4096), jwt = MST_BUF_INIT(8192);
	char *both = mst_asprintf("%s%s", issuer.cert, issuer.key);
	const char *path = write_in(etc, "issuer.pem", both);
	const struct mst_cert_conf conf = {.path = path};
	struct mst_cert c = {0};
	int64_t now_s = mst_now_us() / 1000000;

	assert_int_equal(chmod(path, 0600), 0);
	t_ok(mst_cert_load(&conf, &c, &err), &err);
	(void)mst_b64url_add(
	    &jwt, MST_SLICE_LIT("{\"alg\":\"RS256\",\"kid\":\"k\"}"));
	(void)mst_buf_addf(&part,
			   "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":[\"%s\"],"
			   "\"exp\":%lld}",
			   iss, sub, aud, (long long)(now_s + life_s));
	(void)mst_buf_addc(&jwt, '.');
	(void)mst_b64url_add(&jwt, mst_buf_slice(&part));
	mst_buf_reset(&part);
	t_ok(mst_cert_sign(&c, false, mst_buf_slice(&jwt), &part, &err), &err);
	(void)mst_buf_addc(&jwt, '.');
	(void)mst_b64url_add(&jwt, mst_buf_slice(&part));
	(void)mst_buf_addc(&jwt, '\n');
	t_write(token_file, mst_buf_slice(&jwt));
	mst_cert_fini(&c);
	mst_buf_fini(&part);
	mst_buf_fini(&jwt);
	free(both);
}

static void refuses_token(const char *iss, const char *sub, const char *aud,
			  int64_t life_s, const char *part)
{
	write_token(iss, sub, aud, life_s);
	rig_muster(&rig, "run", "main", "--verbose");
	rig_status(&rig, 4);
	rig_says(&rig, part);
	scan_all();
}

static void federated(void **state)
{
	struct mst_buf b = MST_BUF_INIT(65536);
	struct mst_jout j;

	fresh();
	mst_jout_init(&j, &b);
	mst_jout_obj(&j);
	mst_jout_key(&j, "federated");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "issuer", ISSUER);
	mst_jout_kstr(&j, "subject", SUBJECT);
	mst_jout_kstr(&j, "audience", AUD);
	mst_jout_kstr(&j, "pem", issuer.cert);
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	rig_control(&rig, "POST", "/_sim/app", "%s", b.p);
	mst_buf_fini(&b);
	apply("    federated_token_file: env:AZURE_FEDERATED_TOKEN_FILE\n",
	      "env:MUSTER_SIM_PASSWORD");
	write_token(ISSUER, SUBJECT, AUD, 3600);
	use_all();
	refuses_token("https://other.example.com/", SUBJECT, AUD, 3600,
		      "has the token's issuer");
	refuses_token(ISSUER, "system:serviceaccount:other", AUD, 3600,
		      "has the token's subject");
	refuses_token(ISSUER, SUBJECT, "api://other", 3600,
		      "has the token's audience");
	refuses_token(ISSUER, SUBJECT, AUD, -10, "does not renew it");
	t_write(token_file, MST_SLICE_LIT("hello\n"));
	rig_muster(&rig, "run", "main");
	rig_says(&rig, "holds no token");
}

/* ---- muster secret ------------------------------------------------------- */

static int64_t sealed_n(void)
{
	rig_muster(&rig, "secret", "list", "--json");
	rig_status(&rig, 0);
	return (int64_t)mst_json_len(rig_json(&rig));
}

static void commands(void **state)
{
	char *key = mst_asprintf("%s/seal.key", etc);

	fresh();
	assert_int_equal(unlink(key), 0); /* of the tests before */
	seal("one", SECRET "\n");
	rig_says(&rig, "made the key file");
	seal("two", WRONG);
	assert_null(strstr(rig.err.p, "made the key file"));
	rig_muster(&rig, "secret", "list");
	assert_true(strncmp(rig.out.p, "one ", 4) == 0);
	scan_all();
	rig_muster(&rig, "secret", "rotate");
	rig_status(&rig, 0);
	rig_says(&rig, "2 secret(s) sealed with a new key");
	scan_all();
	rig_muster(&rig, "secret", "remove", "two");
	rig_status(&rig, 0);
	assert_int_equal(sealed_n(), 1);
	rig_muster(&rig, "secret", "remove", "two");
	rig_status(&rig, 1);
	rig_says(&rig, "no sealed secret \"two\"");
	run_in("", (const char *const[]){"secret", "set", "two", NULL});
	rig_status(&rig, 1);
	rig_says(&rig, "is empty");
	/* never as an argument */
	rig_muster(&rig, "secret", "set", "two", SECRET);
	rig_status(&rig, 2);
	rig_muster(&rig, "secret", "set");
	rig_status(&rig, 2);
	rig_muster(&rig, "secret", "show", "one");
	rig_status(&rig, 2);
	rig_muster(&rig, "cert", "show");
	rig_status(&rig, 2);
	assert_int_equal(sealed_n(), 1);
	rig_muster(&rig, "settings", "log", "cmdb");
	scan_all();
	free(key);
}

/* ---- on a terminal ------------------------------------------------------- */

struct terminal {
	int master;
	pid_t pid;
	struct mst_buf seen;
};

static void open_terminal(struct terminal *t, const char *name)
{
	const char *slave;

	mst_buf_init(&t->seen, 65536);
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->master >= 0 && grantpt(t->master) == 0 &&
		    unlockpt(t->master) == 0);
	slave = ptsname(t->master);
	assert_non_null(slave);
	t->pid = fork();
	if (t->pid == 0) {
		int fd;

		(void)setsid();
		fd = open(slave, O_RDWR);
		(void)ioctl(fd, TIOCSCTTY, 0);
		(void)dup2(fd, 0);
		(void)dup2(fd, 1);
		(void)dup2(fd, 2);
		(void)execl(MUSTER, "muster", "secret", "set", name, "--state",
			    rig.state, NULL);
		_exit(127);
	}
	assert_true(t->pid > 0);
}

/* Reads until the text was shown. */
static void await(struct terminal *t, const char *text)
{
	struct pollfd p = {.fd = t->master, .events = POLLIN};

	while (!t->seen.n ||
	       !memmem(t->seen.p, t->seen.n, text, strlen(text))) {
		char chunk[512];
		ssize_t n;

		if (poll(&p, 1, 60000) <= 0)
			fail_msg("'%s' was not shown", text);
		n = read(t->master, chunk, sizeof(chunk));
		if (n <= 0)
			fail_msg("'%s' was not shown: %.*s", text,
				 (int)t->seen.n, t->seen.p);
		(void)mst_buf_add(&t->seen, chunk, (size_t)n);
	}
}

static void type(struct terminal *t, const char *text)
{
	assert_int_equal(write(t->master, text, strlen(text)), strlen(text));
}

static int close_terminal(struct terminal *t)
{
	int status = 0;
	char chunk[512];
	ssize_t n;

	while ((n = read(t->master, chunk, sizeof(chunk))) > 0)
		(void)mst_buf_add(&t->seen, chunk, (size_t)n);
	(void)close(t->master);
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	scan(mst_buf_slice(&t->seen), "the terminal");
	mst_buf_fini(&t->seen);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void terminals(void **state)
{
	struct terminal t;

	fresh();
	open_terminal(&t, "one");
	await(&t, "Value (not shown): ");
	type(&t, SECRET "\n");
	await(&t, "Once more: ");
	type(&t, SECRET "\n");
	assert_int_equal(close_terminal(&t), 0);
	assert_int_equal(sealed_n(), 1);
	open_terminal(&t, "two");
	await(&t, "Value (not shown): ");
	type(&t, SECRET "\n");
	await(&t, "Once more: ");
	type(&t, WRONG "\n");
	await(&t, "are not the same");
	assert_int_equal(close_terminal(&t), 1);
	open_terminal(&t, "two");
	await(&t, "Value (not shown): ");
	type(&t, "\003"); /* Ctrl-C */
	assert_int_equal(close_terminal(&t), 130);
	assert_int_equal(sealed_n(), 1);
	scan_all();
	apply("    client_secret: sealed:one\n", "env:MUSTER_SIM_PASSWORD");
	rig_muster(&rig, "connection", "test", "defender");
	rig_status(&rig, 0);
}

/* ---- core dumps ---------------------------------------------------------- */

/* What takes a dump asks this first. */
static void no_dumps(void **state)
{
	char path[64], line[128];
	struct terminal t;
	bool found = false;
	FILE *f;

	fresh();
	open_terminal(&t, "one");
	await(&t, "Value (not shown): ");
	(void)snprintf(path, sizeof(path), "/proc/%ld/limits", (long)t.pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		uint64_t soft = 1, hard = 1;

		if (sscanf(line, "Max core file size %" SCNu64 " %" SCNu64,
			   &soft, &hard) != 2)
			continue;
		assert_int_equal(soft, 0);
		assert_int_equal(hard, 0);
		found = true;
	}
	if (f)
		(void)fclose(f);
	type(&t, "\003");
	assert_int_equal(close_terminal(&t), 130);
	/* as another user it cannot be opened at all */
	assert_true(found || geteuid() != 0);
}

/* -------------------------------------------------------------------------- */

static int start(void **state)
{
	static char config[4096], creds[4096], token[4096];
	static const char *env[] = {config, creds, token,
				    "SN_SECRET=" MST_SIM_SN_SECRET, NULL};
	struct mst_err err = MST_ERR_INIT;

	pair =
	    t_pki_make("rsa2048", "muster-app", -60, 20 * 86400L - 3600, NULL);
	issuer = t_pki_make("rsa2048", "issuer", -60, 86400L, NULL);
	rig_start(&rig, NULL);
	etc = mst_asprintf("%s/etc", rig.dir);
	credentials = mst_asprintf("%s/credentials", rig.dir);
	token_file = mst_asprintf("%s/federated-token", rig.dir);
	t_ok(mst_dir_make(etc, &err), &err);
	t_ok(mst_dir_make(credentials, &err), &err);
	(void)snprintf(config, sizeof(config), "MUSTER_CONFIG=%s", etc);
	(void)snprintf(creds, sizeof(creds), "CREDENTIALS_DIRECTORY=%s",
		       credentials);
	(void)snprintf(token, sizeof(token), "AZURE_FEDERATED_TOKEN_FILE=%s",
		       token_file);
	for (size_t i = 0; i < 3; i++) /* for terminals, too */
		(void)putenv((char *)(uintptr_t)env[i]);
	rig.env = env;
	hide(SECRET);
	hide(WRONG);
	hide(PHRASE);
	hide(MST_SIM_PASSWORD);
	hide(MST_SIM_SN_SECRET);
	return 0;
}

static int stop(void **state)
{
	rig_stop(&rig);
	t_pki_free(&pair);
	t_pki_free(&issuer);
	free(etc);
	free(credentials);
	free(token_file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_scan_works),
	    cmocka_unit_test(secrets_of_every_form),
	    cmocka_unit_test(refusals_tell_nothing),
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(federated),
	    cmocka_unit_test(commands),
	    cmocka_unit_test(terminals),
	    cmocka_unit_test(no_dumps),
	};

	return cmocka_run_group_tests_name("secrets", tests, start, stop);
}
