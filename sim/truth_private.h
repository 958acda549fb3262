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

/* The machine when it was a winner of this sync. */
struct truth_machine *truth_winner(struct sim_truth *t, const char *id);

#endif
