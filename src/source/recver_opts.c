/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the options recver.* go together?
 */
#include "source/recver_opts.h"

#include <string.h>

/* NULL ended: the nearest one is shown. */
static const char *const types[] = {"sqlite",  "postgres", "sqlserver",
				    "mongodb", "mem",	   NULL};
static const char types_text[] = "sqlite, postgres, sqlserver, mongodb and mem";

/* What an option is of. Any that is not here is of every store. */
static const struct {
	const char *key;
	const char *const types[4];
} owners[] = {
    {"recver.path", {"sqlite", "mem"}},
    {"recver.server", {"postgres", "sqlserver", "mongodb"}},
    {"recver.database", {"postgres", "sqlserver", "mongodb"}},
    {"recver.user", {"postgres", "sqlserver", "mongodb"}},
    {"recver.password", {"postgres", "sqlserver", "mongodb"}},
    {"recver.encrypt", {"postgres", "sqlserver", "mongodb"}},
    {"recver.ca_file", {"postgres", "sqlserver", "mongodb"}},
    {"recver.timeout", {"postgres", "sqlserver", "mongodb"}},
    {"recver.existing_database", {"postgres", "sqlserver", "mongodb"}},
    {"recver.bypass_setup", {"postgres", "sqlserver", "mongodb"}},
    {"recver.copy", {"postgres"}},
    {"recver.integrated_security", {"sqlserver"}},
    {"recver.driver", {"sqlserver"}},
    {"recver.replica_set", {"mongodb"}},
    {"recver.auth_source", {"mongodb"}},
};

static const struct mst_conf_value *find(const struct mst_conf_item *item,
					 const char *key)
{
	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0)
			return &item->values[i];
	}
	return NULL;
}

/* What follows is said of this option; the caller appends nothing. */
static int at(const struct mst_conf_item *item, const char *key,
	      struct mst_err *err)
{
	const struct mst_conf_value *v = find(item, key);

	if (v && v->line && item->file)
		return mst_err_prefix(err, "%s:%d:%d: connection '%s'",
				      item->file, v->line, v->column,
				      item->name);
	return mst_err_prefix(err, "connection '%s'", item->name);
}

static bool is_one_of(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n && words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

static int check_type(const struct mst_conf_item *item,
		      const struct mst_recver_conf *conf, struct mst_err *err)
{
	const char *near;

	if (is_one_of(types, MST_LEN(types), conf->type))
		return 0;
	near = mst_nearest(conf->type, types);
	(void)mst_err_set(err, MST_E_INVALID,
			  "unknown recver.type '%.40s'%s%s%s; there are %s",
			  conf->type, near ? "; did you mean '" : "",
			  near ? near : "", near ? "'?" : "", types_text);
	return at(item, "recver.type", err);
}

static int check_owners(const struct mst_conf_item *item,
			const struct mst_recver_conf *conf, struct mst_err *err)
{
	for (size_t i = 0; i < MST_LEN(owners); i++) {
		if (!find(item, owners[i].key) ||
		    is_one_of(owners[i].types, MST_LEN(owners[i].types),
			      conf->type))
			continue;
		(void)mst_err_set(err, MST_E_INVALID,
				  "%s means nothing with recver.type '%s': "
				  "take it out, or set recver.type to %s",
				  owners[i].key, conf->type,
				  owners[i].types[0]);
		return at(item, owners[i].key, err);
	}
	return 0;
}

static int check_encryption(const struct mst_conf_item *item,
			    const struct mst_recver_conf *conf,
			    struct mst_err *err)
{
	static const char *const words[] = {"verify", "trust", "off", NULL};

	if (!is_one_of(words, MST_LEN(words), conf->encrypt)) {
		(void)mst_err_set(err, MST_E_INVALID,
				  "recver.encrypt is verify, trust or off, not "
				  "'%.40s'",
				  conf->encrypt);
		return at(item, "recver.encrypt", err);
	}
	if (conf->ca_file && strcmp(conf->encrypt, "verify") != 0) {
		(void)mst_err_set(err, MST_E_INVALID,
				  "recver.ca_file is looked at with "
				  "recver.encrypt 'verify' only: set that, or "
				  "take it out");
		return at(item, "recver.ca_file", err);
	}
	if (conf->ca_file && !conf->server) {
		(void)mst_err_set(
		    err, MST_E_INVALID,
		    "recver.ca_file needs recver.server: a socket "
		    "of this machine has no certificate");
		return at(item, "recver.ca_file", err);
	}
	return 0;
}

static int check_sqlserver(const struct mst_conf_item *item,
			   const struct mst_recver_conf *conf,
			   struct mst_err *err)
{
	if (strcmp(conf->type, "sqlserver") != 0)
		return 0;
	if (conf->integrated_security && (conf->user || conf->password)) {
		(void)mst_err_set(err, MST_E_INVALID,
				  "recver.integrated_security logs in as the "
				  "holder of the Kerberos ticket: take "
				  "recver.user and recver.password out, or it");
		return at(item, "recver.integrated_security", err);
	}
	if (!conf->integrated_security && !conf->user) {
		(void)mst_err_set(err, MST_E_INVALID,
				  "recver.type sqlserver needs recver.user and "
				  "recver.password, or "
				  "recver.integrated_security");
		return at(item, "recver.type", err);
	}
	return 0;
}

int mst_recver_conf_check(const struct mst_conf_item *item,
			  const struct mst_recver_conf *conf,
			  struct mst_err *err)
{
	int rc = check_type(item, conf, err);

	if (rc == 0)
		rc = check_owners(item, conf, err);
	if (rc == 0)
		rc = check_sqlserver(item, conf, err);
	return rc < 0 ? rc : check_encryption(item, conf, err);
}
