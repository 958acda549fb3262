/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that becomes a task: its words for the CLI, checked so that nothing
 * that came from outside can be taken for an option; once per Idempotency-Key;
 * a second person's approval where the service wants one.
 */
#ifndef MST_API_ASK_H
#define MST_API_ASK_H

#include "api/api.h"
#include "state/task.h"

struct mst_api_ask {
	const char *kind;	      /* "run" */
	const char *job, *connection; /* NULL: about none */
	bool repeat; /* may be done again when its node is lost */
	/* What it would write to PROD, for a second person to read ("run job
	 * main"); NULL: it writes nothing there. */
	const char *prod;
	const char *needs; /* of the second person; NULL: "operate" */
	bool change; /* prod: it changes the configuration, it is no run */
	bool always; /* prod: it waits as soon as anything does */
	/* own */
	struct mst_buf argv, files;
	struct mst_jout words, names;
	bool ended; /* "--" was said */
};

/* End with mst_api_ask_fini. */
void mst_api_ask_init(struct mst_api_ask *a, const char *kind);
void mst_api_ask_fini(struct mst_api_ask *a);
/* A word of ours: a command, a switch. */
void mst_api_ask_word(struct mst_api_ask *a, const char *word);
/* "--option=value"; the value is whatever came, "@NAME" that of a file. A NULL
 * value is left out. */
void mst_api_ask_option(struct mst_api_ask *a, const char *option,
			const char *value);
void mst_api_ask_number(struct mst_api_ask *a, const char *option, int64_t v);
/* A name or key that came from outside, behind all options: "--" goes in front
 * of the first one. */
void mst_api_ask_name(struct mst_api_ask *a, const char *name);
/* A file that goes with it; an option's value "@NAME" is its place. */
void mst_api_ask_file(struct mst_api_ask *a, const char *name,
		      struct mst_slice text);

/* The end of a handler: 202 with the task, or with the approval that it waits
 * for; the first answer again when the key came before. */
int mst_api_ask_put(struct mst_http_req *r, struct mst_http_resp *resp,
		    const struct mst_api_ask *a, struct mst_err *err);

#endif
