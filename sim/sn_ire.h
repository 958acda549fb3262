/* SPDX-License-Identifier: Apache-2.0
 *
 * One payload of identification and reconciliation, between its parts:
 *   sn_ire.c      the end points, options, reading, doubles
 *   sn_ire_find.c which CI an item means
 *   sn_ire_owned.c the same of CIs that another one owns
 *   sn_ire_put.c  inserts, updates, class changes, sources, children, relations
 *   sn_ire_out.c  the answer
 */
#ifndef MST_SIM_SN_IRE_H
#define MST_SIM_SN_IRE_H

#include "sim/sn.h"

#define IRE_MAX_ATTEMPTS 6
#define IRE_MAX_ERRORS	 6

enum ire_op {
	IRE_NONE,
	IRE_INSERT,
	IRE_UPDATE,
	IRE_NO_CHANGE,
	IRE_UPGRADE,
	IRE_DOWNGRADE,
	IRE_SWITCH,
	IRE_PARTIAL,
	IRE_INCOMPLETE
};

struct ire_note { /* an error, a warning or an info */
	const char *code, *message;
};

struct ire_attempt {
	const char *identifier; /* "Hardware Rule" */
	const char *info;	/* of the native key */
	const char *result;	/* "MATCHED" */
	const char *attributes; /* with commas */
	const char *table;
};

/* A lookup or a related item. */
struct ire_child {
	struct mst_json j, values;
	struct mst_slice class_name, internal_id;
	struct sn_table *t;
	size_t parent_col; /* the column that refers to the CI */
	bool lookup;
	struct sn_row *row;
	enum ire_op op;
	size_t main, sub; /* input positions */
	struct ire_child *next;
};

struct ire_item {
	struct mst_json j, values, display_values;
	struct mst_slice class_name, internal_id;
	struct mst_slice source, native_key, feed, recency;
	struct sn_table *t;
	struct sn_row *row; /* the CI that it means */
	bool no_downgrade, no_switch, no_upgrade;
	enum ire_op op;
	struct ire_child *children;
	struct ire_attempt attempts[IRE_MAX_ATTEMPTS];
	size_t attempts_n;
	struct ire_note errors[IRE_MAX_ERRORS], infos[2], warnings[2];
	size_t errors_n, infos_n, warnings_n;
	const char *entry_id;	 /* of the identifier entry that matched */
	struct ire_item *owner;	 /* of a dependent class, by a relation */
	struct ire_item *into;	 /* the double that stands for it */
	struct ire_item *merged; /* doubles that it stands for */
	struct ire_item *next_merged;
	size_t input; /* position */
	bool new_row; /* row was made by this payload */
};

struct ire_relation {
	struct mst_json j;
	struct ire_item *parent_item, *child_item;
	struct ire_child *parent_child, *child_child;
	struct sn_row *type;
	enum ire_op op;
	struct ire_note error;
};

struct ire_reference {
	struct mst_slice referenced, by, field;
};

struct ire {
	struct sim_sn *sn;
	const struct sn_user *user;
	bool enhanced, dry;
	bool partial_payloads, partial_commits, dedupe, summary;
	bool keep_scan, keep_discovered; /* skip_updating_… */
	const char *source;		 /* sysparm_data_source */
	bool source_ok;
	struct ire_item *items;
	size_t items_n;
	struct ire_relation *relations;
	size_t relations_n;
	struct ire_reference *references;
	size_t references_n;
	struct mst_map by_internal; /* internal_id → struct ire_item */
	struct mst_map child_by_internal;
};

void ire_error(struct ire *ire, struct ire_item *it, const char *code,
	       const char *fmt, ...) MST_PRINTF(4, 5);
/* Text of an attribute; empty when it is not sent or null. */
struct mst_slice ire_value(struct ire *ire, const struct ire_item *it,
			   const char *name);
void ire_identify(struct ire *ire, struct ire_item *it);
/* Is the class one whose CIs exist only with another CI? */
bool ire_is_owned(const struct ire_item *it);
/* Which items own which, by the relations of the payload. */
void ire_find_owners(struct ire *ire);
/* When neither sys_id nor native key told. Their owners come first. */
void ire_identify_owned(struct ire *ire, struct ire_item *it);
/* An end of a relation: an index into items, or an internal_id. */
bool ire_relation_end(struct ire *ire, struct mst_json j, const char *index,
		      const char *id, struct ire_item **item_r,
		      struct ire_child **child_r);
void ire_attempt(struct ire_item *it, const char *identifier, const char *info,
		 const char *result, const char *attributes, const char *table);
/* Everything that could refuse the item, before anything is written. */
void ire_check(struct ire *ire, struct ire_item *it);
void ire_put(struct ire *ire, struct ire_item *it);
void ire_put_children(struct ire *ire, struct ire_item *it);
void ire_put_references(struct ire *ire);
void ire_check_relation(struct ire *ire, struct ire_relation *r);
void ire_put_relation(struct ire *ire, struct ire_relation *r);
void ire_write(struct ire *ire, struct mst_jout *j);
bool ire_is_hardware(const struct ire *ire, const struct ire_item *it);

#endif
