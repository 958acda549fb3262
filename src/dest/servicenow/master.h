/* SPDX-License-Identifier: Apache-2.0
 *
 * Between master.c (entries, who waits for them, making them), company.c and
 * model.c (finding them).
 */
#ifndef MST_DEST_SN_MASTER_H
#define MST_DEST_SN_MASTER_H

#include "dest/servicenow/sn.h"

enum sn_kind { SN_COMPANY, SN_MODEL, SN_SOFTWARE, SN_KINDS };

enum sn_master_state {
	SN_BUSY,
	SN_READY,
	SN_NONE, /* it is not there and cannot be made: left out */
	SN_GONE	 /* it could not be found out: the record fails */
};

struct sn_waiter {
	struct sn_item *item;
	unsigned cell;
};

/* One name. */
struct sn_master {
	struct sn_master *next;
	TAILQ_ENTRY(sn_master) link; /* in a list of company.c */
	enum sn_kind kind;
	enum sn_master_state state;
	struct mst_slice key, name; /* in this block */
	struct mst_slice version;   /* software models; in this block */
	struct mst_slice folded;    /* companies; with their first letter's
				     * mark in front, so never empty */
	struct mst_sysid maker;	    /* models: their company */
	struct mst_sysid id;	    /* of the best candidate so far */
	char created[32];	    /* its sys_created_on */
	bool exact;		    /* it has exactly this name */
	unsigned alike;		    /* candidates that are as good */
	char after[33];		    /* models: keyset */
	unsigned page, pages, tries;
	char *why; /* SN_NONE, SN_GONE */
	struct sn_waiter *waiters;
	size_t waiters_n, waiters_cap;
	/* Other spellings that wait for this one to be made. */
	struct sn_master *followers, *next_follower;
};

TAILQ_HEAD(sn_masters, sn_master);

/* Where records of the kind are. */
const char *mst_sn_master_table(const struct mst_dest *d, enum sn_kind kind);

/* Finding begins here and ends in one of the two below. */
void mst_sn_company_look(struct mst_dest *d, struct sn_master *m);
void mst_sn_model_look(struct mst_dest *d, struct sn_master *m);
/* Everything was seen: m->id is the one, or it is to be made. */
void mst_sn_master_looked(struct mst_dest *d, struct sn_master *m);
void mst_sn_master_settle(struct mst_dest *d, struct sn_master *m,
			  enum sn_master_state state, const char *why);
/* Is the row (sys_id, name, sys_created_on) a better candidate? Exact before
 * folded, then the oldest, then the least sys_id. Strangers match neither
 * way. */
void mst_sn_master_consider(struct sn_master *m, struct mst_slice name,
			    struct mst_slice created,
			    const struct mst_sysid *id);

/* Companies by their first letter; dies with the destination. */
struct sn_letters;
void mst_sn_company_fini(struct mst_dest *d);

#endif
