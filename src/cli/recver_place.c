/* SPDX-License-Identifier: Apache-2.0
 *
 * A RecVer's place: of a connection, or in words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/recver.h"
#include "recver/setup.h"
#include "source/recver_opts.h"
#include "sync/store.h"

#define OFF(member) offsetof(struct mst_recver_conf, member)
#define WORDS_MAX   32

static const struct mst_opt opts[] = {MST_RECVER_OPTS(OFF), {0}};

static const char *const types[] = {"sqlite", "postgres", "sqlserver",
				    "mongodb", NULL};

/* ---- in words -------------------------------------------------------------
 */

static bool is_words(const char *text)
{
	size_t n = strcspn(text, ":");

	for (size_t i = 0; text[n] && types[i]; i++)
		if (strlen(types[i]) == n && strncmp(types[i], text, n) == 0)
			return true;
	return false;
}

static void add(struct recver_place *p, struct mst_conf_value *v,
		const char *key, const char *text, struct mst_arena *arena)
{
	const char **texts = mst_arena_alloc(arena, sizeof(*texts));

	texts[0] = text;
	v[p->values_n++] =
	    (struct mst_conf_value){.key = key, .texts = texts, .texts_n = 1};
}

/* What begins with a name and '=' is an option; else the comma before it was a
 * part of the value: "server=db1,1433". */
static bool begins_option(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

	return n > 0 && text[n] == '=';
}

static char *next_word(char **at)
{
	char *word = *at, *end = word;

	if (!*word)
		return NULL;
	while ((end = strchr(end, ',')) != NULL && !begins_option(end + 1))
		end++;
	*at = end ? end + 1 : word + strlen(word);
	if (end)
		*end = 0;
	return word;
}

static bool is_given(const struct recver_place *p, const char *key)
{
	for (size_t i = 0; i < p->values_n; i++)
		if (strcmp(p->values[i].key, key) == 0)
			return true;
	return false;
}

/* One NAME=VALUE; the errors do not show the value, which may be a secret that
 * should not be there. */
static int take_word(struct recver_place *p, struct mst_conf_value *v,
		     char *word, struct mst_arena *arena, struct mst_err *err)
{
	const char *type = v[0].texts[0];
	char *equal = strchr(word, '=');
	const char *key;

	if (!equal || p->values_n == WORDS_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' is no option of a store; wanted: "
				   "%s:NAME=VALUE,…",
				   word, type);
	*equal = 0;
	key = mst_arena_printf(arena, "recver.%s", word);
	if (is_given(p, key))
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' of %s is given twice", word, type);
	if (!equal[1] || equal[strlen(equal + 1)] == ',')
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' of %s has no value, or one that ends "
				   "with a comma",
				   word, type);
	add(p, v, key, equal + 1, arena);
	return 0;
}

/* The file by its whole name, because the lines for the configuration are read
 * from elsewhere. Its folder must be there: one that is not is more likely a
 * wrong name. */
static int whole_path(struct recver_place *p, struct mst_conf_value *v,
		      struct mst_arena *arena, struct mst_err *err)
{
	const char *path = p->conf.path;
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *name = slash ? slash + 1 : path, *folder;
	const char **texts = mst_arena_alloc(arena, sizeof(*texts));
	char *real;

	if (!path)
		return 0;
	folder = mst_arena_strdup(arena, slash == path ? "/" : ".");
	if (slash && slash != path)
		folder =
		    mst_arena_printf(arena, "%.*s", (int)(slash - path), path);
	real = realpath(folder, NULL);
	if (!real || !*name) {
		free(real);
		return mst_err_set(err, MST_E_INVALID,
				   *name ? "there is no folder '%s' for the "
					   "file '%s': make it, or name another"
					 : "'%s' is a folder: '%s' wants the "
					   "name of a file behind it",
				   folder, path);
	}
	p->conf.path = mst_arena_printf(
	    arena, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
	free(real);
	texts[0] = p->conf.path;
	for (size_t i = 0; i < p->values_n; i++)
		if (strcmp(v[i].key, "recver.path") == 0)
			v[i].texts = texts;
	return 0;
}

static int in_words(const char *words, struct mst_arena *arena,
		    struct recver_place *p, struct mst_err *err)
{
	char *copy = mst_arena_strdup(arena, words), *at, *word;
	struct mst_conf_value *v =
	    mst_arena_alloc(arena, WORDS_MAX * sizeof(*v));
	struct mst_conf_item item = {.kind = "connection", .type = ""};
	int rc;

	at = strchr(copy, ':');
	*at++ = 0;
	/* Errors name it; the words may hold what should not be shown. */
	item.name = item.file = copy;
	p->values = v;
	add(p, v, "recver.type", copy, arena);
	while ((word = next_word(&at)) != NULL) {
		rc = take_word(p, v, word, arena, err);
		if (rc < 0)
			return rc;
	}
	item.values = v;
	item.values_n = p->values_n;
	rc = mst_conf_apply(&item, opts, &p->conf, arena, err);
	if (rc == 0)
		rc = mst_recver_conf_check(&item, &p->conf, err);
	return rc < 0 ? rc : whole_path(p, v, arena, err);
}

/* ---- of a connection ------------------------------------------------------
 */

static void take_values(struct recver_place *p,
			const struct mst_conf_item *item,
			struct mst_arena *arena)
{
	struct mst_conf_value *v =
	    mst_arena_alloc(arena, (item->values_n + 2) * sizeof(*v));
	bool type = false;

	for (size_t i = 0; i < item->values_n; i++)
		type |= strcmp(item->values[i].key, "recver.type") == 0;
	if (!type)
		add(p, v, "recver.type", p->conf.type, arena);
	for (size_t i = 0; i < item->values_n; i++)
		if (strncmp(item->values[i].key, "recver.", 7) == 0)
			v[p->values_n++] = item->values[i];
	p->values = v;
}

static int of_connection(struct mst_state *state, const char *name,
			 struct mst_arena *arena, struct recver_place *p,
			 struct mst_err *err)
{
	struct mst_connection c;
	int rc = mst_connection_load(state, name, arena, &c, err);

	if (rc < 0)
		return rc;
	if (!c.source)
		return mst_err_set(err, MST_E_INVALID,
				   "connection '%s' is a destination: a RecVer "
				   "belongs to a source",
				   name);
	p->source = c.name;
	p->type = c.type;
	p->conf = c.source_conf->recver;
	take_values(p, c.item, arena);
	return 0;
}

int recver_place_get(struct mst_state *state, const char *words,
		     struct mst_arena *arena, struct recver_place *p_r,
		     struct mst_err *err)
{
	*p_r = (struct recver_place){.words = words};
	return is_words(words) ? in_words(words, arena, p_r, err)
			       : of_connection(state, words, arena, p_r, err);
}

/* ---- for people -----------------------------------------------------------
 */

static bool is_file(const struct recver_place *p)
{
	return strcmp(p->conf.type, "sqlite") == 0 ||
	       strcmp(p->conf.type, "mem") == 0;
}

void recver_place_fill(struct mst_state *state, struct recver_place *p,
		       const char *source, struct mst_arena *arena)
{
	const char *name = p->source ? p->source : source;
	bool is_other = strcmp(name, source) != 0;
	struct mst_conf_value *v =
	    mst_arena_alloc(arena, (p->values_n + 1) * sizeof(*v));
	char *database;

	memcpy(v, p->values, p->values_n * sizeof(*v));
	p->values = v;
	if (is_file(p)) {
		if (is_other && !p->conf.path) {
			mst_store_conf(state, name, &p->conf, arena, &p->conf);
			add(p, v, "recver.path", p->conf.path, arena);
		}
		mst_store_conf(state, name, &p->conf, arena, &p->conf);
		return;
	}
	if (p->conf.database)
		return;
	database = mst_recver_database(&p->conf, name);
	p->conf.database = mst_arena_strdup(arena, database);
	free(database);
	if (is_other)
		add(p, v, "recver.database", p->conf.database, arena);
}

const char *recver_place_name(const struct recver_place *p,
			      struct mst_arena *arena)
{
	if (is_file(p))
		return mst_arena_printf(arena, "the file '%s'", p->conf.path);
	return mst_arena_printf(
	    arena, "'%s' of %s on '%s'", p->conf.database, p->conf.type,
	    p->conf.server ? p->conf.server : "this machine");
}

void recver_place_lines(const struct recver_place *p, const char *source,
			const char *type, struct mst_buf *out)
{
	const struct mst_conf_item item = {
	    .kind = "connection",
	    .name = source,
	    .type = type,
	    .values = p->values,
	    .values_n = p->values_n,
	};

	(void)mst_buf_adds(out, "connections:\n");
	(void)mst_conf_write(&item, out);
}

bool recver_is_job(struct mst_state *state, const char *name,
		   struct mst_arena *arena)
{
	const struct mst_config config = {.state = state};
	const struct mst_conf_item *item = NULL;
	struct mst_err err = MST_ERR_INIT;

	return mst_config_find(&config, "job", name, arena, &item, &err) == 0 &&
	       item;
}

int recver_source(struct mst_state *state, const char *name,
		  struct mst_arena *arena, struct mst_connection *c_r,
		  struct mst_err *err)
{
	int rc = mst_connection_load(state, name, arena, c_r, err);

	if (rc == -MST_E_NOTFOUND)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is neither a job nor a source "
				   "connection '%s': 'muster export' shows "
				   "what there is",
				   name);
	if (rc == 0 && !c_r->source)
		rc = mst_err_set(err, MST_E_INVALID,
				 "connection '%s' is a destination: a RecVer "
				 "belongs to a source",
				 name);
	return rc;
}

bool recver_agreed(const char *question)
{
	char line[16] = "";

	(void)fprintf(stderr, "%s\nType yes to go on: ", question);
	return fgets(line, sizeof(line), stdin) && strcmp(line, "yes\n") == 0;
}
