/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificate stores: the folders, what is listed, which certificate a name
 * means, and every way in which it means none or several.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "cred/certs.h"
#include "cred/cred.h"
#include "tests/lib/pki.h"

#define DAY 86400L

static struct t_pki a, b, a_old, a_new, weak;
static char *my; /* LocalMachine/My */

static struct t_pki make(const char *kind, const char *name, long from_s,
			 long to_s)
{
	return t_pki_make_as(&(struct t_pki_conf){.kind = kind,
						  .host = name,
						  .from_s = from_s,
						  .to_s = to_s,
						  .organization = "Example"});
}

static int set_up(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	a = make("rsa2048", "muster", -DAY, 365 * DAY);
	b = make("rsa2048", "other", -DAY, 365 * DAY);
	a_old = make("rsa2048", "muster", -9 * DAY, -2 * DAY);
	a_new = make("rsa2048", "muster", -DAY, 700 * DAY);
	weak = make("rsa1024", "weak", -DAY, 365 * DAY);
	return mst_secret_setup(&err);
}

static int tear_down(void **state)
{
	t_pki_free(&a);
	t_pki_free(&b);
	t_pki_free(&a_old);
	t_pki_free(&a_new);
	t_pki_free(&weak);
	free(my);
	return 0;
}

/* Stores of their own for each test. */
static int fresh(void **state)
{
	static int n;
	struct mst_err err = MST_ERR_INIT;
	const char *root = t_path("stores%d", n++);

	assert_int_equal(setenv("MUSTER_CONFIG", root, 1), 0);
	assert_int_equal(setenv("XDG_CONFIG_HOME", t_path("home%d", n), 1), 0);
	free(my);
	my = mst_cert_dir("LocalMachine", "My");
	return mst_dir_make(my, &err);
}

static const char *put(const char *name, const char *one, const char *two)
{
	static char path[4096];
	char *text = mst_asprintf("%s%s", one, two);

	(void)snprintf(path, sizeof(path), "%s/%s", my, name);
	t_write(path, mst_slice_str(text));
	assert_int_equal(chmod(path, 0600), 0);
	free(text);
	return path;
}

static const char *thumb_of(const char *name)
{
	static char thumb[41];
	struct mst_cert_entry e;
	char *path = mst_asprintf("%s/%s", my, name);

	mst_cert_look(path, NULL, NULL, &e);
	(void)snprintf(thumb, sizeof(thumb), "%s", e.thumb);
	mst_cert_entry_fini(&e);
	free(path);
	return thumb;
}

static void finds(const char *name, const char *file)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert_entry e;

	t_ok(mst_cert_find("LocalMachine", "My", name, NULL, &e, &err), &err);
	assert_non_null(strstr(e.path, file));
	mst_cert_entry_fini(&e);
}

static void finds_not(const char *name, enum mst_code code, const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert_entry e;

	t_failed(mst_cert_find("LocalMachine", "My", name, NULL, &e, &err),
		 &err, code, part);
	assert_null(strchr(err.msg, '\n'));
}

/* ---- finding ------------------------------------------------------------- */

static void test_names(void **state)
{
	char thumb[64], spaced[80], colons[160] = "";

	put("one.pem", a.cert, a.key);
	put("two.pem", b.cert, b.key);
	finds("muster", "/one.pem");
	finds("MUSTER", "/one.pem");
	finds("CN=muster, O=Example", "/one.pem");
	finds("CN = muster,O = Example", "/one.pem");
	finds_not("CN=mus ter, O=Example", MST_E_NOTFOUND, "is not in");
	finds("cn=other, o=example", "/two.pem");
	(void)snprintf(thumb, sizeof(thumb), "%s", thumb_of("two.pem"));
	finds(thumb, "/two.pem");
	/* as Windows' dialog shows it, with the mark that it copies along */
	(void)snprintf(spaced, sizeof(spaced), "\xe2\x80\x8e%.2s %s", thumb,
		       thumb + 2);
	finds(spaced, "/two.pem");
	for (size_t i = 0; i < 40; i += 2)
		(void)snprintf(colons + strlen(colons), 4, "%s%c%c",
			       i ? ":" : "", thumb[i] | 32, thumb[i + 1] | 32);
	finds(colons, "/two.pem");
	/* never a part of a name */
	finds_not("must", MST_E_NOTFOUND, "'muster cert list' shows");
	finds_not("Example", MST_E_NOTFOUND, "whole subject");
	finds_not("0123456789012345678901234567890123456789", MST_E_NOTFOUND,
		  "is not in LocalMachine/My");
}

static void test_several(void **state)
{
	put("one.pem", a.cert, a.key);
	put("new.pem", a_new.cert, a_new.key);
	finds_not("muster", MST_E_CONFLICT,
		  "2 certificates in LocalMachine/My are 'muster'; name one of "
		  "them by its thumbprint");
	finds_not("muster", MST_E_CONFLICT, thumb_of("new.pem"));
	finds(thumb_of("new.pem"), "/new.pem");
}

/* A renewed certificate lies beside the old one, a copy beside the key. */
static void test_only_one_is_usable(void **state)
{
	put("a_old.pem", a_old.cert, a_old.key);
	put("one.pem", a.cert, a.key);
	finds("muster", "/one.pem");
	put("copy.cer", a.cert, "");
	finds("muster", "/one.pem");
	put("public.cer", a_new.cert, "");
	finds("muster", "/one.pem");
}

static void test_none_usable(void **state)
{
	struct t_pki older = make("rsa2048", "muster", -9 * DAY, -3 * DAY);

	put("a_old.pem", a_old.cert, a_old.key);
	finds("muster", "/a_old.pem"); /* loading it says that it expired */
	put("older.pem", older.cert, older.key);
	finds_not("muster", MST_E_CONFLICT, "2 certificates");
	t_pki_free(&older);
}

static void test_no_folder(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert_entry e;

	t_failed(mst_cert_find("LocalMachine", "Root", "x", NULL, &e, &err),
		 &err, MST_E_NOTFOUND, "there is no folder");
	t_failed(mst_cert_find("LocalMachine", "Mine", "x", NULL, &e, &err),
		 &err, MST_E_INVALID, "no certificate store 'LocalMachine/M");
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
	assert_int_equal(unsetenv("HOME"), 0);
	t_failed(mst_cert_find("CurrentUser", "My", "x", NULL, &e, &err), &err,
		 MST_E_INVALID, "neither XDG_CONFIG_HOME nor HOME");
}

static void test_dark_files(void **state)
{
	struct mst_secret *word = mst_secret_new(MST_SLICE_LIT("the-word"));
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert_entry e;
	char path[4096];
	size_t n;
	char *p12 = t_pki_p12(&a, "the-word", NULL, false, &n);

	(void)snprintf(path, sizeof(path), "%s/x.p12", my);
	t_write(path, mst_slice(p12, n));
	assert_int_equal(chmod(path, 0600), 0);
	finds_not("muster", MST_E_NOTFOUND,
		  "1 files there that cannot be read");
	t_ok(mst_cert_find("LocalMachine", "My", "muster", word, &e, &err),
	     &err);
	assert_null(e.problem);
	mst_cert_entry_fini(&e);
	mst_secret_free(&word);
	free(p12);
}

/* ---- listing ------------------------------------------------------------- */

static void test_list(void **state)
{
	static const struct {
		const char *file, *name, *problem;
		bool key;
	} want[] = {
	    {"a.pem", "muster", NULL, true},
	    {"b.crt", "other", NULL, true}, /* key beside it */
	    {"c.cer", "muster", NULL, false},
	    {"d.pem", NULL, "holds no certificate", false},
	    {"e.pem", "muster", "expired on", true},
	    {"f.pem", "weak", "is weak: it has 1024 bits", true},
	    {"g.pem", NULL, "may be read or written by others", false},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert_list l = {.n = 0};

	put("a.pem", a.cert, a.key);
	put("b.crt", b.cert, "");
	put("b.key", b.key, "");
	put("c.cer", a_new.cert, "");
	put("d.pem", "hello", "");
	put("e.pem", a_old.cert, a_old.key);
	put("f.pem", weak.cert, weak.key);
	assert_int_equal(chmod(put("g.pem", a.cert, a.key), 0644), 0);
	put(".hidden", a.cert, a.key);
	t_ok(mst_cert_list("LocalMachine", "My", NULL, &l, &err), &err);
	assert_int_equal(l.n, MST_LEN(want));
	for (size_t i = 0; i < l.n; i++) {
		const struct mst_cert_entry *e = &l.v[i];

		assert_non_null(strstr(e->path, want[i].file));
		assert_string_equal(e->location, "LocalMachine");
		assert_string_equal(e->store, "My");
		if (want[i].name)
			assert_string_equal(e->name, want[i].name);
		else
			assert_null(e->subject);
		if (want[i].problem)
			assert_non_null(strstr(e->problem, want[i].problem));
		else
			assert_null(e->problem);
		assert_int_equal(e->has_key, want[i].key);
	}
	mst_cert_list_fini(&l);
	t_ok(mst_cert_list("CurrentUser", "AddressBook", NULL, &l, &err), &err);
	assert_int_equal(l.n, 0);
}

/* ---- as a credential ----------------------------------------------------- */

static int entra(const char *name, const char *chain, struct mst_err *err)
{
	const struct mst_cred_entra conf = {
	    .login = "https://login.microsoftonline.com",
	    .tenant = "00000000-0000-4000-8000-00000000000a",
	    .client_id = "00000000-0000-4000-8000-00000000000b",
	    .scope = "https://api.securitycenter.microsoft.com/.default",
	    .certificate_name = name,
	    .certificate = chain,
	    .send_x5c = true,
	};
	struct mst_auth *auth = NULL;
	int rc = mst_cred_entra(&conf, &auth, err);

	if (rc == 0) {
		assert_string_equal(auth->ops->name, "certificate");
		mst_auth_free(&auth);
	}
	return rc;
}

static void test_credential(void **state)
{
	struct mst_err err = MST_ERR_INIT;

	put("one.crt", a.cert, "");
	t_failed(entra("muster", NULL, &err), &err, MST_E_INVALID,
		 "beside it with the ending .key");
	put("one.key", a.key, "");
	t_ok(entra("muster", NULL, &err), &err);
	put("old.pem", weak.cert, weak.key);
	t_failed(entra("weak", NULL, &err), &err, MST_E_INVALID, "is weak");
	t_failed(entra("nobody", NULL, &err), &err, MST_E_NOTFOUND,
		 "is not in LocalMachine/My");
	t_failed(entra("muster", "/x.pem", &err), &err, MST_E_INVALID,
		 "both certificate and certificate_name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_names, fresh),
	    cmocka_unit_test_setup(test_several, fresh),
	    cmocka_unit_test_setup(test_only_one_is_usable, fresh),
	    cmocka_unit_test_setup(test_none_usable, fresh),
	    cmocka_unit_test_setup(test_no_folder, fresh),
	    cmocka_unit_test_setup(test_dark_files, fresh),
	    cmocka_unit_test_setup(test_list, fresh),
	    cmocka_unit_test_setup(test_credential, fresh),
	};

	return cmocka_run_group_tests_name("store", tests, set_up, tear_down);
}
