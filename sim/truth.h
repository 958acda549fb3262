/* SPDX-License-Identifier: Apache-2.0
 *
 * What ServiceNow should hold: a second implementation of
 * docs/internals/rules.md, cloudapps.md and iot-rules.md that shares no code
 * with the engine.
 * It is told when a sync of a source has been done and what people changed in
 * ServiceNow, and keeps the expected records from one sync to the next.
 */
#ifndef MST_SIM_TRUTH_H
#define MST_SIM_TRUTH_H

#include "sim/apps.h"
#include "sim/estate.h"

struct sim_truth;

enum truth_set {
	TRUTH_COMPANY,
	TRUTH_MODEL,
	TRUTH_CI,
	TRUTH_PACKAGE,
	TRUTH_CVE,
	TRUTH_INSTANCE,
	TRUTH_INSTALL,
	TRUTH_APP,
	TRUTH_USE, /* of an app, by a person */
	TRUTH__SETS
};

/* How a column is to compare. */
enum truth_how {
	TRUTH_IS,      /* exactly the text */
	TRUTH_ABSENT,  /* empty */
	TRUTH_PRESENT, /* not empty */
	TRUTH_BETWEEN, /* text..text2, compared as text or as numbers */
	TRUTH_EITHER,  /* text or text2 */
	TRUTH_REF      /* a reference to the record `text` (its key) of `ref` */
};

struct truth_field {
	const char *column;
	enum truth_how how;
	const char *text, *text2;
	enum truth_set ref;
};

/* One expected record; texts are borrowed until the next call. */
struct truth_rec {
	const char *table;
	char key[1200]; /* as sim_truth_key makes it from the columns */
	bool gone;
	struct truth_field f[32];
	unsigned n;
};

struct sim_truth *sim_truth_new(void);
void sim_truth_free(struct sim_truth **t);
/* {"connection":"defender","correlation_prefix":"","discovery_source":
 * "muster","enrich":true,"hardware":true,"min_cvss":0,"handhelds":true,
 * "cloudapps":{…},"iot":{"connection":"plant","sensor":0}}: cloudapps by the
 * names of the settings of docs/internals/cloudapps.md; sensor 0 is the
 * console. */
int sim_truth_configure(struct sim_truth *t, struct mst_slice json,
			struct mst_err *err);
/* A sync of the estate as it is now has been done. */
void sim_truth_synced(struct sim_truth *t, const struct sim_estate *e);
/* The same of the cloud apps. json: {"users":[…]}, the users of ServiceNow at
 * that time (sim_sn_users). */
int sim_truth_apps_synced(struct sim_truth *t, const struct sim_apps *a,
			  struct mst_slice json, struct mst_err *err);
/* The same of the plant of Defender for IoT, with an instance that has these
 * classes. */
struct sim_iot;
void sim_truth_iot_synced(struct sim_truth *t, struct sim_iot *iot,
			  bool (*has_class)(void *ctx, const char *table),
			  void *ctx);
/* The answer of POST /_sim/sn/users. */
int sim_truth_users(struct sim_truth *t, struct mst_slice json,
		    struct mst_err *err);

/* The table that holds the set ("cmdb_ci_computer" for CIs) and the columns
 * that make a record's key, joined with '\x1f'. */
struct truth_table {
	const char *table;
	const char *key[3];
};
extern const struct truth_table truth_tables[TRUTH__SETS];

size_t sim_truth_count(const struct sim_truth *t, enum truth_set set);
/* Record i of the set. */
void sim_truth_get(struct sim_truth *t, enum truth_set set, size_t i,
		   struct truth_rec *rec_r);
/* All of it as NDJSON. */
bool sim_truth_write(struct sim_truth *t, struct mst_buf *out);
/* Company names without what companies add to them. */
void sim_truth_fold_company(struct mst_slice name, char out[256]);

#endif
