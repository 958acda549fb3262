/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of software: "Teams", "MSTeams" and "Microsoft Teams" are one product.
 * A table leads names to the one that is delivered, so that sources that spell
 * a product differently give one package. Some entries are built in
 * (names_builtin.c); a connection adds its own, puts them in the place of
 * built-in ones, or switches these off.
 *
 *   [VENDOR|]ALIAS=[VENDOR|]NAME   the product ALIAS is NAME
 *   VENDOR|=VENDOR                 of every product of the vendor
 *   [VENDOR|]ALIAS=                no built-in entry for ALIAS counts
 *
 * Vendors, of rows and of entries, are first called as the entries of vendors
 * have it. Without a vendor in front an alias is for products of the name's
 * vendor and for those without one; "*|" is for any vendor. Names are compared
 * without regard to ASCII case, blanks, "_", "-" and trade marks, vendors as
 * servicenow.company does; '*' and '?' in an alias stand for any bytes and for
 * one.
 */
#ifndef MST_RULES_NAMES_H
#define MST_RULES_NAMES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct mst_names;

/* An entry, for people. */
struct mst_name_entry {
	const char *text; /* as it is written */
	bool own;	  /* of the connection; else built in */
	/* Not in force: the own entry that counts instead, or what switched it
	 * off. NULL: in force. */
	const char *off;
};

/* Own entries count before built-in ones, exact ones before patterns, then the
 * first. builtin false: only the own ones. The table lives in arena; own is
 * borrowed. MST_E_INVALID: "setting software_names: …" with the entry and what
 * is wrong with it. */
int mst_names_make(struct mst_arena *arena, bool builtin,
		   const char *const *own, size_t own_n,
		   const struct mst_names **names_r, struct mst_err *err);
/* All entries, own ones first. */
const struct mst_name_entry *mst_names_list(const struct mst_names *n,
					    size_t *n_r);

/* An alias of an alias leads on, but not for ever. */
#define MST_NAME_STEPS 8

/* What the product is called: puts other texts, which live as long as the
 * table, in the place of those that change. by: the entries, in the order in
 * which they were followed. Returns how many. Safe on any thread. */
size_t mst_names_find(const struct mst_names *n, struct mst_slice *vendor,
		      struct mst_slice *name,
		      const struct mst_name_entry *by[MST_NAME_STEPS]);

/* The built-in entries; NULL ended. */
extern const char *const mst_names_builtin[];

/* What one thread remembers of the products that it met. */
struct mst_names_memo;
void mst_names_memo_free(struct mst_names_memo **m);

#endif
