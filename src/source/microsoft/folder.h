/* SPDX-License-Identifier: Apache-2.0
 *
 * What the name of a file in a folder says of what it holds.
 */
#ifndef MST_SOURCE_MICROSOFT_FOLDER_H
#define MST_SOURCE_MICROSOFT_FOLDER_H

#include "source/source.h"

/* A part of a name, in lower case letters alone. */
struct ms_word {
	const char *word; /* NULL ends */
	int feed;	  /* or MST_FILE_OTHER: it only looks like one */
};

#define MS_UNKNOWN (-10) /* beside what MST_FILE_… says */

/* The first word that the file's own name has, else the nearest folder that
 * has one; MS_UNKNOWN. */
int ms_feed_by_name(const char *rel, const struct ms_word *words);
/* Does JSON come under such a name? Notes and tables may lie beside it. */
bool ms_json_name(const char *rel);
/* Fills *sp; named is a feed or not. Returns MST_FILE_SPOILT. */
int ms_spoilt(struct mst_spoilt *sp, int named, bool damaged, const char *what);

#endif
