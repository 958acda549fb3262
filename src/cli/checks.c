/* SPDX-License-Identifier: Apache-2.0
 *
 * Set-up checks as lines for people, or as JSON.
 */
#include "cli/checks.h"
#include "cli/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OUT_MAX	    (4u << 20)
#define TITLE_WIDTH 22
#define PAIR_WIDTH  12
#define INDENT	    (8 + 1 + TITLE_WIDTH + 1)

static void remember(struct cli_checks *r, const struct mst_check *c)
{
	size_t i = 0;

	while (i < r->n && strcmp(r->v[i].name, c->name) != 0)
		i++;
	if (i == MST_LEN(r->v))
		return;
	if (i == r->n)
		r->v[r->n++].name = mst_strdup(c->name);
	r->v[i].level = c->level;
	r->v[i].code = c->code;
}

static size_t count(const struct cli_checks *r, enum mst_check_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].level == level;
	return n;
}

static const char *colour_of(const struct cli_checks *r,
			     enum mst_check_level level)
{
	static const char *const colours[] = {
	    [MST_CHECK_OK] = "\033[32m",     [MST_CHECK_WARNING] = "\033[33m",
	    [MST_CHECK_FAILED] = "\033[31m", [MST_CHECK_SKIPPED] = "\033[2m",
	    [MST_CHECK_NOTE] = "\033[36m",
	};

	return r->colour ? colours[level] : "";
}

/* Bytes of the text that go into so many columns, cut between words; all when
 * columns is 0. */
static size_t fit(const char *text, size_t columns)
{
	size_t n = 0, at = 0, wide = 0;

	while (columns && text[n]) {
		if (text[n] == ' ')
			at = n;
		/* The bytes behind the first of a character are no column. */
		wide += ((unsigned char)text[n] & 0xc0) != 0x80;
		if (wide > columns && at)
			return at;
		n++;
	}
	return strlen(text);
}

/* On a terminal, lines are broken between words and keep their indent. */
static void wrapped(struct cli_checks *r, int indent, const char *mark,
		    const char *text)
{
	size_t least = (size_t)indent + 24;
	size_t columns =
	    r->columns > least ? r->columns - (size_t)indent - 3 : 0;

	(void)mst_buf_adds(&r->out, mark);
	for (;;) {
		size_t n = fit(text, columns);

		(void)mst_buf_add(&r->out, text, n);
		(void)mst_buf_addc(&r->out, '\n');
		text += n;
		if (!*text)
			return;
		text += *text == ' ';
		(void)mst_buf_addf(&r->out, "%*s", indent + (int)strlen(mark),
				   "");
	}
}

static void line(struct cli_checks *r, enum mst_check_level level,
		 const char *title, const char *text, const char *remedy)
{
	const char *name = mst_check_level_name(level);

	(void)mst_buf_addf(&r->out, "%s%s%s%*s %-*s ", colour_of(r, level),
			   name, r->colour ? "\033[0m" : "",
			   8 - (int)strlen(name), "", TITLE_WIDTH, title);
	wrapped(r, INDENT, "", text);
	if (*remedy) {
		(void)mst_buf_addf(&r->out, "%*s", INDENT, "");
		wrapped(r, INDENT, "-> ", remedy);
	}
}

void cli_checks_pair(struct cli_checks *r, const char *name, const char *value)
{
	(void)mst_buf_addf(&r->out, "    %-*s ", PAIR_WIDTH, name);
	wrapped(r, 4 + PAIR_WIDTH + 1, "", value);
}

void cli_checks_flush(struct cli_checks *r)
{
	char title[32], text[1500];

	if (!r->skipped_n)
		return;
	(void)snprintf(title, sizeof(title), "%zu check%s", r->skipped_n,
		       r->skipped_n == 1 ? "" : "s");
	(void)snprintf(text, sizeof(text), "%s: %s", r->reason, r->skipped);
	line(r, MST_CHECK_SKIPPED, title, text, "");
	r->skipped[0] = 0;
	r->skipped_n = 0;
}

static void add_skipped(struct cli_checks *r, const struct mst_check *c)
{
	const char *title = c->title ? c->title : c->name;
	size_t n;

	if (strcmp(r->reason, c->text) != 0)
		cli_checks_flush(r);
	(void)snprintf(r->reason, sizeof(r->reason), "%s", c->text);
	n = strlen(r->skipped);
	(void)snprintf(r->skipped + n, sizeof(r->skipped) - n, "%s%s",
		       n ? ", " : "", title);
	r->skipped_n++;
}

static void to_json(struct cli_checks *r, const struct mst_check *c)
{
	mst_jout_obj(&r->j);
	mst_jout_kstr(&r->j, "id", c->name);
	mst_jout_kstr(&r->j, "title", c->title ? c->title : c->name);
	mst_jout_kstr(&r->j, "level", mst_check_level_name(c->level));
	mst_jout_kstr(&r->j, "text", c->text);
	mst_jout_kstr(&r->j, "remedy", c->remedy);
	mst_jout_end_obj(&r->j);
}

void cli_checks_take(void *ctx, const struct mst_check *c)
{
	struct cli_checks *r = ctx;

	remember(r, c);
	cli_worker_check(c);
	if (cli.json) {
		to_json(r, c);
		return;
	}
	if (c->level == MST_CHECK_SKIPPED) {
		add_skipped(r, c);
		return;
	}
	cli_checks_flush(r);
	line(r, c->level, c->title ? c->title : c->name, c->text, c->remedy);
	/* Each when it is there: some take their time. */
	cli_print(&r->out);
}

static void sum(struct cli_checks *r)
{
	static const struct {
		enum mst_check_level level;
		const char *one, *many;
	} words[] = {
	    {MST_CHECK_WARNING, "warning", "warnings"},
	    {MST_CHECK_FAILED, "failed", "failed"},
	    {MST_CHECK_SKIPPED, "skipped", "skipped"},
	    {MST_CHECK_NOTE, "note", "notes"},
	};

	cli_checks_flush(r);
	(void)mst_buf_addf(&r->out, "\n%zu ok", count(r, MST_CHECK_OK));
	for (size_t i = 0; i < MST_LEN(words); i++) {
		size_t n = count(r, words[i].level);

		if (n)
			(void)mst_buf_addf(&r->out, ", %zu %s", n,
					   n == 1 ? words[i].one
						  : words[i].many);
	}
	(void)mst_buf_addc(&r->out, '\n');
	cli_print(&r->out);
}

static void counts_to_json(struct cli_checks *r)
{
	static const char *const names[] = {
	    [MST_CHECK_OK] = "ok",	   [MST_CHECK_WARNING] = "warnings",
	    [MST_CHECK_FAILED] = "failed", [MST_CHECK_SKIPPED] = "skipped",
	    [MST_CHECK_NOTE] = "notes",
	};

	mst_jout_key(&r->j, "counts");
	mst_jout_obj(&r->j);
	for (size_t i = 0; i < MST_LEN(names); i++)
		mst_jout_ki64(&r->j, names[i],
			      (int64_t)count(r, (enum mst_check_level)i));
	mst_jout_end_obj(&r->j);
}

int cli_checks_status(const struct cli_checks *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct mst_err err = {.code = r->v[i].code};

		if (r->v[i].level != MST_CHECK_FAILED)
			continue;
		return err.code == MST_E_AUTH || err.code == MST_E_FORBIDDEN
			   ? CLI_AUTH
			   : CLI_FAILED;
	}
	return CLI_OK;
}

void cli_checks_begin(struct cli_checks *r, const char *connection,
		      const char *type)
{
	cli_checks_begin_as(r, "connection", connection, type);
}

void cli_checks_begin_as(struct cli_checks *r, const char *what,
			 const char *name, const char *type)
{
	struct winsize size = {0};

	*r = (struct cli_checks){.n = 0};
	mst_buf_init(&r->out, OUT_MAX);
	if (!cli.json && isatty(STDOUT_FILENO)) {
		r->colour = !getenv("NO_COLOR");
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
			r->columns = size.ws_col;
	}
	mst_jout_init(&r->j, &r->out);
	if (!cli.json)
		return;
	mst_jout_obj(&r->j);
	mst_jout_kstr(&r->j, what, name);
	mst_jout_kstr(&r->j, "type", type);
	mst_jout_key(&r->j, "checks");
	mst_jout_arr(&r->j);
}

void cli_checks_end(struct cli_checks *r)
{
	if (!cli.json) {
		sum(r);
		return;
	}
	mst_jout_end_arr(&r->j);
	counts_to_json(r);
	mst_jout_end_obj(&r->j);
	(void)mst_buf_addc(&r->out, '\n');
	cli_print(&r->out);
}

void cli_checks_fini(struct cli_checks *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].name);
	mst_buf_fini(&r->out);
}
