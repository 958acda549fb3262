/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealed secrets and their key file.
 */
#include "base/seal.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/file.h"
#include "base/place.h"

#define KEY_N	  crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_N	  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_N	  crypto_aead_xchacha20poly1305_ietf_ABYTES
#define ID_N	  8
#define KEYS_MAX  16
#define SECRET_N  65536
#define LINE_HEAD "muster-seal-key-1 "
#define CONTEXT	  "muster sealed secret 1"

struct key {
	unsigned char id[ID_N];
	unsigned char bytes[KEY_N];
};

struct mst_seal_keys {
	size_t n;
	struct key v[KEYS_MAX];
};

/* ---- the key file -------------------------------------------------------- */

int mst_seal_path(char **path_r, bool *fixed_r, struct mst_err *err)
{
	const char *v = secure_getenv("MUSTER_SEAL_KEY");
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
	char *place;

	*fixed_r = false;
	if (v && *v) {
		*path_r = mst_strdup(v);
		return 0;
	}
	if (dir && *dir == '/') {
		char *path = mst_asprintf("%s/muster-seal-key", dir);

		if (mst_file_exists(path)) {
			*path_r = path;
			*fixed_r = true;
			return 0;
		}
		free(path);
	}
	place = geteuid() == 0 || secure_getenv("MUSTER_CONFIG")
		    ? mst_place_system()
		    : mst_place_user();
	if (!place)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "no place for the key that seals secrets: set "
		    "MUSTER_SEAL_KEY to a file");
	*path_r = mst_asprintf("%s/seal.key", place);
	free(place);
	return 0;
}

struct mst_seal_keys *mst_seal_new(void)
{
	struct mst_seal_keys *k;

	if (sodium_init() < 0 || !(k = sodium_malloc(sizeof(*k))))
		mst_oom();
	sodium_memzero(k, sizeof(*k));
	return k;
}

void mst_seal_free(struct mst_seal_keys **k)
{
	if (*k)
		sodium_free(*k); /* wipes */
	*k = NULL;
}

/* Names the key without telling it. */
static void set_id(struct key *k)
{
	static const unsigned char what[] = "muster seal key id";
	unsigned char md[crypto_generichash_BYTES];

	(void)crypto_generichash(md, sizeof(md), what, sizeof(what) - 1,
				 k->bytes, KEY_N);
	memcpy(k->id, md, ID_N);
}

static bool take_line(struct mst_seal_keys *k, struct mst_slice line)
{
	struct mst_slice head = MST_SLICE_LIT(LINE_HEAD);
	struct mst_buf raw = MST_BUF_INIT(256);
	bool ok = line.n > head.n && memcmp(line.p, head.p, head.n) == 0 &&
		  k->n < KEYS_MAX;

	(void)mst_buf_reserve(&raw, 255);
	if (ok)
		ok = mst_b64_decode(
			 &raw, mst_slice(line.p + head.n, line.n - head.n)) &&
		     raw.n == KEY_N;
	if (ok) {
		memcpy(k->v[k->n].bytes, raw.p, KEY_N);
		set_id(&k->v[k->n++]);
	}
	mst_buf_wipe_fini(&raw);
	return ok;
}

static int take_lines(struct mst_seal_keys *k, struct mst_slice s,
		      const char *path, struct mst_err *err)
{
	while (s.n) {
		const char *nl = memchr(s.p, '\n', s.n);
		size_t n = nl ? (size_t)(nl - s.p) : s.n;
		struct mst_slice line = mst_slice_trim(mst_slice(s.p, n));

		if (line.n && *line.p != '#' && !take_line(k, line))
			return mst_err_set(
			    err, MST_E_INVALID,
			    "'%s' is no key file of muster; put a "
			    "backup back, or name another in "
			    "MUSTER_SEAL_KEY",
			    path);
		n += nl != NULL;
		s = mst_slice(s.p + n, s.n - n);
	}
	if (k->n)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "the key file '%s' is empty; put a backup back",
			   path);
}

static int check_mode(const char *path, struct mst_err *err)
{
	if (!mst_file_is_open(path))
		return 0;
	return mst_err_set(
	    err, MST_E_INVALID,
	    "the key file '%s' may be read or written by others; "
	    "take that away with: chmod 0600",
	    path);
}

int mst_seal_load(const char *path, struct mst_seal_keys **k_r,
		  struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(16384);
	struct mst_seal_keys *k = mst_seal_new();
	int rc = check_mode(path, err);

	(void)mst_buf_reserve(&b, 16383);
	if (!rc)
		rc = mst_file_read(path, &b, err);
	if (!rc)
		rc = take_lines(k, mst_buf_slice(&b), path, err);
	mst_buf_wipe_fini(&b);
	if (rc)
		mst_seal_free(&k);
	else
		*k_r = k;
	return rc;
}

int mst_seal_save(const char *path, const struct mst_seal_keys *k,
		  struct mst_err *err)
{
	const char *slash = strrchr(path, '/');
	struct mst_buf b = MST_BUF_INIT(16384);
	char *dir = slash && slash > path
			? mst_strndup(path, (size_t)(slash - path))
			: NULL;
	int rc = dir ? mst_dir_make(dir, err) : 0;

	(void)mst_buf_reserve(&b, 16383);
	mst_buf_adds(&b, "# Opens the sealed secrets of muster. Keep a copy, "
			 "apart from the state store.\n");
	for (size_t i = 0; i < k->n; i++) {
		mst_buf_adds(&b, LINE_HEAD);
		mst_b64url_add(&b,
			       mst_slice((const char *)k->v[i].bytes, KEY_N));
		mst_buf_addc(&b, '\n');
	}
	if (!rc)
		rc = mst_file_write(path, mst_buf_slice(&b), 0600, err);
	mst_buf_wipe_fini(&b);
	free(dir);
	return rc;
}

int mst_seal_add(struct mst_seal_keys *k, struct mst_err *err)
{
	if (k->n == KEYS_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "the key file has %d keys already; finish a "
				   "rotation first",
				   KEYS_MAX);
	memmove(k->v + 1, k->v, k->n * sizeof(k->v[0]));
	randombytes_buf(k->v[0].bytes, KEY_N);
	set_id(&k->v[0]);
	k->n++;
	return 0;
}

void mst_seal_keep_first(struct mst_seal_keys *k)
{
	sodium_memzero(k->v + 1, (KEYS_MAX - 1) * sizeof(k->v[0]));
	k->n = MST_MIN(k->n, (size_t)1);
}

size_t mst_seal_count(const struct mst_seal_keys *k)
{
	return k->n;
}

/* ---- sealing ------------------------------------------------------------- */

/* What must be the same when it is opened. */
static void add_context(struct mst_buf *b, const unsigned char *id,
			const char *name)
{
	mst_buf_add(b, CONTEXT, sizeof(CONTEXT));
	mst_buf_add(b, id, ID_N);
	mst_buf_adds(b, name);
}

void mst_seal(const struct mst_seal_keys *k, const char *name,
	      const struct mst_secret *s, struct mst_buf *out)
{
	struct mst_buf ad = MST_BUF_INIT(4096);
	struct mst_slice text = mst_secret_get(s);
	unsigned char nonce[NONCE_N];
	unsigned long long n = 0;

	randombytes_buf(nonce, sizeof(nonce));
	add_context(&ad, k->v[0].id, name);
	mst_buf_add(out, k->v[0].id, ID_N);
	mst_buf_add(out, nonce, NONCE_N);
	if (mst_buf_reserve(out, text.n + TAG_N)) {
		(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
		    (unsigned char *)out->p + out->n, &n,
		    (const unsigned char *)text.p, text.n,
		    (const unsigned char *)ad.p, ad.n, NULL, nonce,
		    k->v[0].bytes);
		out->n += n;
	}
	mst_buf_fini(&ad);
}

static const struct key *key_of(const struct mst_seal_keys *k,
				struct mst_slice sealed)
{
	for (size_t i = 0; i < k->n && sealed.n >= ID_N; i++)
		if (memcmp(k->v[i].id, sealed.p, ID_N) == 0)
			return &k->v[i];
	return NULL;
}

bool mst_seal_has_key(const struct mst_seal_keys *k, struct mst_slice sealed)
{
	return key_of(k, sealed) != NULL;
}

static bool decrypt(const struct key *key, const char *name,
		    struct mst_slice sealed, struct mst_buf *out)
{
	const unsigned char *p = (const unsigned char *)sealed.p;
	const size_t head = ID_N + NONCE_N;
	struct mst_buf ad = MST_BUF_INIT(4096);
	unsigned long long n = 0;
	bool ok;

	add_context(&ad, key->id, name);
	ok = crypto_aead_xchacha20poly1305_ietf_decrypt(
		 (unsigned char *)out->p, &n, NULL, p + head, sealed.n - head,
		 (const unsigned char *)ad.p, ad.n, p + ID_N, key->bytes) == 0;
	out->n = ok ? n : 0;
	mst_buf_fini(&ad);
	return ok;
}

int mst_seal_open(const struct mst_seal_keys *k, const char *name,
		  struct mst_slice sealed, struct mst_secret **s_r,
		  struct mst_err *err)
{
	const struct key *key = key_of(k, sealed);
	struct mst_buf b = MST_BUF_INIT(SECRET_N + 1);
	bool ok;

	if (!key)
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "the secret \"%s\" is sealed with a key that "
		    "is not in the key file; put the right key "
		    "file back, or set the secret again",
		    name);
	(void)mst_buf_reserve(&b, SECRET_N);
	ok = sealed.n >= ID_N + NONCE_N + TAG_N &&
	     sealed.n <= ID_N + NONCE_N + TAG_N + SECRET_N &&
	     decrypt(key, name, sealed, &b);
	if (ok)
		*s_r = mst_secret_new(mst_buf_slice(&b));
	mst_buf_wipe_fini(&b);
	if (ok)
		return 0;
	return mst_err_set(err, MST_E_CORRUPT,
			   "the sealed secret \"%s\" was changed in the state "
			   "store, or belongs to another name; set it again "
			   "with 'muster secret set %s'",
			   name, name);
}
