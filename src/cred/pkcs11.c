/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys on PKCS#11 tokens, by p11-kit: modules that the system has configured,
 * or the one that the URI names with module-path.
 */
#include "cred/pkcs11.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>

#define SLOTS_MAX 64
#define CERT_MAX  (64u << 10)
#define SALT_N	  32

struct mst_token_key {
	CK_FUNCTION_LIST **modules; /* all, ended with NULL; or only one */
	CK_FUNCTION_LIST *one;
	CK_FUNCTION_LIST *m; /* that of the token, one of these */
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	bool has_session, asks_always;
	struct mst_secret *pin;
	char label[33]; /* of the token, for messages */
};

bool mst_is_token_uri(const char *text)
{
	return text && strncmp(text, "pkcs11:", 7) == 0;
}

void mst_token_key_free(struct mst_token_key **kp)
{
	struct mst_token_key *k = *kp;

	if (!k)
		return;
	if (k->has_session)
		(void)k->m->C_CloseSession(k->session);
	if (k->modules)
		p11_kit_modules_finalize_and_release(k->modules);
	if (k->one) {
		(void)p11_kit_module_finalize(k->one);
		p11_kit_module_release(k->one);
	}
	mst_secret_free(&k->pin);
	free(k);
	*kp = NULL;
}

/* ---- modules and tokens -------------------------------------------------- */

static int parse(const char *text, P11KitUri **uri_r, struct mst_err *err)
{
	P11KitUri *uri = p11_kit_uri_new();
	int rc;

	if (!uri)
		mst_oom();
	rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
	if (rc != P11_KIT_URI_OK)
		mst_err_set(
		    err, MST_E_INVALID,
		    "the PKCS#11 URI cannot be read (%s); it looks like "
		    "pkcs11:token=NAME;object=NAME",
		    p11_kit_uri_message(rc));
	else if (p11_kit_uri_get_pin_value(uri) ||
		 p11_kit_uri_get_pin_source(uri))
		mst_err_set(err, MST_E_INVALID,
			    "the PKCS#11 URI names a PIN; take pin-value or "
			    "pin-source out and name the PIN in "
			    "certificate_password, as a reference");
	else if (p11_kit_uri_any_unrecognized(uri))
		mst_err_set(err, MST_E_INVALID,
			    "the PKCS#11 URI has a part that is not known; "
			    "token, manufacturer, serial, model, object, id, "
			    "slot-id and module-path are");
	*uri_r = uri;
	return err->code ? -(int)err->code : 0;
}

static int load(struct mst_token_key *k, P11KitUri *uri, struct mst_err *err)
{
	const char *path = p11_kit_uri_get_module_path(uri);
	CK_RV rv;

	if (!path) {
		k->modules = p11_kit_modules_load_and_initialize(0);
		if (k->modules && k->modules[0])
			return 0;
		return mst_err_set(err, MST_E_NOTFOUND,
				   "no PKCS#11 module is configured; install "
				   "the token's module for p11-kit, or name it "
				   "in the URI: ?module-path=/path/module.so");
	}
	k->one = p11_kit_module_load(path, 0);
	if (!k->one)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "the PKCS#11 module '%.200s' cannot be "
				   "loaded: %.200s",
				   path, p11_kit_message());
	rv = p11_kit_module_initialize(k->one);
	if (rv == CKR_OK)
		return 0;
	p11_kit_module_release(k->one);
	k->one = NULL;
	return mst_err_set(err, MST_E_IO,
			   "the PKCS#11 module '%.200s' cannot start: %s", path,
			   p11_kit_strerror(rv));
}

/* Texts of PKCS#11 are filled with blanks. */
static void take_label(struct mst_token_key *k)
{
	size_t n = sizeof(k->info.label);

	while (n && k->info.label[n - 1] == ' ')
		n--;
	(void)snprintf(k->label, sizeof(k->label), "%.*s", (int)n,
		       (const char *)k->info.label);
}

static unsigned tokens_of(struct mst_token_key *k, CK_FUNCTION_LIST *m,
			  P11KitUri *uri)
{
	CK_SLOT_ID slots[SLOTS_MAX], wanted = p11_kit_uri_get_slot_id(uri);
	CK_ULONG n = 0;
	unsigned hits = 0;
	CK_INFO about;

	/* Asking how many there are makes a module look anew. */
	if (m->C_GetInfo(&about) != CKR_OK ||
	    !p11_kit_uri_match_module_info(uri, &about) ||
	    m->C_GetSlotList(CK_TRUE, NULL, &n) != CKR_OK)
		return 0;
	n = SLOTS_MAX;
	if (m->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK)
		return 0;
	for (CK_ULONG i = 0; i < n; i++) {
		CK_TOKEN_INFO info;

		if (m->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    !(info.flags & CKF_TOKEN_INITIALIZED) ||
		    !p11_kit_uri_match_token_info(uri, &info) ||
		    (wanted != (CK_SLOT_ID)-1 && wanted != slots[i]))
			continue;
		hits++;
		k->m = m;
		k->slot = slots[i];
		k->info = info;
	}
	return hits;
}

static int find_token(struct mst_token_key *k, P11KitUri *uri,
		      struct mst_err *err)
{
	unsigned n = 0;

	if (k->one)
		n = tokens_of(k, k->one, uri);
	for (size_t i = 0; k->modules && k->modules[i]; i++)
		n += tokens_of(k, k->modules[i], uri);
	take_label(k);
	if (n == 1)
		return 0;
	if (n == 0)
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "no PKCS#11 token fits the URI; is it plugged "
		    "in, and may this account use it? 'p11tool "
		    "--list-tokens' shows what is there");
	return mst_err_set(err, MST_E_CONFLICT,
			   "%u PKCS#11 tokens fit the URI; name one of them "
			   "with token= or serial=",
			   n);
}

/* ---- logging in ---------------------------------------------------------- */

static int refused(const struct mst_token_key *k, CK_RV rv, struct mst_err *err)
{
	if (rv == CKR_PIN_LOCKED)
		return mst_err_set(err, MST_E_AUTH,
				   "the PIN of token '%s' is locked; unlock it "
				   "with the token's own tool",
				   k->label);
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE ||
	    rv == CKR_PIN_INVALID)
		return mst_err_set(
		    err, MST_E_AUTH,
		    "the PIN of token '%s' is wrong; it was tried "
		    "once: check certificate_password before the "
		    "token locks itself",
		    k->label);
	return mst_err_set(err, MST_E_AUTH, "token '%s' refused the log-in: %s",
			   k->label, p11_kit_strerror(rv));
}

static CK_RV give_pin(struct mst_token_key *k, CK_USER_TYPE who)
{
	struct mst_slice s = mst_secret_get(k->pin);
	unsigned char pin[256];
	CK_RV rv;

	if (s.n > sizeof(pin))
		return CKR_PIN_LEN_RANGE;
	memcpy(pin, s.p, s.n); /* the module may write to it */
	rv = k->m->C_Login(k->session, who, pin, (CK_ULONG)s.n);
	mst_wipe(pin, sizeof(pin));
	return rv;
}

static int log_in(struct mst_token_key *k, struct mst_err *err)
{
	CK_RV rv = k->m->C_OpenSession(k->slot, CKF_SERIAL_SESSION, NULL, NULL,
				       &k->session);

	if (rv != CKR_OK)
		return mst_err_set(err, MST_E_IO,
				   "token '%s' gives no session: %s", k->label,
				   p11_kit_strerror(rv));
	k->has_session = true;
	if (!(k->info.flags & CKF_LOGIN_REQUIRED))
		return 0;
	if (!k->pin)
		return mst_err_set(err, MST_E_AUTH,
				   "token '%s' needs a PIN; name it in "
				   "certificate_password, as a reference",
				   k->label);
	if (k->info.flags & CKF_USER_PIN_LOCKED)
		return refused(k, CKR_PIN_LOCKED, err);
	if (k->info.flags & CKF_USER_PIN_FINAL_TRY)
		return mst_err_set(err, MST_E_AUTH,
				   "token '%s' has one try for its PIN left, "
				   "which muster does not use up; log in once "
				   "with the token's own tool",
				   k->label);
	rv = give_pin(k, CKU_USER);
	return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN
		   ? 0
		   : refused(k, rv, err);
}

/* ---- objects ------------------------------------------------------------- */

/* Up to two, which is enough to know that it is not one. */
static CK_ULONG find(struct mst_token_key *k, CK_ATTRIBUTE *like, CK_ULONG n,
		     CK_OBJECT_HANDLE out[2])
{
	CK_ULONG found = 0;

	if (k->m->C_FindObjectsInit(k->session, like, n) != CKR_OK)
		return 0;
	if (k->m->C_FindObjects(k->session, out, 2, &found) != CKR_OK)
		found = 0;
	(void)k->m->C_FindObjectsFinal(k->session);
	return found;
}

static bool get(struct mst_token_key *k, CK_OBJECT_HANDLE object,
		CK_ATTRIBUTE_TYPE type, struct mst_buf *out)
{
	CK_ATTRIBUTE a = {.type = type};

	mst_buf_init(out, CERT_MAX);
	if (k->m->C_GetAttributeValue(k->session, object, &a, 1) != CKR_OK ||
	    a.ulValueLen == (CK_ULONG)-1 || a.ulValueLen > CERT_MAX ||
	    !mst_buf_reserve(out, a.ulValueLen + 1))
		return false;
	a.pValue = out->p;
	if (k->m->C_GetAttributeValue(k->session, object, &a, 1) != CKR_OK)
		return false;
	out->n = a.ulValueLen;
	return true;
}

static int find_cert(struct mst_token_key *k, P11KitUri *uri,
		     CK_OBJECT_HANDLE *cert_r, struct mst_err *err)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE like[3] = {{CKA_CLASS, &class, sizeof(class)}};
	CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(uri, CKA_ID);
	CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(uri, CKA_LABEL);
	CK_OBJECT_HANDLE hits[2];
	CK_ULONG n = 1, found;

	if (id)
		like[n++] = *id;
	if (label)
		like[n++] = *label;
	found = find(k, like, n, hits);
	*cert_r = hits[0];
	if (found == 1)
		return 0;
	if (found == 0)
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "token '%s' has no certificate that fits the "
		    "URI; 'p11tool --list-all-certs' shows what "
		    "is there",
		    k->label);
	return mst_err_set(err, MST_E_CONFLICT,
			   "several certificates on token '%s' fit the URI; "
			   "name one of them with id= or object=",
			   k->label);
}

/* The id says that they belong together; the modulus must not deny it. */
static bool same_key(struct mst_token_key *k, X509 *x)
{
	EVP_PKEY *pub = X509_get0_pubkey(x);
	struct mst_buf have;
	BIGNUM *n = NULL, *m = NULL;
	bool same = true;

	if (get(k, k->key, CKA_MODULUS, &have) && have.n &&
	    EVP_PKEY_get_bn_param(pub, "n", &n)) {
		m = BN_bin2bn((const unsigned char *)have.p, (int)have.n, NULL);
		same = m && BN_cmp(n, m) == 0;
	}
	BN_free(n);
	BN_free(m);
	mst_buf_fini(&have);
	return same;
}

static int find_key(struct mst_token_key *k, CK_OBJECT_HANDLE cert, X509 *x,
		    struct mst_err *err)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_OBJECT_HANDLE hits[2];
	struct mst_buf id, always;
	CK_ULONG found = 0;

	if (get(k, cert, CKA_ID, &id) && id.n) {
		CK_ATTRIBUTE like[2] = {{CKA_CLASS, &class, sizeof(class)},
					{CKA_ID, id.p, id.n}};

		found = find(k, like, 2, hits);
	}
	mst_buf_fini(&id);
	if (found != 1)
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "token '%s' has %s private key with the id "
		    "of the certificate; put both there with one "
		    "id",
		    k->label, found ? "more than one" : "no");
	k->key = hits[0];
	k->asks_always = get(k, k->key, CKA_ALWAYS_AUTHENTICATE, &always) &&
			 always.n && *always.p;
	mst_buf_fini(&always);
	if (EVP_PKEY_get_base_id(X509_get0_pubkey(x)) == EVP_PKEY_RSA &&
	    !same_key(k, x))
		return mst_err_set(err, MST_E_INVALID,
				   "the private key on token '%s' does not "
				   "belong to the certificate of the same id",
				   k->label);
	return 0;
}

static int find_pair(struct mst_token_key *k, P11KitUri *uri, X509 **x_r,
		     struct mst_err *err)
{
	const unsigned char *p;
	CK_OBJECT_HANDLE cert;
	struct mst_buf der;
	X509 *x = NULL;
	int rc = find_cert(k, uri, &cert, err);

	if (rc)
		return rc;
	if (get(k, cert, CKA_VALUE, &der)) {
		p = (const unsigned char *)der.p;
		x = d2i_X509(NULL, &p, (long)der.n);
	}
	mst_buf_fini(&der);
	if (!x)
		return mst_err_set(err, MST_E_CORRUPT,
				   "the certificate on token '%s' cannot be "
				   "read",
				   k->label);
	rc = find_key(k, cert, x, err);
	if (rc)
		X509_free(x);
	else
		*x_r = x;
	return rc;
}

int mst_token_key_open(const char *text, const struct mst_secret *pin,
		       struct mst_token_key **k_r, X509 **cert_r,
		       struct mst_err *err)
{
	struct mst_token_key *k = mst_alloc(sizeof(*k));
	P11KitUri *uri = NULL;
	int rc = parse(text, &uri, err);

	if (pin)
		k->pin = mst_secret_new(mst_secret_get(pin));
	if (!rc)
		rc = load(k, uri, err);
	if (!rc)
		rc = find_token(k, uri, err);
	if (!rc)
		rc = log_in(k, err);
	if (!rc)
		rc = find_pair(k, uri, cert_r, err);
	p11_kit_uri_free(uri);
	if (rc)
		mst_token_key_free(&k);
	else
		*k_r = k;
	return rc;
}

/* ---- signing ------------------------------------------------------------- */

/* What PKCS #1 v1.5 signs: the name of SHA-256, then the digest. */
static const unsigned char digest_info[] = {
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

static bool digest(struct mst_slice text, bool is_pss, struct mst_buf *out)
{
	unsigned char md[32];

	if (EVP_Digest(text.p, text.n, md, NULL, EVP_sha256(), NULL) != 1)
		return false;
	mst_buf_init(out, 128);
	if (!is_pss)
		mst_buf_add(out, digest_info, sizeof(digest_info));
	return mst_buf_add(out, md, sizeof(md));
}

static CK_RV sign_with(struct mst_token_key *k, CK_MECHANISM *how,
		       struct mst_slice text, struct mst_buf *out)
{
	unsigned char sig[1024];
	CK_ULONG n = sizeof(sig);
	CK_RV rv = k->m->C_SignInit(k->session, how, k->key);

	if (rv == CKR_OK && k->asks_always && k->pin)
		rv = give_pin(k, CKU_CONTEXT_SPECIFIC);
	if (rv == CKR_OK)
		rv =
		    k->m->C_Sign(k->session, (unsigned char *)(uintptr_t)text.p,
				 (CK_ULONG)text.n, sig, &n);
	if (rv == CKR_OK)
		mst_buf_add(out, sig, n);
	return rv;
}

int mst_token_key_sign(struct mst_token_key *k, bool is_pss,
		       struct mst_slice text, struct mst_buf *out,
		       struct mst_err *err)
{
	CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, SALT_N};
	CK_MECHANISM how = {is_pss ? CKM_SHA256_RSA_PKCS_PSS
				   : CKM_SHA256_RSA_PKCS,
			    is_pss ? &pss : NULL, is_pss ? sizeof(pss) : 0};
	struct mst_buf hash = MST_BUF_INIT(128);
	CK_RV rv = sign_with(k, &how, text, out);

	/* Some tokens leave the hashing to others. */
	if (rv == CKR_MECHANISM_INVALID && digest(text, is_pss, &hash)) {
		how.mechanism = is_pss ? CKM_RSA_PKCS_PSS : CKM_RSA_PKCS;
		rv = sign_with(k, &how, mst_buf_slice(&hash), out);
	}
	mst_buf_fini(&hash);
	if (rv == CKR_OK)
		return 0;
	if (rv == CKR_MECHANISM_INVALID)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "token '%s' cannot sign with %s; set "
				   "assertion_alg: %s",
				   k->label, is_pss ? "PS256" : "RS256",
				   is_pss ? "RS256" : "PS256");
	return mst_err_set(err, MST_E_AUTH,
			   "token '%s' does not sign: %s; is it still plugged "
			   "in, and may the key sign?",
			   k->label, p11_kit_strerror(rv));
}
