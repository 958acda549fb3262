/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a company: exact names first, fifty in a list; for those that are
 * not there all companies of the same first letter, once a run, to compare
 * their folded names. (No query can fold: "vmware" is "VMware, Inc.".)
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/master.h"

#define PAGES_MAX  200		/* of a letter */
#define NAMES_SIZE (128u << 20) /* bytes of names that are kept */

/* A company that is there; companies that fold alike hang together. */
struct company {
	struct company *next;
	struct mst_slice name;
	struct mst_sysid id;
	char created[20];
};

/* Companies that begin with a letter, in either case. */
struct letter {
	struct letter *next;
	char mark[8]; /* lower case; a whole UTF-8 character */
	bool loaded, loading;
	char after[33];
	unsigned page, pages, tries;
	struct sn_masters waiting;
};

struct list {
	struct list *next, *prev; /* under way */
	struct sn_masters names;
	unsigned tries;
};

struct sn_letters {
	struct letter *first;
	struct mst_map by_fold; /* folded name → company */
	struct mst_arena arena;
	struct sn_masters exact; /* to be asked for by name */
	size_t exact_n;
	struct list lists; /* ring */
};

static void ask_letter(struct mst_dest *d, struct letter *l);

static struct sn_letters *letters(struct mst_dest *d)
{
	struct sn_letters *x = d->letters;

	if (x)
		return x;
	d->letters = x = mst_alloc(sizeof(*x));
	mst_arena_init(&x->arena, NAMES_SIZE + (1u << 20));
	TAILQ_INIT(&x->exact);
	x->lists.next = x->lists.prev = &x->lists;
	return x;
}

void mst_sn_company_fini(struct mst_dest *d)
{
	struct sn_letters *x = d->letters;
	struct letter *l, *next;
	struct list *list;

	if (!x)
		return;
	for (l = x->first; l; l = next) {
		next = l->next;
		free(l);
	}
	while ((list = x->lists.next) != &x->lists) {
		x->lists.next = list->next;
		free(list);
	}
	mst_map_fini(&x->by_fold);
	mst_arena_fini(&x->arena);
	free(x);
	d->letters = NULL;
}

/* What became of a failed look-up, for one name. */
static void fail(struct mst_dest *d, struct sn_master *m,
		 const struct sn_answer *a)
{
	mst_sn_master_settle(d, m, a->fate == SN_REFUSED ? SN_NONE : SN_GONE,
			     a->why);
}

static bool is_empty_list(const struct sn_answer *a)
{
	return a->fate == SN_REFUSED && a->status == 404;
}

/* ---- by letter --------------------------------------------------------- */

/* The letter of a name: its first character if that may stand in a query. */
static bool mark_of(struct mst_slice name, char mark[8])
{
	unsigned char c = name.n ? (unsigned char)name.p[0] : 0;
	size_t n = 1;

	if (c < 0x80 && !isalnum(c))
		return false;
	while (n < name.n && n < 4 && c >= 0x80 &&
	       ((unsigned char)name.p[n] & 0xc0) == 0x80)
		n++;
	for (size_t i = 0; i < n; i++)
		mark[i] = (char)(c < 0x80 ? tolower(c) : name.p[i]);
	mark[n] = 0;
	return true;
}

static struct letter *letter_of(struct mst_dest *d, const char *mark)
{
	struct sn_letters *x = letters(d);
	struct letter *l;

	for (l = x->first; l; l = l->next) {
		if (strcmp(l->mark, mark) == 0)
			return l;
	}
	l = mst_alloc(sizeof(*l));
	snprintf(l->mark, sizeof(l->mark), "%s", mark);
	TAILQ_INIT(&l->waiting);
	l->next = x->first;
	x->first = l;
	return l;
}

static void remember(struct sn_letters *x, struct mst_json row, char after[33])
{
	struct mst_slice name = mst_sn_member(row, "name"), folded;
	struct company *c;
	struct mst_sysid id;
	char buf[512];

	if (!mst_sn_row_id(row, &id))
		return;
	mst_sysid_hex(&id, after);
	name = mst_sn_cut(name, 255);
	folded = mst_sn_fold(name, buf, sizeof(buf));
	if (!name.n || x->arena.used > NAMES_SIZE)
		return;
	c = mst_arena_alloc(&x->arena, sizeof(*c));
	c->name = mst_arena_dup(&x->arena, name);
	c->id = id;
	snprintf(c->created, sizeof(c->created), "%.*s",
		 MST_SLICE_ARG(
		     mst_sn_cut(mst_sn_member(row, "sys_created_on"), 19)));
	c->next = mst_map_get(&x->by_fold, folded);
	mst_map_put(&x->by_fold,
		    c->next ? folded : mst_arena_dup(&x->arena, folded), c);
}

static void choose(struct mst_dest *d, struct sn_master *m)
{
	const struct company *c = mst_map_get(
	    &letters(d)->by_fold, mst_slice(m->folded.p + 1, m->folded.n - 1));

	for (; c; c = c->next)
		mst_sn_master_consider(m, c->name, mst_slice_str(c->created),
				       &c->id);
	mst_sn_master_looked(d, m);
}

static void letter_is_there(struct mst_dest *d, struct letter *l)
{
	struct sn_master *m;

	l->loaded = true;
	l->loading = false;
	while ((m = TAILQ_FIRST(&l->waiting))) {
		TAILQ_REMOVE(&l->waiting, m, link);
		choose(d, m);
	}
}

static void take_letter(struct mst_dest *d, void *ctx,
			const struct sn_answer *a)
{
	struct letter *l = ctx;
	struct sn_master *m;
	struct mst_json_iter it;
	struct mst_json row;
	size_t n = 0;

	if (a->fate == SN_BROKEN && ++l->tries < SN_TRIES) {
		l->page = MST_MAX(l->page / 2, SN_PAGE_LEAST);
		ask_letter(d, l);
		return;
	}
	if (a->fate != SN_DONE && !is_empty_list(a)) {
		l->loading = false;
		while ((m = TAILQ_FIRST(&l->waiting))) {
			TAILQ_REMOVE(&l->waiting, m, link);
			fail(d, m, a);
		}
		return;
	}
	it = mst_json_iter(mst_json_get(a->root, "result"));
	for (; mst_json_next(&it, NULL, &row); n++)
		remember(letters(d), row, l->after);
	if (n && ++l->pages < PAGES_MAX)
		ask_letter(d, l);
	else
		letter_is_there(d, l);
}

static void ask_letter(struct mst_dest *d, struct letter *l)
{
	struct mst_buf q = MST_BUF_INIT(512), url = MST_BUF_INIT(4096);

	mst_buf_addf(&q, "nameSTARTSWITH%s", l->mark);
	if (islower((unsigned char)l->mark[0]))
		mst_buf_addf(&q, "^ORnameSTARTSWITH%c",
			     toupper((unsigned char)l->mark[0]));
	if (*l->after)
		mst_buf_addf(&q, "^sys_id>%s", l->after);
	mst_buf_adds(&q, "^ORDERBYsys_id");
	mst_sn_list_url(&url, MST_SLICE_LIT("core_company"), mst_buf_slice(&q),
			"sys_id,name,sys_created_on", l->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_letter,
		       l);
	mst_buf_fini(&q);
	mst_buf_fini(&url);
}

/* Not there by its exact name. */
static void look_alike(struct mst_dest *d, struct sn_master *m)
{
	struct letter *l;
	char mark[8];

	if (!mark_of(m->name, mark)) {
		if (mst_sn_query_safe(m->name))
			mst_sn_master_looked(d, m);
		else /* made blindly, every run would make it anew */
			mst_sn_master_settle(d, m, SN_NONE,
					     "the name cannot be looked up");
		return;
	}
	l = letter_of(d, mark);
	if (l->loaded) {
		choose(d, m);
		return;
	}
	TAILQ_INSERT_TAIL(&l->waiting, m, link);
	if (l->loading)
		return;
	l->loading = true;
	l->after[0] = 0;
	l->pages = l->tries = 0;
	l->page = SN_PAGE;
	ask_letter(d, l);
}

/* ---- by name ----------------------------------------------------------- */

static void list_free(struct list *list)
{
	list->next->prev = list->prev;
	list->prev->next = list->next;
	free(list);
}

static void take_row(struct list *list, struct mst_json row)
{
	struct mst_slice name = mst_sn_member(row, "name");
	struct sn_master *m;
	struct mst_sysid id;

	if (!mst_sn_row_id(row, &id))
		return;
	TAILQ_FOREACH(m, &list->names, link)
	{
		if (mst_slice_eq(m->name, name))
			mst_sn_master_consider(
			    m, name, mst_sn_member(row, "sys_created_on"), &id);
	}
}

static void take_list(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct list *list = ctx;
	struct mst_json_iter it =
	    mst_json_iter(mst_json_get(a->root, "result"));
	struct mst_json row;
	struct sn_master *m;

	while (a->fate == SN_DONE && mst_json_next(&it, NULL, &row))
		take_row(list, row);
	while ((m = TAILQ_FIRST(&list->names))) {
		TAILQ_REMOVE(&list->names, m, link);
		if (m->exact)
			mst_sn_master_looked(d, m);
		else if (a->fate == SN_DONE || a->fate == SN_BROKEN ||
			 is_empty_list(a))
			look_alike(d, m);
		else
			fail(d, m, a);
	}
	list_free(list);
}

static void ask_list(struct mst_dest *d)
{
	struct sn_letters *x = letters(d);
	struct list *list = mst_alloc(sizeof(*list));
	struct mst_buf q = MST_BUF_INIT(32768), url = MST_BUF_INIT(131072);
	struct sn_master *m;

	TAILQ_INIT(&list->names);
	list->next = x->lists.next;
	list->prev = &x->lists;
	list->next->prev = x->lists.next = list;
	mst_buf_adds(&q, "nameIN");
	for (size_t n = 0; n < SN_IN_LIST && (m = TAILQ_FIRST(&x->exact));
	     n++) {
		TAILQ_REMOVE(&x->exact, m, link);
		x->exact_n--;
		mst_buf_addf(&q, "%s%.*s", n ? "," : "",
			     MST_SLICE_ARG(m->name));
		TAILQ_INSERT_TAIL(&list->names, m, link);
	}
	mst_buf_adds(&q, "^ORDERBYsys_created_on");
	mst_sn_list_url(&url, MST_SLICE_LIT("core_company"), mst_buf_slice(&q),
			"sys_id,name,sys_created_on", SN_PAGE);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_list,
		       list);
	mst_buf_fini(&q);
	mst_buf_fini(&url);
}

void mst_sn_company_look(struct mst_dest *d, struct sn_master *m)
{
	struct sn_letters *x = letters(d);
	struct letter *l;
	char mark[8];

	/* After an uncertain POST the letter's list is an old one. */
	if (m->tries && mark_of(m->name, mark)) {
		l = letter_of(d, mark);
		l->loaded = l->loaded && l->loading;
	}
	if (!mst_sn_query_safe(m->name)) {
		look_alike(d, m);
		return;
	}
	TAILQ_INSERT_TAIL(&x->exact, m, link);
	x->exact_n++;
}

void mst_sn_master_pump(struct mst_dest *d)
{
	while (d->letters && d->letters->exact_n)
		ask_list(d);
}

void mst_sn_master_cancel(struct mst_dest *d)
{
	struct sn_letters *x = d->letters;
	struct sn_master *m;

	while (x && (m = TAILQ_FIRST(&x->exact))) {
		TAILQ_REMOVE(&x->exact, m, link);
		x->exact_n--;
		mst_sn_master_settle(d, m, SN_GONE, "cancelled");
	}
}
