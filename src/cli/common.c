/* SPDX-License-Identifier: Apache-2.0
 *
 * Options, errors and printing for the commands.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/num.h"
#include "cli/cli.h"
#include "cli/worker.h"
#include "conf/conf.h"

struct cli_common cli;

static const char *state_dir, *store, *elsewhere;

static const struct cli_opt common_opts[] = {
    {"state", "DIR", "state folder (default: see muster(1))", NULL, &state_dir,
     NULL},
    {"store", "ADDRESS", "state store: postgresql://HOST/DATABASE, or sqlite",
     NULL, &store, NULL},
    {"json", NULL, "data as JSON", &cli.json, NULL, NULL},
    {"verbose", NULL, "log more", &cli.verbose, NULL, NULL},
    {"quiet", NULL, "log errors only, no progress", &cli.quiet, NULL, NULL},
    {"help", NULL, "this text", &cli.help, NULL, NULL},
    /* Taken out of the words before (remote.h): here they are only told. */
    {"server", "URL", "do it at the muster serve there (or MUSTER_SERVER)",
     NULL, &elsewhere, NULL},
    {"token-file", "FILE", "its token, when MUSTER_TOKEN has none", NULL,
     &elsewhere, NULL},
    {"ca-file", "FILE", "who issued its certificate, as PEM", NULL, &elsewhere,
     NULL},
    {0},
};

#define OPTS_MAX 36

static void print_opts(FILE *to, const struct cli_opt *opts)
{
	for (; opts->name; opts++) {
		char left[40];

		(void)snprintf(left, sizeof(left), "--%s%s%s", opts->name,
			       opts->arg ? " " : "",
			       opts->arg ? opts->arg : "");
		(void)fprintf(to, "  %-22s %s\n", left, opts->help);
	}
}

static void usage(const struct cli_command *cmd, const struct cli_opt *opts)
{
	(void)printf("usage: muster %s %s [OPTIONS]\n\n%s\n\noptions:\n",
		     cmd->name, cmd->args, cmd->help);
	print_opts(stdout, opts);
	print_opts(stdout, common_opts);
}

/* One line, like every error: the whole usage would push it out of sight. */
static bool wrong_words(const struct cli_command *cmd)
{
	(void)fprintf(stderr,
		      "muster: wanted: 'muster %s%s%s [OPTIONS]'; "
		      "'muster %s --help' says more\n",
		      cmd->name, *cmd->args ? " " : "", cmd->args, cmd->name);
	return false;
}

/* What getopt_long has not understood. */
static bool wrong_option(const struct cli_command *cmd,
			 const struct cli_opt *const *all, size_t n, int c,
			 const char *word)
{
	const char *names[OPTS_MAX + 1];
	const char *near;
	char name[64];

	if (optopt >= 256) {
		const struct cli_opt *o = all[optopt - 256];

		(void)fprintf(stderr, "muster: --%s %s%s\n", o->name,
			      c == ':' ? "wants " : "takes no value",
			      c == ':' ? o->arg : "");
		return false;
	}
	if (c == ':') {
		(void)fprintf(stderr, "muster: -%c wants a value\n", optopt);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		names[i] = all[i]->name;
	names[n] = NULL;
	if (c == 'f' || optopt) /* one letter */
		(void)snprintf(name, sizeof(name), "-%c",
			       c == 'f' ? c : optopt);
	else
		(void)snprintf(name, sizeof(name), "%.*s",
			       (int)strcspn(word, "="), word);
	near =
	    strncmp(name, "--", 2) == 0 ? mst_nearest(name + 2, names) : NULL;
	(void)fprintf(stderr,
		      "muster: %s knows no option '%s'%s%s%s; see 'muster %s "
		      "--help'\n",
		      cmd->name, name, near ? "; did you mean '--" : "",
		      near ? near : "", near ? "'?" : "", cmd->name);
	return false;
}

static size_t table(const struct cli_opt *own, const struct cli_opt **all,
		    struct option *longs)
{
	size_t n = 0;

	for (; own->name && n < OPTS_MAX - 12; own++)
		all[n++] = own;
	for (own = common_opts; own->name; own++)
		all[n++] = own;
	for (size_t i = 0; i < n; i++)
		longs[i] = (struct option){
		    all[i]->name, all[i]->arg ? required_argument : no_argument,
		    NULL, (int)(256 + i)};
	longs[n] = (struct option){0};
	return n;
}

static bool take(const struct cli_opt *o, const char *arg)
{
	if (o->flag)
		*o->flag = true;
	if (o->text)
		*o->text = arg;
	if (!o->number || mst_num_u64(mst_slice_str(arg), o->number))
		return true;
	(void)fprintf(stderr, "muster: --%s wants a number, not '%s'\n",
		      o->name, arg);
	return false;
}

/* Whoever asks a service for a command may not point it at other folders. */
static bool same_state(void)
{
	const char *own = cli_worker_state();

	return own && strcmp(own, state_dir) == 0;
}

/* -f FILE; a second one would silently take the place of the first. */
static bool take_file(const struct cli_opt *opt, const char *file)
{
	if (*opt->text) {
		(void)fprintf(stderr,
			      "muster: -f %s -f %s: one file at a time\n",
			      *opt->text, file);
		return false;
	}
	*opt->text = file;
	return true;
}

bool cli_parse(const struct cli_command *cmd, const struct cli_opt *opts,
	       int *argc, char ***argv, int least, int most, int *status_r)
{
	const struct cli_opt *all[OPTS_MAX];
	struct option longs[OPTS_MAX + 1];
	size_t n = table(opts, all, longs);
	bool ok = true;
	int c;

	optind = 1;
	opterr = 0;
	*status_r = CLI_USAGE;
	while (ok &&
	       (c = getopt_long(*argc, *argv, ":f:hv", longs, NULL)) != -1) {
		if (c >= 256)
			ok = take(all[c - 256], optarg);
		else if (c == 'h')
			cli.help = true;
		else if (c == 'v')
			cli.verbose = true;
		else if (c == 'f' && opts->name &&
			 strcmp(opts->name, "file") == 0)
			ok = take_file(opts, optarg);
		else
			ok = wrong_option(cmd, all, n, c, (*argv)[optind - 1]);
	}
	*argc -= optind;
	*argv += optind;
	if (ok && cli.help) {
		usage(cmd, opts);
		*status_r = CLI_OK;
		return false;
	}
	if (!ok || ((*argc < least || *argc > most) && !wrong_words(cmd)))
		return false;
	if (cli_worker() && state_dir && !same_state()) {
		(void)fprintf(stderr, "muster: --state: the service has its "
				      "own state folder; leave it out\n");
		return false;
	}
	if (cli_worker() && store) {
		(void)fprintf(stderr, "muster: --store: the service has its "
				      "own state store; leave it out\n");
		return false;
	}
	cli.state_dir = state_dir;
	/* For workers, too. */
	if (store && setenv("MUSTER_STORE", store, 1) < 0)
		mst_oom();
	if (cli.quiet)
		mst_log_level(MST_ERROR);
	else if (cli.verbose)
		mst_log_level(MST_DEBUG);
	return true;
}

int cli_status(const struct mst_err *err)
{
	switch (err->code) {
	case MST_OK:
		return CLI_OK;
	case MST_E_AUTH:
	case MST_E_FORBIDDEN:
		return CLI_AUTH;
	case MST_E_CONFLICT:
		return CLI_CONFLICT;
	case MST_E_GUARD:
		return CLI_GUARD;
	case MST_E_CANCELLED:
		return CLI_CANCELLED;
	case MST_E_NOTFOUND:
	case MST_E_INVALID:
	case MST_E_THROTTLED:
	case MST_E_TRANSIENT:
	case MST_E_UNCERTAIN:
	case MST_E_UNSUPPORTED:
	case MST_E_CORRUPT:
	case MST_E_INCOMPLETE:
	case MST_E_IO:
	case MST_E_INTERNAL:
	case MST_E__MAX:
		break;
	}
	return CLI_FAILED;
}

int cli_fail(const struct mst_err *err)
{
	char text[2048];

	cli_progress_end();
	mst_log_redact(err->msg, text, sizeof(text));
	(void)fprintf(stderr, "muster: %s\n", text);
	cli_worker_error(err, text);
	return cli_status(err);
}

int cli_open_state(struct mst_state **s_r, struct mst_err *err)
{
	/* A run whose job went to another node ends as if it was cancelled. */
	mst_state_lost_set(&cli_cancel);
	return mst_state_open(cli.state_dir, s_r, err);
}

static int print_errno; /* of the first write that failed */

static void flush_out(void)
{
	if (fflush(stdout) != 0 && !print_errno)
		print_errno = errno;
}

void cli_print(struct mst_buf *out)
{
	if (out->n && fwrite(out->p, 1, out->n, stdout) != out->n &&
	    !print_errno)
		print_errno = errno;
	flush_out();
	mst_buf_reset(out);
}

int cli_printed(int status)
{
	flush_out();
	if (!print_errno || print_errno == EPIPE)
		return status;
	(void)fprintf(stderr,
		      "muster: the output is not whole: standard output cannot "
		      "be written: %s\n",
		      strerror(print_errno));
	return status == CLI_OK || status == CLI_DRIFT ? CLI_FAILED : status;
}

static int write_through(const char *path, struct mst_slice data,
			 struct mst_err *err)
{
	FILE *f = mst_file_stream(path, "w", err);
	bool whole;

	if (!f)
		return -(int)err->code;
	whole = fwrite(data.p, 1, data.n, f) == data.n && fflush(f) == 0;
	if (!whole)
		(void)mst_err_os(err, "cannot write \"%s\"", path);
	if (fclose(f) != 0 && whole)
		return mst_err_os(err, "cannot write \"%s\"", path);
	return whole ? 0 : -(int)err->code;
}

int cli_read_file(const char *path, struct mst_buf *out, struct mst_err *err)
{
	char chunk[4096];
	size_t n;

	if (path && strcmp(path, "-") != 0)
		return mst_file_read(path, out, err);
	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
		if (!mst_buf_add(out, chunk, n))
			return mst_err_set(err, MST_E_INVALID,
					   "standard input is over %zu KiB",
					   out->max >> 10);
	}
	if (ferror(stdin) && atomic_load(&cli_cancel))
		return mst_err_set(err, MST_E_CANCELLED,
				   "cancelled while reading standard input");
	return ferror(stdin) ? mst_err_os(err, "cannot read standard input")
			     : 0;
}

int cli_load_conf(const char *path, struct mst_conf *conf_r,
		  struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(MST_MAX_CONF);
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	int rc = cli_read_file(path, &b, err);

	if (rc == 0)
		rc = mst_conf_read(mst_buf_slice(&b), name, conf_r, err);
	mst_buf_fini(&b);
	return rc;
}

int cli_write_file(const char *path, struct mst_slice data, unsigned mode,
		   struct mst_err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0 || S_ISREG(st.st_mode))
		return mst_file_write(path, data, mode, err);
	if (S_ISDIR(st.st_mode))
		return mst_err_set(err, MST_E_INVALID,
				   "\"%s\" is a folder; name a file in it",
				   path);
	return write_through(path, data, err);
}

void cli_split(const char *text, struct mst_arena *arena,
	       struct mst_opt_list *list_r)
{
	char *copy = mst_arena_strdup(arena, text);
	char *save = NULL;

	list_r->v = mst_arena_alloc(arena, 64 * sizeof(*list_r->v));
	list_r->n = 0;
	for (char *w = strtok_r(copy, ",", &save); w && list_r->n < 64;
	     w = strtok_r(NULL, ",", &save))
		list_r->v[list_r->n++] = w;
}
