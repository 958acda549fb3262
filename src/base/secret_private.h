/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the secrets share among themselves.
 */
#ifndef MST_BASE_SECRET_PRIVATE_H
#define MST_BASE_SECRET_PRIVATE_H

#include "base/secret.h"

#define MST_SECRET_MAX 65536

/* Text from outside as a secret: not empty, no zero byte. where stands in the
 * errors. */
int mst_secret_take(struct mst_slice s, const char *where,
		    struct mst_secret **s_r, struct mst_err *err);
/* Without one newline at its end. */
struct mst_slice mst_secret_line(struct mst_slice s);

/* ---- secret_exec.c ------------------------------------------------------- */

#define MST_COMMAND_WORDS 64

/* "timeout=5s /program one "two words"": words at blanks; quotes hold blanks,
 * a backslash in them a quote or itself. */
struct mst_command {
	char *words[MST_COMMAND_WORDS + 1]; /* NULL ended */
	size_t n;
	int64_t timeout_ms;
};

int mst_command_read(const char *text, struct mst_command *c_r,
		     struct mst_err *err);
void mst_command_fini(struct mst_command *c);
/* Runs the program and takes what it prints. No error repeats any of that. */
int mst_secret_exec(const char *command, struct mst_secret **s_r,
		    struct mst_err *err);

#endif
