/* SPDX-License-Identifier: Apache-2.0
 *
 * The credential as a set-up check, and the warnings that each run gives.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/time.h"
#include "cred/cred.h"
#include "tests/lib/pki.h"

#define DAY_S ((int64_t)86400)

static struct mst_check check;

static struct mst_cred_entra conf_of(const char *secret)
{
	return (struct mst_cred_entra){
	    .login = "https://login.microsoftonline.com",
	    .tenant = "00000000-0000-4000-8000-00000000000a",
	    .client_id = "00000000-0000-4000-8000-00000000000b",
	    .scope = "https://api.securitycenter.microsoft.com/.default",
	    .client_secret = secret,
	};
}

static void looks(const struct mst_cred_entra *conf, enum mst_check_level level,
		  const char *text, const char *remedy)
{
	check = (struct mst_check){.name = "credential"};
	mst_cred_entra_look(conf, &check);
	if (check.level != level || !strstr(check.text, text) ||
	    (*remedy ? !strstr(check.remedy, remedy) : *check.remedy))
		fail_msg("not %s \"%s\" -> \"%s\", but %s \"%s\" -> \"%s\"",
			 mst_check_level_name(level), text, remedy,
			 mst_check_level_name(check.level), check.text,
			 check.remedy);
	assert_int_equal(check.code != MST_OK, level == MST_CHECK_FAILED);
	assert_null(strstr(check.text, "not-a-real"));
	assert_null(strstr(check.remedy, "not-a-real"));
}

/* What the same credential says when a run logs in with it. */
static void warns(const struct mst_cred_entra *conf, const char *text)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;

	t_ok(mst_cred_entra(conf, &a, &err), &err);
	if (*text ? !strstr(mst_cred_warning(a), text) : *mst_cred_warning(a))
		fail_msg("not \"%s\" but \"%s\"", text, mst_cred_warning(a));
	mst_auth_free(&a);
}

static void date_in(int64_t seconds, char out[11])
{
	char iso[21];

	mst_time_iso(mst_now_us() + seconds * 1000000, iso);
	(void)snprintf(out, 11, "%.10s", iso);
}

/* ---- client secret ------------------------------------------------------- */

static void a_secret_tells_no_end(void **state)
{
	struct mst_cred_entra conf = conf_of("env:MST_LOOK_SECRET");

	(void)state;
	setenv("MST_LOOK_SECRET", "not-a-real-secret", 1);
	looks(&conf, MST_CHECK_NOTE, "env:MST_LOOK_SECRET; when it expires",
	      "Certificates & secrets");
	warns(&conf, "");
}

static void a_secret_with_its_date(void **state)
{
	struct mst_cred_entra conf = conf_of("env:MST_LOOK_SECRET");
	char date[11];

	(void)state;
	setenv("MST_LOOK_SECRET", "not-a-real-secret", 1);
	conf.secret_expires = date;
	date_in(40 * DAY_S, date);
	looks(&conf, MST_CHECK_OK, date, "");
	warns(&conf, "");
	/* dates are whole days: 29 and something are left */
	date_in(30 * DAY_S, date);
	looks(&conf, MST_CHECK_WARNING, "expires in 29 days, on ",
	      "set secret_expires");
	warns(&conf, "the client secret expires on ");
	date_in(2 * DAY_S, date);
	looks(&conf, MST_CHECK_WARNING, "expires in 1 day, on ", "new one");
	/* Whether it is so, the login host says. */
	date_in(-DAY_S, date);
	looks(&conf, MST_CHECK_WARNING, "says that it expired on ", "new one");
	warns(&conf, "the client secret expired on ");
}

static void a_date_that_is_none(void **state)
{
	struct mst_cred_entra conf = conf_of("env:MST_LOOK_SECRET");
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	conf.secret_expires = "next spring";
	assert_int_equal(mst_cred_entra_check(&conf, &err), -MST_E_INVALID);
	assert_non_null(strstr(err.msg, "'next spring' is no date"));
	conf.secret_expires = "2027-03-31";
	t_ok(mst_cred_entra_check(&conf, &err), &err);
	conf.client_secret = NULL;
	conf.certificate = "/nowhere.pem";
	assert_int_equal(mst_cred_entra_check(&conf, &err), -MST_E_INVALID);
	assert_non_null(strstr(err.msg, "secret_expires is for client_secret"));
}

/* What would do nothing. */
static void a_key_without_its_certificate(void **state)
{
	struct mst_cred_entra conf = conf_of("env:MST_LOOK_SECRET");
	struct mst_err err = MST_ERR_INIT;

	(void)state;
	conf.certificate_key = "/nowhere.key";
	t_failed(mst_cred_entra_check(&conf, &err), &err, MST_E_INVALID,
		 "certificate_key is for certificate");
	conf.client_secret = NULL;
	conf.certificate_name = "muster";
	t_failed(mst_cred_entra_check(&conf, &err), &err, MST_E_INVALID,
		 "certificate_key is for certificate");
	conf.certificate_name = NULL;
	conf.certificate = "/nowhere.pem";
	t_ok(mst_cred_entra_check(&conf, &err), &err);
}

static void a_secret_that_cannot_be_used(void **state)
{
	struct mst_cred_entra conf = conf_of("env:MST_LOOK_SECRET");

	(void)state;
	unsetenv("MST_LOOK_SECRET");
	looks(&conf, MST_CHECK_FAILED, "MST_LOOK_SECRET", "");
	setenv("MST_LOOK_SECRET", "00000000-0000-4000-8000-00000000000c", 1);
	looks(&conf, MST_CHECK_WARNING, "the form of a secret's ID",
	      "store the value");
	assert_null(strstr(check.text, "00000000000c"));
	conf.client_secret = "file:/nowhere/secret";
	looks(&conf, MST_CHECK_FAILED, "/nowhere/secret", "");
}

/* ---- certificate --------------------------------------------------------- */

static void a_certificate(void **state)
{
	static const struct {
		int64_t from_s, to_s;
		enum mst_check_level level;
		const char *text, *remedy, *warning;
	} rows[] = {
	    {-60, 31 * DAY_S, MST_CHECK_OK, "\"CN=muster\", thumbprint ", "",
	     ""},
	    {-60, 12 * DAY_S + 3600, MST_CHECK_WARNING, "expires in 12 days",
	     "upload it under", "expires on "},
	    {-60, 3600, MST_CHECK_WARNING, "expires in 0 days", "upload it",
	     "expires on "},
	    {-9 * DAY_S, -DAY_S, MST_CHECK_FAILED, "expired on ", "make a new",
	     NULL},
	    {DAY_S, 9 * DAY_S, MST_CHECK_FAILED, "not valid before ",
	     "this machine's clock", NULL},
	};
	struct mst_cred_entra conf = conf_of(NULL);

	(void)state;
	conf.certificate = t_path("look.pem");
	conf.assertion_alg = "PS256";
	for (size_t i = 0; i < MST_LEN(rows); i++) {
		struct t_pki p = t_pki_make("rsa2048", "muster", rows[i].from_s,
					    rows[i].to_s, NULL);
		char *both = mst_asprintf("%s%s", p.cert, p.key);

		t_write(conf.certificate, mst_slice_str(both));
		looks(&conf, rows[i].level, rows[i].text, rows[i].remedy);
		if (rows[i].warning)
			warns(&conf, rows[i].warning);
		free(both);
		t_pki_free(&p);
	}
	conf.certificate = "/nowhere.pem";
	looks(&conf, MST_CHECK_FAILED, "/nowhere.pem", "");
	conf.certificate = NULL;
	conf.certificate_name = "nobody";
	setenv("MUSTER_CONFIG", t_path("nowhere"), 1);
	looks(&conf, MST_CHECK_FAILED, "'nobody' is not in LocalMachine/My",
	      "put the certificate there");
}

/* ---- token file ---------------------------------------------------------- */

static const char *token(const char *claims)
{
	const char *path = t_path("look-token");
	struct mst_buf b = MST_BUF_INIT(65536);

	mst_b64url_add(&b, MST_SLICE_LIT("{\"alg\":\"RS256\"}"));
	mst_buf_addc(&b, '.');
	mst_b64url_add(&b, mst_slice_str(claims));
	mst_buf_adds(&b, ".c2ln");
	t_write(path, mst_buf_slice(&b));
	mst_buf_fini(&b);
	return path;
}

static void a_token_file(void **state)
{
	struct mst_cred_entra conf = conf_of(NULL);

	(void)state;
	conf.federated_token_file =
	    token("{\"iss\":\"https://issuer.example/\",\"sub\":\"system:"
		  "serviceaccount:a:b\",\"exp\":4102444800}");
	looks(&conf, MST_CHECK_OK,
	      "issuer https://issuer.example/, subject system:serviceaccount:"
	      "a:b, until 2100-01-01",
	      "");
	warns(&conf, "");
	(void)token("{\"iss\":\"x\",\"exp\":1000}");
	looks(&conf, MST_CHECK_FAILED, "ended on 1970-01-01",
	      "does not renew it");
	t_write(conf.federated_token_file, MST_SLICE_LIT(""));
	looks(&conf, MST_CHECK_FAILED, "is empty", "has not done so");
	conf.federated_token_file = "env:MST_LOOK_NOT_SET";
	looks(&conf, MST_CHECK_FAILED, "MST_LOOK_NOT_SET",
	      "is workload identity switched on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_secret_tells_no_end),
	    cmocka_unit_test(a_secret_with_its_date),
	    cmocka_unit_test(a_date_that_is_none),
	    cmocka_unit_test(a_key_without_its_certificate),
	    cmocka_unit_test(a_secret_that_cannot_be_used),
	    cmocka_unit_test(a_certificate),
	    cmocka_unit_test(a_token_file),
	};

	struct mst_err err = MST_ERR_INIT;

	if (mst_secret_setup(&err) < 0)
		return 1;
	return cmocka_run_group_tests_name("look", tests, t_log_watch,
					   t_log_check);
}
