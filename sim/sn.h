/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated ServiceNow, inside. One struct sim_sn holds everything; the
 * server calls it with one lock held, so nothing here is for many threads.
 *
 *   sn.c        new/free/reset, routing, error bodies
 *   sn_store.c  rows, indexes, sorted order
 *   sn_dict.c   tables, columns, choices, labels
 *   sn_base.c   what a fresh instance has (tables, choices, companies, users)
 *   sn_value.c  values in: types, lengths, choices, references, unique keys
 *   sn_query.c  encoded queries
 *   sn_task.c   what writing a task brings      sn_event.c   events, alerts
 *   sn_table.c  Table API          sn_out.c     records as JSON
 *   sn_ire*.c   identification     sn_batch.c   Batch API
 *   sn_auth.c   tokens, roles      sn_meta.c    cmdb/meta
 *   sn_access.c scopes, access rules             sn_stats.c  Aggregate API
 *   sn_import.c update sets: reading, the books   sn_xml.c XML reader
 *   sn_preview.c, sn_commit*.c     what is wrong with them, carrying them out
 *   sn_number.c numbers of records (CVI0001001)
 *   sn_control.c /_sim/sn/…        sn_web.c     the page for people
 *   sn_form.c   its menus, lists and forms, by the instance's layouts
 *   sn_people.c the organisation's people as users
 *   sn_state.c  save and load
 */
#ifndef MST_SIM_SN_H
#define MST_SIM_SN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "sim/http.h"
#include "json/json.h"
#include "json/out.h"

#define SN_MAX_COLUMNS 256 /* of one table, inherited ones included */
#define SN_MAX_DEPTH   12  /* of the class tree */
#define SN_MAX_INDEX   24  /* per class tree */
#define SN_ID	       32  /* hex digits of a sys_id */
#define SN_NONE	       SIZE_MAX

/* ---- dictionary ---------------------------------------------------------- */

enum sn_kind {
	SN_STRING,
	SN_INTEGER,
	SN_DECIMAL, /* decimal and float */
	SN_BOOLEAN,
	SN_DATETIME,
	SN_DATE,
	SN_REFERENCE,
	SN_JOURNAL, /* written to sys_journal_field, reads empty */
	SN_CLASS    /* sys_class_name: the row's table */
};

enum sn_cascade { SN_KEEP, SN_CLEAR, SN_DELETE, SN_RESTRICT };

struct sn_table;

struct sn_choice {
	struct mst_slice value, label;
};

struct sn_col {
	const char *name, *label, *type;
	enum sn_kind kind;
	unsigned max_length;   /* characters */
	const char *reference; /* table or NULL */
	enum sn_cascade cascade;
	int choice; /* 0 none, 1 or 3 drop-down */
	bool mandatory, unique, display, read_only, system;
	const char *dflt;	/* or NULL */
	const char *attributes; /* "no_audit=true", or NULL */
	struct sn_table *owner;
	size_t at; /* index in the owner */
	/* The choices, from sys_choice; re-read when that table changed. */
	uint64_t choices_gen;
	struct sn_choice *choices;
	size_t choices_n;
};

enum sn_op { SN_READ, SN_WRITE, SN_CREATE, SN_DEL, SN_OPS };

struct sn_acl {
	const char *roles[8];
	size_t n;
};

struct sn_index;

struct sn_table {
	const char *name, *label;
	struct sn_table *super, *root;
	struct sn_table *anc[SN_MAX_DEPTH]; /* anc[0] is the root */
	unsigned depth;
	struct sn_col *cols[SN_MAX_COLUMNS];
	size_t n;
	struct mst_map by_name;	    /* column name → index + 1 */
	size_t ixcol[SN_MAX_INDEX]; /* column of the root's index k */
	size_t display;		    /* column, SN_NONE when there is none */
	size_t class_col;	    /* sys_class_name or SN_NONE */
	bool off;		    /* class switched off */
	bool system;		    /* part of a fresh instance */
	unsigned cascades;	    /* columns with a rule for deletions */
	struct sn_acl acl[SN_OPS];
	bool acl_set;	      /* a person changed it */
	uint64_t live;	      /* rows of exactly this class */
	uint64_t next_number; /* sn_number.c; 0: not looked up */
	uint64_t inserts, updates, deletes, reads;
	/* of a root: */
	struct sn_row **rows; /* in the order of creation; dead ones too */
	size_t rows_n, rows_cap, dead;
	struct sn_row **sorted; /* by sys_id */
	size_t sorted_n, sorted_cap;
	bool sorted_dirty;
	struct sn_index *index[SN_MAX_INDEX];
	size_t index_n;
};

/* ---- rows ---------------------------------------------------------------- */

/* The values of a row: n+1 offsets, then the bytes. */
struct sn_blob {
	uint32_t n;
	uint32_t off[];
};

struct sn_row {
	char id[SN_ID + 1];
	bool dead;
	bool hidden;   /* the reading user's row rules hide it */
	uint64_t mark; /* the last search that found it */
	struct sn_table *t;
	struct sn_blob *blob;
};

/* The columns that every table starts with. */
enum {
	SN_C_ID,
	SN_C_CREATED_BY,
	SN_C_CREATED_ON,
	SN_C_MOD_COUNT,
	SN_C_UPDATED_BY,
	SN_C_UPDATED_ON,
	SN_C__N
};

/* ---- users --------------------------------------------------------------- */

struct sn_user {
	char name[64];
	char password[64];
	const char *roles[16];
	size_t roles_n;
	bool active;
};

struct sn_token {
	char access[48], refresh[48];
	struct sn_user *user;
	int64_t expires_us, refresh_expires_us;
};

/* ---- requests ------------------------------------------------------------ */

/* A request, either from the network or from inside a batch. */
struct sn_req {
	const char *method;
	const char *path;  /* decoded, no query */
	const char *query; /* raw, behind '?'; "" when none */
	const char *base;
	const char *url; /* as sent: path and query */
	struct mst_slice body;
	const char *accept, *content_type, *no_body;
	const struct sn_user *user;
	int version; /* of the API: 1 or 2; 0 when not named */
	bool bearer; /* logged in by a token */
	bool in_batch;
};

struct sn_batch_conf {
	int64_t quota_ms; /* -1: as sysrule_quota has it */
	double cost_get_ms, cost_post_ms, cost_patch_ms, cost_delete_ms;
	double cost_ire_ms; /* per item */
	size_t max_response;
};

struct sn_stats {
	uint64_t requests, batches, batch_items, unserviced, ire_items;
	uint64_t tokens, jsessionid, unauthorized, forbidden;
	uint64_t ignored_choices, ignored_values, cut_texts, dropped_clauses;
	uint64_t ire_unknown_attributes, unique_refused, reference_refused;
};

struct sim_sn {
	struct mst_sim_conf conf;
	char *update_set;	  /* XML given by the configuration, or NULL */
	struct mst_arena dict;	  /* names, labels, columns */
	struct mst_arena scratch; /* of one request */
	struct mst_map tables;	  /* name → struct sn_table */
	struct mst_map by_id;	  /* sys_id → struct sn_row */
	struct sn_table **order;  /* tables as they were made */
	size_t order_n, order_cap;
	uint64_t counter;      /* of sys_ids and tokens */
	uint64_t search;       /* serial number of searches */
	uint64_t choice_gen;   /* raised by each write to sys_choice */
	uint64_t property_gen; /* the same for sys_properties */
	uint64_t props_seen;
	bool prop_no_rows, prop_any_choice, prop_client_credentials;
	bool prop_skip_native, prop_skip_dups;
	bool opt_skip_options;	  /* REST takes skip_updating_… options */
	bool opt_plain_numbers;	  /* decimals lose trailing zeros */
	bool opt_fold_queries;	  /* = and IN do not tell A from a */
	bool opt_stats_off;	  /* the Aggregate API is not for the user */
	bool opt_stats_row_rules; /* it refuses where a row is hidden */
	int64_t now_us;
	char now[20]; /* "YYYY-MM-DD HH:MM:SS" */
	struct sn_user *users[64];
	size_t users_n;
	bool scoped;	    /* the OAuth client is limited to: */
	char scopes[6][64]; /* methods by API (sn_access.c) */
	struct sn_token *sessions[256];
	size_t sessions_n;
	struct mst_json_parser *json, *json_batch;
	struct mst_slice vals[SN_MAX_COLUMNS];
	struct sn_row **found; /* result of the last search */
	size_t found_n, found_cap;
	struct sn_batch_conf batch;
	struct sn_stats stats;
	struct {
		char hour[16];
		uint64_t used;
	} rate;
	char **imports; /* update sets imported later, for the state */
	size_t imports_n;
	bool booting; /* no checks while a fresh instance is made */
};

/* ---- sn_store.c ---------------------------------------------------------- */

/* Value of a column; empty when the row has none. Lives until the row is
 * written again. */
struct mst_slice sn_get(const struct sn_row *row, size_t col);
struct mst_slice sn_get_named(const struct sn_row *row, const char *col);
struct sn_row *sn_find(struct sim_sn *sn, const char *table,
		       struct mst_slice id); /* also of a class below it */
bool sn_is_a(const struct sn_table *t, const struct sn_table *super);
/* vals has t->n entries. id NULL: a new one. user NULL: "system". */
struct sn_row *sn_insert(struct sim_sn *sn, struct sn_table *t,
			 const struct mst_slice *vals, const char *id,
			 const char *user);
/* Copies the row's values into vals (t->n entries). */
void sn_values(const struct sn_row *row, struct mst_slice *vals);
/* Writes what differs; false, and no new sys_mod_count, when nothing does. */
bool sn_update(struct sim_sn *sn, struct sn_row *row,
	       const struct mst_slice *vals, const char *user);
/* One column. */
bool sn_set(struct sim_sn *sn, struct sn_row *row, const char *col,
	    struct mst_slice value, const char *user);
void sn_delete(struct sim_sn *sn, struct sn_row *row);
/* Moves the row to another class of the same tree; columns by name. */
void sn_reclass(struct sim_sn *sn, struct sn_row *row, struct sn_table *to);
/* Restores a row with all of its columns as given (state file). */
struct sn_row *sn_restore(struct sim_sn *sn, struct sn_table *t,
			  const struct mst_slice *vals);
void sn_clear_rows(struct sim_sn *sn);
void sn_free_row(struct sn_row *row);
/* Rows of `t` (and classes below) whose column equals the value; through an
 * index that is built at the first call. They are in sn->found, oldest first.
 * folded: ASCII case does not count. Returns how many. */
size_t sn_search(struct sim_sn *sn, struct sn_table *t, const char *col,
		 struct mst_slice value, bool folded);
/* First hit, or NULL. */
struct sn_row *sn_first(struct sim_sn *sn, const char *table, const char *col,
			struct mst_slice value);
/* The root's live rows by sys_id. */
void sn_sort(struct sn_table *root);
void sn_found_add(struct sim_sn *sn, struct sn_row *row);
void sn_index_free(struct sn_index **ix);
/* After a column was added: its place in the indexes of the tree. */
void sn_index_columns(struct sn_table *t);
/* Next sys_id: deterministic from the seed. */
void sn_new_id(struct sim_sn *sn, char out[SN_ID + 1]);

/* ---- sn_dict.c ----------------------------------------------------------- */

/* NULL when absent or switched off. */
struct sn_table *sn_table(struct sim_sn *sn, const char *name);
struct sn_table *sn_table_any(struct sim_sn *sn, const char *name);
/* Makes a table with the system columns, and its row in sys_db_object. NULL
 * and err when the name is bad, taken or super does not exist. */
struct sn_table *sn_table_add(struct sim_sn *sn, const char *name,
			      const char *label, const char *super,
			      struct mst_err *err);
/* Adds a column (and its row in sys_dictionary) to the table and all classes
 * below it. proto's texts are copied. An existing one is updated where that
 * loses no data. NULL when there are too many. */
struct sn_col *sn_col_add(struct sim_sn *sn, struct sn_table *t,
			  const struct sn_col *proto);
size_t sn_col_at(const struct sn_table *t, const char *name); /* or SN_NONE */
/* Index in t of a column that t's class or one above it owns. */
size_t sn_col_in(const struct sn_table *t, const struct sn_col *col);
enum sn_kind sn_kind_of(const char *type);
/* NULL when the value is no (active) choice of the column. */
const struct sn_choice *sn_choice_find(struct sim_sn *sn, struct sn_col *col,
				       struct mst_slice value);
const struct sn_choice *sn_choice_label(struct sim_sn *sn, struct sn_col *col,
					struct mst_slice label);
bool sn_has_choices(struct sim_sn *sn, struct sn_col *col);
void sn_choice_add(struct sim_sn *sn, const char *table, const char *element,
		   const char *value, const char *label, int sequence);
void sn_label_set(struct sim_sn *sn, struct sn_table *t, struct sn_col *col,
		  const char *label);
/* Writes rows of sys_db_object and sys_dictionary for all tables made before
 * those two existed. */
void sn_dict_rows(struct sim_sn *sn);
void sn_dict_free(struct sim_sn *sn);

/* ---- sn_base.c ----------------------------------------------------------- */

void sn_base(struct sim_sn *sn);
/* Switches the classes and tables of the apps for OT off or on. */
void sn_base_switch_ot(struct sim_sn *sn, bool on);

/* ---- sn_people.c --------------------------------------------------------- */

/* The users of sn->conf.people. */
void sn_people(struct sim_sn *sn);

/* ---- sn_value.c ---------------------------------------------------------- */

enum sn_refusal { SN_FINE = 0, SN_BAD_REFERENCE, SN_NOT_UNIQUE, SN_MANDATORY };

/* Texts of JSON values; numbers and booleans as text, null as empty, objects by
 * their "value" (or "display_value"). Lives in scratch. */
struct mst_slice sn_json_text(struct sim_sn *sn, struct mst_json v);
/* Takes one value for a column into vals: type, length, choice, reference.
 * What ServiceNow ignores is left as it was. */
enum sn_refusal sn_take(struct sim_sn *sn, struct sn_table *t, size_t col,
			struct mst_slice value, bool display,
			struct mst_slice *vals, char *why, size_t why_n);
/* Mandatory columns and unique keys before a write; self is NULL on insert. */
enum sn_refusal sn_check(struct sim_sn *sn, struct sn_table *t,
			 const struct mst_slice *vals,
			 const struct sn_row *self, char *why, size_t why_n);
/* Defaults of a new row. */
void sn_defaults(struct sim_sn *sn, struct sn_table *t, struct mst_slice *vals);
/* What people see: label of a choice, display column of a reference. */
struct mst_slice sn_display(struct sim_sn *sn, const struct sn_row *row,
			    size_t col);
/* The record's own display value. */
struct mst_slice sn_title(struct sim_sn *sn, const struct sn_row *row);
/* Cascade rules; false with the reason when a rule forbids the deletion. */
bool sn_delete_cascade(struct sim_sn *sn, struct sn_row *row, const char *user,
		       char *why, size_t why_n);
bool sn_is_id(struct mst_slice s);
void sn_props(struct sim_sn *sn); /* re-reads sys_properties when changed */
void sn_journal(struct sim_sn *sn, const struct sn_row *row, const char *col,
		struct mst_slice text, const char *user);

/* ---- sn_task.c ----------------------------------------------------------- */

/* Before a task is written: its priority, whether it is active; what closing
 * one asks for. vals as for sn_check; other tables are left alone. */
enum sn_refusal sn_task_rules(struct sim_sn *sn, struct sn_table *t,
			      struct mst_slice *vals, const struct sn_row *self,
			      char *why, size_t why_n);

/* ---- sn_ire_owned.c ------------------------------------------------------ */

/* By which attribute CIs of a class that exist only with another CI are told
 * apart below it; NULL: they stand for themselves. */
const char *sn_owned_by(const struct sn_table *t);

/* ---- sn_event.c ---------------------------------------------------------- */

/* POST /api/global/em/jsonv2 */
void sn_event_api(struct sim_sn *sn, const struct sn_req *r,
		  struct sim_reply *reply);

/* ---- sn_number.c --------------------------------------------------------- */

/* The value of a default: the text itself, or what the known script
 * getNextObjNumberPadded() gives for the table; other scripts give nothing.
 * A number lives in scratch. */
struct mst_slice sn_default_value(struct sim_sn *sn, struct sn_table *t,
				  size_t col);

/* ---- sn_query.c ---------------------------------------------------------- */

struct sn_query;

/* Never fails: what is wrong is dropped (and counted). Lives in scratch. */
struct sn_query *sn_query_parse(struct sim_sn *sn, struct sn_table *t,
				const char *text);
/* The live rows that match, in order, in sn->found; hidden ones included. At
 * least the first `enough` of them: who wants no count need not pay for it. */
void sn_query_run(struct sim_sn *sn, struct sn_query *q, size_t enough);
/* Value of "manufacturer.name" of a row; false when the path is wrong. last_r
 * and col_r: the row and column where it ends (row NULL: broken link). */
bool sn_walk(struct sim_sn *sn, struct sn_table *t, struct sn_row *row,
	     struct mst_slice path, struct sn_row **last_r, size_t *col_r);

/* ---- sn_out.c ------------------------------------------------------------ */

struct sn_view {
	const char *fields; /* sysparm_fields or NULL */
	int display;	    /* 0 false, 1 true, 2 all */
	bool no_link;
	const char *base;
};

void sn_view_read(struct sim_sn *sn, const struct sn_req *r,
		  struct sn_view *view_r);
/* The record as the table t shows it. */
void sn_write_row(struct sim_sn *sn, struct mst_jout *j, struct sn_table *t,
		  struct sn_row *row, const struct sn_view *view);

/* ---- sn.c ---------------------------------------------------------------- */

void sn_error(struct sim_reply *reply, int status, const char *message,
	      const char *fmt, ...) MST_PRINTF(4, 5);
/* First value of a query parameter, decoded, in scratch; NULL when absent. */
const char *sn_param(struct sim_sn *sn, const char *query, const char *name);
bool sn_param_true(struct sim_sn *sn, const struct sn_req *r, const char *name);
/* Runs one API request whose user is known. */
void sn_route(struct sim_sn *sn, struct sn_req *r, struct sim_reply *reply);
void sn_decode(struct mst_slice s, bool plus, char *out); /* %XX; out: n+1 */
void sn_set_now(struct sim_sn *sn, int64_t now_us);

/* ---- the APIs ------------------------------------------------------------ */

void sn_table_api(struct sim_sn *sn, const struct sn_req *r, const char *table,
		  const char *id, struct sim_reply *reply);
void sn_batch_api(struct sim_sn *sn, const struct sn_req *r,
		  struct sim_reply *reply);
void sn_ire_api(struct sim_sn *sn, const struct sn_req *r, bool enhanced,
		bool dry, struct sim_reply *reply);
void sn_meta_api(struct sim_sn *sn, const struct sn_req *r, const char *name,
		 struct sim_reply *reply);
void sn_stats_api(struct sim_sn *sn, const struct sn_req *r, const char *table,
		  struct sim_reply *reply);
void sn_token_api(struct sim_sn *sn, const struct sim_request *r,
		  struct sim_reply *reply);
void sn_web(struct sim_sn *sn, const struct sim_request *r,
	    struct sim_reply *reply);

/* ---- sn_auth.c ----------------------------------------------------------- */

/* The user of an Authorization header, or NULL. */
struct sn_user *sn_authenticate(struct sim_sn *sn, const char *header);
struct sn_user *sn_user_find(struct sim_sn *sn, struct mst_slice name);
struct sn_user *sn_user_add(struct sim_sn *sn, const char *name,
			    const char *password);
bool sn_user_role(struct sim_sn *sn, struct sn_user *u, const char *role);
bool sn_has_role(const struct sn_user *u, const char *role);
/* May the user do this to rows of the table? */
bool sn_may(const struct sn_user *u, const struct sn_table *t, enum sn_op op);
void sn_allow(struct sim_sn *sn, struct sn_table *t, enum sn_op op,
	      const char *role);
void sn_auth_reset(struct sim_sn *sn);
void sn_tokens_expire(struct sim_sn *sn);

/* ---- sn_access.c --------------------------------------------------------- */

/* May the client use the method of the API behind "/api/now/"? Writes the
 * refusal. */
bool sn_scope_allows(struct sim_sn *sn, const struct sn_req *r,
		     const char *rest, struct sim_reply *reply);
/* False: an API that is not known. */
bool sn_scopes_set(struct sim_sn *sn, struct mst_json scopes);
void sn_scopes_clear(struct sim_sn *sn);
void sn_scopes_write(const struct sim_sn *sn, struct mst_jout *j);
/* {"read":["asset"],…}: who may do what; false: an unknown operation. */
bool sn_access_set(struct sim_sn *sn, struct sn_table *t,
		   struct mst_json rules);
void sn_access_write(const struct sn_table *t, struct mst_jout *j);

/* ---- sn_import.c --------------------------------------------------------- */

/* What to do about updates with a problem. */
enum sn_resolve {
	SN_RESOLVE_STOP,   /* commit nothing */
	SN_RESOLVE_ACCEPT, /* commit them all the same */
	SN_RESOLVE_SKIP	   /* leave them out */
};

/* Preview, then commit when there are no problems or how says so. problems
 * gets one line each. Returns 1 when it was committed, else 0; fails only when
 * the text is no update set. */
int sn_import(struct sim_sn *sn, struct mst_slice xml, enum sn_resolve how,
	      struct mst_buf *problems, struct mst_err *err);

/* The same with muster's own sets that bring tables. */
int sn_import_own(struct sim_sn *sn, struct mst_buf *problems,
		  struct mst_err *err);

/* ---- sn_state.c ---------------------------------------------------------- */

void sn_wipe(struct sim_sn *sn);
int sn_build(struct sim_sn *sn, struct mst_err *err);

#endif
