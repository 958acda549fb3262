/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's files, built into the program: tools/web-build.mjs writes the
 * table out of web/.
 */
#ifndef MST_API_CONSOLE_FILES_H
#define MST_API_CONSOLE_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct mst_console_file {
	/* "/": the page that is also the answer for every path that is none of
	 * the API and not below "/assets/": the browser's part routes it. Never
	 * to be kept by a browser without asking; all others, "/assets/HASH/…",
	 * for good. */
	const char *path;
	const char *type; /* Content-Type */
	const unsigned char *bytes;
	size_t n;
	bool gzip; /* the bytes are gzip: as Content-Encoding says */
};

/* n of them; 0: built without a console. */
extern const struct mst_console_file mst_console_files[];
extern const size_t mst_console_files_n;

#endif
