/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection test of a source: all is well, and each fault of settings,
 * credential, log-in, cloud, way and permissions. Lists, storage, clock and
 * folders are in test_setup_lists.c.
 */
#include "tests/e2e/setup_says.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/time.h"
#include "tests/lib/httpd.h"
#include "tests/lib/pki.h"

#define DAY_S 86400L

static struct rig rig;

#define shows(id, level, text, remedy) says_shows(&rig, id, level, text, remedy)
#define counted(what)		       says_counted(&rig, what)
#define fresh()			       says_fresh(&rig)
#define warns(id, text, remedy)	       says_warns(&rig, "defender", id, text, remedy)
#define fails(status, id, text, remedy)                                        \
	says_fails(&rig, "defender", status, id, text, remedy)
#define app(...) rig_control(&rig, "POST", "/_sim/app", __VA_ARGS__)

/* Tests the connection and wants this exit status. */
static void look(int status)
{
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, status);
}

/* The connection with this tenant, application and credential. */
static void connection(const char *tenant, const char *client,
		       const char *credential, const char *more)
{
	char *yaml = mst_asprintf(
	    "connections:\n"
	    "  - name: defender\n"
	    "    type: endpoint\n"
	    "    tenant_id: %s\n"
	    "    client_id: %s\n"
	    "    %s\n"
	    "    login_url: %s\n"
	    "    api_url: %s\n"
	    "    graph_url: %s\n%s",
	    tenant, client, credential, RIG_HOST(&rig, MST_SIM_LOGIN),
	    RIG_HOST(&rig, MST_SIM_API), RIG_HOST(&rig, MST_SIM_GRAPH), more);

	rig_apply_text(&rig, yaml);
	free(yaml);
}

static void credential(const char *lines)
{
	connection(MST_SIM_TENANT, MST_SIM_CLIENT, lines, "");
}

#define SECRET "client_secret: env:MUSTER_SIM_SECRET"

/* How many checks have the level; those of RecVer are another test's. */
static size_t own(const char *level)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(rig_json(&rig), "checks"));
	struct mst_json v;
	size_t n = 0;

	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice id = mst_json_str(mst_json_get(v, "id"));

		n += mst_json_is_str(mst_json_get(v, "level"), level) &&
		     !mst_slice_istarts(id, "recver:");
	}
	return n;
}

/* ---- all is well --------------------------------------------------------- */

static void all_is_well(void **state)
{
	(void)state;
	fresh();
	look(0);
	assert_int_equal(own("Ok"), 26);
	/* when the secret expires */
	assert_int_equal(own("Note"), 1);
	assert_int_equal(
	    counted("warnings") + counted("failed") + counted("skipped"), 0);
	shows("settings", "Ok", RIG_HOST(&rig, MST_SIM_LOGIN), "");
	shows("credential", "Note",
	      "client secret, env:MUSTER_SIM_SECRET; when it expires, nothing "
	      "here tells",
	      "Certificates & secrets");
	shows("reach:login", "Ok", "127.0.0.1 port", "");
	shows("login:defender", "Ok", "a token is there", "");
	shows("token:defender", "Ok", "good for 60 min; it is only sent to ",
	      "");
	shows("token:graph", "Ok", strstr(RIG_HOST(&rig, MST_SIM_GRAPH), "127"),
	      "");
	shows("permission:Vulnerability.Read.All", "Ok",
	      "granted, for vulnerabilities, device_vulnerabilities of job "
	      "main",
	      "");
	shows("cloud", "Ok", "commercial, tenant in region EU", "");
	shows("read_only:defender", "Ok",
	      "5 permissions, none can change anything; muster never "
	      "needs User.Read.All",
	      "");
	shows("feed:machines", "Ok", "/api/machines answers", "");
	shows("feed:entra_devices", "Ok", "/v1.0/devices answers", "");
	shows("storage", "Ok", " gives the files (software: ", "");
	shows("clock", "Ok", "same time", "");
	shows("rate_limits", "Ok", "the documented ones are kept", "");
	/* the same for people, a line each */
	rig_muster(&rig, "connection", "test", "defender");
	rig_status(&rig, 0);
	assert_non_null(strstr(
	    rig.out.p, "Ok       log-in defender        a token is there\n"));
	assert_null(strstr(rig.out.p, MST_SIM_SECRET));
	/* and what it checked is what a run needs */
	(void)rig_sync(&rig, 0);
}

/* Nothing heavy is begun: one list of files, and one byte of a file. */
static void it_is_cheap(void **state)
{
	struct mst_json hosts;

	(void)state;
	fresh();
	rig_control(&rig, "DELETE", "/_sim/stats", "%s", "");
	look(0);
	rig_control(&rig, "GET", "/_sim/stats", "%s", "");
	t_ok(mst_json_parse(rig.json, mst_buf_slice(&rig.body), &rig.root,
			    &(struct mst_err)MST_ERR_INIT),
	     &(struct mst_err)MST_ERR_INIT);
	hosts = mst_json_get(rig.root, "hosts");
	/* six lists, and a list of files */
	assert_int_equal(rig_num(hosts, "api.requests"), 7);
	assert_int_equal(rig_num(hosts, "graph.requests"), 1);
	assert_int_equal(rig_num(hosts, "blob.requests"), 1);
	assert_true(rig_num(hosts, "blob.bytes") < 100);
	/* two tokens, the tenant */
	assert_int_equal(rig_num(hosts, "login.requests"), 3);
}

/* ---- the manual ---------------------------------------------------------- */

struct manual {
	char *text; /* of the section */
	char *left; /* without the entries that were met */
};

/* "permission:NAME" stands for each permission, "feed:NAME" for each list. */
static void entry_of(struct mst_slice id, char *out, size_t n)
{
	static const char *const families[] = {"permission:", "feed:"};

	(void)snprintf(out, n, "\n.It Li %.*s\n", MST_SLICE_ARG(id));
	for (size_t i = 0; i < MST_LEN(families); i++) {
		if (mst_slice_istarts(id, families[i]))
			(void)snprintf(out, n, "\n.It Li %sNAME\n",
				       families[i]);
	}
}

static void stands_there(struct manual *m)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(rig_json(&rig), "checks"));
	struct mst_json v;

	while (mst_json_next(&it, NULL, &v)) {
		struct mst_slice id = mst_json_str(mst_json_get(v, "id"));
		char line[96];
		char *at;

		if (mst_slice_istarts(id, "recver:"))
			continue; /* is in the pages of the stores */
		entry_of(id, line, sizeof(line));
		if (!strstr(m->text, line))
			fail_msg("muster-endpoint(7) lacks %s", line);
		at = strstr(m->left, line);
		if (at)
			at[1] = '#';
	}
}

static struct manual section(void)
{
	struct mst_buf page = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	const char *from, *to;
	struct manual m;

	t_ok(mst_file_read(MAN_DIR "/muster-endpoint.7", &page, &err), &err);
	from = strstr(page.p, ".Sh SET-UP CHECKS\n");
	assert_non_null(from);
	to = strstr(from + 1, "\n.Sh ");
	m.text = mst_strndup(from, (size_t)(to - from));
	m.left = mst_strdup(m.text);
	mst_buf_fini(&page);
	return m;
}

/* Each check stands in the manual by its name, and no other does. */
static void all_are_documented(void **state)
{
	struct manual m = section();
	const char *strange;

	(void)state;
	fresh();
	look(0);
	stands_there(&m);
	app("{\"secret_expired\":true}");
	look(4);
	stands_there(&m); /* "permissions" */
	credential("client_secret: env:NOBODY_SET_THIS");
	look(1);
	stands_there(&m); /* "login" */
	credential(SECRET);
	rig_control(&rig, "DELETE", "/_sim/app", "%s", "");
	says_from_folder(&rig, "");
	look(0);
	stands_there(&m); /* "folder" */
	strange = strstr(m.left, "\n.It Li ");
	if (strange)
		fail_msg("muster-endpoint(7) has what is no check:%.40s",
			 strange);
	free(m.text);
	free(m.left);
}

/* ---- settings and credential --------------------------------------------- */

static void wrong_settings(void **state)
{
	(void)state;
	fresh();
	connection("common", MST_SIM_CLIENT, SECRET, "");
	fails(1, "settings", "stands for many tenants", "");
	assert_true(mst_json_type(says_check(&rig, "credential")) ==
		    MST_JSON_NULL);
	connection(MST_SIM_TENANT, MST_SIM_CLIENT, SECRET,
		   "    secret_expires: soon\n");
	fails(1, "settings", "'soon' is no date", "");
	connection(MST_SIM_TENANT, MST_SIM_CLIENT, SECRET,
		   "    certificate: /nowhere.pem\n");
	fails(1, "settings", "both client_secret and certificate are set", "");
}

static void lost_secret(void **state)
{
	(void)state;
	fresh();
	credential("client_secret: env:NOBODY_SET_THIS");
	fails(1, "credential", "NOBODY_SET_THIS", "");
	shows("settings", "Ok", "endpoint", "");
	shows("login", "Skipped", "'credential'", "");
	shows("permissions", "Skipped", "'credential'", "");
	/* where the value should be is its id */
	rig.env = (const char *const[]){
	    "MUSTER_SIM_SECRET=00000000-0000-4000-8000-00000000dead", NULL};
	credential(SECRET);
	look(4);
	shows("login:defender", "Failed", "the client secret is wrong",
	      "often its ID was copied instead of its value");
	shows("credential", "Warning", "has the form of a secret's ID",
	      "store the value");
	assert_null(strstr(rig.out.p, "dead"));
}

static void date_in(long seconds, char out[11])
{
	char iso[21];

	mst_time_iso(mst_now_us() + seconds * 1000000, iso);
	(void)snprintf(out, 11, "%.10s", iso);
}

/* A date that a person wrote down is as good as one that can be read. */
static void secret_expires_soon(void **state)
{
	char line[64], date[11];

	(void)state;
	fresh();
	date_in(90 * DAY_S, date);
	(void)snprintf(line, sizeof(line), "    secret_expires: %s\n", date);
	connection(MST_SIM_TENANT, MST_SIM_CLIENT, SECRET, line);
	look(0);
	shows("credential", "Ok", date, "");
	date_in(10 * DAY_S, date);
	(void)snprintf(line, sizeof(line), "    secret_expires: %s\n", date);
	connection(MST_SIM_TENANT, MST_SIM_CLIENT, SECRET, line);
	warns("credential", "expires in 9 days, on ", "set secret_expires");
	/* and each run says so, once */
	(void)rig_sync(&rig, 0);
	rig_says(&rig, "connection 'defender': the client secret expires on ");
	assert_null(strstr(strstr(rig.err.p, "the client secret expires") + 1,
			   "the client secret expires"));
}

static void put_pem(const char *pem)
{
	struct mst_buf b = MST_BUF_INIT(1u << 16);

	for (const char *p = pem; *p; p++)
		(void)(*p == '\n' ? mst_buf_adds(&b, "\\n")
				  : mst_buf_addc(&b, *p));
	(void)mst_buf_addc(&b, '\0');
	app("{\"pem\":\"%s\"}", b.p);
	mst_buf_fini(&b);
}

/* A certificate of so many seconds; known to the application or not. */
static void certificate(long from_s, long to_s, bool known)
{
	struct t_pki p =
	    t_pki_make("rsa2048", "muster-app", from_s, to_s, NULL);
	char *both = mst_asprintf("%s%s", p.cert, p.key);
	char *path = mst_asprintf("%s/app.pem", rig.dir);
	char *line = mst_asprintf("certificate: %s", path);

	t_write(path, mst_slice_str(both));
	assert_int_equal(chmod(path, 0600), 0);
	rig_control(&rig, "DELETE", "/_sim/app", "%s", "");
	if (known)
		put_pem(p.cert);
	credential(line);
	free(line);
	free(path);
	free(both);
	t_pki_free(&p);
}

static void certificates(void **state)
{
	(void)state;
	fresh();
	certificate(-60, 90 * DAY_S, true);
	look(0);
	shows("credential", "Ok", "certificate \"CN=muster-app\", thumbprint ",
	      "");
	shows("login:defender", "Ok", "a token", "");
	certificate(-60, 12 * DAY_S + 3600, true);
	warns("credential", "expires in 12 days, on ", "upload it under");
	(void)rig_sync(&rig, 0);
	rig_says(&rig, "connection 'defender': the certificate in ");
	certificate(-9 * DAY_S, -DAY_S, true);
	fails(1, "credential", "expired on ", "make a new one");
	shows("login", "Skipped", "'credential'", "");
	certificate(DAY_S, 9 * DAY_S, true);
	fails(1, "credential", "is not valid before ", "this machine's clock");
	certificate(-60, 90 * DAY_S, false);
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, 4);
	shows("login:defender", "Failed", "certificate is not registered",
	      "upload exactly this certificate");
	shows("credential", "Ok", "muster-app", "");
}

/* An assertion of the wrong time is refused, and the clock says why. */
static void certificate_and_wrong_clock(void **state)
{
	(void)state;
	fresh();
	certificate(-60, 90 * DAY_S, true);
	rig_control(&rig, "POST", "/_sim/time", "{\"advance_s\":1800}");
	look(4);
	shows("login:defender", "Failed", "the assertion is outside its time",
	      "set this machine's clock");
	shows("login:defender", "Failed", "this machine's clock is 1",
	      "set this machine's clock");
	shows("clock", "Failed", "behind Microsoft's", "timedatectl");
	assert_int_equal(counted("failed"), 2);
	rig_control(&rig, "POST", "/_sim/time", "{\"advance_s\":-1800}");
}

/* The token's end is not its issuer's business alone. */
static void lost_token_file(void **state)
{
	(void)state;
	fresh();
	credential("federated_token_file: /nowhere/token");
	fails(1, "credential", "/nowhere/token", "");
}

/* ---- log-in -------------------------------------------------------------- */

/* Both tokens are refused for the same reason, which is told once. */
static void refused(const char *text, const char *remedy)
{
	look(4);
	shows("login:defender", "Failed", text, remedy);
	assert_int_equal(counted("failed"), 1);
	shows("login:graph", "Skipped", "'log-in defender'", "");
	shows("permissions", "Skipped", "'log-in defender'", "");
	shows("feed:machines", "Skipped", "'log-in defender'", "");
	shows("feed:entra_devices", "Skipped", "'log-in defender'", "");
	shows("storage", "Skipped", "'log-in defender'", "");
	assert_null(strstr(rig.out.p, MST_SIM_SECRET));
}

static void refused_log_ins(void **state)
{
	static const struct {
		const char *app, *text, *remedy;
	} rows[] = {
	    {"{\"secret\":\"fake-other-secret\"}",
	     "the client secret is wrong (AADSTS7000215 invalid_client)",
	     "instead of its value"},
	    {"{\"secret_expired\":true}", "the client secret has expired",
	     "make a new one in the app registration"},
	    {"{\"disabled\":true}", "the application is disabled",
	     "an administrator enables it"},
	    {"{\"refuse\":53003}", "conditional access policy",
	     "sign-in log (service principals) names the policy"},
	    {"{\"refuse\":900382}", "the tenant belongs to another cloud",
	     "set the option cloud"},
	    {"{\"refuse\":65001}", "nobody consented to the permissions",
	     "grant consent"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		fresh();
		app("%s", rows[i].app);
		refused(rows[i].text, rows[i].remedy);
		/* the login host was asked, and tells the rest */
		shows("cloud", "Ok", "commercial", "");
		shows("clock", "Ok", "same time", "");
	}
}

/* It may be well the next time, and a proxy in between. */
static void login_host_has_trouble(void **state)
{
	(void)state;
	fresh();
	app("{\"refuse\":90055}");
	fails(1, "login:defender", "the tenant is throttled",
	      "try again later");
	shows("login:graph", "Skipped", "'log-in defender'", "");
	fresh();
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"kind\":\"html\",\"host\":\"login\"}");
	fails(4, "login:defender", "a text that is no JSON",
	      "whether a proxy answers in its place");
	shows("login:graph", "Skipped", "'log-in defender'", "");
	shows("cloud", "Warning", "cannot be told", "make sure");
}

/* What is said of one API leaves the other alone. */
static void refused_for_one_api(void **state)
{
	(void)state;
	fresh();
	app("{\"refuse\":650052,\"refuse_api\":\"graph\"}");
	fails(4, "login:graph", "no subscription for this API",
	      "look at its licences");
	shows("login:defender", "Ok", "a token", "");
	shows("permission:Machine.Read.All", "Ok", "granted", "");
	assert_true(mst_json_type(says_check(
			&rig, "permission:Device.Read.All")) == MST_JSON_NULL);
	shows("feed:entra_devices", "Skipped", "'log-in graph'", "");
	shows("feed:machines", "Ok", "answers", "");
	app("{\"refuse\":650052,\"refuse_api\":\"mde\"}");
	fails(4, "login:defender", "no subscription for this API",
	      "look at its licences");
	shows("permission:Device.Read.All", "Ok", "granted", "");
	shows("feed:machines", "Skipped", "'log-in defender'", "");
	shows("feed:entra_devices", "Ok", "answers", "");
}

static void wrong_tenant_or_application(void **state)
{
	(void)state;
	fresh();
	connection("00000000-0000-4000-8000-0000000000ff", MST_SIM_CLIENT,
		   SECRET, "");
	refused("the tenant was not found", "check tenant_id");
	shows("cloud", "Warning", "does not know the tenant",
	      "login.microsoftonline.us");
	connection(MST_SIM_TENANT, "00000000-0000-4000-8000-0000000000ff",
		   SECRET, "");
	refused("the application is not in this tenant", "check client_id");
}

static void wrong_cloud(void **state)
{
	(void)state;
	fresh();
	app("{\"cloud\":\"gcc\"}");
	warns("cloud",
	      "the tenant is of the cloud gcc, the option cloud says "
	      "commercial",
	      "set cloud: gcc");
	connection(MST_SIM_TENANT, MST_SIM_CLIENT, SECRET, "    cloud: gcc\n");
	look(0);
	shows("cloud", "Ok", "gcc, tenant in region NA", "");
	app("{\"cloud\":\"dod\"}");
	warns("cloud", "of the cloud dod", "set cloud: dod");
	app("{\"cloud\":\"china\"}");
	warns("cloud", "China", "hosts of its own");
}

/* An address of one cloud with the name of another; nobody is asked there. */
static void mixed_clouds(void **state)
{
	(void)state;
	fresh();
	rig.env = (const char *const[]){"https_proxy=http://127.0.0.1:1",
					"HTTPS_PROXY=",
					"no_proxy=",
					"NO_PROXY=",
					"all_proxy=",
					"ALL_PROXY=",
					NULL};
	rig_apply_text(&rig, "connections:\n"
			     "  - name: defender\n"
			     "    type: endpoint\n"
			     "    tenant_id: " MST_SIM_TENANT "\n"
			     "    client_id: " MST_SIM_CLIENT "\n"
			     "    client_secret: env:MUSTER_SIM_SECRET\n"
			     "    api_url: "
			     "https://api-gov.securitycenter.microsoft.us\n");
	look(1);
	shows("reach:login", "Failed", "127.0.0.1:1", "https_proxy");
	shows("login:defender", "Skipped", "'reach login'", "");
	shows("cloud", "Skipped", "'reach login'", "");
	shows("clock", "Skipped", "'reach login'", "");
}

/* ---- the way ------------------------------------------------------------- */

static void no_way_to_one_of_them(void **state)
{
	char *yaml;

	(void)state;
	fresh();
	yaml = mst_asprintf("connections:\n"
			    "  - name: defender\n"
			    "    type: endpoint\n"
			    "    tenant_id: " MST_SIM_TENANT "\n"
			    "    client_id: " MST_SIM_CLIENT "\n"
			    "    " SECRET "\n"
			    "    login_url: http://127.0.0.1:%d\n"
			    "    api_url: %s\n"
			    "    enrich: no\n",
			    t_free_port(), RIG_HOST(&rig, MST_SIM_API));
	rig_apply_text(&rig, yaml);
	free(yaml);
	fails(1, "reach:login", "Failed to connect", "firewall");
	shows("reach:api", "Ok", "127.0.0.1 port", "");
	shows("login:defender", "Skipped", "'reach login'", "");
	shows("permissions", "Skipped", "'reach login'", "");
	/* the login host is there, the API is not: what can be told is told */
	yaml = mst_asprintf("connections:\n"
			    "  - name: defender\n"
			    "    type: endpoint\n"
			    "    tenant_id: " MST_SIM_TENANT "\n"
			    "    client_id: " MST_SIM_CLIENT "\n"
			    "    " SECRET "\n"
			    "    login_url: %s\n"
			    "    api_url: http://127.0.0.1:%d\n"
			    "    graph_url: %s\n",
			    RIG_HOST(&rig, MST_SIM_LOGIN), t_free_port(),
			    RIG_HOST(&rig, MST_SIM_GRAPH));
	rig_apply_text(&rig, yaml);
	free(yaml);
	fails(1, "reach:api", "Failed to connect", "firewall");
	shows("login:defender", "Ok", "a token", "");
	shows("permission:Machine.Read.All", "Ok", "granted", "");
	shows("feed:machines", "Skipped", "'reach api'", "");
	shows("feed:entra_devices", "Ok", "answers", "");
	shows("clock", "Ok", "same time", "");
}

/* ---- permissions --------------------------------------------------------- */

static void permissions(void **state)
{
	(void)state;
	fresh();
	/* a job without CVEs does not need the permission for them */
	rig_apply(&rig, NULL, NULL, "    record_sets: [devices]\n");
	look(0);
	shows("permission:Vulnerability.Read.All", "Note",
	      "granted, but only vulnerabilities, device_vulnerabilities would "
	      "need it",
	      "take it away");
	shows("jobs", "Ok", "main: devices (not looked at for ", "");
	assert_true(mst_json_type(says_check(&rig, "feed:vulnerabilities")) ==
		    MST_JSON_NULL);
	app("{\"mde\":[\"Software.Read.All\"]}");
	look(4);
	shows("permission:Machine.Read.All", "Failed",
	      "(for devices of job "
	      "main)",
	      "admin consent");
	shows("permission:Vulnerability.Read.All", "Note", "not needed", "");
	/* one thing is wrong, and one check says so */
	assert_int_equal(counted("failed"), 1);
	shows("feed:machines", "Skipped", "needs the check 'Machine.Read.All'",
	      "");
}

/* Without it devices are not enriched; a run goes on. */
static void missing_graph_permission(void **state)
{
	(void)state;
	fresh();
	app("{\"graph\":[\"User.Read.All\"]}");
	warns("permission:Device.Read.All",
	      "missing; without it there is no access to Entra ID devices, and "
	      "devices are not enriched",
	      "'Device.Read.All' of Microsoft Graph");
	shows("feed:entra_devices", "Skipped",
	      "needs the check 'Device.Read.All'", "");
	/* a token that shows no permission at all: the API tells */
	app("{\"graph\":[]}");
	look(0);
	shows("permission:Device.Read.All", "Warning",
	      "the token shows no permissions", "unless it is there");
	shows("feed:entra_devices", "Warning", "/v1.0/devices refuses (403",
	      "grant the application permission 'Device.Read.All'");
}

/* Whoever has the credential could do this, too. */
static void writing_permissions(void **state)
{
	(void)state;
	fresh();
	app("{\"mde\":[\"Machine.Read.All\",\"Software.Read.All\","
	    "\"Vulnerability.Read.All\",\"Machine.Isolate\",\"Ti.ReadWrite\","
	    "\"Library.Manage\"]}");
	warns("read_only:defender",
	      "may do more than read: Machine.Isolate, Ti.ReadWrite, "
	      "Library.Manage",
	      "take these permissions away");
	fresh();
	app("{\"graph\":[\"Device.Read.All\",\"Directory.ReadWrite.All\"]}");
	warns("read_only:graph", "more than read: Directory.ReadWrite.All",
	      "app registration");
}

static void short_token(void **state)
{
	(void)state;
	fresh();
	app("{\"token_life_s\":120}");
	look(0);
	shows("token:defender", "Warning", "good for 120 s only",
	      "token lifetime policies");
	assert_int_equal(counted("warnings"), 2);
}

static int set_up(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_is_well),
	    cmocka_unit_test(it_is_cheap),
	    cmocka_unit_test(all_are_documented),
	    cmocka_unit_test(wrong_settings),
	    cmocka_unit_test(lost_secret),
	    cmocka_unit_test(secret_expires_soon),
	    cmocka_unit_test(certificates),
	    cmocka_unit_test(certificate_and_wrong_clock),
	    cmocka_unit_test(lost_token_file),
	    cmocka_unit_test(refused_log_ins),
	    cmocka_unit_test(login_host_has_trouble),
	    cmocka_unit_test(refused_for_one_api),
	    cmocka_unit_test(wrong_tenant_or_application),
	    cmocka_unit_test(wrong_cloud),
	    cmocka_unit_test(mixed_clouds),
	    cmocka_unit_test(no_way_to_one_of_them),
	    cmocka_unit_test(permissions),
	    cmocka_unit_test(missing_graph_permission),
	    cmocka_unit_test(writing_permissions),
	    cmocka_unit_test(short_token),
	};

	return cmocka_run_group_tests_name("setup_source", tests, set_up,
					   tear_down);
}
