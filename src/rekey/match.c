/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching in two rounds: MAC addresses, then IP address and name of what is
 * left. Each round looks for traits that one device of each side has, and
 * takes a pair when each is the other's only one.
 */
#include "rekey/match.h"

#include "base/arena.h"
#include "base/map.h"

#define TEXTS_MAX (1u << 30)

/* Who has a trait: number + 1 of the only one, or this. */
#define SEVERAL ((void *)(uintptr_t)UINTPTR_MAX)

/* The only device of the other side that a device's traits lead to. */
#define TWO (SIZE_MAX - 1)

enum by { BY_MAC, BY_ADDRESS };

struct side {
	struct mst_rekey_device *v;
	size_t n;
	struct mst_map owners; /* by trait */
	size_t *leads;	       /* by device: number, NOBODY or TWO */
	bool *shared;	       /* a trait of it is that of several over there */
};

struct matching {
	struct mst_rekey_match *m;
	struct mst_arena arena;
	struct side old, now;
};

static bool parts(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
	       c == ';';
}

/* The next word of a list; false at its end. */
static bool next_word(struct mst_slice *list, struct mst_slice *word_r)
{
	/* a text that is not there has no address to add to */
	const char *p = list->n ? list->p : "", *end = p + list->n, *from;

	while (p < end && parts(*p))
		p++;
	from = p;
	while (p < end && !parts(*p))
		p++;
	*word_r = mst_slice(from, (size_t)(p - from));
	*list = mst_slice(p, (size_t)(end - p));
	return word_r->n > 0;
}

/* ---- traits -------------------------------------------------------------- */

static struct mst_slice folded(struct matching *k, struct mst_slice s)
{
	char *p = mst_arena_bytes(&k->arena, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 32)
						      : s.p[i];
	return mst_slice(p, s.n);
}

/* The traits of a device in this round, one a call. */
static bool next_trait(struct matching *k, const struct mst_rekey_device *d,
		       enum by by, struct mst_slice *left,
		       struct mst_slice *trait_r)
{
	struct mst_slice word;

	if (by == BY_ADDRESS && !d->name.n)
		return false;
	while (next_word(left, &word)) {
		if (by == BY_MAC && k->m->identifies &&
		    !k->m->identifies(k->m->ctx, word))
			continue;
		if (by == BY_ADDRESS)
			word = mst_slice_str(mst_arena_printf(
			    &k->arena, "%.*s\n%.*s", MST_SLICE_ARG(word),
			    MST_SLICE_ARG(d->name)));
		*trait_r = folded(k, word);
		return true;
	}
	return false;
}

static struct mst_slice list_of(const struct mst_rekey_device *d, enum by by)
{
	return by == BY_MAC ? d->macs : d->ips;
}

/* Does it take part in this round? */
static bool takes_part(const struct matching *k, const struct side *s,
		       const struct mst_rekey_device *d, enum by by)
{
	if (d->other != MST_REKEY_NOBODY)
		return false;
	return by == BY_MAC || s == &k->old || !k->m->site.n ||
	       mst_slice_eq(d->site, k->m->site);
}

static void note_owners(struct matching *k, struct side *s, enum by by)
{
	mst_map_clear(&s->owners);
	for (size_t i = 0; i < s->n; i++) {
		struct mst_slice left = list_of(&s->v[i], by), trait;
		void *me = (void *)(uintptr_t)(i + 1), *before;

		if (!takes_part(k, s, &s->v[i], by))
			continue;
		while (next_trait(k, &s->v[i], by, &left, &trait)) {
			before = mst_map_get(&s->owners, trait);
			(void)mst_map_put(&s->owners, trait,
					  before && before != me ? SEVERAL
								 : me);
		}
	}
}

/* Where the traits of its devices lead to on the other side. */
static void follow(struct matching *k, struct side *s, const struct side *other,
		   enum by by)
{
	for (size_t i = 0; i < s->n; i++) {
		struct mst_slice left = list_of(&s->v[i], by), trait;

		s->leads[i] = MST_REKEY_NOBODY;
		if (!takes_part(k, s, &s->v[i], by))
			continue;
		while (next_trait(k, &s->v[i], by, &left, &trait)) {
			void *to = mst_map_get(&other->owners, trait);
			size_t at = (size_t)(uintptr_t)to - 1;

			if (!to)
				continue;
			if (to == SEVERAL) {
				s->shared[i] = true;
				continue;
			}
			if (mst_map_get(&s->owners, trait) == SEVERAL)
				at = TWO;
			s->leads[i] =
			    s->leads[i] == MST_REKEY_NOBODY || s->leads[i] == at
				? at
				: TWO;
		}
	}
}

/* ---- rounds -------------------------------------------------------------- */

static void take_pairs(struct matching *k, enum by by)
{
	static const char *const words[] = {"MAC address",
					    "IP address and name"};

	for (size_t i = 0; i < k->old.n; i++) {
		size_t at = k->old.leads[i];

		if (at >= TWO || k->now.leads[at] != i)
			continue;
		k->old.v[i].other = at;
		k->now.v[at].other = i;
		k->old.v[i].why = k->now.v[at].why = words[by];
	}
}

/* Of the devices that were not matched: why. The reason of the first round
 * stays. */
static void note_reasons(struct matching *k, enum by by)
{
	static const char *const several[] = {
	    "its MAC addresses are those of several devices",
	    "its IP address and name are those of several devices"};

	for (size_t i = 0; i < k->old.n; i++) {
		struct mst_rekey_device *d = &k->old.v[i];
		size_t at = k->old.leads[i];

		if (d->other != MST_REKEY_NOBODY || d->why)
			continue;
		if (k->old.shared[i] || at == TWO ||
		    (at < TWO && k->now.leads[at] != i))
			d->why = several[by];
	}
}

static void run_round(struct matching *k, enum by by)
{
	memset(k->old.shared, 0, k->old.n * sizeof(bool));
	memset(k->now.shared, 0, k->now.n * sizeof(bool));
	note_owners(k, &k->old, by);
	note_owners(k, &k->now, by);
	follow(k, &k->old, &k->now, by);
	follow(k, &k->now, &k->old, by);
	take_pairs(k, by);
	note_reasons(k, by);
}

static void find_site(struct mst_rekey_match *m)
{
	m->site = mst_slice(NULL, 0);
	for (size_t i = 0; i < m->now_n; i++) {
		const struct mst_rekey_device *d = &m->now[i];

		if (d->other == MST_REKEY_NOBODY || !d->site.n)
			continue;
		if (m->site.n && !mst_slice_eq(m->site, d->site)) {
			m->site = mst_slice(NULL, 0);
			return;
		}
		m->site = d->site;
	}
}

static void begin_side(struct matching *k, struct side *s,
		       struct mst_rekey_device *v, size_t n)
{
	*s = (struct side){.v = v, .n = n};
	s->leads = mst_arena_alloc(&k->arena, (n + 1) * sizeof(*s->leads));
	s->shared = mst_arena_alloc(&k->arena, (n + 1) * sizeof(*s->shared));
	for (size_t i = 0; i < n; i++) {
		v[i].other = MST_REKEY_NOBODY;
		v[i].why = NULL;
	}
}

void mst_rekey_match(struct mst_rekey_match *m)
{
	struct matching k = {.m = m};

	mst_arena_init(&k.arena, TEXTS_MAX);
	begin_side(&k, &k.old, m->old, m->old_n);
	begin_side(&k, &k.now, m->now, m->now_n);
	m->site = mst_slice(NULL, 0);
	run_round(&k, BY_MAC);
	find_site(m);
	run_round(&k, BY_ADDRESS);
	for (size_t i = 0; i < m->old_n; i++) {
		if (m->old[i].other == MST_REKEY_NOBODY && !m->old[i].why)
			m->old[i].why = "no device of the console has its MAC "
					"address, or its IP address and name";
	}
	mst_map_fini(&k.old.owners);
	mst_map_fini(&k.now.owners);
	mst_arena_fini(&k.arena);
}
