/* SPDX-License-Identifier: Apache-2.0
 *
 * A tiny ServiceNow in memory for the connector's tests: tables, Batch and
 * IRE, and hooks where a test wants another answer. No network: requests of
 * the destination are answered at once.
 */
#ifndef MST_TESTS_SN_FAKE_H
#define MST_TESTS_SN_FAKE_H

#include "tests/lib/t.h"

#include "dest/servicenow/sn.h"

#define FAKE_NOW 1795219200000000 /* 2026-11-21 00:00:00 */

struct fake;

/* The sub-request that is answered. A hook returns true when it answered. */
struct fake_sub {
	const char *method;
	struct mst_slice url, body;
	int status;
	struct mst_buf out;
	bool unserviced;
};

struct fake_verdict {
	struct mst_verdict v;
	char reason[512];
	char request_id[64];
};

struct fake {
	struct sn_conf conf;
	const char *settings[8][2];
	size_t settings_n;
	struct mst_dest *d;
	struct mst_arena arena;
	struct mst_json_parser *outer, *inner;
	const struct mst_catalog *catalog;

	/* tables: rows in order of insertion */
	struct fake_row {
		const char *table;
		bool deleted;
		struct fake_value {
			const char *name, *value;
		} v[48];
		size_t n;
	} * rows;
	size_t rows_n, rows_cap;
	unsigned next_id;
	const char *absent[8]; /* tables that do not exist */
	bool case_blind;       /* queries fold case */
	bool drop_clauses;     /* queries are not understood at all */
	const char *hidden;    /* a column that rights hide */
	unsigned count;	       /* rows that fit, told where asked; 0: not */
	bool no_choice;	       /* the discovery source is no choice */
	bool no_skip_option;   /* this release does not know it */

	/* what was asked */
	char *requests[4096]; /* "POST /path {body}" of calls */
	size_t requests_n;
	char *subs[20000]; /* "POST /url {body}" of sub-requests */
	size_t subs_n;
	size_t most_under_way;

	/* hooks */
	bool (*on_sub)(struct fake *f, struct fake_sub *s);
	/* out: the answer's body; true when answered. call: 0, 1, … */
	bool (*on_call)(struct fake *f, unsigned call, const struct mst_req *q,
			struct mst_resp *r, struct mst_buf *out);
	/* code and message of an item's error, or NULL */
	const char *(*on_item)(struct fake *f, bool dry, struct mst_json item,
			       const char **message_r);
	int64_t elapsed_us; /* of every call */
	unsigned calls;
	bool newest_first; /* answers come in reverse */
	int n;		   /* for the hooks */

	/* what became of it */
	struct fake_verdict verdicts[20000];
	size_t verdicts_n;
	uint64_t last_change;
	char notes[1000]; /* a line each */
	struct mst_err err;
};

/* The instance's ways in (sn_instance.c). */
void fake_serve_sub(struct fake *f, struct fake_sub *s);
void fake_serve_batch(struct fake *f, const struct mst_req *q,
		      struct mst_buf *out);
void fake_serve_ire(struct fake *f, const struct mst_req *q, struct mst_resp *r,
		    struct mst_buf *out);

/* A set of the source "endpoint": what the connector meets in earnest. */
const struct mst_set *fake_set(const char *name);

struct fake *fake_new(void);
/* A setting as YAML would give it; before fake_open. What a test wrote into
 * conf by itself is lost. */
void fake_setting(struct fake *f, const char *key, const char *value);
/* With the conf as the test changed it. */
void fake_open(struct fake *f);
void fake_free(struct fake *f);

/* Adds a row; pairs of column and value, NULL ended. Returns its sys_id. */
const char *fake_add(struct fake *f, const char *table, ...);
struct fake_row *fake_find(struct fake *f, const char *table,
			   const char *column, const char *value);
const char *fake_get(const struct fake_row *row, const char *column);
void fake_put(struct fake *f, struct fake_row *row, const char *column,
	      const char *value);
size_t fake_count(const struct fake *f, const char *table);

struct mst_sysid fake_id(const char *hex);
/* A sys_id made of a number. */
struct mst_sysid fake_nr(unsigned n);

/* A change with its cells: pairs of column and value, NULL ended; a value of
 * 32 hex digits for a REF becomes its ref. Returns the change's number. */
struct fake_change {
	enum mst_action action;
	const char *key, *table;
	struct mst_sysid remote, parent;
	bool may_exist, unsure;
};
uint64_t fake_offer(struct fake *f, const char *set, struct fake_change c, ...);
/* begin, offers of the test (fn), end, and all requests answered. */
void fake_begin(struct fake *f, const char *set);
int fake_pump(struct fake *f); /* until idle; <0: the error in f->err */
void fake_end(struct fake *f); /* end and pump, must work */

const struct fake_verdict *fake_verdict(const struct fake *f, uint64_t change);
/* The verdict's kind, and a part of its reason. */
void fake_is(const struct fake *f, uint64_t change, enum mst_verdict_kind kind,
	     const char *reason);
/* How many sub-requests begin so? */
size_t fake_asked(const struct fake *f, const char *start);
size_t fake_called(const struct fake *f, const char *start);

/* text equals tests/data/servicenow/<name>, but for a newline at its end. */
void fake_golden(const char *text, const char *name);

#endif
