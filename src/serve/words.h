/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of a task, ready for a worker: files that it brings are written
 * into a folder of its own, and "@NAME" becomes the path of one.
 */
#ifndef MST_SERVE_WORDS_H
#define MST_SERVE_WORDS_H

#include "base/arena.h"
#include "base/err.h"

struct mst_words {
	struct mst_arena arena;
	const char **argv; /* NULL ended */
	char *dir;	   /* of its files; NULL: none */
};

/* argv: JSON array of texts; files: JSON object of texts, or "". below: where
 * the folder is made. json: "--json" is added unless it is there. End with
 * mst_words_fini, which removes the folder. */
int mst_words_read(const char *argv, const char *files, const char *below,
		   bool json, struct mst_words *w_r, struct mst_err *err);
void mst_words_fini(struct mst_words *w);

#endif
