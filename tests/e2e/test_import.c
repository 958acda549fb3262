/* SPDX-License-Identifier: Apache-2.0
 *
 * muster import-cyberx: what it says of a file, prints, writes and stores.
 */
#include "tests/lib/sync_rig.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static struct rig rig;
static char *file, *out;

static int begin(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	file = mst_strdup(t_path("global.properties"));
	out = mst_strdup(t_path("proxy.yaml"));
	return 0;
}

static int finish(void **state)
{
	(void)state;
	rig_stop(&rig);
	free(file);
	free(out);
	return 0;
}

static void holds(const struct mst_buf *b, const char *part)
{
	if (!b->p || !strstr(b->p, part))
		fail_msg("wanted \"%s\" in: %s", part, b->p ? b->p : "");
}

static void write_file(const char *text)
{
	t_write(file, mst_slice_str(text));
}

#define GOOD                                                                   \
	"db.password=not-real-1\n"                                             \
	"servicenow.http_proxy.enabled=1\n"                                    \
	"servicenow.http_proxy.ip=10.1.2.3\n"                                  \
	"servicenow.http_proxy.port=8080\n"                                    \
	"servicenow.secret=not-real-2\n"

/* What it prints is a file that apply reads. */
static void printed(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	(void)state;
	rig_new_state(&rig);
	write_file(GOOD);
	rig_muster(&rig, "import-cyberx", file);
	rig_status(&rig, 0);
	holds(&rig.out, "# line 1: ignored: db.password: ");
	holds(&rig.out, "# line 3: understood: servicenow.http_proxy.ip: ");
	holds(&rig.out, "# line 5: ignored: servicenow.secret: ");
	assert_null(strstr(rig.out.p, "not-real"));
	t_ok(mst_file_write(out, mst_buf_slice(&rig.out), 0600, &err), &err);
	rig_muster(&rig, "apply", "-f", out);
	rig_status(&rig, 0);
	rig_muster(&rig, "export", "proxy");
	holds(&rig.out, "url: http://10.1.2.3:8080");
}

static void stored(void **state)
{
	(void)state;
	rig_new_state(&rig);
	write_file(GOOD);
	rig_muster(&rig, "import-cyberx", file, "--out", out, "--apply");
	rig_status(&rig, 0);
	holds(&rig.out, "\nsection proxy, http://10.1.2.3:8080: written to ");
	holds(&rig.out, ", stored\n");
	rig_muster(&rig, "export", "proxy");
	holds(&rig.out, "url: http://10.1.2.3:8080");
	/* It may be run again. */
	rig_muster(&rig, "import-cyberx", file, "--apply", "--json");
	rig_status(&rig, 0);
	(void)rig_json(&rig);
	holds(&rig.out, "\"stored\":false");
	/* Another proxy is a person's to replace. */
	write_file(GOOD "servicenow.http_proxy.port=3128\n");
	rig_muster(&rig, "import-cyberx", file, "--apply");
	rig_status(&rig, 5);
	rig_one_error(&rig);
	rig_says(&rig, "another proxy is stored already");
	rig_muster(&rig, "export", "proxy");
	holds(&rig.out, "url: http://10.1.2.3:8080");
}

static void not_made(void **state)
{
	(void)state;
	rig_new_state(&rig);
	write_file("servicenow.http_proxy.enabled=1\n"
		   "servicenow.http_proxy.ip=10.1.2.3\n");
	rig_muster(&rig, "import-cyberx", file, "--apply");
	rig_status(&rig, 1);
	rig_one_error(&rig);
	holds(&rig.out, "wrong: servicenow.http_proxy.port: is missing");
	rig_says(&rig, "1 line of the proxy is wrong");
	write_file("a=b\n");
	rig_muster(&rig, "import-cyberx", file);
	rig_status(&rig, 1);
	rig_says(&rig, "no key begins with \"servicenow.\"");
	write_file("servicenow.http_proxy.enabled=0\n");
	rig_muster(&rig, "import-cyberx", file, "--apply");
	rig_status(&rig, 0);
	holds(&rig.out, "nothing to import");
	rig_muster(&rig, "export", "proxy");
	assert_true(rig.out.n == 0);
	rig_muster(&rig, "import-cyberx", t_path("nowhere"));
	rig_status(&rig, 1);
	rig_one_error(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(printed),
	    cmocka_unit_test(stored),
	    cmocka_unit_test(not_made),
	};

	return cmocka_run_group_tests_name("import", tests, begin, finish);
}
