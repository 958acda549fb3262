/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection test of a source: its lists and their storage, the clock,
 * what Graph says of limits, and folders.
 */
#include "tests/e2e/setup_says.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400L

static struct rig rig;

#define shows(id, level, text, remedy) says_shows(&rig, id, level, text, remedy)
#define counted(what)		       says_counted(&rig, what)
#define fresh()			       says_fresh(&rig)
#define warns(id, text, remedy)	       says_warns(&rig, "defender", id, text, remedy)
#define fails(status, id, text, remedy)                                        \
	says_fails(&rig, "defender", status, id, text, remedy)

/* Tests the connection and wants this exit status. */
static void look(int status)
{
	rig_muster(&rig, "connection", "test", "defender", "--json");
	rig_status(&rig, status);
}

/* ---- the lists ----------------------------------------------------------- */

static void fault(const char *kind, const char *host, const char *path,
		  const char *more)
{
	rig_control(&rig, "POST", "/_sim/faults",
		    "{\"kind\":\"%s\",\"host\":\"%s\",\"path\":\"%s\"%s}", kind,
		    host, path, more);
}

static void faulty_lists(void **state)
{
	static const struct {
		const char *kind, *more;
		int status;
		const char *level, *text, *remedy;
	} rows[] = {
	    {"expired_token", "", 4, "Failed",
	     "/api/machines refuses (401 Unauthorized: 'Lifetime validation "
	     "failed, the token is expired.'), though 'Machine.Read.All' is "
	     "granted",
	     "whether the application is enabled"},
	    {"revoked", "", 4, "Failed", "refuses (403 Forbidden",
	     "wait some minutes"},
	    {"false_404", "", 1, "Failed",
	     "Defender was never used in this tenant", "onboard a device"},
	    {"429", ",\"retry_after\":90", 0, "Warning",
	     "takes no more requests for the next 90 s (429)",
	     "the limit is the tenant's"},
	    {"status_before", ",\"status\":503", 1, "Failed",
	     "/api/machines answers 503 InternalServerError", "service health"},
	    {"status_before", ",\"status\":400", 1, "Failed",
	     "/api/machines answers 400 BadRequest", "is it Microsoft"},
	    {"html", "", 1, "Failed", "a web page instead of JSON",
	     "a proxy asks for a log-in"},
	    {"empty_body", "", 1, "Failed", "an empty body", "test again"},
	    {"odd_json", "", 1, "Failed", "without the list 'value'",
	     "is it Microsoft"},
	    {"truncated", "", 1, "Failed", "no JSON, or cut", "test again"},
	    {"empty_page", "", 0, "Warning", "shows no device",
	     "onboard devices"},
	    {"drop_before", "", 1, "Failed", "no answer from 127.0.0.1",
	     "firewall or proxy"},
	};

	(void)state;
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		fresh();
		fault(rows[i].kind, "api", "/machines?$top", rows[i].more);
		look(rows[i].status);
		shows("feed:machines", rows[i].level, rows[i].text,
		      rows[i].remedy);
		assert_int_equal(counted("failed") + counted("warnings"), 1);
		shows("feed:software", "Ok", "answers", "");
	}
}

/* Without enrichment a run goes on. */
static void faulty_graph(void **state)
{
	(void)state;
	fresh();
	fault("revoked", "graph", "", "");
	warns("feed:entra_devices", "/v1.0/devices refuses (403",
	      "wait some minutes");
	fresh();
	rig_control(&rig, "POST", "/_sim/switches",
		    "{\"throttle_share\":0.93}");
	warns("rate_limits",
	      "Microsoft Graph says that 93 % of this application's limit",
	      "an app registration of its own");
}

static void tenant_without_defender(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/switches",
		    "{\"account_inactive\":true}");
	look(4);
	shows("feed:machines", "Failed", "is not active in this tenant",
	      "activate it in the Defender portal");
}

static void storage(void **state)
{
	(void)state;
	fresh();
	fault("expired_sas", "blob", "", "");
	fails(4, "storage", "refuses the file of a list that came just now",
	      "clock");
	fresh();
	fault("drop_before", "blob", "", "");
	fails(1, "storage", "no answer from 127.0.0.1", "read_method: json");
	/* pages are the other way, unless only files are wanted */
	fresh();
	fault("revoked", "api", "Export", "");
	look(0);
	shows("storage", "Note", "is refused (403): pages are read instead",
	      "");
	rig_apply(&rig, "    read_method: files\n", NULL, NULL);
	fails(4, "storage", "SoftwareInventoryExport is refused (403)",
	      "read_method: json");
	rig_apply(&rig, "    read_method: json\n", NULL, NULL);
	look(0);
	assert_true(mst_json_type(says_check(&rig, "storage")) ==
		    MST_JSON_NULL);
	/* what somebody else may have put there is not fetched */
	fresh();
	fault("odd_json", "api", "Export", "");
	fails(1, "storage", "with no list of files", "read_method: json");
}

/* Nobody takes it yet: nothing of it fails. */
static void no_job_yet(void **state)
{
	char *yaml;

	(void)state;
	fresh();
	rig_new_state(&rig);
	yaml = mst_asprintf("connections:\n"
			    "  - name: defender\n"
			    "    type: endpoint\n"
			    "    tenant_id: " MST_SIM_TENANT "\n"
			    "    client_id: " MST_SIM_CLIENT "\n"
			    "    client_secret: env:MUSTER_SIM_SECRET\n"
			    "    login_url: %s\n"
			    "    api_url: %s\n"
			    "    graph_url: %s\n",
			    RIG_HOST(&rig, MST_SIM_LOGIN),
			    RIG_HOST(&rig, MST_SIM_API),
			    RIG_HOST(&rig, MST_SIM_GRAPH));
	rig_apply_text(&rig, yaml);
	free(yaml);
	look(0);
	shows("jobs", "Note", "no job uses this connection yet", "");
	fault("html", "api", "/machines?$top", "");
	look(0);
	shows("feed:machines", "Note", "a web page", "proxy");
}

/* ---- the clock ----------------------------------------------------------- */

static void skewed_clock(void **state)
{
	(void)state;
	fresh();
	rig_control(&rig, "POST", "/_sim/time", "{\"skew_s\":40}");
	look(0);
	shows("clock", "Ok", "same time", "");
	rig_control(&rig, "POST", "/_sim/time", "{\"skew_s\":-150}");
	warns("clock", "2 min 3", "timedatectl set-ntp true");
	shows("clock", "Warning", "s ahead of Microsoft's", "timedatectl");
	rig_control(&rig, "POST", "/_sim/time", "{\"skew_s\":1200}");
	fails(1, "clock", "behind Microsoft's: log-ins with certificate",
	      "timedatectl");
	/* of several answers the one counts that is least wrong */
	rig_control(&rig, "POST", "/_sim/time", "{\"skew_s\":0}");
	fault("clock_skew", "graph", "", ",\"skew_s\":7200");
	look(0);
	shows("clock", "Ok", "same time", "");
}

/* ---- folders ------------------------------------------------------------- */

static void no_folder(void **state)
{
	char *more;

	(void)state;
	fresh();
	more = mst_asprintf("    read_from: %s/nowhere\n", rig.dir);
	rig_apply(&rig, more, NULL, NULL);
	fails(1, "folder", "nowhere", "");
	free(more);
}

static void saved_folder(void **state)
{
	struct timespec old[2] = {{.tv_sec = time(NULL) - 9 * DAY_S}};
	char *path;

	(void)state;
	fresh();
	says_from_folder(&rig, "");
	look(0);
	shows("folder", "Ok", "as 'muster fetch' saved it", "");
	shows("feed:entra_devices", "Ok", "1 file, ", "");
	shows("feed:device_vulnerabilities", "Warning", "days old); complete",
	      "put newer files there");
	/* a file of it was changed */
	path = says_saved(&rig, "machines/page-00001.json");
	assert_int_equal(truncate(path, 20), 0);
	look(0);
	shows("feed:machines", "Warning",
	      "not proven complete: machines/page-00001.json has another size",
	      "muster fetch");
	assert_int_equal(unlink(path), 0);
	fails(1, "folder", "page-00001.json", "");
	/* what is no file any more */
	assert_int_equal(mkdir(path, 0700), 0);
	fails(1, "feed:machines", "1 of 2 files cannot be read: ",
	      "let this account read all files");
	assert_int_equal(rmdir(path), 0);
	/* the same without a manifest, and without a list */
	free(path);
	path = says_saved(&rig, "machines/page-00002.json");
	assert_int_equal(unlink(path), 0);
	free(path);
	path = says_saved(&rig, "manifest.json");
	assert_int_equal(unlink(path), 0);
	free(path);
	look(0);
	shows("folder", "Ok", "files without a manifest", "");
	shows("feed:machines", "Warning", "no file of it",
	      "put its files there");
	shows("feed:software", "Warning", "does not prove that it is whole",
	      "assume_complete");
	says_from_folder(&rig, "    assume_complete: yes\n");
	look(0);
	shows("feed:software", "Ok", "complete", "");
	old[1] = old[0];
	path = says_saved(&rig, "entra_devices/page-00001.json");
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	free(path);
	look(0);
	shows("feed:entra_devices", "Warning", "(9 days old)", "newer files");
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
	    cmocka_unit_test(faulty_lists),
	    cmocka_unit_test(faulty_graph),
	    cmocka_unit_test(tenant_without_defender),
	    cmocka_unit_test(storage),
	    cmocka_unit_test(no_job_yet),
	    cmocka_unit_test(skewed_clock),
	    cmocka_unit_test(no_folder),
	    cmocka_unit_test(saved_folder),
	};

	return cmocka_run_group_tests_name("setup_lists", tests, set_up,
					   tear_down);
}
