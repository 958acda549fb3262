/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run is about to change, as the destination held it: read before the
 * first write and once more behind the last, so that the run can be undone
 * (undo.h) and everybody's later change be told from ours.
 *
 * One file per run, state folder/undo/RUN.jsonl, a JSON object a line:
 *   {"is":"job","job":…,"run":…}
 *   {"is":"before","set","group","group_key","log","member","id","action",
 *    "table","columns":{name: text}}     a record that is there; one that an
 *                                        insert found comes when it was found
 *   {"is":"made","set","group","group_key","log","member","id"}  that was not
 *   {"is":"after","id","columns":{…}}    as it was when the run ended
 *   {"is":"end"}                        all of it is there
 * or, of a run that took another one back, one line alone:
 *   {"is":"undo","run":…}
 * Kept for the job's undo_days.
 */
#ifndef MST_SYNC_JOURNAL_H
#define MST_SYNC_JOURNAL_H

#include "sync/run.h"

struct mst_journal;

/* Path of a run's journal; to be freed. */
char *mst_journal_path(const struct mst_state *state, int64_t run);
/* Notes that the run takes `of` back. */
int mst_journal_undo(const struct mst_state *state, int64_t run, int64_t of,
		     struct mst_err *err);
/* Which run it took back, or 0. */
int64_t mst_journal_undo_of(const struct mst_state *state, int64_t run);
/* Reads what the delta of the session will change. *j_r is NULL when the job
 * keeps none (undo_days 0). An error means that nothing was written. Removes
 * journals that are too old. */
int mst_journal_begin(struct mst_session *s, struct mst_journal **j_r,
		      struct mst_err *err);
/* A write made a new record. j may be NULL. */
void mst_journal_made(struct mst_journal *j, const struct mst_set *set,
		      const struct mst_group *g, uint64_t member,
		      const struct mst_sysid *id);
/* An insert is about to change a record that is there: as it is now; row NULL
 * when it cannot be read. j may be NULL. */
void mst_journal_found(struct mst_journal *j, const struct mst_set *set,
		       const struct mst_group *g, uint64_t member,
		       const struct mst_sysid *id, const struct mst_raw *row);
/* Reads everything once more and closes the file; also after a failed push.
 * Frees *j. What could not be read cannot be undone: a warning. */
void mst_journal_end(struct mst_journal **j);

/* The names of a set's columns, each once; n_r of them. Lent by the set. */
void mst_journal_columns(const struct mst_set *set,
			 const char *names[MST_MAX_COLUMNS], size_t *n_r);

#endif
