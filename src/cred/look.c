/* SPDX-License-Identifier: Apache-2.0
 *
 * The credential as a set-up check: what it is, whether it can be used, and
 * when it ends.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "cred/certs.h"
#include "cred/private.h"

#define DAY_US	   (24 * 3600 * (int64_t)1000000)
#define WHERE	   "Certificates & secrets of the app registration"
#define CLAIMS_MAX (64u << 10)

static long long days_left(int64_t end_us)
{
	return (long long)((end_us - mst_now_us()) / DAY_US);
}

/* Our messages have the remedy behind the first "; ". */
static void say_error(const struct mst_err *err, struct mst_check *c)
{
	const char *cut = strstr(err->msg, "; ");

	c->code = err->code;
	if (!cut) {
		mst_check_say(c, MST_CHECK_FAILED, "%.760s", err->msg);
		return;
	}
	mst_check_say(c, MST_CHECK_FAILED, "%.*s", (int)(cut - err->msg),
		      err->msg);
	mst_check_remedy(c, "%.500s", cut + 2);
}

/* ---- client secret ------------------------------------------------------- */

static void say_secret_end(const char *ref, int64_t end_us, struct mst_check *c)
{
	int64_t left = end_us - mst_now_us();
	char date[21];

	mst_time_iso(end_us, date);
	if (left >= MST_CERT_SOON_US) {
		mst_check_say(c, MST_CHECK_OK,
			      "client secret, %.200s, until %.10s "
			      "(secret_expires)",
			      ref, date);
		return;
	}
	if (left > 0)
		mst_check_say(c, MST_CHECK_WARNING,
			      "client secret, %.200s: expires in %lld day%s, "
			      "on %.10s (secret_expires)",
			      ref, days_left(end_us),
			      days_left(end_us) == 1 ? "" : "s", date);
	else
		mst_check_say(c, MST_CHECK_WARNING,
			      "client secret, %.200s: secret_expires says that "
			      "it expired on %.10s",
			      ref, date);
	mst_check_remedy(c, "make a new one under " WHERE
			    ", store its value, and set secret_expires to its "
			    "date");
}

static void look_at_secret(const struct mst_cred_entra *conf,
			   const struct mst_entra_id *id, struct mst_check *c)
{
	struct mst_err err = MST_ERR_INIT;
	int64_t end_us;

	if (mst_is_guid(mst_secret_get(id->secret))) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "client secret, %.200s: it has the form of a "
			      "secret's ID, not of its value",
			      conf->client_secret);
		mst_check_remedy(c, "store the value; where nobody kept it, "
				    "make a new secret under " WHERE
				    " and copy its value at once");
		return;
	}
	if (mst_secret_end(conf, &end_us, &err) < 0)
		say_error(&err, c);
	else if (end_us != MST_TIME_NONE)
		say_secret_end(conf->client_secret, end_us, c);
	else
		mst_check_say(c, MST_CHECK_NOTE,
			      "client secret, %.200s; when it expires, nothing "
			      "here tells",
			      conf->client_secret);
	if (c->level == MST_CHECK_NOTE)
		mst_check_remedy(c, "look under " WHERE
				    ", and put the date into secret_expires: "
				    "each run then warns 30 days ahead");
}

/* ---- certificate --------------------------------------------------------- */

static void place_of(const struct mst_cred_entra *conf, char *out, size_t n)
{
	const char *location = conf->certificate_location;
	const char *store = conf->certificate_store;

	if (conf->certificate)
		(void)snprintf(out, n, "%.200s", conf->certificate);
	else
		(void)snprintf(out, n, "%s/%s",
			       location ? location : mst_cert_locations[0],
			       store ? store : mst_cert_stores[0]);
}

static void look_at_cert(const struct mst_cred_entra *conf,
			 const struct mst_entra_id *id, struct mst_check *c)
{
	const struct mst_cert *cert = &id->cert;
	long long days = days_left(cert->to_us);
	char place[220], date[21];

	place_of(conf, place, sizeof(place));
	mst_time_iso(cert->to_us, date);
	if (cert->to_us - mst_now_us() >= MST_CERT_SOON_US) {
		mst_check_say(c, MST_CHECK_OK,
			      "certificate \"%.120s\", thumbprint %s, until "
			      "%.10s (%s, %s)",
			      cert->subject, cert->thumb, date, place, id->alg);
		return;
	}
	mst_check_say(c, MST_CHECK_WARNING,
		      "certificate \"%.120s\", thumbprint %s, expires in %lld "
		      "day%s, on %.10s (%s)",
		      cert->subject, cert->thumb, days, days == 1 ? "" : "s",
		      date, place);
	mst_check_remedy(c, "make a new one, upload it under " WHERE
			    ", and put it in its place here");
}

/* ---- token file ---------------------------------------------------------- */

static void say_claims(const char *path, struct mst_json root,
		       struct mst_check *c)
{
	char iss[160], sub[160], date[21] = "";
	int64_t exp = 0;

	mst_answer_line(mst_json_str(mst_json_get(root, "iss")), iss,
			sizeof(iss));
	mst_answer_line(mst_json_str(mst_json_get(root, "sub")), sub,
			sizeof(sub));
	if (mst_json_i64(mst_json_get(root, "exp"), &exp) && exp > 0 &&
	    exp < INT64_MAX / 1000000)
		mst_time_iso(exp * 1000000, date);
	mst_check_say(c, MST_CHECK_OK,
		      "federated token in %.200s: issuer %s, subject %s%s%s",
		      path, *iss ? iss : "not said", *sub ? sub : "not said",
		      *date ? ", until " : "", date);
}

static void look_at_token(const struct mst_entra_id *id, struct mst_check *c)
{
	struct mst_json_parser *p = mst_json_parser_new(CLAIMS_MAX);
	struct mst_buf claims = MST_BUF_INIT(CLAIMS_MAX), token;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	if (mst_federated_read(id->token_file, &token, &err) < 0) {
		say_error(&err, c);
	} else {
		if (mst_jwt_claims(mst_buf_slice(&token), &claims) &&
		    mst_json_parse(p, mst_buf_slice(&claims), &root, &err) == 0)
			say_claims(id->token_file, root, c);
		else
			mst_check_say(c, MST_CHECK_OK,
				      "federated token in %.200s",
				      id->token_file);
		mst_buf_wipe_fini(&token);
	}
	mst_buf_wipe_fini(&claims);
	mst_json_parser_free(&p);
}

/* ---- any ----------------------------------------------------------------- */

void mst_cred_entra_look(const struct mst_cred_entra *conf, struct mst_check *c)
{
	struct mst_entra_id id = {.secret = NULL};
	struct mst_err err = MST_ERR_INIT;

	c->code = MST_OK;
	if (mst_entra_id_load(conf, &id, &err) < 0)
		say_error(&err, c);
	else if (id.token_file)
		look_at_token(&id, c);
	else if (id.secret)
		look_at_secret(conf, &id, c);
	else
		look_at_cert(conf, &id, c);
	mst_entra_id_fini(&id);
}
