/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes keys, certificates and muster's own client assertions for
 * tests/sdk/assertion.js and msal.js:
 *
 *   assertions FOLDER AUDIENCE CLIENT
 *
 * writes good.pem, good.key, other.pem, other.key, leaf.pem, leaf.key,
 * middle.pem and top.pem, and prints {"PS256":…,"RS256":…,"x5c":…}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cred/private.h"
#include "tests/lib/pki.h"
#include "json/out.h"

#define DAY 86400L

static struct mst_err err = MST_ERR_INIT;
static const char *dir;

static int give_up(void)
{
	(void)fprintf(stderr, "assertions: %s\n", err.msg);
	return 1;
}

static struct t_pki make(const char *host, const struct t_pki *issuer)
{
	return t_pki_make_as(&(struct t_pki_conf){.kind = "rsa2048",
						  .host = host,
						  .from_s = -DAY,
						  .to_s = 30 * DAY,
						  .issuer = issuer});
}

static bool put(const char *name, const char *a, const char *b)
{
	char *path = mst_asprintf("%s/%s", dir, name);
	char *text = mst_asprintf("%s%s", a, b);
	bool ok = mst_file_write(path, mst_slice_str(text), 0600, &err) == 0;

	free(path);
	free(text);
	return ok;
}

static bool add(struct mst_jout *j, const char *key, const char *file,
		const char *alg, bool x5c, char **argv)
{
	char *path = mst_asprintf("%s/%s", dir, file);
	const struct mst_cert_conf conf = {.path = path, .x5c = x5c};
	struct mst_buf jwt = MST_BUF_INIT(1u << 20);
	struct mst_cert c = {0};
	bool ok =
	    mst_cert_load(&conf, &c, &err) == 0 &&
	    mst_assertion_make(&c, alg, argv[2], argv[3], &jwt, &err) == 0 &&
	    mst_buf_addc(&jwt, 0);

	if (ok)
		mst_jout_kstr(j, key, jwt.p);
	mst_cert_fini(&c);
	mst_buf_fini(&jwt);
	free(path);
	return ok;
}

int main(int argc, char **argv)
{
	struct mst_buf out = MST_BUF_INIT(4u << 20);
	struct t_pki good, other, top, middle, leaf;
	struct mst_jout j;
	char *all;
	bool ok;

	if (argc != 4 || mst_secret_setup(&err) < 0)
		return 2;
	dir = argv[1];
	good = make("good", NULL);
	other = make("other", NULL);
	top = make("top", NULL);
	middle = make("middle", &top);
	leaf = make("leaf", &middle);
	all = mst_asprintf("%s%s%s", leaf.key, middle.cert, leaf.cert);
	ok =
	    mst_dir_make(dir, &err) == 0 && put("good.pem", good.cert, "") &&
	    put("good.key", good.key, "") && put("other.pem", other.cert, "") &&
	    put("other.key", other.key, "") && put("leaf.pem", leaf.cert, "") &&
	    put("leaf.key", leaf.key, "") && put("top.pem", top.cert, "") &&
	    put("middle.pem", middle.cert, "") &&
	    put("both", good.cert, good.key) && put("chain", all, "");
	mst_jout_init(&j, &out);
	mst_jout_obj(&j);
	ok = ok && add(&j, "PS256", "both", "PS256", false, argv) &&
	     add(&j, "RS256", "both", "RS256", false, argv) &&
	     add(&j, "x5c", "chain", "PS256", true, argv);
	mst_jout_end_obj(&j);
	if (ok)
		(void)printf("%.*s\n", (int)out.n, out.p);
	free(all);
	t_pki_free(&good);
	t_pki_free(&other);
	t_pki_free(&top);
	t_pki_free(&middle);
	t_pki_free(&leaf);
	mst_buf_fini(&out);
	return ok ? 0 : give_up();
}
