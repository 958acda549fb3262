/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the truth: what it remembers of every record that ServiceNow should
 * hold. All texts are interned, so equal texts are equal pointers.
 */
#ifndef MST_SIM_TRUTH_PRIVATE_H
#define MST_SIM_TRUTH_PRIVATE_H

#include "sim/truth.h"

struct truth_company {
	const char *folded, *name;
};

struct truth_model {
	const char *name, *manufacturer;
};

/* A column that a person edited. */
struct truth_edit {
	const char *column, *value;
};

struct truth_ci {
	const char *table, *name; /* name as last written */
	const char *slot;	  /* its key in ci_by_name */
	const char *fqdn, *domain, *os, *os_version, *width, *ip, *mac;
	const char *manufacturer, *model, *serial;
	const char *first, *correlation;
	bool is_virtual;
	const char *status[4]; /* hardware, sub, install, operational */
	uint32_t owner_seen;   /* sync at which a winner owned it */
	struct truth_edit edits[4];
	unsigned edits_n;
};

struct truth_package {
	const char *key, *name, *version, *vendor; /* vendor NULL: none */
	uint32_t seen;
};

struct truth_install {
	uint32_t ci;
	struct truth_package *package;
	const char *name;
	uint32_t seen;
};

struct truth_cve {
	const char *id, *name, *severity, *score;
	const struct sim_cve_fact *fact; /* NULL: from an instance only */
};

struct truth_instance {
	char key[33];
	uint32_t ci;
	const char *device;
	struct truth_cve *cve;
	struct truth_package *package;
	const char *name, *vendor, *version;
	const char *severity, *score, *exploit;
	const char *first, *last_low, *last_high;
	const char *update, *update_id, *url;
	const char *disk, *disk_other, *reg;
	const char *status;
	bool resolved; /* u_resolved_at is set */
	unsigned reopened;
	uint32_t seen;
};

/* A machine that is delivered, by its id. */
struct truth_machine {
	const char *id;
	uint32_t ci;
	uint32_t seen;	/* last sync at which it was a winner */
	bool delivered; /* as of the last sync */
};

/* A business application. */
struct truth_app {
	const char *name, *slot; /* slot: its key in app_by_name */
	const char *vendor, *category, *url, *platform, *count;
	const char *description, *attributes, *correlation;
	bool retired;
	uint32_t owner_seen; /* sync at which a winner owned it */
	uint32_t left_seen;  /* sync at which it stayed as it was */
};

/* A cloud app that is delivered, by its id. */
struct truth_app_id {
	const char *id;
	uint32_t app;
	uint32_t seen; /* last sync at which it was delivered or left */
	bool delivered;
};

/* A person uses an app. */
struct truth_use {
	uint32_t app;
	const char *user, *type; /* sys_id; name */
	bool live;
	uint32_t seen;
};

/* How an identifier leads to a user, in this order. */
enum truth_way {
	TRUTH_BY_EMAIL,
	TRUTH_BY_UPN,
	TRUTH_BY_USER_NAME,
	TRUTH_BY_DOMAIN,
	TRUTH_BY_ALIAS,
	TRUTH__WAYS
};

struct truth_texts {
	const char *v[32];
	unsigned n;
};

struct truth_apps_conf {
	const char *prefix, *type;
	int64_t max_score, period, description_max;
	bool users, info;
	bool ways[TRUTH__WAYS];
	struct truth_texts streams, tags, tags_not, domains, rewrite, aliases;
	struct truth_texts cleared;
};

struct truth_conf {
	const char *connection, *prefix, *discovery;
	bool enrich, hardware, handhelds;
	double min_cvss;
};

/* One array of pointers per set, in the order of their making. */
struct truth_list {
	void **v;
	size_t n, cap;
	struct mst_map by_key;
};

struct sim_truth {
	struct mst_arena arena;
	struct mst_map texts;
	struct truth_conf conf;
	uint32_t sync; /* number of the sync */
	struct truth_list companies, models, cis, packages, cves, instances,
	    installs, machines;
	/* cis by "class\x1fname" folded and by serial number */
	struct mst_map ci_by_name, ci_by_serial;
	/* facts by CVE id */
	struct mst_map facts;
	struct truth_apps_conf apps_conf;
	uint32_t apps_sync;
	struct truth_list apps, app_ids, uses;
	struct mst_map app_by_name; /* folded */
	struct truth_iot *iot;	    /* truth_iot.h */
};

const char *truth_text(struct sim_truth *t, struct mst_slice s);
/* NULL for {NULL,0}; trimmed and cut at a UTF-8 border. */
const char *truth_cut(struct sim_truth *t, const char *s, size_t max);
const char *truth_lower(struct sim_truth *t, struct mst_slice s);
void *truth_find(const struct truth_list *l, const char *key);
void truth_add(struct truth_list *l, const char *key, void *record);
/* *field = value unless there is none: an empty value clears nothing. */
void truth_set(const char **field, const char *value);
/* Makes sure that the company exists. */
void truth_company(struct sim_truth *t, const char *name);

/* truth_devices.c */
void truth_devices(struct sim_truth *t, const struct sim_estate *e);
/* truth_rows.c */
void truth_software(struct sim_truth *t, const struct sim_estate *e);
void truth_vulnerabilities(struct sim_truth *t, const struct sim_estate *e);

/* truth_apps.c */
void truth_apps_defaults(struct truth_apps_conf *c);
void truth_apps_configure(struct sim_truth *t, struct mst_json conf);
/* truth_apps_info.c: what appInfo says. */
struct truth_info {
	const char *vendor, *platform, *url, *description;
};
void truth_app_info(struct sim_truth *t, const struct sim_apps *a,
		    const struct sim_app *app, struct truth_info *info_r);
/* Adds a line unless the text would be longer than max; false then. */
bool truth_line(struct mst_buf *b, size_t max, const char *name,
		struct mst_slice value);
/* truth_apps_users.c: one of the chosen streams, as sim_truth_apps_synced was
 * told; app: of truth's own. */
struct truth_directory;
struct truth_directory *truth_directory_new(struct sim_truth *t,
					    struct mst_json users);
void truth_directory_free(struct truth_directory **d);
void truth_app_uses(struct truth_directory *d, const struct sim_apps *a,
		    const struct sim_app *app, uint32_t streams,
		    uint32_t index);

/* The machine when it was a winner of this sync. */
struct truth_machine *truth_winner(struct sim_truth *t, const char *id);

#endif
