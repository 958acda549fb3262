/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this folder share. The connector is made of small flows
 * around two carriers:
 *
 *   offer ─▶ master ─▶ ci (IRE payloads)            ─▶ verdict
 *                  └─▶ record ─▶ look ─▶ batch      ─▶ verdict
 *
 * An item is a change on its way to its verdict; it is in one list at a time.
 * A sub is one request inside a Batch; its answer goes to its `take`. A call
 * is an HTTP request that is under way. Nothing here does I/O.
 */
#ifndef MST_DEST_SN_H
#define MST_DEST_SN_H

#include <sys/queue.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/map.h"
#include "dest/servicenow/servicenow.h"
#include "json/json.h"
#include "json/out.h"

#define SN_TRIES       5	  /* of one sub-request or record */
#define SN_IRE_TRIES   3	  /* of one CI alone */
#define SN_FAILURES    20	  /* failed calls in a row: give up */
#define SN_TROUBLE     4	  /* so many: let the client wait in between */
#define SN_QUEUE_ITEMS 4000	  /* changes that may wait */
#define SN_QUEUE_BYTES (4u << 20) /* and their bytes */
#define SN_QUEUE_READS 20000	  /* reads that may wait */
#define SN_IN_LIST     50	  /* values in an IN clause */
#define SN_PAGE	       500	  /* rows of a page of a list */
#define SN_PAGE_LEAST  10	  /* after halving */
#define SN_LIST_WEIGHT                                                         \
	10			   /* a list costs as much as this many        \
				    * writes, in time and in answer bytes */
#define SN_BATCH_START 100	   /* sub-requests of the first batch */
#define SN_MAX_ANSWER  (96u << 20) /* bytes of one answer */
#define SN_MAX_URL     6000	   /* of a sub-request */
#define SN_REASON      480	   /* bytes of a verdict's reason */
#define SN_HITS	       5	   /* CIs that are named when too many match */

enum sn_auth { SN_BASIC, SN_PASSWORD, SN_CLIENT_CREDENTIALS, SN_REFRESH_TOKEN };

/* Values of the choices among the settings. */
enum sn_write_mode { SN_WRITE_IRE, SN_WRITE_TABLE };
enum sn_status_updates {
	SN_STATUS_ALWAYS,
	SN_STATUS_NEWER_UPDATE,	   /* than the CI's sys_updated_on */
	SN_STATUS_NEWER_DISCOVERY, /* than the CI's last_discovered */
	SN_STATUS_NEVER
};
enum sn_empty { SN_EMPTY_KEEP, SN_EMPTY_CLEAR };
enum sn_model_table { SN_HARDWARE_MODEL, SN_ANY_MODEL };
/* How many parts of a version tell software product models apart. */
enum sn_software_models {
	SN_SOFTWARE_OFF,
	SN_SOFTWARE_IGNORE,
	SN_SOFTWARE_MAJOR,
	SN_SOFTWARE_MINOR,
	SN_SOFTWARE_REVISION,
	SN_SOFTWARE_ALL
};

/* Filled by the option table (options.c). */
struct sn_conf {
	const char *url, *alias;
	int environment, auth;
	const char *username, *password;
	const char *client_id, *client_secret, *refresh_token;
	const char *discovery_source;
	int64_t workers, batch_seconds, batch_max, ire_items;
	int64_t concurrent_runs, requests_per_hour;
	uint64_t body_max;
	struct mst_proxy proxy;
	const char *ca_file;
	int64_t timeout_ms;

	/* settings: each overrides a rule (rules.c) */
	int write_mode; /* enum sn_write_mode */
	bool overwrite_correlation, cross_class;
	struct mst_opt_list insert_only; /* "devices.os", … */
	bool ignore_shared_macs;
	struct mst_opt_list shared_macs; /* patterns besides the built-in */
	int status_updates;		 /* enum sn_status_updates */
	struct mst_opt_list status_keep; /* values of install_status */
	bool status_keep_retire;
	bool manufacturers, software_manufacturers;
	int empty_manufacturer; /* enum sn_empty */
	bool create_companies, delete_companies;
	bool models, create_models, delete_models;
	int model_table;	   /* enum sn_model_table */
	const char *normalization; /* a sys_id, or NULL */
	bool retire_packages;
	int software_models;		/* enum sn_software_models */
	const char *user_relation_type; /* its name */
};

extern const struct mst_opt mst_sn_opts[];
/* What it does with any source (rules.c). */
#define SN_RULES 22
extern const struct mst_rule mst_sn_rules[SN_RULES];
/* Which credentials belong to the chosen `auth`; an error names the missing
 * key. */
int mst_sn_conf_check(const char *connection, const struct sn_conf *conf,
		      struct mst_err *err);

/* What the settings make of the catalogue (adapt.c). */
int mst_sn_adapt(const void *conf, struct mst_derive *d, struct mst_err *err);
bool mst_sn_is_package(const struct mst_set *set);
/* Has it models? Then it may have serial numbers and MAC addresses, too. */
bool mst_sn_is_device(const struct mst_set *set);
bool mst_sn_is_status(const char *column); /* one of the four of a CI */

/* Kinds of master data, as columns name them. */
#define SN_KIND_COMPANY	 "company"
#define SN_KIND_MODEL	 "model"
#define SN_KIND_SOFTWARE "software_model"
/* Types of relations, which a run never makes. */
#define SN_KIND_USER_RELATION "user_relation_type" /* the setting names it */
#define SN_KIND_RELATION      "relation_type"	   /* the mapping names it */
#define SN_OWNS		      "Owns::Owned by"
/* Text of a company that says: the column is to be emptied. */
#define SN_CLEAR "NULL"

/* ---- items ------------------------------------------------------------- */

/* How a table row is written; decides which columns go. */
enum sn_mode { SN_INSERT, SN_UPDATE, SN_REOPEN, SN_CLOSE, SN_RETIRE };

TAILQ_HEAD(sn_items, sn_item);

struct sn_item {
	TAILQ_ENTRY(sn_item) link;
	struct sn_item *behind;	   /* a later change of the same record */
	struct mst_change c;	   /* a copy; lives in this block */
	struct mst_cell *cells;	   /* = c.cells; refs are filled in */
	struct mst_slice identity; /* key in mst_dest.active */
	struct mst_sysid remote;   /* where it is written; zero: not known */
	size_t bytes;
	unsigned waits;	      /* master data entries that are not there yet */
	unsigned master_pass; /* kinds of master data that were asked for */
	bool lost;	      /* one of them could not be looked up */
	const char *note;     /* what it goes without; lent */
	unsigned tries;	      /* writes that came to nothing */
	unsigned limit;	      /* CI: largest payload it may be in */
	bool posted;	      /* a POST or IRE commit may have landed */
	bool insert;	      /* CI: it is new, so insert-only columns go */
	bool probed;	      /* CI: the dry run is done */
	bool doubted;	      /* CI: a result looked like another's */
	enum mst_verdict_kind kind; /* CI: the verdict that waits (verify.c) */
	bool inserted;		    /* CI: a commit said INSERT */
	bool by_id;		    /* CI: identified by its sys_id */
	bool matched;		    /* CI: it was looked for (match.c) */
	bool moved;		    /* link: the other table was tried */
	bool no_class;		    /* CI: the change does not say which */
	bool guarded;		    /* CI: guard.c had its say */
	bool told;	  /* what it changes was read and told (on_found) */
	bool keep_status; /* CI: status columns do not go */
	bool left_alone;  /* package: it is still installed somewhere */
	bool violated;	  /* row: the unique key said it is there */
	bool reopen;	  /* row: the PUT under way opens it again */
	int64_t reopened; /* row: the counter's new value */
	bool ages;	  /* row: the update carries the status, too */
	/* CI: the class that the destination holds it in, when it is not the
	 * one we asked for; lives as long as the destination */
	const char *held_class;
	/* CI: of the one that owns it, once it is known */
	const char *owner_class;
	/* CI: how far it was looked for, and what was found at this step */
	unsigned match_step, match_class;
	char remote_hex[33];
	char key_hex[33]; /* link: its key, when that is a reference */
	struct mst_sysid hits[SN_HITS];
	size_t hits_n;
	struct mst_slice tokens[3]; /* CI: name, MAC, serial; see ci.c */
	size_t tokens_n;
	bool holds; /* CI: its tokens are in mst_dest.busy */
};

struct sn_item *mst_sn_item_new(const struct mst_change *c);
void mst_sn_item_free(struct sn_item *it);
/* The cell of a column by name, or NULL when it has no value. */
const struct mst_cell *mst_sn_cell(const struct sn_item *it, const char *name);
/* The set's first column with all of these flags, or NULL. */
const struct mst_column *mst_sn_column(const struct mst_set *set,
				       unsigned flags);
/* Gives the verdict and frees the item; the next change of the same record
 * starts. */
void mst_sn_settle(struct mst_dest *d, struct sn_item *it,
		   enum mst_verdict_kind kind, bool inserted,
		   const char *reason);
void mst_sn_refuse(struct mst_dest *d, struct sn_item *it, const char *fmt, ...)
    MST_PRINTF(3, 4);
void mst_sn_failed(struct mst_dest *d, struct sn_item *it, const char *fmt, ...)
    MST_PRINTF(3, 4);

/* The text to send for column i of the item's set: the cell's text cut to the
 * column, a reference as hex, or what only this side knows (its own
 * discovery_source, the connection's name, the time). Insert-only columns are
 * only there when insert is set. False: no value, so the column is left out. */
bool mst_sn_value(const struct mst_dest *d, const struct sn_item *it, size_t i,
		  bool insert, char hex[33], struct mst_slice *out_r);
/* Are makers handed over by name, for ServiceNow to find? Then this is the
 * name for column i; else, and for other columns, false. */
bool mst_sn_by_name(const struct mst_dest *d);
bool mst_sn_name_value(const struct mst_dest *d, const struct sn_item *it,
		       size_t i, bool insert, struct mst_slice *out_r);
/* The same without what this side fills in: a plain cell, by its index. */
const struct mst_cell *mst_sn_cell_at(const struct sn_item *it, size_t i);

/* ---- answers (answers.c) ----------------------------------------------- */

enum sn_fate {
	SN_DONE,    /* 2xx, but never 202 */
	SN_REFUSED, /* the far end said no, and means it */
	SN_LOST,    /* a POST that may or may not have landed */
	SN_BROKEN,  /* a list that cannot be read to its end */
	SN_GIVEN_UP /* not carried out, and no more attempts are left */
};

struct sn_answer {
	enum sn_fate fate;
	int status;
	struct mst_json root; /* NULL value when there is no JSON */
	int64_t total;	      /* rows that fit, shown or not; -1: not said */
	char why[SN_REASON];  /* unless DONE */
};

/* "message: detail" of an error body as one line; false when there is none. */
bool mst_sn_error_text(struct mst_json root, char *out, size_t n);
/* Control characters become blanks, cut at a UTF-8 border. */
void mst_sn_one_line(char *out, size_t n, struct mst_slice s);
bool mst_sn_is_html(const struct mst_resp *resp);
bool mst_sn_is_unique(int status, const char *text);
bool mst_sn_is_unscoped(const char *text);
bool mst_sn_is_cut_list(struct mst_json root);
/* The error of a whole call that will not get better: who we are, what we may,
 * what is not there, an instance that sleeps. */
int mst_sn_call_error(const struct mst_dest *d, const struct mst_resp *resp,
		      struct mst_json root, const char *what,
		      struct mst_err *err);
/* Is this answer such an error? */
bool mst_sn_is_fatal(const struct mst_resp *resp);

/* ---- queries (query.c) ------------------------------------------------- */

/* May the value stand in an encoded query? There is no escape, so what could
 * be read as syntax never goes into one. */
bool mst_sn_query_safe(struct mst_slice v);
/* May it stand in a list that a column of texts is compared with? As above, but
 * for "@", which only conditions on times split at. */
bool mst_sn_list_safe(struct mst_slice v);
/* Adds the value to a list as it is, in lower and in upper case: queries may
 * mind the case. */
void mst_sn_query_cases(struct mst_buf *q, struct mst_slice v);
/* A leading part that may; {NULL,0} when there is none. */
struct mst_slice mst_sn_query_prefix(struct mst_slice v);
bool mst_sn_name_ok(struct mst_slice name); /* of a table or column */
/* "/api/now/table/T?sysparm_query=…&sysparm_fields=…&sysparm_limit=n…" */
void mst_sn_list_url(struct mst_buf *url, struct mst_slice table,
		     struct mst_slice query, const char *fields,
		     unsigned limit);
/* The same, and the rows that fit are counted: those, too, that access rules
 * then hide. */
void mst_sn_counted_url(struct mst_buf *url, struct mst_slice table,
			struct mst_slice query, const char *fields,
			unsigned limit);
/* Text of a member; a reference as {"value":…,"link":…} gives its value. */
struct mst_slice mst_sn_member(struct mst_json row, const char *name);
/* Member "sys_id". */
bool mst_sn_row_id(struct mst_json row, struct mst_sysid *id_r);
/* Do two texts mean one value of the column? Line ends do not count; numbers
 * and booleans are compared by value. */
bool mst_sn_same_text(const struct mst_column *col, struct mst_slice a,
		      struct mst_slice b);
/* The longest prefix of at most max bytes that ends at a UTF-8 border. */
struct mst_slice mst_sn_cut(struct mst_slice s, size_t max);

/* ---- the Batch API (batch.c) ------------------------------------------- */

struct sn_sub;
typedef void (*sn_take)(struct mst_dest *d, void *ctx,
			const struct sn_answer *a);

TAILQ_HEAD(sn_subs, sn_sub);

struct sn_sub {
	TAILQ_ENTRY(sn_sub) link;
	uint64_t id;
	enum mst_method method;
	char *url;
	struct mst_buf body; /* base64 */
	unsigned weight;
	unsigned tries;
	bool counted; /* the headers say how many rows fit */
	bool answered;
	sn_take take;
	void *ctx;
};

/* Queues a request. body is JSON, empty for none. */
void mst_sn_sub_add(struct mst_dest *d, enum mst_method method, const char *url,
		    struct mst_slice body, sn_take take, void *ctx);
/* A list whose answer says how many rows fit (mst_sn_counted_url). */
void mst_sn_sub_add_counted(struct mst_dest *d, const char *url, sn_take take,
			    void *ctx);
/* Bytes of the envelope that this body would take. */
size_t mst_sn_sub_bytes(const char *url, size_t body_n);
bool mst_sn_batch_ready(const struct mst_dest *d, bool flush);

/* ---- calls ------------------------------------------------------------- */

enum sn_call_kind {
	SN_CALL_BATCH,
	SN_CALL_DRY,
	SN_CALL_COMMIT,
	SN_CALL_PROBE,
	SN_CALL_SCAN
};

struct sn_scan;

/* A CI that a payload names only because it owns others. */
struct sn_call_owner {
	struct mst_sysid id;
	const char *klass;
};

struct sn_call {
	bool busy;
	uint64_t id;
	enum sn_call_kind kind;
	struct sn_subs subs;
	unsigned subs_n, weight;
	struct sn_item **items; /* CI: by index in the payload */
	size_t items_n;
	bool skip_option; /* CI: was the optional option in it? */
	struct sn_scan *scan;
	/* CI: owners of the items, behind them in the payload; and of each
	 * relation the item (owned.c) */
	struct sn_call_owner *owners;
	size_t owners_n;
	size_t *relations;
	size_t relations_n;
};

/* Takes a free call for a request to path. */
void mst_sn_call_prepare(struct mst_dest *d, struct sn_call *call,
			 enum mst_method method, const char *path,
			 enum mst_repeat repeat, struct mst_req *req_r,
			 const char *what);
/* A POST to path with d->body; the body is copied into the request. */
void mst_sn_call_begin(struct mst_dest *d, struct sn_call *call,
		       const char *path, enum mst_repeat repeat,
		       struct mst_req *req_r, const char *what);
void mst_sn_batch_request(struct mst_dest *d, struct sn_call *call,
			  struct mst_req *req_r);
void mst_sn_batch_accept(struct mst_dest *d, struct sn_call *call,
			 const struct mst_resp *resp);
/* Everything that was not sent yet is given up. */
void mst_sn_batch_cancel(struct mst_dest *d);
void mst_sn_subs_free(struct sn_subs *subs);
/* A call came to nothing. Many of them in a row end the run: true. */
bool mst_sn_count_failure(struct mst_dest *d, const struct mst_resp *resp);
/* Ends the run: every change that waits gets FAILED with this text. */
void mst_sn_die(struct mst_dest *d, const struct mst_err *err);

/* ---- master data (master.c, company.c, model.c, fold.c)
 * ------------------------------------ */

struct sn_master;
struct sn_letters;

/* The folded form of a company's name (rules.md section 8). */
struct mst_slice mst_sn_fold(struct mst_slice name, char *out, size_t n);
/* Fills the refs of the item's master data cells. True when all are there;
 * else mst_sn_start is called when they are. */
bool mst_sn_master_need(struct mst_dest *d, struct sn_item *it);
void mst_sn_master_pump(struct mst_dest *d);
/* May what a column of this kind names be made when there is none? */
bool mst_sn_master_makes(const struct mst_dest *d, const char *ref_set);
void mst_sn_master_cancel(struct mst_dest *d);
void mst_sn_master_fini(struct mst_dest *d);

/* Types of relations (relation.c): of a person to a CI, of a CI to another. */
struct sn_type {
	const char *table; /* cmdb_rel_user_type, cmdb_rel_type */
	const char *name;  /* "Uses", "Detects::Detected by" */
};

#define SN_TYPES_MAX 8

/* A type that this run needs. */
struct sn_needed {
	struct sn_type type;
	struct mst_sysid id; /* zero: it was not looked for, or is not there */
};

/* ---- flows ------------------------------------------------------------- */

/* Master data is there: to the flow of the set's writer. */
void mst_sn_start(struct mst_dest *d, struct sn_item *it);

/* Is there anything to do for this CI? Else it has its verdict. */
bool mst_sn_ci_admit(struct mst_dest *d, struct sn_item *it);
/* No two CIs that could be taken for each other are under way together: false
 * when it has to wait. */
bool mst_sn_ci_hold(struct mst_dest *d, struct sn_item *it);

/* CIs by IRE (ci.c; what it answers: ci_result.c). */
void mst_sn_ci_start(struct mst_dest *d, struct sn_item *it);
/* match.c is done: hits[0] is the CI, or there is none. */
void mst_sn_ci_matched(struct mst_dest *d, struct sn_item *it, bool found);
void mst_sn_ci_guarded(struct mst_dest *d, struct sn_item *it);
/* It is known which CI is meant: to be committed, perhaps after a look. */
void mst_sn_ci_ready(struct mst_dest *d, struct sn_item *it);
void mst_sn_ci_commit(struct mst_dest *d, struct sn_item *it);
/* Once more, at the stage that it was at. */
void mst_sn_ci_back(struct mst_dest *d, struct sn_item *it);
void mst_sn_ci_release(struct mst_dest *d, struct sn_item *it);
/* Retires what only its sys_id tells, if it is there. */
void mst_sn_ci_retire(struct mst_dest *d, struct sn_item *it);
/* Was the CI given to a record of this run? */
bool mst_sn_ci_given(const struct mst_dest *d, const struct mst_sysid *id);
void mst_sn_ci_cancel(struct mst_dest *d);
bool mst_sn_ci_request(struct mst_dest *d, struct sn_call *call, bool flush,
		       struct mst_req *req_r);
void mst_sn_ci_accept(struct mst_dest *d, struct sn_call *call,
		      const struct mst_resp *resp);

/* Payloads and results of IRE (ire.c). */
struct sn_ire_result {
	bool present;
	struct mst_slice operation, klass; /* lent from the answer */
	struct mst_slice native_key;	   /* when the answer has it */
	struct mst_sysid id;
	char error[64]; /* code, "" when none */
	char message[SN_REASON];
	bool kept_class; /* SKIPPED_CLASS_…: fine, the class stays */
	bool masked;	 /* some attributes belong to another source */
	bool several;	 /* identification found more CIs than one */
	bool related;	 /* a relation of it was made */
};

/* One item as JSON; bytes of it are bounded by the buffer. */
void mst_sn_ire_item(const struct mst_dest *d, const struct sn_item *it,
		     struct mst_jout *j);
void mst_sn_ire_path(const struct mst_dest *d, bool dry, struct mst_buf *path);
/* One result per input, by inputIndices. False when root is no IRE answer. */
bool mst_sn_ire_results(struct mst_json root, struct sn_ire_result *r,
			size_t n);

/* What the relations of a payload say of their items. */
void mst_sn_ire_relations(struct mst_json root, const struct sn_call *call,
			  struct sn_ire_result *r);

/* CIs that another one owns (owned.c): a CI set with a parent. */
LIST_HEAD(sn_owners, sn_owner);
/* Is it one? t_r, unless NULL: the type of the relation. */
bool mst_sn_owned(const struct mst_set *set, struct sn_type *t_r);
/* Fills the class of the item's owner, if it has been read. */
bool mst_sn_owner_known(const struct mst_dest *d, struct sn_item *it);
/* Reads it, then the item starts again. */
void mst_sn_owner_add(struct mst_dest *d, struct sn_item *it);
void mst_sn_owner_pump(struct mst_dest *d);
void mst_sn_owner_cancel(struct mst_dest *d);
void mst_sn_owner_fini(struct mst_dest *d);
/* Takes the item's owner into the payload; false: another payload has it. */
bool mst_sn_owner_hold(struct mst_dest *d, struct sn_call *call,
		       const struct sn_item *it);
void mst_sn_owner_release(struct mst_dest *d, struct sn_call *call);
/* The owners, behind the items of the body; then the relations. */
void mst_sn_owner_items(struct mst_dest *d, struct sn_call *call);
void mst_sn_owner_relations(struct mst_dest *d, struct sn_call *call);
/* Retires it when nothing else of the set is under way, unless another record
 * has it by then. */
void mst_sn_owned_late(struct mst_dest *d, struct sn_item *it);
void mst_sn_owned_late_pump(struct mst_dest *d);
/* By the Table API: makes the relation if it is not there, then gives the
 * verdict. False: it is none that is owned. */
bool mst_sn_owned_relate(struct mst_dest *d, struct sn_item *it,
			 enum mst_verdict_kind kind, bool inserted);

/* Which CI is meant, by muster's own order of attributes (match.c). */
LIST_HEAD(sn_matches, sn_match);
void mst_sn_match_add(struct mst_dest *d, struct sn_item *it);
/* Has the item's class others that it is looked for in? */
bool mst_sn_match_further(const struct mst_dest *d, const struct sn_item *it);
/* May a CI that was delivered be in one of those? */
bool mst_sn_match_elsewhere(const struct mst_dest *d, const struct sn_item *it);
void mst_sn_match_pump(struct mst_dest *d);
void mst_sn_match_cancel(struct mst_dest *d);
void mst_sn_match_fini(struct mst_dest *d);

/* Values that tell nothing about which device it is (unique.c). */
bool mst_sn_shared_mac(const struct sn_conf *conf, struct mst_slice mac);
bool mst_sn_same_mac(struct mst_slice a, struct mst_slice b);
bool mst_sn_mac_pattern_ok(const char *pattern);
bool mst_sn_junk_serial(struct mst_slice serial);

/* What is looked at before a CI that is there is written (guard.c). */
LIST_HEAD(sn_guards, sn_guard);
bool mst_sn_guard_needed(const struct mst_dest *d, const struct sn_item *it);
/* May the status of a CI be left alone? */
bool mst_sn_guard_status(const struct sn_conf *conf);
/* A retirement that the settings never allow. */
bool mst_sn_guard_never(const struct mst_dest *d, const struct sn_item *it);
void mst_sn_guard_add(struct mst_dest *d, struct sn_item *it);
void mst_sn_guard_pump(struct mst_dest *d);
void mst_sn_guard_cancel(struct mst_dest *d);
void mst_sn_guard_fini(struct mst_dest *d);

/* Is the CI of a result the right one? (verify.c) Then this verdict. */
LIST_HEAD(sn_verifies, sn_verify);
void mst_sn_verify_add(struct mst_dest *d, struct sn_item *it,
		       enum mst_verdict_kind kind, bool inserted);
void mst_sn_verify_pump(struct mst_dest *d);
void mst_sn_verify_cancel(struct mst_dest *d);
void mst_sn_verify_fini(struct mst_dest *d);

/* Rows and links by the Table API, and CIs when IRE is not to write them
 * (record.c). */
void mst_sn_record_guarded(struct mst_dest *d, struct sn_item *it);
void mst_sn_record_start(struct mst_dest *d, struct sn_item *it);
void mst_sn_record_found(struct mst_dest *d, struct sn_item *it,
			 struct mst_json row, const struct mst_sysid *id);
void mst_sn_record_absent(struct mst_dest *d, struct sn_item *it);

/* What goes into a row (row.c). */
/* Why it cannot be written yet: a reference that must be there is not. NULL
 * when it can. */
const char *mst_sn_row_blocked(const struct mst_dest *d,
			       const struct sn_item *it, char *out, size_t n);
void mst_sn_row_body(const struct mst_dest *d, const struct sn_item *it,
		     enum sn_mode mode, struct mst_buf *out);
bool mst_sn_row_differs(const struct mst_dest *d, const struct sn_item *it,
			struct mst_json row);
bool mst_sn_row_is_closed(const struct mst_set *set, struct mst_json row);
/* The column that says so; NULL when rows of the set are never closed. */
const char *mst_sn_row_status(const struct mst_set *set);
int64_t mst_sn_row_reopened(const struct mst_set *set, struct mst_json row);
/* Does the record have a status that may only replace some others? Then an
 * update looks at the row first; and is it to be replaced there? */
bool mst_sn_row_asks(const struct sn_item *it);
bool mst_sn_row_ages(const struct sn_item *it, struct mst_json row);
/* "sys_id,u_key,…": what the look-ups read. */
void mst_sn_row_fields(const struct mst_set *set, struct mst_buf *out);
/* How a link is told from its siblings (link.c). */
/* Notes the sys_id of a key that is a reference. */
void mst_sn_link_fill(struct sn_item *it);
bool mst_sn_link_matches(const struct mst_dest *d, const struct sn_item *it,
			 struct mst_json row);
/* The member by which a link's key can be read back: the set's key column, or
 * dot-walked; NULL when there is none. */
const char *mst_sn_link_key(const struct mst_set *set, struct mst_slice table);
/* The other table of such links; NULL when there is none. */
const char *mst_sn_link_other(struct mst_slice table);

/* Types of relations (relation.c). */
/* The set's column that refers to a type, or NULL. */
const struct mst_column *mst_sn_relation_column(const struct mst_set *set);
/* The type of the set's rows; false when they have none. */
bool mst_sn_relation_type(const struct sn_conf *conf,
			  const struct mst_catalog *cat,
			  const struct mst_set *set, struct sn_type *t_r);
/* The place of a type among those that the run needs: it is looked for by
 * prepare. NULL when there are too many. */
struct sn_needed *mst_sn_relation_need(struct mst_dest *d,
				       const struct sn_type *t);
/* Its sys_id; zero when it is not known. */
struct mst_sysid mst_sn_relation_id(const struct mst_dest *d,
				    const struct sn_type *t);
void mst_sn_relation_fill(const struct mst_dest *d, struct sn_item *it);
/* Is the row of the kind (MST_COL_KIND) that muster writes? */
bool mst_sn_relation_ours(const struct mst_dest *d, const struct mst_set *set,
			  struct mst_json row);
/* Can that, and whose row it is, be seen? Always true of sets without kinds. */
bool mst_sn_relation_shown(const struct mst_set *set, struct mst_json row);

/* Records of a table of types that have the name. */
struct sn_relation {
	struct mst_sysid id; /* of the best */
	bool exact;	     /* in this case */
	unsigned n;
	char made[32];
};

void mst_sn_relation_url(const struct sn_type *t, struct mst_buf *url);
/* False when the rows do not answer that. */
bool mst_sn_relation_read(const struct sn_type *t, struct mst_json result,
			  struct sn_relation *r);

/* Look-ups before and after writes (look.c). */
LIST_HEAD(sn_looks, sn_look);
void mst_sn_look_fini(struct mst_dest *d);
void mst_sn_look_add(struct mst_dest *d, struct sn_item *it);
void mst_sn_look_pump(struct mst_dest *d);
void mst_sn_look_cancel(struct mst_dest *d);

/* Master data that nothing refers to (sweep.c). */
void mst_sn_sweep(struct mst_dest *d);
void mst_sn_sweep_fini(struct mst_dest *d);

/* Reading back (reading.c). */
TAILQ_HEAD(sn_reads, sn_read);
LIST_HEAD(sn_readings, sn_reading);
int mst_sn_read_add(struct mst_dest *d, const struct mst_set *set, uint64_t tag,
		    const struct mst_sysid *id, struct mst_slice table,
		    struct mst_slice key, const struct mst_sysid *parent,
		    struct mst_err *err);
void mst_sn_read_pump(struct mst_dest *d);
void mst_sn_read_cancel(struct mst_dest *d);
void mst_sn_read_fini(struct mst_dest *d);
bool mst_sn_same(const struct mst_dest *d, const struct mst_column *col,
		 struct mst_slice desired, struct mst_slice held);

/* What hangs on a parent (children.c). */
LIST_HEAD(sn_childrens, sn_children);
int mst_sn_children_add(struct mst_dest *d, const struct mst_set *set,
			uint64_t tag, struct mst_slice table,
			const struct mst_sysid *parent, mst_child_fn fn,
			void *ctx, struct mst_err *err);
void mst_sn_children_fini(struct mst_dest *d);

/* Records by the values of a column (find.c). */
int mst_sn_find_add(struct mst_dest *d, struct mst_find *f,
		    struct mst_err *err);
void mst_sn_find_pump(struct mst_dest *d);
void mst_sn_find_cancel(struct mst_dest *d);
void mst_sn_find_fini(struct mst_dest *d);

/* Conditions of a list (cond.c): a column, or a path over references, that can
 * be asked for; a condition whose text changes no query; its words, added to a
 * query; and whether a row with the value `v` in its column fulfils it. */
bool mst_sn_path_ok(const char *column);
bool mst_sn_cond_ok(const struct mst_cond *c);
void mst_sn_cond_add(const struct mst_cond *c, struct mst_buf *q);
bool mst_sn_cond_holds(const struct mst_cond *c, struct mst_slice v);

/* Tables from the first row to the last (scan.c). */
TAILQ_HEAD(sn_scans, sn_scan);
int mst_sn_scan_add(struct mst_dest *d, struct mst_scan *scan,
		    struct mst_err *err);
bool mst_sn_scan_request(struct mst_dest *d, struct sn_call *call,
			 struct mst_req *req_r);
void mst_sn_scan_accept(struct mst_dest *d, struct sn_call *call,
			const struct mst_resp *resp);
void mst_sn_scan_cancel(struct mst_dest *d);
void mst_sn_scan_fini(struct mst_dest *d);
bool mst_sn_identifies(const struct mst_dest *d, const char *column,
		       struct mst_slice text);

/* Records by their sys_id, as they are (raw.c). */
LIST_HEAD(sn_raws, sn_raw);
/* What a row holds of raw->names; values has room for them. */
void mst_sn_raw_take(struct mst_json row, struct mst_raw *raw,
		     struct mst_slice *values);
int mst_sn_raw_read(struct mst_dest *d, const struct mst_set *set,
		    struct mst_slice table, const struct mst_sysid *ids,
		    size_t n, const char *const *names, size_t names_n,
		    uint64_t tag, mst_raw_fn fn, void *ctx,
		    struct mst_err *err);
int mst_sn_raw_write(struct mst_dest *d, struct mst_slice table,
		     const struct mst_sysid *id, const char *const *names,
		     const struct mst_slice *values, size_t n, uint64_t tag,
		     mst_raw_fn fn, void *ctx, struct mst_err *err);
int mst_sn_claim(struct mst_dest *d, struct mst_slice table,
		 const struct mst_sysid *id, struct mst_slice key,
		 const char *feed, uint64_t tag, mst_raw_fn fn, void *ctx,
		 struct mst_err *err);
void mst_sn_raw_fini(struct mst_dest *d);

/* Before the first write (prepare.c). */
int mst_sn_prepare(struct mst_dest *d, const char *const *sets,
		   struct mst_err *err);
bool mst_sn_probe_request(struct mst_dest *d, struct sn_call *call,
			  struct mst_req *req_r);
void mst_sn_probe_accept(struct mst_dest *d, struct sn_call *call,
			 const struct mst_resp *resp);
bool mst_sn_has_class(const struct mst_dest *d, const char *table);
/* The set's table; of CIs, where the instance lacks that class, the first of
 * the set's classes that it has. */
const char *mst_sn_usual(const struct mst_dest *d, const struct mst_set *set);
/* Of rows: is the table one that an instance may lack? It stands among the
 * set's classes then. */
bool mst_sn_may_lack(const struct mst_set *set);
void mst_sn_prepare_fini(struct mst_dest *d);

/* The same text, kept once and for as long as the destination. */
const char *mst_sn_intern(struct mst_dest *d, struct mst_slice s);

/* A line for people that is no error. */
void mst_sn_tell(struct mst_dest *d, const char *fmt, ...) MST_PRINTF(2, 3);

/* ---- the destination --------------------------------------------------- */

struct mst_dest {
	struct mst_dest_env env;
	const struct sn_conf *conf;
	struct mst_arena arena; /* lives as long as the destination */
	const char *url;	/* without a slash at its end */
	struct mst_auth *auth;
	const char *auth_name;
	const char *hosts[2];
	char now[20]; /* the time of the run */

	struct mst_json_parser *outer, *inner;
	struct mst_buf body;	/* of the request that is being made */
	struct mst_buf scratch; /* one sub-request's body or URL */
	struct mst_buf inflow;	/* a sub-answer's bytes */

	struct sn_call calls[MST_MAX_WORKERS];
	size_t calls_n; /* under way */
	uint64_t last_id;
	const char *request_id; /* of the answer that is being read */
	unsigned failures;	/* failed calls in a row */
	bool cancelled;
	struct mst_err dead; /* the error that ended it, code MST_OK if none */

	/* items */
	const struct mst_set *set;
	bool ended;
	bool full; /* offer said so, and nothing was sent since */
	size_t items_n, items_bytes;
	struct mst_map active; /* identity → item that is first in line */

	/* the Batch API */
	struct sn_subs subs;
	size_t subs_n, subs_weight, subs_bytes;
	unsigned batch_size; /* weight of the next batch */

	/* flows */
	struct sn_items dry, commit; /* CIs that are ready */
	size_t dry_n, commit_n;
	struct mst_map busy;	/* identification attributes under way */
	struct mst_map classes; /* CI's key → class that holds it */
	struct mst_map words;	/* texts that are kept once (intern) */
	struct mst_map given;	/* sys_ids that commits gave to CIs */
	struct sn_items match;	/* CIs to be looked for */
	size_t match_n;
	struct sn_matches matches; /* lists under way */
	struct sn_items guard;	   /* CIs to be looked at */
	size_t guard_n;
	struct sn_guards guards; /* lists under way */
	bool mixed;		 /* IRE: an answer was lost or another's */
	struct sn_items owner;	 /* CIs whose owner's class is not known */
	size_t owner_n;
	struct sn_items late; /* CIs that are owned, to be retired */
	size_t late_n;
	struct sn_owners owners;      /* lists under way */
	struct mst_map owner_classes; /* sys_id → class */
	struct mst_map owned_by;      /* sys_id of an owner → its payload */
	struct sn_items verify;	      /* CIs whose sys_id is in doubt */
	size_t verify_n;
	struct sn_verifies verifies; /* lists under way */
	bool skip_option;	     /* IRE takes skip_updating_source_… */
	struct sn_items look;	     /* rows to be looked up */
	size_t look_n;
	struct sn_looks looks;	/* look-ups under way */
	struct mst_map masters; /* kind, name, manufacturer → entry */
	struct mst_map makers;	/* kind, folded name → entry that creates */
	struct sn_master *first_master;
	unsigned several_n; /* names that have several records */
	struct sn_letters *letters;
	struct sn_sweep *sweep;
	bool wrote_ci; /* some CI was written in this run */

	/* reading */
	struct sn_reads reads;
	struct sn_readings readings;
	size_t reads_n;	  /* every read that has no row yet */
	size_t reads_new; /* those not asked for yet */
	mst_row_fn row;
	void *row_ctx;
	mst_found_fn found; /* NULL: nobody wants to know */
	void *found_ctx;
	struct sn_childrens children;
	struct sn_raws raws; /* undo */

	struct sn_scans scans; /* not at their end */
	struct sn_find *find;  /* NULL: none is under way */

	/* prepare */
	struct sn_prepare *prepare; /* while it is under way */
	struct mst_map absent;	    /* classes that the instance lacks */
	struct sn_needed types[SN_TYPES_MAX]; /* of relations */
	size_t types_n;
};

#endif
