/* SPDX-License-Identifier: Apache-2.0
 *
 * muster forward: which verb, and running it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/forward.h"
#include "cli/verbs.h"

static const struct cli_command forward_cmd = {
    "forward",
    "run | status | list | unread | show ID | retry ID | drop ID | owed | "
    "test RULE | why [FILE]",
    "run forwards alerts until it is stopped: receivers listen, sources are "
    "polled, what\nthe rules take is delivered; SIGHUP reads the configuration "
    "again.\nstatus shows rules, actions and what waits; list shows "
    "deliveries, show one with\nits alert, unread what came in and is no "
    "alert, owed the acknowledgements that\nconsoles are to get. retry sends a "
    "delivery again now, drop gives it up.\ntest tries the actions of a rule "
    "out and sends a test alert that is marked as one.\nwhy says which windows "
    "and rules take an alert (JSON, or a line of syslog) and why\nthe others "
    "do not.",
    cmd_forward};

static atomic_bool reload;

static void on_hup(int sig)
{
	(void)sig;
	atomic_store(&reload, true);
}

int forward_run(struct mst_state *state, const struct forward_opts *o,
		struct mst_err *err)
{
	struct sigaction act = {.sa_handler = on_hup};
	struct mst_forwarder *f = NULL;
	int rc = mst_forwarder_open(state, &f, err);

	if (rc == 0 && o->once) {
		rc = mst_forwarder_once(f, &cli_cancel, err);
	} else if (rc == 0) {
		(void)sigaction(SIGHUP, &act, NULL);
		rc = mst_forwarder_run(f, &cli_cancel, &reload, err);
	}
	mst_forwarder_close(&f);
	if (rc == 0 && o->once)
		rc = forward_status(state, err);
	return rc;
}

/* ---- verbs --------------------------------------------------------------- */

enum verb {
	RUN = 1,
	STATUS = 2,
	LIST = 4,
	SHOW = 8,
	RETRY = 16,
	DROP = 32,
	TEST = 64,
	WHY = 128,
	UNREAD = 256,
	OWED = 512
};

static const struct cli_verb verbs[] = {
    {"run", RUN, 0, 0, "no name"},
    {"status", STATUS, 0, 0, "no name"},
    {"list", LIST, 0, 0, "no name; --action and --in choose"},
    {"unread", UNREAD, 0, 0, "no name"},
    {"owed", OWED, 0, 0, "no name"},
    {"show", SHOW, 1, 1, "the ID of a delivery"},
    {"retry", RETRY, 0, 1, "the ID of a delivery, or --all"},
    {"drop", DROP, 1, 1, "the ID of a delivery"},
    {"test", TEST, 1, 1, "the name of a RULE"},
    {"why", WHY, 0, 1, "a FILE at most"},
    {NULL, 0, 0, 0, NULL},
};

static const struct cli_verb *find_verb(int argc, char **argv,
					const struct forward_opts *o)
{
	const struct cli_verb_opt opts[] = {
	    {"once", o->once, RUN},
	    {"dry-run", o->dry_run, TEST},
	    {"all", o->all, RETRY},
	    {"action", o->action != NULL, LIST | RETRY},
	    {"in", o->to_state != NULL, LIST},
	    {"count", o->count != 0, LIST | UNREAD | OWED},
	    {"before", o->before != 0, LIST | UNREAD | OWED},
	    {"source", o->source != NULL, WHY},
	    {NULL, false, 0},
	};
	const struct cli_verb *v =
	    cli_verb_find("forward", verbs, opts, argc, argv);

	/* one delivery, or all of them */
	if (!v || v->bit != RETRY || (argc == 2) != o->all)
		return v;
	cli_verb_wants("forward", v);
	return NULL;
}

static int dispatch(struct mst_state *state, enum verb verb,
		    const struct forward_opts *o, const char *word, int *status,
		    struct mst_err *err)
{
	switch (verb) {
	case RUN:
		return forward_run(state, o, err);
	case STATUS:
		return forward_status(state, err);
	case LIST:
		return forward_list(state, o, err);
	case UNREAD:
		return forward_unread(state, o, err);
	case OWED:
		return forward_owed(state, o, err);
	case SHOW:
		return forward_show(state, word, err);
	case RETRY:
		return forward_retry(state, o, word, err);
	case DROP:
		return forward_drop(state, word, err);
	case TEST:
		return forward_test(state, o, word, status, err);
	case WHY:
	default:
		return forward_why(state, o, word, err);
	}
}

int cmd_forward(int argc, char **argv)
{
	struct forward_opts o = {0};
	const struct cli_opt opts[] = {
	    {"once", NULL,
	     "run: ask each source once, deliver what is due, end", &o.once,
	     NULL, NULL},
	    {"dry-run", NULL, "test: look at everything, send no test alert",
	     &o.dry_run, NULL, NULL},
	    {"all", NULL, "retry: everything that is aside", &o.all, NULL,
	     NULL},
	    {"action", "ACTION", "list, retry: only deliveries of this action",
	     NULL, &o.action, NULL},
	    {"in", "STATE",
	     "list: waiting, sent, later, aside, done or dropped", NULL,
	     &o.to_state, NULL},
	    {"count", "N", "list, unread, owed: how many (50)", NULL, NULL,
	     &o.count},
	    {"before", "ID", "list, unread, owed: those before this one", NULL,
	     NULL, &o.before},
	    {"source", "CONNECTION",
	     "why: where the alert came from; needed where rules have several "
	     "sources",
	     NULL, &o.source, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	const struct cli_verb *verb;
	int status, rc;

	if (!cli_parse(&forward_cmd, opts, &argc, &argv, 1, 2, &status))
		return status;
	verb = find_verb(argc, argv, &o);
	if (!verb)
		return CLI_USAGE;
	status = CLI_OK;
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = dispatch(state, (enum verb)verb->bit, &o,
			      argc > 1 ? argv[1] : NULL, &status, &err);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : status;
}
