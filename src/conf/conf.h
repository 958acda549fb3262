/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration: a YAML file of connections, jobs, settings (settings.h) and
 * what forwarding alerts needs.
 * Every value keeps its file:line:column. A document is read into items (name,
 * kind, keys, values); an item is applied to a struct through an option table,
 * which does the typing, defaults, ranges and the error texts. YAML's own
 * guessing of types is not used: `no`, `1e3` and `08` are what the table's row
 * says.
 *
 *   connections:
 *     - name: defender
 *       type: endpoint
 *       tenant_id: …
 *       client_secret: env:DEFENDER_SECRET
 *   jobs:
 *     - name: main
 *       source: defender
 *       destination: cmdb
 *       guard:
 *         share: 30%
 *
 * Nested mappings become dotted keys ("guard.share"); lists of scalars are
 * one value with several texts.
 */
#ifndef MST_CONF_CONF_H
#define MST_CONF_CONF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum mst_opt_type {
	MST_OPT_TEXT,	  /* const char * */
	MST_OPT_SECRET,	  /* const char *: a reference, checked for form */
	MST_OPT_BOOL,	  /* bool: true/false/yes/no/on/off */
	MST_OPT_INT,	  /* int64_t, min..max */
	MST_OPT_DECIMAL,  /* double */
	MST_OPT_PERCENT,  /* double 0..1: "30%" or 0.3 */
	MST_OPT_DURATION, /* int64_t milliseconds: "30s" */
	MST_OPT_SIZE,	  /* uint64_t bytes: "16MiB" */
	MST_OPT_CHOICE,	  /* int: index in choices ("a|b|c") */
	MST_OPT_LIST,	  /* struct mst_opt_list; choices limit the words */
	MST_OPT_URL	  /* const char *: https, or http to loopback */
};

#define MST_OPT_REQUIRED 1u

struct mst_opt_list {
	const char **v;
	size_t n;
};

/* One row per option; it feeds the reader, --help, the manual and later the
 * console. Ends with a row whose key is NULL. */
struct mst_opt {
	const char *key; /* "client_id", "guard.share" */
	enum mst_opt_type type;
	size_t offset; /* in the struct */
	/* Text of the default; NULL: zero or NULL. Of a LIST: words with '|'
	 * between them. */
	const char *def;
	const char *choices; /* CHOICE, LIST: "a|b|c" */
	/* INT, DECIMAL, DURATION (ms), SIZE; both 0: no range */
	double min, max;
	unsigned flags;
	const char *help; /* one sentence */
	/* Id of the rule that it overrides: the option is a setting, with
	 * values of its own for TEST and PROD. NULL: it belongs to the
	 * connection as a whole. */
	const char *rule;
};

struct mst_conf_value {
	const char *key;
	const char *const *texts; /* one for a scalar */
	size_t texts_n;
	bool is_list;
	int line, column;	  /* 1-based */
	int key_line, key_column; /* where the key stands; 0: not known */
};

/* Kinds of items beside "connection", "job" and MST_SETTINGS. */
#define MST_FORWARD_RULE     "forward_rule"
#define MST_FORWARD_ACTION   "forward_action"
#define MST_FORWARD_RECEIVER "forward_receiver"
#define MST_EXCLUSION_WINDOW "exclusion_window"
/* There is one of each at most: its section is a mapping. */
#define MST_OUTBOX  "outbox"
#define MST_PROXY   "proxy"
#define MST_SERVICE "service"

struct mst_conf_item {
	const char *kind; /* "connection", "job", MST_SETTINGS … */
	/* of settings: "defender/test"; of a kind of which there is one: the
	 * kind */
	const char *name;
	/* connections, actions, receivers: "endpoint", "syslog" …; else "" */
	const char *type;
	const char *file; /* for messages */
	int line;
	/* without what says which item it is: name and type; connection and
	 * environment of settings */
	const struct mst_conf_value *values;
	size_t values_n;
	int column;
};

struct mst_conf {
	struct mst_arena arena;
	struct mst_conf_item *items;
	size_t items_n;
};

/* Reads a document. file is its name for messages. Unknown sections, duplicate
 * keys or names, wrong shapes, and everything over base/limits.h are errors
 * "file:line:column: …". */
int mst_conf_read(struct mst_slice yaml, const char *file,
		  struct mst_conf *conf_r, struct mst_err *err);
int mst_conf_load(const char *path, struct mst_conf *conf_r,
		  struct mst_err *err);
void mst_conf_fini(struct mst_conf *conf);
/* The same into an arena of the caller's, where texts and items live; on
 * failure some of it is used up. */
int mst_conf_read_in(struct mst_slice yaml, const char *file,
		     struct mst_arena *arena, struct mst_conf_item **items_r,
		     size_t *n_r, struct mst_err *err);
/* The section that items of this kind stand in: "connections". NULL: there is
 * no such kind. */
const char *mst_conf_section(const char *kind);
/* What one of them is called: "forwarding rule"; the kind when there is none
 * such. */
const char *mst_conf_entry(const char *kind);
/* Is the section one mapping, no list? */
bool mst_conf_is_single(const char *kind);
/* Fills the struct from the item: defaults first, then values. An unknown key
 * names the nearest one. Texts live in arena. */
int mst_conf_apply(const struct mst_conf_item *item, const struct mst_opt *opts,
		   void *out, struct mst_arena *arena, struct mst_err *err);
/* All that mst_conf_apply would say of the item, not only the first of it: fn
 * gets the value that is wrong (NULL: one is missing), its key, and the text
 * without a place. Texts are lent for the call. Returns how many there are. */
size_t mst_conf_wrong(const struct mst_conf_item *item,
		      const struct mst_opt *opts,
		      void (*fn)(void *ctx, const struct mst_conf_value *v,
				 const char *key, const char *text),
		      void *ctx);
/* May an item be called so? Letters, digits, "_", "-" and "." behind the
 * first. */
bool mst_conf_name_ok(struct mst_slice name);
/* The item as YAML text, one list entry below its section ("- name: …"), or
 * what stands below a section that is no list; keys in the given order; what
 * `muster export` prints and the state store keeps. Reading it back gives an
 * equal item. */
bool mst_conf_write(const struct mst_conf_item *item, struct mst_buf *out);
/* The row of the table; NULL when there is none. */
const struct mst_opt *mst_opt_find(const struct mst_opt *opts, const char *key);
/* The nearest of a NULL-terminated list by edit distance, or NULL when none
 * is near. */
const char *mst_nearest(const char *word, const char *const *words);

#endif
