/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the state store.
 */
#ifndef MST_STATE_SCHEMA_H
#define MST_STATE_SCHEMA_H

struct mst_db_spec;

#define MST_STATE_VERSION 6

extern const struct mst_db_spec mst_state_spec; /* of the SQLite file */

#endif
