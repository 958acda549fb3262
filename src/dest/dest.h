/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract of a destination. Like a source it does no I/O: changes are
 * offered to it, it packs them into requests, and reads from the answers one
 * verdict per change. How many requests that takes (look-ups, dry runs,
 * verification of uncertain writes, master data) is its own affair.
 *
 * Life of a push:
 *   open → prepare(next/accept) → for each set in order:
 *     begin(set) → offer* / next / accept* → end(set)   → close
 *
 * Promises:
 *  - every offered change gets exactly one verdict;
 *  - an uncertain write is verified by its key before the verdict;
 *  - nothing is sent after `next` said IDLE with no change offered since.
 */
#ifndef MST_DEST_DEST_H
#define MST_DEST_DEST_H

#include "conf/conf.h"
#include "model/derive.h"
#include "net/auth.h"
#include "net/client.h"
#include "source/source.h" /* mst_source_auth */

struct mst_dest;

enum mst_dest_next {
	MST_DEST_REQUEST, /* *req_r is to be sent */
	MST_DEST_WAIT,	  /* answers are outstanding; nothing to send now */
	MST_DEST_IDLE	  /* everything offered has its verdict */
};

/* Takes verdicts; called inside accept() and next(). */
typedef void (*mst_verdict_fn)(void *ctx, const struct mst_verdict *v);
/* Takes rows that a read brought: the record's sys_id and, for each column of
 * the set, its text as the destination holds it ({NULL,0}: absent). References
 * as 32 hex digits. found=false: there is no such record. */
typedef void (*mst_row_fn)(void *ctx, uint64_t tag, bool found,
			   const struct mst_sysid *id,
			   const struct mst_slice *columns);

/* Takes the records below a parent, one a call: its sys_id, and its key as
 * the destination holds it. id NULL: that was the last one; or, when why is
 * not NULL, the list could not be read to its end. */
typedef void (*mst_child_fn)(void *ctx, uint64_t tag,
			     const struct mst_sysid *id, struct mst_slice key,
			     const char *why);

/* A record as the destination keeps it: its own columns, references as 32 hex
 * digits. */
#define MST_RAW_IDS 100 /* read at once */

struct mst_raw {
	struct mst_sysid id;
	const char *const *names;
	const struct mst_slice *values; /* {NULL,0}: the record has no such
					 * column */
	size_t n;
	struct mst_slice table; /* its class; empty when it has none */
	struct mst_slice made_by, changed_by; /* accounts */
};

/* Called for each record, and then once with row NULL: why NULL, that was all
 * (or: it is written); else it could not be read or written. */
typedef void (*mst_raw_fn)(void *ctx, uint64_t tag, const struct mst_raw *row,
			   const char *why);

/* An insert found a record (its id), and is about to change it: as it is now.
 * row NULL: it could not be read. change: as in the verdict. */
typedef void (*mst_found_fn)(void *ctx, uint64_t change,
			     const struct mst_sysid *id,
			     const struct mst_raw *row);

/* A condition on a column; "a.b" is column b of what a refers to. */
enum mst_cond_op {
	MST_COND_IS,	/* ASCII case does not count */
	MST_COND_IN,	/* one of several, "a,b,c" */
	MST_COND_NOT,	/* and not empty */
	MST_COND_EMPTY, /* value is not looked at */
	MST_COND_FILLED,
	MST_COND_BELOW, /* texts of times, or numbers */
	MST_COND_FROM	/* the same or above */
};

struct mst_cond {
	const char *column;
	enum mst_cond_op op;
	const char *value;
};

enum mst_scan_end {
	MST_SCAN_RUNNING,
	MST_SCAN_WHOLE,	  /* every row that the user may see */
	MST_SCAN_PARTLY,  /* why says what may be missing */
	MST_SCAN_REFUSED, /* the user may not read it, or not this way */
	MST_SCAN_ABSENT	  /* there is no such table */
};

enum mst_scan_what {
	MST_SCAN_TABLE,	 /* rows of a table, classes below it included */
	MST_SCAN_NATIVE, /* native keys of this destination's records; the
			  * columns are mst_scan_native */
	MST_SCAN_COUNT	 /* how many rows, by groups of equal columns; counted
			  * by the far end, so conditions are not verified */
};

/* Columns of MST_SCAN_NATIVE: "key" (the record's key here), "target" (sys_id),
 * "table" (its class). */
extern const char *const mst_scan_native[3];

/* A table read from its first row to its last, page by page in a stable order,
 * as far as the user may see it: for reports. The caller's, until it ended. */
struct mst_scan {
	enum mst_scan_what what;
	const char *table;
	const char *const *columns;
	size_t columns_n;
	const struct mst_cond *conds;
	size_t conds_n;
	uint64_t most; /* rows; 0: all */
	/* Called in next and accept, in order of sys_id. values: texts as the
	 * table holds them, {NULL,0}: not shown to the user. COUNT: id is NULL,
	 * and one more value behind the columns is the count. */
	void (*row)(void *ctx, const struct mst_sysid *id,
		    const struct mst_slice *values);
	void *ctx;

	/* Made by the scan. */
	enum mst_scan_end end;
	uint64_t rows;
	uint64_t missing; /* bit i: column i was not shown in some row */
	char why[320];	  /* unless WHOLE */
};

/* Which records hold one of these values in a column? Asked in lists of 100;
 * an answer is only believed when it holds what was asked for. The caller's,
 * until IDLE. */
struct mst_find {
	const char *table;
	const char *column; /* of texts; ASCII case does not count */
	const char *active; /* a boolean column: does the record count? */
	const struct mst_slice *values; /* each once */
	size_t values_n;
	/* In next and accept, for each record found. made: when, as the
	 * destination writes it. */
	void (*hit)(void *ctx, size_t value, const struct mst_sysid *id,
		    bool active, struct mst_slice made);
	/* A value that cannot be asked for safely. */
	void (*odd)(void *ctx, size_t value, const char *why);
	void *ctx;

	/* Made by the search: everything was read that is shown to the user;
	 * hidden: how many records more fit, as the destination counts them. */
	bool whole;
	uint64_t hidden;
	char why[320]; /* when not */
};

struct mst_dest_env {
	const char *connection; /* its name */
	const char *source;	/* name of the source connection: part of keys
				 * and of the "source connection" column */
	const struct mst_catalog *catalog;
	const char *run; /* run id, for correlation headers */
	mst_verdict_fn verdict;
	/* Takes a line for people that is no error (a column that is not
	 * there); NULL: nobody listens. */
	void (*note)(void *ctx, const char *text);
	void *ctx; /* of both */
};

struct mst_dest_ops {
	const char *type; /* "servicenow" */
	const char *title;
	const struct mst_opt *opts;
	size_t conf_size;
	const struct mst_rule *rules; /* what it does with any source */
	size_t rules_n;
	/* As of a source: what its settings make of the catalogue (columns
	 * that are not written, written on insert only, …). */
	int (*adapt)(const void *conf, struct mst_derive *d,
		     struct mst_err *err);

	int (*open)(const struct mst_dest_env *env, const void *conf,
		    struct mst_dest **d_r, struct mst_err *err);
	void (*close)(struct mst_dest **d);
	size_t (*auths)(struct mst_dest *d, struct mst_source_auth *out,
			size_t max);
	/* How many requests may be under way at once (2 to 4). */
	unsigned (*workers)(const struct mst_dest *d);

	/* First thing of a run: what must be known before writing (classes
	 * present, tables of the update set, option support). next/accept until
	 * IDLE; an error ends the run before any write. Needed by push and by
	 * reads. sets: names of the selected sets, NULL ended. */
	int (*prepare)(struct mst_dest *d, const char *const *sets,
		       struct mst_err *err);
	/* After prepare: can this class be written? For the class rules of
	 * optional classes. */
	bool (*has_class)(const struct mst_dest *d, const char *table);

	int (*begin)(struct mst_dest *d, const struct mst_set *set,
		     struct mst_err *err);
	/* Copies what it needs. MST_OK, or 1 when its queue is full: call next
	 * and accept first. */
	int (*offer)(struct mst_dest *d, const struct mst_change *c,
		     struct mst_err *err);
	/* No more changes of this set will be offered: send what waits for a
	 * fuller packet. */
	void (*end)(struct mst_dest *d);
	/* All sets went well: what the destination tidies up by itself (master
	 * data that nothing refers to). next and accept until IDLE. NULL:
	 * nothing. */
	void (*finish)(struct mst_dest *d);

	/* After prepare, for look-ups; next and accept until IDLE. */
	int (*find)(struct mst_dest *d, struct mst_find *f,
		    struct mst_err *err);

	/* Reading back, for plan, check and explain: by sys_id where it is
	 * known, else by key. Rows come through fn. MST_OK, or 1 when its queue
	 * is full: call next and accept first. */
	int (*read)(struct mst_dest *d, const struct mst_set *set, uint64_t tag,
		    const struct mst_sysid *id, struct mst_slice table,
		    struct mst_slice key, const struct mst_sysid *parent,
		    struct mst_err *err);
	void (*on_row)(struct mst_dest *d, mst_row_fn fn, void *ctx);
	/* The records of a set below a parent that are not closed, whoever made
	 * them: what a push that died has left behind is among them. table: as
	 * in a change. fn is called in next and accept. */
	int (*children)(struct mst_dest *d, const struct mst_set *set,
			uint64_t tag, struct mst_slice table,
			const struct mst_sysid *parent, mst_child_fn fn,
			void *ctx, struct mst_err *err);

	/* Begins to read a table; it is over when next says IDLE. Needs no
	 * prepare. Refusals end the scan, not the destination. MST_E_INVALID:
	 * names or values that cannot be asked for. */
	int (*scan)(struct mst_dest *d, struct mst_scan *scan,
		    struct mst_err *err);

	/* For undo. Reads records as they are, by sys_id. table: their class;
	 * empty when it is not known. names are lent until fn was called with
	 * row NULL, in next or accept. */
	int (*raw_read)(struct mst_dest *d, const struct mst_set *set,
			struct mst_slice table, const struct mst_sysid *ids,
			size_t n, const char *const *names, size_t names_n,
			uint64_t tag, mst_raw_fn fn, void *ctx,
			struct mst_err *err);
	/* Writes these values, empty ones too; n 0: removes the record; id
	 * zero: makes one (fn tells its id). Copies what it needs. */
	int (*raw_write)(struct mst_dest *d, struct mst_slice table,
			 const struct mst_sysid *id, const char *const *names,
			 const struct mst_slice *values, size_t n, uint64_t tag,
			 mst_raw_fn fn, void *ctx, struct mst_err *err);
	/* For moving records to other keys: the CI with this sys_id, of the
	 * class table, has this key (of a set called feed), too. It is not
	 * changed otherwise. fn as for raw_write. NULL: CIs have no keys of
	 * their own here. */
	int (*claim)(struct mst_dest *d, struct mst_slice table,
		     const struct mst_sysid *id, struct mst_slice key,
		     const char *feed, uint64_t tag, mst_raw_fn fn, void *ctx,
		     struct mst_err *err);
	/* The account that writes, as made_by and changed_by would name it;
	 * NULL when it is not known. NULL op: it never is. */
	const char *(*account)(const struct mst_dest *d);
	/* Records that inserts find are read before they are changed, and told;
	 * fn is called in next and accept, at most once for a change. NULL:
	 * inserts never change a record that is there. */
	void (*on_found)(struct mst_dest *d, mst_found_fn fn, void *ctx);

	/* >=0: enum mst_dest_next. */
	int (*next)(struct mst_dest *d, struct mst_req *req_r,
		    struct mst_err *err);
	int (*accept)(struct mst_dest *d, const struct mst_req *req,
		      const struct mst_resp *resp, struct mst_err *err);

	/* For plan: how many requests would these many changes of a set take?
	 */
	uint64_t (*estimate)(const struct mst_dest *d,
			     const struct mst_set *set, uint64_t changes);

	/* Proxy, trust anchors and time-outs of the connection for the client
	 * that the engine makes. NULL: the defaults. */
	void (*client)(const void *conf, struct mst_client_conf *c_r);

	/* Where the connection goes, and its set-up checks from the first
	 * request on (net/checks.h). env is lent. They may be asked for
	 * instead of prepare, never beside it. */
	size_t (*addresses)(struct mst_dest *d, struct mst_address *out,
			    size_t max);
	int (*checks)(struct mst_dest *d, const struct mst_checks_env *env,
		      struct mst_checks **c_r, struct mst_err *err);

	/* Can the text in the column tell one device from others? Serial
	 * numbers and addresses that many have cannot. NULL: any can. */
	bool (*identifies)(const struct mst_dest *d, const char *column,
			   struct mst_slice text);

	/* Does the text that a read brought mean the desired one? Numbers,
	 * booleans, line ends and spellings of a company have several forms
	 * there; MASTER columns are read as names. NULL: compare bytes. */
	bool (*same)(const struct mst_dest *d, const struct mst_column *col,
		     struct mst_slice desired, struct mst_slice held);
};

extern const struct mst_dest_ops *const mst_dests[];	    /* NULL ended */
const struct mst_dest_ops *mst_dest_find(const char *type); /* or NULL */

#endif
