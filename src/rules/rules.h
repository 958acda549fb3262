/* SPDX-License-Identifier: Apache-2.0
 *
 * Applies a catalogue's mappings (model/model.h) to records: a record of a
 * feed becomes the desired records of one or more sets. Here is mechanism
 * only; what the rules are is data of the source.
 *
 * The canonical form of a desired record is what the checksum is taken over:
 * its table, then column by column (in the set's order) number, length and
 * text of every value that is neither insert-only nor volatile. It depends on
 * nothing but what would be sent.
 *
 * One mst_rules per thread (it owns scratch memory and a JSON parser).
 */
#ifndef MST_RULES_RULES_H
#define MST_RULES_RULES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "model/model.h"

/* ---- for ops (what a source's own ops may call) ------------------------- */

/* n bytes that live until the next record. */
char *mst_rule_scratch(struct mst_rule_ctx *ctx, size_t n);
const void *mst_rule_conf(const struct mst_rule_ctx *ctx);
const char *mst_rule_connection(const struct mst_rule_ctx *ctx);
int64_t mst_rule_now(const struct mst_rule_ctx *ctx);
/* Does the job take records of this type (asset type)? */
bool mst_rule_selected(const struct mst_rule_ctx *ctx, const char *type);
/* Does the destination have this class? */
bool mst_rule_has_class(const struct mst_rule_ctx *ctx, const char *table);
/* Key of the record of the set that has this identity (mst_mapping.identity):
 * of several the one that is delivered. Empty: no two records have it, or it is
 * not known. */
struct mst_slice mst_rule_winner(const struct mst_rule_ctx *ctx,
				 const char *set, struct mst_slice identity);
/* For JSON inside strings. Its document lives until the next use. */
struct mst_json_parser *mst_rule_parser(struct mst_rule_ctx *ctx);

/* What a product is called by the catalogue's table (names.h): puts other texts
 * in the place of those that change; they live as long as the catalogue. A
 * product that was met before costs little. */
void mst_rule_product(struct mst_rule_ctx *ctx, struct mst_slice *vendor,
		      struct mst_slice *name);

/* What compiled expressions (expr.h) keep from record to record: one for each
 * mst_rules, so one thread's. */
struct mst_rule_own {
	uint64_t record;       /* number of the record that is looked at */
	void *p;	       /* NULL at first */
	void (*fini)(void *p); /* called when the rules are freed, p not NULL */
};
struct mst_rule_own *mst_rule_own(struct mst_rule_ctx *ctx);

/* ---- common ops --------------------------------------------------------- */

/* Text trimmed; numbers in shortest form; booleans true/false; a list or an
 * object is no value; "" is no value. */
int mst_op_text(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r);
/* As text, ASCII lower or upper case. */
int mst_op_lower(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r);
int mst_op_upper(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r);
/* Any time form → "YYYY-MM-DD HH:MM:SS" in UTC; unset or unreadable is no
 * value. */
int mst_op_time(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r);
/* A number (or text of one) with one decimal. */
int mst_op_fixed1(struct mst_rule_ctx *ctx, const struct mst_value *v,
		  unsigned field, const void *arg, struct mst_slice *out_r);
/* A number (or text of one) in its shortest form. */
int mst_op_number(struct mst_rule_ctx *ctx, const struct mst_value *v,
		  unsigned field, const void *arg, struct mst_slice *out_r);
/* true/false, also from "True" and 1. */
int mst_op_bool(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r);
/* A list of texts, sorted by bytes, doubles and blanks out, one a line; a
 * plain text is a list of one. */
int mst_op_lines(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r);
/* arg: the text. */
int mst_op_const(struct mst_rule_ctx *ctx, const struct mst_value *v,
		 unsigned field, const void *arg, struct mst_slice *out_r);
/* arg: const char *const [][2], {from, to}, ended by {NULL, NULL}; case
 * folded; no match is no value. */
int mst_op_enum(struct mst_rule_ctx *ctx, const struct mst_value *v,
		unsigned field, const void *arg, struct mst_slice *out_r);
/* The time of the run, as mst_op_time writes it. */
int mst_op_now(struct mst_rule_ctx *ctx, const struct mst_value *v,
	       unsigned field, const void *arg, struct mst_slice *out_r);

/* ---- applying (what the engine calls) ----------------------------------- */

struct mst_rules;

struct mst_rules_env {
	const struct mst_catalog *catalog;
	const void *conf;	/* the source's conf struct */
	const char *connection; /* the source connection's name */
	int64_t now_us;		/* time of the run */
	uint64_t seed;		/* of the RecVer: keys every hash */
	bool (*has_class)(void *ctx, const char *table);
	void *has_class_ctx;
	/* See mst_rule_winner. NULL: it is never known. */
	struct mst_slice (*winner)(void *ctx, const char *set,
				   struct mst_slice identity);
	void *winner_ctx;
	const char *const *types; /* that the job takes; types_n 0: all */
	size_t types_n;
};

/* MST_E_INTERNAL when a mapping names a set or column that does not exist. */
int mst_rules_new(const struct mst_rules_env *env, struct mst_rules **r_r,
		  struct mst_err *err);
void mst_rules_free(struct mst_rules **r);

/* A desired record. Texts are borrowed from the record or from scratch: they
 * die with the next record. */
struct mst_desired {
	const struct mst_set *set;
	unsigned mapping;     /* index in the catalogue: for explain */
	struct mst_slice key; /* only after mst_rules_key */
	struct mst_slice group;
	struct mst_slice table;
	struct mst_hash value; /* hash of the canonical form */
	size_t cells_n;
	struct mst_cell cells[MST_MAX_COLUMNS];
	uint8_t rows[MST_MAX_COLUMNS]; /* cell i came from this mapping row */
};

/* For ops that are no part of a mapping (look-ups); it lives as long as r. */
struct mst_rule_ctx *mst_rules_ctx(struct mst_rules *r);
/* Starts a record: v is lent until the next call. Scratch is emptied. */
void mst_rules_record(struct mst_rules *r, const struct mst_value *v);
/* The filter of mapping m. *why_r as long as the record. */
enum mst_keep mst_rules_keep(struct mst_rules *r, unsigned m,
			     struct mst_slice *why_r);
/* The group key alone: false when the record has none. */
bool mst_rules_group(struct mst_rules *r, unsigned m,
		     struct mst_slice *group_r);
bool mst_rules_identity(struct mst_rules *r, unsigned m,
			struct mst_slice *identity_r, struct mst_slice *rank_r);
bool mst_rules_key(struct mst_rules *r, unsigned m, struct mst_slice *key_r);
/* How new the record is, as the mapping's `newest` has it; 0 without one. */
uint64_t mst_rules_newest(struct mst_rules *r, unsigned m);
/* The class or table of the record. */
struct mst_slice mst_rules_table(struct mst_rules *r, unsigned m);
/* Only the hash of the canonical form: the way of the first pass. */
struct mst_hash mst_rules_hash(struct mst_rules *r, unsigned m);
/* Of the record that mst_rules_hash or mst_rules_apply was asked for last: a
 * number that only depends on its canonical form, not on the seed. Of several
 * records with one key the same one is the smallest for every RecVer. */
uint64_t mst_rules_rank(const struct mst_rules *r);
/* Everything: cells, table, value hash; key and group too. False when the
 * record has no key. */
bool mst_rules_apply(struct mst_rules *r, unsigned m, struct mst_desired *d_r);
/* Hash of a key text, as RecVer wants it. */
struct mst_hash mst_rules_group_hash(const struct mst_rules *r,
				     struct mst_slice group);
uint64_t mst_rules_member_hash(const struct mst_rules *r, struct mst_slice key);

#endif
