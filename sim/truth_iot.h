/* SPDX-License-Identifier: Apache-2.0
 *
 * What ServiceNow should hold of Defender for IoT: docs/internals/iot-rules.md,
 * written a second time. Told when a sync of the plant has been done; keeps the
 * expected records of one connection from one sync to the next.
 */
#ifndef MST_SIM_TRUTH_IOT_H
#define MST_SIM_TRUTH_IOT_H

#include "sim/iot.h"
#include "sim/truth.h"

/* In the order in which they are read back: what refers to others is behind
 * them. */
enum truth_ot_set {
	TO_SENSOR_CI,
	TO_SENSOR,
	TO_CI,
	TO_DEVICE,
	TO_ENTITY,
	TO_ADAPTER,
	TO_ADDRESS,
	TO_FIRMWARE,
	TO_RELATION, /* who detects, who owns */
	TO_CONNECTION,
	TO_CVE,
	TO_INSTANCE,
	TO_ALERT,
	TO__SETS
};

/* The table, the columns that make a record's key here (a reference counts by
 * the key of what it refers to), and whose records are looked at: those with
 * this text in this column. */
struct truth_ot_table {
	const char *table;
	const char *key[4];
	const char *whose; /* column; NULL: all that muster made */
	bool begins;	   /* it begins with the connection */
};
extern const struct truth_ot_table truth_ot_tables[TO__SETS];

struct truth_ot {
	const char *table; /* class of a CI */
	const char *key;   /* parts joined with '\x1f' */
	bool gone;	   /* deleted */
	bool stays;	   /* whatever is not shown */
	uint32_t seen;	   /* last sync that showed it */
	unsigned reopened; /* CVE instances */
	bool pending;	   /* a person says that it is resolved */
	struct truth_field f[34];
	unsigned n;
};

struct truth_iot;

struct truth_iot *truth_iot_new(void);
void truth_iot_free(struct truth_iot **t);
/* A person set this CVE instance to resolved_pending; whoever's it is. */
void truth_iot_pending(struct truth_iot *t, struct mst_slice key);
/* {"connection":"plant","sensor":0}: 0 is the console. What is not there
 * stays. */
void truth_iot_configure(struct truth_iot *t, struct mst_json conf);
/* A sync of the plant as it is now has been done, with an instance that has
 * these classes. */
void truth_iot_synced(struct truth_iot *t, struct sim_iot *iot,
		      bool (*has_class)(void *ctx, const char *table),
		      void *ctx);
/* NULL while there was no sync. */
const char *truth_iot_connection(const struct truth_iot *t);
size_t truth_iot_count(const struct truth_iot *t, enum truth_ot_set set);
const struct truth_ot *truth_iot_get(const struct truth_iot *t,
				     enum truth_ot_set set, size_t i);
/* Master data that its devices brought: folded company; "model\x1fcompany". */
bool truth_iot_made(const struct truth_iot *t, enum truth_set set,
		    const char *key);

/* truth_iot_class.c: the class map. levels: 0 to 5; classes in order, NULL
 * ended, none: no CI. */
struct truth_ot_type {
	const char *category;
	unsigned level;
	const char *classes[4];
};
void truth_iot_type(const char *name, struct truth_ot_type *type_r);

#endif
