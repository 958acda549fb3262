/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the page for people: sn_web.c has the pages, sn_form.c
 * what the instance's layouts say of them.
 */
#ifndef MST_SIM_SN_WEB_H
#define MST_SIM_SN_WEB_H

#include "sim/sn.h"

void sn_web_text(struct mst_buf *b, struct mst_slice s); /* escaped */
/* The value as people see it; references are links. */
void sn_web_cell(struct sim_sn *sn, struct mst_buf *b, const struct sn_row *row,
		 size_t col);

/* The columns of the table's list layout, or of the table that it extends;
 * 0 when there is none. */
size_t sn_list_columns(struct sim_sn *sn, const struct sn_table *t,
		       size_t *cols, size_t max);
/* Application menus with their modules, as links. */
void sn_web_menus(struct sim_sn *sn, struct mst_buf *b);
/* The record in the sections of its table's form; false when it has none. */
bool sn_web_form(struct sim_sn *sn, struct mst_buf *b,
		 const struct sn_row *row);

#endif
