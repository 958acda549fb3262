/* SPDX-License-Identifier: Apache-2.0
 *
 * Who we are to Entra ID: the secret, the certificate or the token file that
 * the options name. Read before the first request, so that a wrong one is found
 * there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "cred/certs.h"
#include "cred/private.h"

bool mst_is_guid(struct mst_slice s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = (char)(s.p[i] | 32);
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.p[i] != '-'
			 : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

static int only_one(const struct mst_cred_entra *conf, struct mst_err *err)
{
	const struct {
		const char *key, *value;
	} ways[] = {
	    {"client_secret", conf->client_secret},
	    {"certificate", conf->certificate},
	    {"certificate_name", conf->certificate_name},
	    {"federated_token_file", conf->federated_token_file},
	};
	const char *first = NULL;

	for (size_t i = 0; i < MST_LEN(ways); i++) {
		if (ways[i].value && first)
			return mst_err_set(
			    err, MST_E_INVALID,
			    "both %s and %s are set; keep one of "
			    "them",
			    first, ways[i].key);
		if (ways[i].value)
			first = ways[i].key;
	}
	if (first)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "neither client_secret nor certificate, "
			   "certificate_name or federated_token_file is set; "
			   "set one of them");
}

static int load_from_store(const struct mst_cred_entra *conf,
			   struct mst_cert_conf *c, struct mst_cert *cert_r,
			   struct mst_err *err)
{
	const char *location = conf->certificate_location;
	const char *store = conf->certificate_store;
	struct mst_cert_entry e;
	char *issuers;
	int rc;

	location = location ? location : mst_cert_locations[0];
	store = store ? store : mst_cert_stores[0];
	rc = mst_cert_find(location, store, conf->certificate_name, c->password,
			   &e, err);
	if (rc)
		return rc;
	issuers = mst_cert_dir(location, "CertificateAuthority");
	c->path = e.path;
	c->key_path = e.key_path;
	c->chain_dir = issuers;
	c->in_store = true;
	rc = mst_cert_load(c, cert_r, err);
	mst_cert_entry_fini(&e);
	free(issuers);
	return rc;
}

static int load_cert(struct mst_entra_id *id, const struct mst_cred_entra *conf,
		     struct mst_err *err)
{
	const char *alg = conf->assertion_alg;
	bool rs = alg && strcmp(alg, "RS256") == 0;
	struct mst_secret *password = NULL;
	struct mst_cert_conf c = {.path = conf->certificate,
				  .key_path = conf->certificate_key,
				  .x5c = conf->send_x5c};
	int rc;

	if (alg && *alg && !rs && strcmp(alg, "PS256") != 0)
		return mst_err_set(err, MST_E_INVALID,
				   "assertion algorithm '%.20s' is neither "
				   "PS256 nor RS256",
				   alg);
	id->alg = rs ? "RS256" : "PS256";
	if (conf->certificate_password &&
	    mst_secret_ref(conf->certificate_password, &password, err))
		return mst_err_prefix(err, "certificate_password");
	c.password = password;
	rc = conf->certificate ? mst_cert_load(&c, &id->cert, err)
			       : load_from_store(conf, &c, &id->cert, err);
	mst_secret_free(&password);
	return rc;
}

static int load_federated(struct mst_entra_id *id,
			  const struct mst_cred_entra *conf,
			  struct mst_err *err)
{
	struct mst_buf token;

	if (mst_federated_path(conf->federated_token_file, &id->token_file,
			       err))
		return mst_err_prefix(err, "federated_token_file");
	/* A wrong one is found before the first request. */
	if (mst_federated_read(id->token_file, &token, err))
		return -(int)err->code;
	mst_buf_wipe_fini(&token);
	return 0;
}

static int read_secret(struct mst_entra_id *id,
		       const struct mst_cred_entra *conf, struct mst_err *err)
{
	if (mst_secret_ref(conf->client_secret, &id->secret, err))
		return mst_err_prefix(err, "client_secret");
	return 0;
}

int mst_secret_end(const struct mst_cred_entra *conf, int64_t *us_r,
		   struct mst_err *err)
{
	const char *text = conf->secret_expires;

	*us_r = MST_TIME_NONE;
	if (!text)
		return 0;
	if (!conf->client_secret)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "secret_expires is for client_secret; a "
		    "certificate and a token say themselves when "
		    "they end");
	if (mst_time_parse(mst_slice_str(text), us_r) && *us_r != MST_TIME_NONE)
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "secret_expires '%.40s' is no date; write it as in "
			   "2027-03-31",
			   text);
}

/* What no far end tells: a person wrote it down. */
static void warn_of_end(struct mst_entra_id *id, int64_t end_us)
{
	int64_t now = mst_now_us();
	char text[21];

	if (end_us == MST_TIME_NONE || end_us - now >= MST_CERT_SOON_US)
		return;
	mst_time_iso(end_us, text);
	(void)snprintf(id->warning, sizeof(id->warning),
		       "the client secret %s on %.10s (secret_expires); make a "
		       "new one in the app registration, store its value and "
		       "set secret_expires to its date",
		       end_us > now ? "expires" : "expired", text);
}

int mst_entra_id_check(const struct mst_cred_entra *conf, struct mst_err *err)
{
	int64_t end_us;

	if (only_one(conf, err))
		return -(int)err->code;
	if (conf->certificate_key && !conf->certificate)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "certificate_key is for certificate; in a store the key "
		    "lies beside its certificate, with the ending .key");
	return mst_secret_end(conf, &end_us, err);
}

int mst_entra_id_load(const struct mst_cred_entra *conf,
		      struct mst_entra_id *id_r, struct mst_err *err)
{
	struct mst_entra_id id = {.secret = NULL};
	int64_t end_us;
	int rc = mst_secret_end(conf, &end_us, err);

	if (!rc && conf->federated_token_file)
		rc = load_federated(&id, conf, err);
	else if (!rc && conf->client_secret)
		rc = read_secret(&id, conf, err);
	else if (!rc)
		rc = load_cert(&id, conf, err);
	if (rc) {
		mst_entra_id_fini(&id);
		return rc;
	}
	(void)snprintf(id.warning, sizeof(id.warning), "%s", id.cert.warning);
	warn_of_end(&id, end_us);
	*id_r = id;
	return 0;
}

void mst_entra_id_fini(struct mst_entra_id *id)
{
	mst_secret_free(&id->secret);
	mst_cert_fini(&id->cert);
	free(id->token_file);
	*id = (struct mst_entra_id){.secret = NULL};
}
