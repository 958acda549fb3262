/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection: list, test and set up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "sync/checkup.h"

#define TITLE_WIDTH 22
#define INDENT	    (8 + 1 + TITLE_WIDTH + 1)
#define FIXES_MAX   16

static const struct cli_command connection_cmd = {
    "connection", "list | test NAME | setup NAME",
    "list prints the stored connections. test looks at everything that a run "
    "would need\nand writes nothing: one line a check, with the remedy. setup "
    "does the same, then\noffers to write what is missing: it shows each "
    "record and asks first.",
    cmd_connection};

/* ---- list -------------------------------------------------------------------
 */

static int list_one(void *ctx, const struct mst_state_item *item)
{
	struct mst_jout *j = ctx;

	if (!cli.json) {
		(void)printf("%-24s %s\n", item->name, item->type);
		return 0;
	}
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", item->name);
	mst_jout_kstr(j, "type", item->type);
	mst_jout_end_obj(j);
	return 0;
}

static int list(struct mst_state *state, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(16u << 20);
	struct mst_jout j;
	int rc;

	mst_jout_init(&j, &out);
	if (cli.json)
		mst_jout_arr(&j);
	rc = mst_state_items(state, "connection", list_one, &j, err);
	if (cli.json) {
		mst_jout_end_arr(&j);
		(void)mst_buf_addc(&out, '\n');
		cli_print(&out);
	}
	mst_buf_fini(&out);
	return rc;
}

/* ---- checks -----------------------------------------------------------------
 */

struct report {
	struct mst_buf out;
	struct mst_jout j;
	bool colour;
	size_t columns; /* of the terminal; 0: it is none */
	struct outcome {
		char *name;
		enum mst_check_level level;
		enum mst_code code;
	} v[256]; /* by name: a fix reports again what it mended */
	size_t n;
	char skipped[640]; /* titles of checks with one reason */
	size_t skipped_n;
	char reason[768];
};

static void remember(struct report *r, const struct mst_check *c)
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

static size_t count(const struct report *r, enum mst_check_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].level == level;
	return n;
}

static const char *colour_of(const struct report *r, enum mst_check_level level)
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
static void wrapped(struct report *r, const char *mark, const char *text)
{
	size_t columns = r->columns > INDENT + 24 ? r->columns - INDENT - 3 : 0;

	(void)mst_buf_adds(&r->out, mark);
	for (;;) {
		size_t n = fit(text, columns);

		(void)mst_buf_add(&r->out, text, n);
		(void)mst_buf_addc(&r->out, '\n');
		text += n;
		if (!*text)
			return;
		text += *text == ' ';
		(void)mst_buf_addf(&r->out, "%*s", INDENT + (int)strlen(mark),
				   "");
	}
}

static void line(struct report *r, enum mst_check_level level,
		 const char *title, const char *text, const char *remedy)
{
	const char *name = mst_check_level_name(level);

	(void)mst_buf_addf(&r->out, "%s%s%s%*s %-*s ", colour_of(r, level),
			   name, r->colour ? "\033[0m" : "",
			   8 - (int)strlen(name), "", TITLE_WIDTH, title);
	wrapped(r, "", text);
	if (*remedy) {
		(void)mst_buf_addf(&r->out, "%*s", INDENT, "");
		wrapped(r, "-> ", remedy);
	}
}

/* What was skipped for one reason is one line. */
static void end_skipped(struct report *r)
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

static void add_skipped(struct report *r, const struct mst_check *c)
{
	const char *title = c->title ? c->title : c->name;
	size_t n;

	if (strcmp(r->reason, c->text) != 0)
		end_skipped(r);
	(void)snprintf(r->reason, sizeof(r->reason), "%s", c->text);
	n = strlen(r->skipped);
	(void)snprintf(r->skipped + n, sizeof(r->skipped) - n, "%s%s",
		       n ? ", " : "", title);
	r->skipped_n++;
}

static void to_json(struct report *r, const struct mst_check *c)
{
	mst_jout_obj(&r->j);
	mst_jout_kstr(&r->j, "id", c->name);
	mst_jout_kstr(&r->j, "title", c->title ? c->title : c->name);
	mst_jout_kstr(&r->j, "level", mst_check_level_name(c->level));
	mst_jout_kstr(&r->j, "text", c->text);
	mst_jout_kstr(&r->j, "remedy", c->remedy);
	mst_jout_end_obj(&r->j);
}

static void on_check(void *ctx, const struct mst_check *c)
{
	struct report *r = ctx;

	remember(r, c);
	if (cli.json) {
		to_json(r, c);
		return;
	}
	if (c->level == MST_CHECK_SKIPPED) {
		add_skipped(r, c);
		return;
	}
	end_skipped(r);
	line(r, c->level, c->title ? c->title : c->name, c->text, c->remedy);
	/* Each when it is there: some take their time. */
	cli_print(&r->out);
}

static void sum(struct report *r)
{
	static const struct {
		enum mst_check_level level;
		const char *one, *many;
	} words[] = {
	    {MST_CHECK_WARNING, "warning", "warnings"},
	    {MST_CHECK_FAILED, "failed", "failed"},
	    {MST_CHECK_SKIPPED, "skipped", "skipped"},
	};

	end_skipped(r);
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

static void counts_to_json(struct report *r)
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

/* The first failure decides: credentials and permissions are 4. */
static int status_of(const struct report *r)
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

/* ---- setup ------------------------------------------------------------------
 */

struct setup {
	bool on, yes;
	const char *admin, *admin_password;
};

static void show_fix(const struct mst_checkup *c, const struct setup *setup,
		     const struct mst_check_fix *f, struct mst_buf *out)
{
	(void)mst_buf_addf(out, "\n%s\n\n  one new record in %s of %s%s%s\n",
			   f->what, f->table, mst_checkup_address(c),
			   setup->admin ? ", as " : "",
			   setup->admin ? setup->admin : "");
	for (size_t i = 0; f->values[i][0]; i++)
		(void)mst_buf_addf(out, "    %-12s %s\n", f->values[i][0],
				   f->values[i][1]);
	(void)mst_buf_addc(out, '\n');
}

static void fix_to_json(struct report *r, const struct mst_check_fix *f,
			bool written)
{
	mst_jout_obj(&r->j);
	mst_jout_kstr(&r->j, "check", f->check);
	mst_jout_kstr(&r->j, "what", f->what);
	mst_jout_kstr(&r->j, "table", f->table);
	mst_jout_key(&r->j, "values");
	mst_jout_obj(&r->j);
	for (size_t i = 0; f->values[i][0]; i++)
		mst_jout_kstr(&r->j, f->values[i][0], f->values[i][1]);
	mst_jout_end_obj(&r->j);
	mst_jout_kbool(&r->j, "sent", written);
	mst_jout_end_obj(&r->j);
}

/* Nobody is asked where nobody can see what it is about. */
static bool can_ask(void)
{
	return !cli.json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static bool agreed(const struct setup *setup)
{
	char answer[16] = "";

	if (setup->yes)
		return true;
	if (!can_ask())
		return false;
	(void)printf("Type yes to write it: ");
	(void)fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) &&
	       strcmp(answer, "yes\n") == 0;
}

/* Offers each fix once; *sent_r says which were written. */
static int offer(struct mst_checkup *c, struct report *r,
		 const struct setup *setup, const struct mst_check_fix *fixes,
		 size_t n, bool *sent, struct mst_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!cli.json) {
			show_fix(c, setup, &fixes[i], &r->out);
			cli_print(&r->out);
		}
		sent[i] = agreed(setup);
		if (!sent[i] && !cli.json)
			(void)mst_buf_addf(
			    &r->out, "Nothing was written.%s\n",
			    can_ask() ? ""
				      : " There is nobody to ask here: run it "
					"in a terminal, or with --yes.");
		cli_print(&r->out);
		if (sent[i] && mst_checkup_fix(c, i, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int set_up(struct mst_checkup *c, struct report *r,
		  const struct setup *setup, struct mst_err *err)
{
	struct mst_check_fix fixes[FIXES_MAX];
	bool sent[FIXES_MAX] = {false};
	size_t n =
	    MST_MIN(mst_checkup_fixes(c, fixes, FIXES_MAX), (size_t)FIXES_MAX);
	int rc = offer(c, r, setup, fixes, n, sent, err);

	if (!cli.json) {
		if (rc == 0 && !n)
			(void)mst_buf_addf(
			    &r->out, "\nThere is nothing that setup could "
				     "write.\n");
		cli_print(&r->out);
		return rc;
	}
	mst_jout_end_arr(&r->j);
	mst_jout_key(&r->j, "writes");
	mst_jout_arr(&r->j);
	for (size_t i = 0; i < n; i++)
		fix_to_json(r, &fixes[i], sent[i]);
	return rc;
}

/* ---- test and setup ---------------------------------------------------------
 */

static void begin(struct report *r, const struct mst_checkup *c,
		  const char *name)
{
	struct winsize size = {0};

	if (!cli.json && isatty(STDOUT_FILENO)) {
		r->colour = !getenv("NO_COLOR");
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
			r->columns = size.ws_col;
	}
	mst_jout_init(&r->j, &r->out);
	if (!cli.json)
		return;
	mst_jout_obj(&r->j);
	mst_jout_kstr(&r->j, "connection", name);
	mst_jout_kstr(&r->j, "type", mst_checkup_type(c));
	mst_jout_key(&r->j, "checks");
	mst_jout_arr(&r->j);
}

static void end(struct report *r)
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

static int check(struct mst_state *state, const char *name,
		 const struct setup *setup, int *status, struct mst_err *err)
{
	struct report *r = mst_alloc(sizeof(*r));
	struct mst_checkup_conf conf = {
	    .report = on_check,
	    .ctx = r,
	    .admin = setup->admin,
	    .admin_password = setup->admin_password,
	    .cancel = &cli_cancel,
	};
	struct mst_checkup *c = NULL;
	int rc = mst_checkup_open(state, name, &conf, &c, err);

	mst_buf_init(&r->out, 4u << 20);
	if (rc == 0) {
		begin(r, c, name);
		rc = mst_checkup_run(c, err);
		end_skipped(r);
		if (rc == 0 && setup->on)
			rc = set_up(c, r, setup, err);
		if (rc == 0)
			end(r);
		*status = status_of(r);
	}
	mst_checkup_close(&c);
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].name);
	mst_buf_fini(&r->out);
	free(r);
	return rc;
}

static int usage(const char *what)
{
	(void)fprintf(stderr, "muster: %s\nusage: muster connection %s\n", what,
		      connection_cmd.args);
	return CLI_USAGE;
}

static int check_words(int argc, char **argv, const struct setup *setup)
{
	bool tests = strcmp(argv[0], "test") == 0;

	if (strcmp(argv[0], "list") == 0)
		return argc == 1 ? CLI_OK : usage("list takes no name");
	if (!tests && strcmp(argv[0], "setup") != 0)
		return usage("connection knows list, test and setup");
	if (argc != 2)
		return usage("the name of the connection is missing");
	if (tests && (setup->yes || setup->admin || setup->admin_password))
		return usage("test writes nothing; --yes and --admin are for "
			     "setup");
	if (!setup->admin != !setup->admin_password)
		return usage("--admin and --admin-password go together");
	return CLI_OK;
}

int cmd_connection(int argc, char **argv)
{
	struct setup setup = {.on = false};
	const struct cli_opt opts[] = {
	    {"yes", NULL, "setup: write without asking", &setup.yes, NULL,
	     NULL},
	    {"admin", "USER", "setup: write as this user, for once", NULL,
	     &setup.admin, NULL},
	    {"admin-password", "SECRET",
	     "its password, as env:NAME, file:PATH or credential:NAME", NULL,
	     &setup.admin_password, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int status = CLI_OK, rc;

	if (!cli_parse(&connection_cmd, opts, &argc, &argv, 1, 2, &status))
		return status;
	status = check_words(argc, argv, &setup);
	if (status != CLI_OK)
		return status;
	setup.on = strcmp(argv[0], "setup") == 0;
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = argc == 1 ? list(state, &err)
			       : check(state, argv[1], &setup, &status, &err);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : status;
}
