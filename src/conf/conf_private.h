/* SPDX-License-Identifier: Apache-2.0
 *
 * A YAML document as a tree, between yaml.c (which reads it) and read.c
 * (which makes items of it).
 */
#ifndef MST_CONF_PRIVATE_H
#define MST_CONF_PRIVATE_H

#include "conf/conf.h"

enum mst_node_kind { MST_NODE_TEXT, MST_NODE_LIST, MST_NODE_MAP };

struct mst_node {
	enum mst_node_kind kind;
	bool is_blank;	       /* TEXT: nothing stands there, not even "" */
	struct mst_slice text; /* TEXT: NUL-terminated */
	int line, column;
	/* as member of a mapping */
	struct mst_slice key; /* NUL-terminated */
	int key_line, key_column;
	struct mst_node *next;
	/* LIST, MAP */
	struct mst_node *first, *last;
	size_t n;
};

/* Reads one document; *root_r is NULL when there is none. All in arena. */
int mst_yaml_read(struct mst_slice yaml, const char *file,
		  struct mst_arena *arena, struct mst_node **root_r,
		  struct mst_err *err);
/* "file:line:column: …"; without a place when the line is 0: a value that
 * was not read from a file. */
int mst_conf_fail(struct mst_err *err, const char *file, int line, int column,
		  const char *fmt, ...) MST_PRINTF(5, 6);
/* Would the option take this value of the item? */
int mst_conf_check_value(const struct mst_conf_item *item,
			 const struct mst_conf_value *value,
			 const struct mst_opt *opt, struct mst_arena *arena,
			 struct mst_err *err);
/* The errors for a key that the table does not have, and for one that the item
 * lacks. */
int mst_conf_unknown(const struct mst_conf_item *item,
		     const struct mst_conf_value *v, const struct mst_opt *opts,
		     struct mst_arena *arena, struct mst_err *err);
int mst_conf_missing(const struct mst_conf_item *item, const struct mst_opt *o,
		     struct mst_err *err);
/* What a BOOL takes; false: it takes no such text. */
bool mst_conf_bool(const char *text, bool *v_r);
/* The setting that a key of a settings item speaks of: what stands in front
 * of ".<tail>", or of ".override" or ".value"; NULL: none. */
const char *mst_settings_head(const char *key, const char *tail,
			      struct mst_arena *arena);
const char *mst_settings_key(const char *key, struct mst_arena *arena);
/* The value whose key is "<key>.<tail>", or <key> when tail is NULL; NULL when
 * there is none. item may be NULL. */
const struct mst_conf_value *mst_settings_find(const struct mst_conf_item *item,
					       const char *key,
					       const char *tail);
/* Text fit for an error: control bytes become '?', a long one is cut. */
const char *mst_conf_show(const char *text, char out[80]);
/* Length of the UTF-8 sequence at p, 0 when it is wrong. *cp_r is the code
 * point. */
size_t mst_utf8_next(const char *p, size_t n, uint32_t *cp_r);

#endif
