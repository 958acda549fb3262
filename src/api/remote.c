/* SPDX-License-Identifier: Apache-2.0
 *
 * See remote.h.
 */
#include "api/remote.h"

#include <string.h>

#include "auth/auth.h"
#include "conf/conf.h"

#define OF_RUN "record|device|record-set|limit"

static const struct mst_remote rules[] = {
    {"apply", NULL, MST_MAY_CONFIGURE, MST_REMOTE_PROD | MST_REMOTE_CONF,
     "consent", NULL, "file", NULL, 1},
    {"export", NULL, MST_MAY_CONFIGURE, MST_REMOTE_REPEAT, NULL, NULL, NULL,
     NULL, 0},
    {"connection", "list", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, NULL, NULL,
     NULL, 0},
    {"connection", "show", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, NULL, NULL,
     NULL, 0},
    {"connection", "test", MST_MAY_OPERATE, MST_REMOTE_REPEAT, NULL, NULL,
     "file", NULL, 0},
    {"connection", "setup", MST_MAY_CONFIGURE, MST_REMOTE_PROD, "yes",
     "admin|admin-password", NULL, NULL, 0},
    {"settings", "get", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "env", NULL,
     NULL, 0},
    {"settings", "diff", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "to", NULL,
     NULL, 0},
    {"settings", "log", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "count", NULL,
     NULL, 0},
    {"settings", "set", MST_MAY_CONFIGURE, MST_REMOTE_PROD | MST_REMOTE_CONF,
     "consent|no-override|plan", "env", NULL, NULL, 0},
    {"settings", "unset", MST_MAY_CONFIGURE, MST_REMOTE_PROD | MST_REMOTE_CONF,
     "consent|plan", "env", NULL, NULL, 0},
    {"settings", "promote", MST_MAY_CONFIGURE,
     MST_REMOTE_PROD | MST_REMOTE_CONF, "consent|no-plan", "to", NULL, NULL, 0},
    {"settings", "undo", MST_MAY_CONFIGURE, MST_REMOTE_PROD | MST_REMOTE_CONF,
     "consent|no-plan", NULL, NULL, NULL, 0},
    /* Its files may hold connections, which lead credentials anywhere. */
    {"rules", "test", MST_MAY_CONFIGURE, MST_REMOTE_REPEAT, NULL,
     "env|job|sample", NULL, NULL, 2},
    {"rules", "names", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "env|try", NULL,
     NULL, 0},
    {"rules", NULL, MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "env", NULL, NULL,
     0},
    {"plan", NULL, MST_MAY_OPERATE, MST_REMOTE_REPEAT, "all|full", OF_RUN, NULL,
     "out", 0},
    {"run", NULL, MST_MAY_OPERATE, MST_REMOTE_JOB, "full|approve", OF_RUN,
     "plan", NULL, 0},
    {"runs", NULL, MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "job|count|items",
     NULL, NULL, 0},
    {"jobs", NULL, MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "next", NULL, NULL,
     0},
    {"notices", NULL, MST_MAY_READ, MST_REMOTE_REPEAT, "all", NULL, NULL, NULL,
     0},
    {"explain", NULL, MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "record-set|count",
     NULL, NULL, 0},
    {"check", NULL, MST_MAY_OPERATE, MST_REMOTE_REPEAT, "all",
     "record|device|record-set", NULL, NULL, 0},
    {"undo", NULL, MST_MAY_OPERATE, MST_REMOTE_PROD, "yes|all", NULL, NULL,
     NULL, 0},
    {"report", NULL, MST_MAY_READ, MST_REMOTE_REPEAT, "all",
     "format|section|days|runs|top", NULL, "out", 0},
    {"recver", "stats", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, NULL, NULL, NULL,
     0},
    {"recver", "verify", MST_MAY_OPERATE, MST_REMOTE_REPEAT, NULL, NULL, NULL,
     NULL, 0},
    {"recver", "reset", MST_MAY_CONFIGURE, MST_REMOTE_PROD, "yes",
     "record-set|target", NULL, NULL, 0},
    {"recver", "script", MST_MAY_READ, MST_REMOTE_REPEAT, NULL,
     "type|database|login|script|upgrade-from|for", NULL, "output", 0},
    {"forward", "status", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, NULL, NULL,
     NULL, 0},
    {"forward", "list", MST_MAY_READ, MST_REMOTE_REPEAT, NULL,
     "action|in|count|before", NULL, NULL, 0},
    {"forward", "unread", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "count|before",
     NULL, NULL, 0},
    {"forward", "owed", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "count|before",
     NULL, NULL, 0},
    {"forward", "show", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, NULL, NULL, NULL,
     0},
    {"forward", "why", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, "source", NULL,
     NULL, 1},
    {"forward", "retry", MST_MAY_OPERATE, 0, "all", "action", NULL, NULL, 0},
    {"forward", "drop", MST_MAY_OPERATE, 0, NULL, NULL, NULL, NULL, 0},
    {"forward", "test", MST_MAY_OPERATE, 0, "dry-run", NULL, NULL, NULL, 0},
    {"ot", "rekey", MST_MAY_CONFIGURE, MST_REMOTE_JOB, "clear|yes|approve|all",
     "from", NULL, NULL, 0},
    {"cert", "list", MST_MAY_READ, MST_REMOTE_REPEAT, NULL, NULL, NULL, NULL,
     0},
    {"secret", "list", MST_MAY_CONFIGURE, MST_REMOTE_REPEAT, NULL, NULL, NULL,
     NULL, 0},
    {"audit", "list", MST_MAY_AUDIT, MST_REMOTE_REPEAT, NULL,
     "kind|name|user|count|before", NULL, NULL, 0},
    {"audit", "verify", MST_MAY_AUDIT, MST_REMOTE_REPEAT, NULL, "head", NULL,
     NULL, 0},
    {"audit", "head", MST_MAY_AUDIT, MST_REMOTE_REPEAT, NULL, NULL, NULL, NULL,
     0},
    {"audit", NULL, MST_MAY_AUDIT, MST_REMOTE_REPEAT, NULL,
     "kind|name|user|count|before", NULL, NULL, 0},
};

/* Of every command. */
static const char common[] = "json|verbose|quiet";

static const char *const locals[] = {"version", "update-set", "demo", "sim"};

bool mst_remote_is_local(const char *command)
{
	for (size_t i = 0; i < MST_LEN(locals); i++) {
		if (strcmp(locals[i], command) == 0)
			return true;
	}
	return false;
}

/* ---- finding ------------------------------------------------------------- */

static bool in_list(const char *list, const char *word, size_t n)
{
	while (list && *list) {
		size_t len = strcspn(list, "|");

		if (len == n && memcmp(list, word, n) == 0)
			return true;
		list += len + (list[len] == '|');
	}
	return false;
}

static int no_command(const char *command, const char *verb,
		      struct mst_err *err)
{
	const char *near_words[MST_LEN(rules) + 1];
	bool known = false;
	size_t n = 0;
	const char *near;

	for (size_t i = 0; i < MST_LEN(rules); i++) {
		known = known || strcmp(rules[i].command, command) == 0;
		near_words[n++] = rules[i].command;
	}
	near_words[n] = NULL;
	if (known)
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "'muster %s %.40s' is not done at a server; "
				   "what is done goes before all options",
				   command, verb ? verb : "");
	near = mst_nearest(command, near_words);
	return mst_err_set(err, MST_E_UNSUPPORTED,
			   "'muster %.40s' is not done at a server%s%s%s: it "
			   "works on the state store of the machine that it "
			   "runs on",
			   command, near ? "; did you mean '" : "",
			   near ? near : "", near ? "'?" : "");
}

/* The first word that is no option may be the verb. */
static const struct mst_remote *find(const char *command, const char *verb)
{
	for (size_t i = 0; i < MST_LEN(rules); i++) {
		const struct mst_remote *r = &rules[i];

		if (strcmp(r->command, command) == 0 &&
		    (!r->verb || (verb && strcmp(r->verb, verb) == 0)))
			return r;
	}
	return NULL;
}

/* ---- taking apart -------------------------------------------------------- */

struct reading {
	const char *const *words;
	size_t n, at;
	struct mst_remote_call *c;
	struct mst_err *err;
	bool ended; /* "--" was there */
	bool verb;  /* was taken */
	size_t plain;
};

static void add(struct reading *k, enum mst_remote_kind kind, const char *name,
		const char *value)
{
	k->c->parts[k->c->n++] = (struct mst_remote_part){kind, name, value};
}

/* An option's value: behind '=', or the next word. */
static int with_value(struct reading *k, enum mst_remote_kind kind,
		      const char *name, const char *value)
{
	if (!value && k->at + 1 >= k->n)
		return mst_err_set(k->err, MST_E_INVALID, "--%s wants a value",
				   name);
	add(k, kind, name, value ? value : k->words[++k->at]);
	return 0;
}

static int take_option(struct reading *k, const char *word,
		       struct mst_arena *arena)
{
	const struct mst_remote *r = k->c->rule;
	const char *eq = strchr(word, '='), *value = eq ? eq + 1 : NULL;
	size_t n = eq ? (size_t)(eq - word) : strlen(word);
	const char *name = mst_arena_dup(arena, mst_slice(word, n)).p;

	if (in_list(r->values, name, n))
		return with_value(k, MST_REMOTE_VALUE, name, value);
	if (in_list(r->reads, name, n))
		return with_value(k, MST_REMOTE_READS, name, value);
	if (in_list(r->writes, name, n))
		return with_value(k, MST_REMOTE_WRITES, name, value);
	if ((in_list(r->switches, name, n) || in_list(common, name, n)) &&
	    !eq) {
		add(k, MST_REMOTE_SWITCH, name, NULL);
		return 0;
	}
	return mst_err_set(k->err, MST_E_UNSUPPORTED,
			   "'muster %s%s%s' knows no option '--%.60s' at a "
			   "server%s",
			   r->command, r->verb ? " " : "",
			   r->verb ? r->verb : "", name,
			   strcmp(name, "state") == 0
			       ? ": the server has a state store of its own"
			       : "; options are written in full");
}

/* One letter: -f FILE, -v. */
static int take_letter(struct reading *k, const char *word)
{
	const struct mst_remote *r = k->c->rule;

	if (word[1] == 'v' && !word[2]) {
		add(k, MST_REMOTE_SWITCH, "verbose", NULL);
		return 0;
	}
	if (word[1] == 'f' && in_list(r->reads, "file", 4))
		return with_value(k, MST_REMOTE_READS, "file",
				  word[2] ? word + 2 : NULL);
	return mst_err_set(k->err, MST_E_UNSUPPORTED,
			   "'muster %s' knows no option '%.20s' at a server",
			   r->command, word);
}

static void take_word(struct reading *k, const char *word)
{
	const struct mst_remote *r = k->c->rule;

	if (r->verb && !k->verb) {
		k->verb = true;
		return;
	}
	k->plain++;
	add(k,
	    r->files && k->plain >= (size_t)r->files ? MST_REMOTE_FILE
						     : MST_REMOTE_WORD,
	    NULL, word);
}

int mst_remote_read(const char *const *words, size_t n, struct mst_arena *arena,
		    struct mst_remote_call *c_r, struct mst_err *err)
{
	struct mst_remote_call c = {.n = 0};
	struct reading k = {
	    .words = words, .n = n, .at = 1, .c = &c, .err = err};
	const char *verb = n > 1 && words[1][0] != '-' ? words[1] : NULL;
	int rc = 0;

	if (n == 0 || n > MST_REMOTE_WORDS)
		return mst_err_set(err, MST_E_INVALID,
				   "a command has 1 to %d words",
				   MST_REMOTE_WORDS);
	c.rule = find(words[0], verb);
	if (!c.rule)
		return no_command(words[0], verb, err);
	c.parts = mst_arena_alloc(arena, n * sizeof(*c.parts));
	for (; k.at < n && rc == 0; k.at++) {
		const char *w = words[k.at];

		if (k.ended || w[0] != '-' || !w[1])
			take_word(&k, w);
		else if (strcmp(w, "--") == 0)
			k.ended = true;
		else if (w[1] == '-')
			rc = take_option(&k, w + 2, arena);
		else
			rc = take_letter(&k, w);
	}
	if (rc == 0)
		*c_r = c;
	return rc;
}

const char *mst_remote_value(const struct mst_remote_call *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->parts[i].name && strcmp(c->parts[i].name, name) == 0)
			return c->parts[i].value ? c->parts[i].value : "";
	}
	return NULL;
}
