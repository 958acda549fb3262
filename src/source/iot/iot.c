/* SPDX-License-Identifier: Apache-2.0
 *
 * The source "iot": its life and its table of functions.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "cred/cred.h"
#include "net/pin.h"
#include "net/url.h"
#include "source/iot/iot_private.h"

/* ---- settings ------------------------------------------------------------ */

static int check_sensor(const struct ot_conf *c, struct mst_err *err)
{
	if (c->read == OT_CONSOLE || !ot_leaves_out(c))
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "option %s is for a management console; with "
			   "'read: sensor' the sensor itself is read",
			   c->sensors.n ? "sensors" : "learning_sensors");
}

static int check_conf(const struct ot_conf *c, struct mst_err *err)
{
	struct mst_url u;

	if (check_sensor(c, err) < 0)
		return -(int)err->code;
	if (c->common.read_from)
		return 0; /* nobody logs in */
	if (!c->url || !c->token)
		return mst_err_set(err, MST_E_INVALID,
				   "%s is missing; or set read_from to read a "
				   "folder",
				   c->url ? "token" : "url");
	if (strpbrk(c->url, "?#"))
		return mst_err_set(err, MST_E_INVALID,
				   "url: the address of the %s alone is "
				   "wanted, without '?' and '#'",
				   c->read == OT_CONSOLE ? "console"
							 : "sensor");
	if (mst_url_read(c->url, &u, err) < 0)
		return mst_err_prefix(err, "url");
	if (c->common.pin && mst_pin_check(c->common.pin, err) < 0)
		return -(int)err->code;
	return 0;
}

static int credential(const char *connection, const void *conf,
		      struct mst_check *c, struct mst_err *err)
{
	const struct ot_conf *own = conf;
	struct mst_err why = MST_ERR_INIT;
	struct mst_auth *auth = NULL;

	if (check_conf(own, err) < 0)
		return mst_err_prefix(err, "connection '%s'", connection);
	if (own->common.read_from) {
		mst_check_say(c, MST_CHECK_NOTE, "not needed for a folder");
		return 0;
	}
	if (mst_cred_bare(own->token, &auth, &why) == 0) {
		mst_check_say(c, MST_CHECK_OK, "an access token");
		mst_auth_free(&auth);
		return 0;
	}
	c->code = why.code;
	mst_check_say(c, MST_CHECK_FAILED, "%s", why.msg);
	mst_check_remedy(c,
			 "make a token at the %s (%s) and name where it lies "
			 "in the option token",
			 own->read == OT_CONSOLE ? "console" : "sensor",
			 ot_tokens_where);
	return 0;
}

/* A console shows what its sensors show. */
static const char *place(const void *conf)
{
	return ((const struct ot_conf *)conf)->read == OT_CONSOLE
		   ? "a management console"
		   : "a sensor";
}

static const char *key_prefix(const void *conf)
{
	return ((const struct ot_conf *)conf)->set.correlation_prefix;
}

/* ---- life ---------------------------------------------------------------- */

static void close_source(struct mst_source **s_r)
{
	struct mst_source *s = *s_r;

	if (!s)
		return;
	mst_auth_free(&s->auth);
	ot_read_clear(&s->read);
	ot_found_clear(s);
	mst_json_parser_free(&s->parser);
	free(s->one);
	free(s->base);
	free(s->connection);
	free(s);
	*s_r = NULL;
}

static void set_address(struct mst_source *s)
{
	struct mst_err ignored = MST_ERR_INIT;
	size_t n = strlen(s->conf->url);
	struct mst_url u;

	while (n > 0 && s->conf->url[n - 1] == '/')
		n--;
	s->base = mst_strndup(s->conf->url, n);
	if (mst_url_read(s->base, &u, &ignored) == 0)
		(void)snprintf(s->host, sizeof(s->host), "%s:%d", u.host,
			       u.port);
	s->hosts[0] = s->host;
}

static int open_source(const char *connection, const void *conf,
		       struct mst_source **s_r, struct mst_err *err)
{
	struct mst_source *s;

	if (check_conf(conf, err) < 0)
		return mst_err_prefix(err, "connection '%s'", connection);
	s = mst_alloc(sizeof(*s));
	s->conf = conf;
	s->connection = mst_strdup(connection);
	s->parser = mst_json_parser_new(MST_MAX_BODY);
	for (size_t i = 0; i < OT__FEEDS; i++) {
		s->since_us[i] = MST_TIME_NONE;
		s->proofs[i] = (struct mst_proof){.as_of_us = MST_TIME_NONE,
						  .why = "it was not read"};
	}
	if (!s->conf->common.read_from) {
		set_address(s);
		if (mst_cred_bare(s->conf->token, &s->auth, err) < 0) {
			close_source(&s);
			return mst_err_prefix(err, "connection '%s'",
					      connection);
		}
	}
	*s_r = s;
	return 0;
}

static size_t auths(struct mst_source *s, struct mst_source_auth *out,
		    size_t max)
{
	if (!s->auth || max == 0)
		return 0;
	out[0] = (struct mst_source_auth){OT_AUTH, s->auth, s->hosts};
	return 1;
}

/* No page gives a limit; a 429 tells. */
static const struct mst_rate *rates(struct mst_source *s MST_UNUSED,
				    size_t *n_r)
{
	*n_r = 0;
	return NULL;
}

/* A token is good for everything, or for nothing. */
static size_t permissions(struct mst_source *s, uint32_t feeds,
			  struct mst_check *out, size_t max)
{
	return 0;
}

static size_t addresses(struct mst_source *s, struct mst_address *out,
			size_t max)
{
	if (!s->auth || max == 0)
		return 0; /* a folder is nowhere */
	out[0] = (struct mst_address){"", s->base};
	return 1;
}

/* ---- what sets need ------------------------------------------------------ */

/* Devices come with what says which of them count, and what they are. */
static uint32_t devices(const struct ot_conf *c)
{
	uint32_t bits = OT_BIT(OT_DEVICES);

	if (c->read == OT_SENSOR)
		return bits;
	bits |= OT_BIT(OT_SENSORS) | OT_BIT(OT_DELETED_DEVICES);
	return bits | (c->device_flags ? OT_BIT(OT_DEVICE_FLAGS) : 0);
}

static uint32_t needs(struct mst_source *s, const char *set)
{
	static const struct {
		const char *set;
		uint32_t console, sensor;
		bool devices;
	} all[] = {
	    {"ot_sensor_cis", OT_BIT(OT_APPLIANCES), 0, true},
	    {"ot_sensors", OT_BIT(OT_APPLIANCES), 0, true},
	    {"ot_device_cis", 0, 0, true},
	    {"ot_devices", 0, 0, true},
	    {"ot_entities", 0, 0, true},
	    {"ot_adapters", 0, 0, true},
	    {"ot_addresses", 0, 0, true},
	    {"ot_firmwares", 0, 0, true},
	    {"ot_detections", 0, 0, true},
	    {"ot_connections", OT_BIT(OT_CONNECTIONS), OT_BIT(OT_CONNECTIONS),
	     true},
	    {"vulnerabilities", OT_BIT(OT_DEVICE_CVES), OT_BIT(OT_DEVICE_CVES),
	     true},
	    {"ot_device_cves", OT_BIT(OT_DEVICE_CVES), OT_BIT(OT_DEVICE_CVES),
	     true},
	    {"ot_alerts", OT_BIT(OT_ALERTS), OT_BIT(OT_ALERTS), false},
	};
	const struct ot_conf *c = s->conf;

	for (size_t i = 0; i < MST_LEN(all); i++) {
		if (strcmp(all[i].set, set) == 0)
			return (all[i].devices ? devices(c) : 0) |
			       (c->read == OT_CONSOLE ? all[i].console
						      : all[i].sensor);
	}
	return 0;
}

static void proof(struct mst_source *s, unsigned feed,
		  struct mst_proof *proof_r)
{
	if (feed < OT__FEEDS)
		*proof_r = s->proofs[feed];
	else
		*proof_r = (struct mst_proof){.why = "there is no such feed"};
}

const struct mst_source_ops mst_source_iot = {
    .type = "iot",
    .title = "Microsoft Defender for IoT",
    .opts = ot_opts,
    .conf_size = sizeof(struct ot_conf),
    .catalog = &ot_catalog,
    .adapt = ot_adapt,
    .place = place,
    .key_prefix = key_prefix,
    .member_key = ot_member_key,
    .credential = credential,
    .open = open_source,
    .close = close_source,
    .auths = auths,
    .rates = rates,
    .permissions = permissions,
    .addresses = addresses,
    .checks = ot_checks,
    .needs = needs,
    .since = ot_since,
    .scope = ot_scope,
    .begin = ot_begin,
    .next = ot_next,
    .accept = ot_accept,
    .proof = proof,
    .classify = ot_classify,
    .envelope = "u_sensors",
    .more = "u_next",
};
