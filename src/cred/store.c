/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificate stores as folders: what is in them, and which one a name means.
 */
#include <dirent.h>
#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/place.h"
#include "base/time.h"
#include "cred/certfile.h"
#include "cred/certs.h"
#include "cred/pkcs11.h"
#include "cred/private.h"

#define FILES_MAX 1000

const char *const mst_cert_locations[] = {"LocalMachine", "CurrentUser", NULL};
const char *const mst_cert_stores[] = {
    "My",	   "Root",	    "CertificateAuthority", "AuthRoot",
    "AddressBook", "TrustedPeople", "TrustedPublisher",	    NULL};

/* ---- folders ------------------------------------------------------------- */

char *mst_cert_dir(const char *location, const char *store)
{
	char *root = strcmp(location, mst_cert_locations[0]) == 0
			 ? mst_place_system()
			 : mst_place_user();
	char *dir = root
			? mst_asprintf("%s/certificates/%s%s%s", root, location,
				       store ? "/" : "", store ? store : "")
			: NULL;

	free(root);
	return dir;
}

/* ---- one file ------------------------------------------------------------ */

static char *common_name(X509_NAME *n)
{
	int at = X509_NAME_get_index_by_NID(n, NID_commonName, -1);
	unsigned char *utf8 = NULL;
	char *out;
	int len = at < 0 ? 0
			 : ASN1_STRING_to_UTF8(&utf8,
					       X509_NAME_ENTRY_get_data(
						   X509_NAME_get_entry(n, at)));

	out = mst_strndup((char *)utf8, len > 0 ? (size_t)len : 0);
	OPENSSL_free(utf8);
	return out;
}

static void describe(struct mst_cert_entry *e, X509 *x)
{
	X509_NAME *n = X509_get_subject_name(x);

	e->subject = mst_cert_subject(x);
	e->name = common_name(n);
	mst_cert_hex(x, false, e->thumb);
	mst_cert_hex(x, true, e->thumb256);
	mst_cert_dates(x, &e->from_us, &e->to_us);
}

/* Ours is the one of the key; without a key, the first. */
static X509 *leaf_of(const struct mst_certfile *f, EVP_PKEY *key)
{
	for (size_t i = 0; i < f->certs_n && key; i++) {
		EVP_PKEY *pub = X509_get0_pubkey(f->certs[i]);

		if (pub && EVP_PKEY_eq(pub, key) == 1)
			return f->certs[i];
	}
	return f->certs_n ? f->certs[0] : NULL;
}

static void look_at_file(const char *path, const char *key_path,
			 const struct mst_secret *password,
			 struct mst_cert_entry *e, struct mst_err *err)
{
	struct mst_certfile f = {.certs_n = 0}, k = {.certs_n = 0};
	struct mst_err ignored = MST_ERR_INIT;
	X509 *x;

	if (mst_certfile_read(path, password, &f, err) < 0)
		return;
	if (!f.key && key_path)
		(void)mst_certfile_read(key_path, password, &k, &ignored);
	e->has_key = f.key || key_path;
	x = leaf_of(&f, f.key ? f.key : k.key);
	if (x)
		describe(e, x);
	else
		(void)mst_err_set(err, MST_E_INVALID,
				  "'%s' holds no certificate", path);
	mst_certfile_fini(&f);
	mst_certfile_fini(&k);
}

static void look_at_token(const char *uri, const struct mst_secret *pin,
			  struct mst_cert_entry *e, struct mst_err *err)
{
	struct mst_token_key *k = NULL;
	X509 *x = NULL;

	if (mst_token_key_open(uri, pin, &k, &x, err) < 0)
		return;
	e->has_key = true;
	describe(e, x);
	X509_free(x);
	mst_token_key_free(&k);
}

void mst_cert_look(const char *path, const char *key_path,
		   const struct mst_secret *password, struct mst_cert_entry *e)
{
	const struct mst_cert_conf conf = {
	    .path = path, .key_path = key_path, .password = password};
	struct mst_err err = MST_ERR_INIT;
	struct mst_cert c = {0};

	*e = (struct mst_cert_entry){
	    .path = mst_strdup(path),
	    .key_path = mst_strdup(key_path),
	    .from_us = MST_TIME_NONE,
	    .to_us = MST_TIME_NONE,
	};
	if (mst_is_token_uri(path))
		look_at_token(path, password, e, &err);
	else
		look_at_file(path, key_path, password, e, &err);
	if (!err.code && e->has_key && mst_cert_load(&conf, &c, &err) == 0)
		mst_cert_fini(&c);
	if (err.code)
		e->problem = mst_strdup(err.msg);
}

void mst_cert_entry_fini(struct mst_cert_entry *e)
{
	free(e->path);
	free(e->key_path);
	free(e->subject);
	free(e->name);
	free(e->problem);
	*e = (struct mst_cert_entry){.location = NULL};
}

void mst_cert_list_fini(struct mst_cert_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		mst_cert_entry_fini(&l->v[i]);
	free(l->v);
	*l = (struct mst_cert_list){.n = 0};
}

/* ---- a store ------------------------------------------------------------- */

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

static int is_certificate(const struct dirent *e)
{
	return e->d_name[0] != '.' && !ends_in(e->d_name, ".key") &&
	       !ends_in(e->d_name, "~");
}

/* "muster.pem" → "muster.key", when there is one. */
static char *key_beside(const char *path)
{
	const char *dot = strrchr(path, '.');
	const char *slash = strrchr(path, '/');
	char *key = dot && dot > slash
			? mst_asprintf("%.*s.key", (int)(dot - path), path)
			: mst_asprintf("%s.key", path);

	if (!mst_file_exists(key)) {
		free(key);
		key = NULL;
	}
	return key;
}

static void add_file(const char *location, const char *store, const char *path,
		     const struct mst_secret *password,
		     struct mst_cert_list *list)
{
	char *key = key_beside(path);
	struct mst_cert_entry *e;

	list->v = mst_realloc(list->v, (list->n + 1) * sizeof(*list->v));
	e = &list->v[list->n++];
	mst_cert_look(path, key, password, e);
	e->location = location;
	e->store = store;
	free(key);
}

static const char *of_list(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return *list;
	return NULL;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int list_dir(const char *dir, const char *location, const char *store,
		    const struct mst_secret *password,
		    struct mst_cert_list *list, struct mst_err *err)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_certificate, alphasort), rc = 0;

	if (n < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (n < 0)
		return mst_err_os(err, "cannot read the certificate store '%s'",
				  dir);
	if (n > FILES_MAX)
		rc = mst_err_set(err, MST_E_INVALID,
				 "the certificate store '%s' has %d files; at "
				 "most %d are looked at",
				 dir, n, FILES_MAX);
	for (int i = 0; i < n; i++) {
		char *path = mst_asprintf("%s/%s", dir, names[i]->d_name);

		if (rc == 0 && is_file(path))
			add_file(location, store, path, password, list);
		free(path);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int no_home(struct mst_err *err)
{
	return mst_err_set(err, MST_E_INVALID,
			   "the location CurrentUser has no place: neither "
			   "XDG_CONFIG_HOME nor HOME is set");
}

int mst_cert_list(const char *location, const char *store,
		  const struct mst_secret *password,
		  struct mst_cert_list *list_r, struct mst_err *err)
{
	const char *l = of_list(mst_cert_locations, location);
	const char *s = of_list(mst_cert_stores, store);
	char *dir;
	int rc;

	if (!l || !s)
		return mst_err_set(err, MST_E_INVALID,
				   "there is no certificate store '%s/%s'",
				   location, store);
	dir = mst_cert_dir(l, s);
	rc = dir ? list_dir(dir, l, s, password, list_r, err) : no_home(err);
	free(dir);
	return rc;
}

/* ---- by name ------------------------------------------------------------- */

/* Hex digits of a thumbprint as people paste it: with blanks, colons, and the
 * invisible mark in front that Windows' dialog copies along. */
static size_t hex_of(const char *name, char *out, size_t out_n)
{
	size_t n = 0;

	for (; *name; name++) {
		char c = *name;

		if (c >= 'a' && c <= 'f')
			c = (char)(c - 32);
		if (c == ' ' || c == ':')
			continue;
		if (n == 0 && strncmp(name, "\xe2\x80\x8e", 3) == 0) {
			name += 2;
			continue;
		}
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')) ||
		    n + 1 >= out_n)
			return 0;
		out[n++] = c;
	}
	out[n] = 0;
	return n;
}

static bool is_sign(char c)
{
	return c == ',' || c == '=';
}

/* The next character without the blanks around signs, in lower case. */
static char next_of(const char **p, char before)
{
	const char *s = *p;
	char c;

	while (*s == ' ' && (is_sign(before) || is_sign(s[strspn(s, " ")])))
		s++;
	c = *s;
	*p = c ? s + 1 : s;
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* "CN=a, O=b" is "cn = a,o=b", as OpenSSL shows it. */
static bool same_subject(const char *a, const char *b)
{
	char x = 0, y;

	do {
		y = next_of(&b, x);
		x = next_of(&a, x);
	} while (x == y && x);
	return x == y;
}

bool mst_cert_is(const struct mst_cert_entry *e, const char *name)
{
	struct mst_slice want = mst_slice_str(name);
	char hex[65];
	size_t n = hex_of(name, hex, sizeof(hex));

	if (!e->subject)
		return false;
	if (n == 40)
		return strcmp(hex, e->thumb) == 0;
	if (n == 64)
		return strcmp(hex, e->thumb256) == 0;
	return same_subject(name, e->subject) ||
	       (*e->name && mst_slice_iis(want, e->name));
}

static bool is_valid_now(const struct mst_cert_entry *e)
{
	int64_t now = mst_now_us();

	return now >= e->from_us && now <= e->to_us;
}

/* Which of the list fit; one certificate in two files is one, that with the
 * key. Returns how many. */
static size_t fitting(const struct mst_cert_list *l, const char *name,
		      bool only_usable, struct mst_cert_entry **hits)
{
	size_t n = 0, k;

	for (size_t i = 0; i < l->n; i++) {
		struct mst_cert_entry *e = &l->v[i];

		if (!mst_cert_is(e, name) ||
		    (only_usable && !(is_valid_now(e) && e->has_key)))
			continue;
		for (k = 0; k < n; k++)
			if (strcmp(hits[k]->thumb256, e->thumb256) == 0)
				break;
		if (k == n)
			hits[n++] = e;
		else if (!hits[k]->has_key)
			hits[k] = e;
	}
	return n;
}

static int none_fits(const struct mst_cert_list *l, const char *dir,
		     const char *location, const char *store, const char *name,
		     struct mst_err *err)
{
	size_t dark = 0;

	for (size_t i = 0; i < l->n; i++)
		dark += !l->v[i].subject;
	if (!mst_file_exists(dir))
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "certificate '%.100s' is not in %s/%s: there "
		    "is no folder '%s'; make it and put the "
		    "certificate there",
		    name, location, store, dir);
	if (dark)
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "certificate '%.100s' is not in %s/%s ('%s'), "
		    "unless in one of the %zu files there that "
		    "cannot be read; 'muster cert list' says why",
		    name, location, store, dir, dark);
	return mst_err_set(
	    err, MST_E_NOTFOUND,
	    "certificate '%.100s' is not in %s/%s ('%s'); 'muster "
	    "cert list' shows what is: name a whole subject or "
	    "a thumbprint",
	    name, location, store, dir);
}

static int several_fit(struct mst_cert_entry *const *hits, size_t n,
		       const char *location, const char *store,
		       const char *name, struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(400);

	for (size_t i = 0; i < n && i < 3; i++)
		mst_buf_addf(&b, "%s%s", i ? ", " : "", hits[i]->thumb);
	if (n > 3)
		mst_buf_addf(&b, " and %zu more", n - 3);
	mst_err_set(err, MST_E_CONFLICT,
		    "%zu certificates in %s/%s are '%.100s'; name one of them "
		    "by its thumbprint: %s",
		    n, location, store, name, b.p ? b.p : "");
	mst_buf_fini(&b);
	return -(int)err->code;
}

static int choose(const struct mst_cert_list *l, const char *dir,
		  const char *location, const char *store, const char *name,
		  struct mst_cert_entry **e_r, struct mst_err *err)
{
	struct mst_cert_entry **hits = mst_alloc((l->n + 1) * sizeof(*hits));
	size_t n = fitting(l, name, false, hits);
	int rc = 0;

	/* A renewed one may lie beside the old one. */
	if (n > 1) {
		size_t usable = fitting(l, name, true, hits);

		n = usable ? usable : fitting(l, name, false, hits);
	}
	if (n == 0)
		rc = none_fits(l, dir, location, store, name, err);
	else if (n > 1)
		rc = several_fit(hits, n, location, store, name, err);
	else
		*e_r = hits[0];
	free(hits);
	return rc;
}

int mst_cert_find(const char *location, const char *store, const char *name,
		  const struct mst_secret *password, struct mst_cert_entry *e_r,
		  struct mst_err *err)
{
	struct mst_cert_list l = {.n = 0};
	struct mst_cert_entry *e = NULL;
	char *dir = mst_cert_dir(location, store);
	int rc = dir ? mst_cert_list(location, store, password, &l, err)
		     : no_home(err);

	if (rc == 0)
		rc = choose(&l, dir, location, store, name, &e, err);
	if (rc == 0) {
		*e_r = *e;
		*e = (struct mst_cert_entry){.location = NULL};
	}
	mst_cert_list_fini(&l);
	free(dir);
	return rc < 0 ? mst_err_prefix(err, "certificate store") : 0;
}
