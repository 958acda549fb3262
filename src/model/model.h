/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of muster as types. A source declares, as const data:
 *
 *   feeds    what it can read (a stream of JSON objects of one schema)
 *   sets     the record sets it can deliver, with the columns of the desired
 *            records, their dependency order and what happens when a record
 *            goes missing
 *   rules    how one record of a feed becomes a desired record of a set
 *
 * Nothing above src/source knows more of a source than these tables.
 */
#ifndef MST_MODEL_MODEL_H
#define MST_MODEL_MODEL_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/slice.h"
#include "json/json.h"

/* ---- feeds ------------------------------------------------------------- */

/* Where the value of a field comes from. */
enum mst_from {
	MST_FROM_RECORD, /* the member of this name */
	MST_FROM_PART,	 /* the part that the record is in (a page of one app's
			  * users does not say whose): the source's `given`;
			  * what it does not say, the member does */
	MST_FROM_ENGINE, /* a join or a look-up; a member of this name does not
			  * count */
	MST_FROM_OUTER	 /* of a nested feed: the member of the outer record */
};

struct mst_field {
	/* Wire name, other spellings behind '|'. "." is the record itself
	 * where it is no object (a list of texts). */
	const char *name;
	const char *help;
	enum mst_from from;
};

/* A stream of records of one shape. */
struct mst_feed {
	const char *name; /* "machines"; also the folder in a spool */
	const char *title;
	const struct mst_field *fields;
	size_t fields_n;
	/* Lists that a person may lack the licence or permission for: a refused
	 * read then only leaves out what depends on it, with a warning. */
	bool optional;
	/* Its records are the elements of this list (other spellings behind
	 * '|') in the records of the feed `outer`; nothing of it is read or
	 * kept. NULL: it is read. */
	const char *nested;
	unsigned outer;
	/* Where a page holds its records, when it is not the source's usual
	 * name; of a nested feed that of the outer one counts. */
	const char *envelope;
	/* The source can tell what changed since a time: the engine keeps a
	 * mirror (sync/mirror.h) of records that are told apart by these
	 * fields. 0: everything is read each time. */
	uint8_t key[3];
	uint8_t key_n;
	/* The feed whose records name, in their first field, what is gone of
	 * this one (its first key field); only with a mirror and not 0. */
	uint8_t gone;
};

/* ---- desired sets ------------------------------------------------------ */

/* What becomes of a record that a proven complete read no longer has. */
enum mst_missing {
	MST_MISSING_KEEP,   /* nothing (CVE definitions) */
	MST_MISSING_RETIRE, /* status columns by rule (devices, packages) */
	MST_MISSING_DELETE, /* removed (software instances, relations) */
	MST_MISSING_CLOSE   /* closed by status (CVE instances) */
};

/* How the destination writes it. */
enum mst_writer {
	MST_WRITE_CI,  /* a configuration item, identified by the destination */
	MST_WRITE_ROW, /* a row with a unique key column */
	MST_WRITE_LINK /* a row without any key of its own: looked up first */
};

/* Column flags. */
#define MST_COL_KEY	 1u /* the unique key column of a ROW */
#define MST_COL_INSERT	 2u /* sent on insert only; not in the checksum */
#define MST_COL_VOLATILE 4u /* sent along, but never a reason to write */
#define MST_COL_REF	 8u /* value is a key of ref_set; sys_id at push */
#define MST_COL_MASTER                                                         \
	16u		   /* value is a master data name (ref_set names the   \
			    * kind: "company", "model"); the destination looks \
			    * it up or makes it */
#define MST_COL_PARENT 32u /* reference to the group's parent record */
#define MST_COL_REQUIRED                                                       \
	64u /* a REF or MASTER that must resolve: else the                     \
	     * record waits */
#define MST_COL_UPDATE                                                         \
	128u /* sent on updates only; the column of the same name with         \
	      * MST_COL_INSERT is for inserts (split-transform) */
#define MST_COL_NAME 256u /* a person may name the record by it */
#define MST_COL_KIND                                                           \
	512u /* of a LINK: a row with another value in this column is another  \
	      * one's, whatever else is the same */

struct mst_column {
	const char *name; /* the destination's column */
	uint16_t flags;
	uint16_t max;	     /* longest text; longer is cut at a UTF-8 border
			      * before the checksum. 0: MST_MAX_TEXT */
	const char *ref_set; /* REF: name of a set; MASTER: kind */
	/* "a|b": an update replaces only one of these values; whatever else the
	 * record holds, a person has set. NULL: any. */
	const char *only_over;
};

/* A class that records of a set are made in. */
struct mst_class {
	const char *table;
	/* Where such a record is looked for as well before it is made; found
	 * there, it stays there. NULL ended; NULL: nowhere else. */
	const char *const *also_search;
	bool optional; /* without it in the destination its records are
			* skipped; else a run does not begin */
};

struct mst_set {
	const char *name;   /* "devices" */
	const char *title;  /* "Devices" */
	const char *parent; /* set whose record the group key names; NULL: every
			     * record is a group of its own */
	int order;	    /* of pushing, ascending */
	enum mst_missing missing;
	enum mst_writer writer;
	const char *table; /* the destination table, or the default class */
	/* All classes that the mappings' `table` may give, each once; none:
	 * only the table. */
	const struct mst_class *classes;
	size_t classes_n;
	const struct mst_column *columns;
	size_t columns_n;
	/* The set only holds records that another set refers to (CVE
	 * definitions): name of that set, else NULL. */
	const char *referenced_by;
	/* The job selects it by this name: derived sets (packages) go with
	 * their origin. NULL: its own name. */
	const char *selected_by;
	/* It says how records of others are related: jobs choose it by
	 * `relationships` instead of `record_sets`. */
	bool relationship;
	/* Not offered, because of a setting: says which. NULL: offered. */
	const char *off;
	/* Columns and values of a retired, a returned and a closed record,
	 * "column=value" pairs, NULL ended. Closing and reopening have more to
	 * them (times, counters), which the destination knows by table. */
	const char *const *retire_values;
};

/* ---- rules ------------------------------------------------------------- */

struct mst_rule_ctx;

/* Makes one value from a record. v is the whole record (all fields of the
 * feed), field the one that the row names. Returns 1 with *out_r set (borrowed
 * from the record, static, or from mst_rule_scratch), 0 for "no value". Pure:
 * same input, same output. */
typedef int (*mst_op)(struct mst_rule_ctx *ctx, const struct mst_value *v,
		      unsigned field, const void *arg, struct mst_slice *out_r);

enum mst_keep {
	MST_KEEP, /* make the desired record */
	MST_DROP, /* by a filter rule: as if the source did not have it */
	MST_SKIP, /* cannot be delivered; reported with the reason */
	/* By a filter rule: what was delivered of it stays as it is, neither
	 * changed nor missing, with all that hangs on it. */
	MST_LEAVE,
	/* Of a set without a parent: as KEEP when it was delivered before,
	 * else as DROP. */
	MST_KNOWN
};

struct mst_map_row {
	const char *column;
	unsigned field;
	mst_op op;
	const void *arg;
	const char *rule; /* id of the rule that this row belongs to */
	/* Of two columns of the name, the one with this flag: MST_COL_INSERT
	 * or MST_COL_UPDATE. 0: the first. */
	uint16_t when;
};

/* The catalogue of rules; texts for people. The options that override a rule
 * name it (struct mst_opt, `rule`). */
struct mst_rule {
	const char *id; /* "endpoint.status" */
	const char *title;
	const char *text; /* the default, in a sentence */
};

/* How records of `feeds` become records of `set`. */
struct mst_mapping {
	const char *set;
	uint32_t feeds; /* bit i: feed i of the source */
	bool fallback;	/* only for keys that no other mapping gave */
	const char *key_rule;
	mst_op key;   /* member key, as text */
	mst_op group; /* group key; NULL: the key */
	mst_op table; /* class; NULL: the set's table */
	/* NULL: keep all. *why_r is static or scratch text. */
	enum mst_keep (*filter)(struct mst_rule_ctx *ctx,
				const struct mst_value *v,
				struct mst_slice *why_r);
	/* Records with the same identity are one thing in the destination: the
	 * one with the highest rank (compared as text) is delivered, the others
	 * are skipped. NULL: every key is its own thing. */
	mst_op identity, rank;
	/* The column that identity is the class and the folded text of: an
	 * expression that makes it makes the identity, too. NULL: none. */
	const char *identity_column;
	const struct mst_map_row *rows;
	size_t rows_n;
	/* Several records with one key: the one with the greatest text counts
	 * (its digits as a number; a time). NULL: any one of them, always the
	 * same as long as they are the same. */
	mst_op newest;
};

/* Enrichment: fields of a record that come from another feed, joined by key
 * before the rules. The engine holds the joined feed in memory (bounded by its
 * records). */
struct mst_join {
	unsigned feed;	   /* index of the feed that is enriched */
	unsigned from;	   /* index of the feed that is looked up */
	unsigned key;	   /* field of `feed` */
	unsigned from_key; /* field of `from`; compared ASCII case folded */
	/* The key of a record where it is no field (the first element of a
	 * list); nothing in out is no key. Pure. NULL: the field. */
	void (*key_text)(const struct mst_value *v, struct mst_buf *out);
	void (*from_key_text)(const struct mst_value *v, struct mst_buf *out);
	/* Several records of `from` with one key that say different things are
	 * not guessed between: the value is then the boolean false. */
	bool only_one;
	struct {
		unsigned to, from; /* field indexes; fills only where NULL */
	} copy[12];
	unsigned copy_n;
	/* NULL: all. Else only records of `from` for which it holds are looked
	 * at (an inventory also lists parts of a device). v is a record of
	 * `from`. */
	bool (*keep)(const struct mst_value *v);
	/* One more text for the field make_to of `feed`, made of a record of
	 * `from`; out is empty, and nothing in it is no value. Pure. NULL:
	 * none. */
	void (*make)(const struct mst_value *v, struct mst_buf *out);
	unsigned make_to;
};

/* One way to find a record of the destination by what a field says. */
struct mst_ask {
	const char *name;   /* "email": for people */
	const char *column; /* of the destination's table */
	mst_op value;	    /* what is looked for in it; no value: this way
			     * is not for this record */
};

/* What only the destination knows about the values of a field (whose e-mail
 * address is it?). Before the comparison the engine asks it about each distinct
 * value once, in lists, and gives every record the answer. */
struct mst_lookup {
	const char *set;  /* whose records are skipped without an answer */
	const char *what; /* "user": for people */
	unsigned feed;
	unsigned field; /* the value; compared ASCII case folded */
	unsigned to;	/* MST_FROM_ENGINE: gets the sys_id, 32 hex digits */
	unsigned why;	/* MST_FROM_ENGINE: gets the reason when it is not to be
			 * used, or there is none */
	const char *table;  /* the destination's */
	const char *active; /* a boolean column of it that must be true */
	/* In this order; the first that finds a record, or several, decides. */
	const struct mst_ask *asks;
	size_t asks_n;
	/* Is this value not to be asked about? *why_r is static or scratch
	 * text. NULL: all are. */
	bool (*refuse)(struct mst_rule_ctx *ctx, const struct mst_value *v,
		       struct mst_slice *why_r);
};

struct mst_names;

/* Everything that a source declares. */
struct mst_catalog {
	const struct mst_feed *feeds;
	size_t feeds_n;
	const struct mst_set *sets;
	size_t sets_n;
	const struct mst_mapping *mappings;
	size_t mappings_n;
	const struct mst_join *joins;
	size_t joins_n;
	const struct mst_lookup *lookups;
	size_t lookups_n;
	const struct mst_rule *rules;
	size_t rules_n;
	/* What products are called (rules/names.h); NULL: as the source has
	 * them. */
	const struct mst_names *names;
};

/* May an update replace what the record holds (only_over)? */
bool mst_column_replaces(const struct mst_column *c, struct mst_slice held);
const struct mst_set *mst_catalog_set(const struct mst_catalog *c,
				      const char *name);
int mst_catalog_feed(const struct mst_catalog *c, const char *name); /* or -1 */

/* ---- destination's identity -------------------------------------------- */

/* A sys_id: 16 bytes, all zero when unknown. */
struct mst_sysid {
	uint8_t b[16];
};

bool mst_sysid_is_zero(const struct mst_sysid *id);
bool mst_sysid_parse(struct mst_slice hex32, struct mst_sysid *id_r);
void mst_sysid_hex(const struct mst_sysid *id, char out[33]);

/* ---- desired records and changes --------------------------------------- */

enum mst_action {
	MST_INSERT, /* RecVer does not have it. The destination may. */
	MST_UPDATE,
	MST_RETIRE,
	MST_DELETE,
	MST_CLOSE,
	MST_ACTION__MAX
};

const char *mst_action_name(enum mst_action a); /* "insert" … */

/* One value of a desired record. */
struct mst_cell {
	unsigned column; /* index in the set's columns */
	struct mst_slice text;
	struct mst_sysid ref; /* REF, PARENT: resolved by the engine */
};

struct mst_change {
	uint64_t id; /* the engine's own number */
	const struct mst_set *set;
	enum mst_action action;
	struct mst_slice table; /* class or table */
	struct mst_slice key, group;
	struct mst_sysid remote; /* of the record, if known */
	struct mst_sysid parent; /* of the parent record, if there is one */
	bool may_exist;		 /* INSERT: look it up before writing */
	bool unsure;		 /* an earlier run may have written it */
	const struct mst_cell *cells;
	size_t cells_n;
};

enum mst_verdict_kind {
	MST_VERDICT_APPLIED,
	MST_VERDICT_UNCHANGED, /* the destination held it already */
	MST_VERDICT_REFUSED,   /* with the reason; tried again next run */
	MST_VERDICT_FAILED     /* not carried out and worth no more attempts in
				* this run (throttled out, cancelled) */
};

struct mst_verdict {
	uint64_t change; /* its id */
	enum mst_verdict_kind kind;
	bool inserted; /* APPLIED: a new record was made */
	bool reopened; /* APPLIED: a closed record was opened again */
	/* UNCHANGED: something still refers to the record that was to go.
	 * When that is nothing of ours, the record is none of ours any more. */
	bool left_alone;
	struct mst_sysid remote;
	const char *reason;	/* of REFUSED and FAILED; APPLIED: what
				 * it goes without, or NULL. Lent for the
				 * call */
	const char *request_id; /* "" when the answer had none */
};

#endif
