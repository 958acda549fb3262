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

struct cli_common cli;

static const char *state_dir;

static const struct cli_opt common_opts[] = {
    {"state", "DIR", "state folder (default: see muster(1))", NULL, &state_dir,
     NULL},
    {"json", NULL, "data as JSON", &cli.json, NULL, NULL},
    {"verbose", NULL, "log more", &cli.verbose, NULL, NULL},
    {"quiet", NULL, "log errors only, no progress", &cli.quiet, NULL, NULL},
    {"help", NULL, "this text", &cli.help, NULL, NULL},
    {0},
};

#define OPTS_MAX 32

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

static void usage(FILE *to, const struct cli_command *cmd,
		  const struct cli_opt *opts)
{
	(void)fprintf(to, "usage: muster %s %s [OPTIONS]\n\n%s\n\noptions:\n",
		      cmd->name, cmd->args, cmd->help);
	print_opts(to, opts);
	print_opts(to, common_opts);
}

static size_t table(const struct cli_opt *own, const struct cli_opt **all,
		    struct option *longs)
{
	size_t n = 0;

	for (; own->name && n < OPTS_MAX - 8; own++)
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

bool cli_parse(const struct cli_command *cmd, const struct cli_opt *opts,
	       int *argc, char ***argv, int least, int most, int *status_r)
{
	const struct cli_opt *all[OPTS_MAX];
	struct option longs[OPTS_MAX + 1];
	bool ok = true;
	int c;

	(void)table(opts, all, longs);
	optind = 1;
	*status_r = CLI_USAGE;
	while ((c = getopt_long(*argc, *argv, "f:hv", longs, NULL)) != -1) {
		if (c >= 256)
			ok = take(all[c - 256], optarg) && ok;
		else if (c == 'h')
			cli.help = true;
		else if (c == 'v')
			cli.verbose = true;
		else if (c == 'f' && opts->text)
			*opts->text = optarg;
		else
			ok = false;
	}
	*argc -= optind;
	*argv += optind;
	if (cli.help) {
		usage(stdout, cmd, opts);
		*status_r = CLI_OK;
		return false;
	}
	if (!ok || *argc < least || *argc > most) {
		usage(stderr, cmd, opts);
		return false;
	}
	cli.state_dir = state_dir;
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
	return cli_status(err);
}

int cli_open_state(struct mst_state **s_r, struct mst_err *err)
{
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
