/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a "servicenow" connection.
 */
#include <stddef.h>

#include "dest/servicenow/sn.h"

#define AT(member) offsetof(struct sn_conf, member)

const struct mst_opt mst_sn_opts[] = {
    {"url", MST_OPT_URL, AT(url), .flags = MST_OPT_REQUIRED,
     .help = "address of the instance, https://NAME.service-now.com"},
    {"environment", MST_OPT_CHOICE, AT(environment), "test", "test|prod",
     .help = "what the instance is used for"},
    {"alias", MST_OPT_TEXT, AT(alias),
     .help = "a short name for people, shown instead of the address"},
    {"auth", MST_OPT_CHOICE, AT(auth), "basic",
     "basic|password|client_credentials|refresh_token",
     .help = "how to log in: basic, or one of the OAuth grants"},
    {"username", MST_OPT_TEXT, AT(username),
     .help = "the integration user (basic, password)"},
    {"password", MST_OPT_SECRET, AT(password),
     .help = "its password, as env:NAME, file:PATH or credential:NAME"},
    {"client_id", MST_OPT_TEXT, AT(client_id),
     .help = "client id of the OAuth registry entry"},
    {"client_secret", MST_OPT_SECRET, AT(client_secret),
     .help = "its secret, as env:NAME, file:PATH or credential:NAME"},
    {"refresh_token", MST_OPT_SECRET, AT(refresh_token),
     .help = "a refresh token, as env:NAME, file:PATH or credential:NAME"},
    {"discovery_source", MST_OPT_TEXT, AT(discovery_source), "muster",
     .help = "choice of cmdb_ci.discovery_source; also the source name of "
	     "native keys, so do not change it later",
     .rule = "servicenow.source"},
    {"write_mode", MST_OPT_CHOICE, AT(write_mode), "ire", "ire|table",
     .help = "how CIs are written: through the identification and "
	     "reconciliation engine, or by the Table API with muster's own "
	     "matching",
     .rule = "servicenow.write"},
    {"overwrite_correlation", MST_OPT_BOOL, AT(overwrite_correlation), "no",
     .help = "write discovery source and correlation id of a CI on updates "
	     "too",
     .rule = "servicenow.correlation"},
    {"cross_class", MST_OPT_BOOL, AT(cross_class), "yes",
     .help = "look for a new CI in the further classes that the source "
	     "names, before it is made",
     .rule = "servicenow.classes"},
    {"ignore_shared_macs", MST_OPT_BOOL, AT(ignore_shared_macs), "yes",
     .help = "never match a CI by a MAC address that is not unique",
     .rule = "servicenow.macs"},
    {"shared_macs", MST_OPT_LIST, AT(shared_macs),
     .help = "further MAC addresses that are not unique, by their beginning: "
	     "00:09:0f",
     .rule = "servicenow.macs"},
    {"insert_only", MST_OPT_LIST, AT(insert_only),
     .help = "columns that are written when a record is made and never "
	     "after: devices.os_version",
     .rule = "servicenow.split"},
    {"status_updates", MST_OPT_CHOICE, AT(status_updates), "always",
     "always|newer_than_update|newer_than_discovery|never",
     .help = "when the status columns of a CI that is there are written: "
	     "always; when the source saw the device later than the CI's "
	     "sys_updated_on, or than its last_discovered; or never",
     .rule = "servicenow.status"},
    {"status_keep", MST_OPT_LIST, AT(status_keep),
     .help = "values of install_status that protect the status of a CI: 6 "
	     "for In Stock",
     .rule = "servicenow.status"},
    {"status_keep_retire", MST_OPT_BOOL, AT(status_keep_retire), "yes",
     .help = "a status that may not be updated is not retired either",
     .rule = "servicenow.status"},
    {"manufacturers", MST_OPT_BOOL, AT(manufacturers), "yes",
     .help = "write the manufacturer of a device, the vendor of an application",
     .rule = "servicenow.manufacturer"},
    {"empty_manufacturer", MST_OPT_CHOICE, AT(empty_manufacturer), "keep",
     "keep|clear",
     .help = "what a device without a known maker does to the manufacturer "
	     "of its CI",
     .rule = "servicenow.manufacturer"},
    {"software_manufacturers", MST_OPT_BOOL, AT(software_manufacturers), "yes",
     .help = "write the vendor of a software package",
     .rule = "servicenow.child_manufacturer"},
    {"create_companies", MST_OPT_BOOL, AT(create_companies), "yes",
     .help = "make companies that are missing in core_company",
     .rule = "servicenow.company"},
    {"delete_companies", MST_OPT_BOOL, AT(delete_companies), "no",
     .help = "delete companies that muster's user made and that nothing "
	     "refers to any more",
     .rule = "servicenow.company_delete"},
    {"models", MST_OPT_BOOL, AT(models), "yes",
     .help = "write the model of a device", .rule = "servicenow.device_model"},
    {"model_table", MST_OPT_CHOICE, AT(model_table),
     "cmdb_hardware_product_model", "cmdb_hardware_product_model|cmdb_model",
     .help = "table that models of devices are looked up and made in",
     .rule = "servicenow.model"},
    {"create_models", MST_OPT_BOOL, AT(create_models), "yes",
     .help = "make models that are missing", .rule = "servicenow.model"},
    {"delete_models", MST_OPT_BOOL, AT(delete_models), "no",
     .help = "delete models that muster's user made and that nothing refers "
	     "to any more",
     .rule = "servicenow.model_delete"},
    {"normalization", MST_OPT_TEXT, AT(normalization),
     .help = "sys_id of the Field Normalization record for company names: "
	     "makers are handed over as raw names, and none is made",
     .rule = "servicenow.normalization"},
    {"retire_packages", MST_OPT_BOOL, AT(retire_packages), "yes",
     .help = "retire a software package with its last installation",
     .rule = "servicenow.packages"},
    {"software_models", MST_OPT_CHOICE, AT(software_models), "off",
     "off|ignore|major|major_minor|major_minor_revision|all",
     .help = "software product models that packages refer to: none, or one "
	     "for each so much of the version",
     .rule = "servicenow.software_models"},
    {"user_relation_type", MST_OPT_TEXT, AT(user_relation_type), "Uses",
     .help = "name of the record of cmdb_rel_user_type that says what people "
	     "are to the applications that they use",
     .rule = "servicenow.user_relation"},
    {"workers", MST_OPT_INT, AT(workers), "4", .min = 1, .max = 4,
     .help = "requests under way at once"},
    {"concurrent_runs", MST_OPT_INT, AT(concurrent_runs), "4", .min = 1,
     .max = 100,
     .help = "how many runs of the service may write to it at once"},
    {"requests_per_hour", MST_OPT_INT, AT(requests_per_hour), "0", .min = 0,
     .max = 1e9,
     .help = "what all runs together may ask for in an hour; a run that finds "
	     "it used up waits for the next hour. 0 is no limit"},
    {"batch_seconds", MST_OPT_INT, AT(batch_seconds), "10", .min = 1, .max = 25,
     .help = "how long a batch should take; ServiceNow cuts it at 30"},
    {"batch_max", MST_OPT_INT, AT(batch_max), "800", .min = 1,
     .max = MST_MAX_BATCH_OPS, .help = "most table requests in a batch"},
    {"ire_items", MST_OPT_INT, AT(ire_items), "500", .min = 1,
     .max = MST_MAX_IRE_ITEMS,
     .help = "most configuration items in a payload of the identification "
	     "and reconciliation engine"},
    {"body_max", MST_OPT_SIZE, AT(body_max), "950000",
     .help = "largest request body, from 64KiB to 1MB"},
    MST_PROXY_OPTS(AT),
    {"ca_file", MST_OPT_TEXT, AT(ca_file),
     .help = "PEM file with further trusted certificate authorities"},
    {"timeout", MST_OPT_DURATION, AT(timeout_ms), "100s",
     .help = "how long to wait for one answer"},
    {NULL}};

static int need(const char *connection, const char *value, const char *key,
		const char *auth, struct mst_err *err)
{
	if (value && *value)
		return MST_OK;
	return mst_err_set(err, MST_E_INVALID,
			   "connection \"%s\": auth \"%s\" needs \"%s\"",
			   connection, auth, key);
}

static int check_user(const char *connection, const struct sn_conf *conf,
		      const char *auth, struct mst_err *err)
{
	int rc = need(connection, conf->username, "username", auth, err);

	return rc ? rc
		  : need(connection, conf->password, "password", auth, err);
}

static int check_auth(const char *connection, const struct sn_conf *conf,
		      struct mst_err *err)
{
	static const char *const names[] = {
	    [SN_BASIC] = "basic",
	    [SN_PASSWORD] = "password",
	    [SN_CLIENT_CREDENTIALS] = "client_credentials",
	    [SN_REFRESH_TOKEN] = "refresh_token",
	};
	const char *auth = names[conf->auth];
	int rc;

	if (conf->auth == SN_BASIC)
		return check_user(connection, conf, auth, err);
	rc = need(connection, conf->client_id, "client_id", auth, err);
	if (!rc)
		rc = need(connection, conf->client_secret, "client_secret",
			  auth, err);
	if (!rc && conf->auth == SN_PASSWORD)
		rc = check_user(connection, conf, auth, err);
	if (!rc && conf->auth == SN_REFRESH_TOKEN)
		rc = need(connection, conf->refresh_token, "refresh_token",
			  auth, err);
	return rc;
}

int mst_sn_conf_check(const char *connection, const struct sn_conf *conf,
		      struct mst_err *err)
{
	struct mst_slice ds = mst_slice_str(conf->discovery_source);
	struct mst_slice type = mst_slice_str(conf->user_relation_type);
	struct mst_sysid id;

	if (conf->body_max < 65536 || conf->body_max > MST_MAX_REQUEST_BODY)
		return mst_err_set(
		    err, MST_E_INVALID,
		    "connection \"%s\": body_max must be from 64KiB to 1MB",
		    connection);
	if (ds.n == 0 || ds.n > 40 || !mst_sn_query_safe(ds))
		return mst_err_set(
		    err, MST_E_INVALID,
		    "connection \"%s\": discovery_source must be 1 to 40 bytes "
		    "without \",\" and \"^\"",
		    connection);
	if (type.n == 0 || type.n > 100 || !mst_sn_list_safe(type))
		return mst_err_set(
		    err, MST_E_INVALID,
		    "connection \"%s\": user_relation_type must be 1 to 100 "
		    "bytes without \",\" and \"^\"",
		    connection);
	for (size_t i = 0; i < conf->shared_macs.n; i++) {
		if (!mst_sn_mac_pattern_ok(conf->shared_macs.v[i]))
			return mst_err_set(
			    err, MST_E_INVALID,
			    "connection \"%s\": shared_macs: \"%s\" is no "
			    "beginning of a MAC address, like 00:09:0f",
			    connection, conf->shared_macs.v[i]);
	}
	if (conf->normalization && *conf->normalization &&
	    !mst_sysid_parse(mst_slice_str(conf->normalization), &id))
		return mst_err_set(
		    err, MST_E_INVALID,
		    "connection \"%s\": normalization must be a sys_id, 32 hex "
		    "digits",
		    connection);
	return check_auth(connection, conf, err);
}
