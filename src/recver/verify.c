/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks a store from its values to its groups, and says what cannot be.
 */
#include "recver/verify.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "recver/scripts.h"
#include "recver_private.h"
#include "verify_private.h"

#define NO_SET SIZE_MAX

/* ---- findings ------------------------------------------------------------ */

enum remedy {
	BACKUP, /* the whole database */
	RESET,	/* of the set, or of the target */
	EMPTY,	/* of the connection */
	COPY,	/* it does no harm */
	AGAIN,	/* of a copy */
	FORGET, /* what nobody uses */
	NOTHING
};

static const struct {
	bool note;
	enum remedy remedy;
	const char *what;
} kinds[V__MAX] = {
    [V_SEED] = {false, BACKUP, "its seed is not 8 bytes"},
    [V_HASH] = {false, BACKUP, "its check sums are not " MST_RECVER_HASH},
    [V_SCHEMA] = {false, BACKUP, "the version of its tables is wrong"},
    [V_SOURCE] = {false, BACKUP, "it belongs to another connection"},
    [V_UNFINISHED] = {false, AGAIN, "a copy into it was not finished"},
    [V_STRAY] = {false, COPY, NULL},
    [V_PAGES] = {false, BACKUP, NULL},
    [V_VALUE] = {false, RESET, NULL},
    [V_VALUE_UNKNOWN] = {true, NOTHING, NULL},
    [V_TARGET] = {true, FORGET, "is no destination any more"},
    [V_SET_UNKNOWN] = {true, FORGET, "this muster knows no such record set"},
    [V_SET_TWICE] = {false, BACKUP, "the record set is there twice"},
    [V_SET_NUMBER] = {false, BACKUP,
		      "its number is not above 0, or another set's, too"},
    [V_NO_SET] = {false, EMPTY, "groups are of a set that is not there"},
    [V_KEY] = {false, RESET, "its key is not 16 bytes"},
    [V_ORDER] = {false, RESET, "its key is there twice, or out of order"},
    [V_TEXT] = {false, RESET, "its key is not the hash of its text"},
    [V_DIGEST] = {false, RESET, "its digest is not 16 bytes"},
    [V_REMOTE] = {false, RESET, "its remote id is not 16 bytes"},
    [V_STATE] = {false, RESET, "its state is none that there is"},
    [V_NUMBERS] = {false, RESET, "its number of members or its run is wrong"},
    [V_STORE] = {false, RESET, NULL},
    [V_LIST_GONE] = {false, RESET, "its member list is gone"},
    [V_LIST_EXTRA] = {false, RESET,
		      "it has a member list that its row does not know of"},
    [V_LIST_LENGTH] = {false, RESET,
		       "the length of its member list is not that of its "
		       "number of members"},
    [V_LIST_ORDER] = {false, RESET,
		      "its members are out of order, or one is there twice"},
    [V_INTENDED] = {false, RESET,
		    "it has a member that a push was about to insert, and is "
		    "not marked as pending"},
    [V_NO_REMOTE] = {false, RESET, "it was delivered, and has no remote id"},
    [V_NO_REMOTES] = {false, RESET,
		      "it was delivered, and a member has no remote id"},
    [V_PARENT] = {false, RESET, "the group that it hangs on is not there"},
};

void mst_verify_found(struct verify *v, enum verify_kind kind, size_t set,
		      const char *target, const char *group, const char *what)
{
	uint64_t *n =
	    set == NO_SET ? &v->count[kind] : &v->sets[set].count[kind];

	if (kinds[kind].note)
		v->sum.notes++;
	else
		v->sum.findings++;
	if ((*n)++ >= MST_VERIFY_SHOWN)
		return;
	if (v->found_n == v->found_cap) {
		v->found_cap = v->found_cap ? v->found_cap * 2 : 64;
		v->found =
		    mst_realloc(v->found, v->found_cap * sizeof(*v->found));
	}
	v->found[v->found_n++] = (struct verify_finding){
	    .kind = kind,
	    .set = set,
	    .target = mst_arena_strdup(&v->arena, target ? target : ""),
	    .group = mst_arena_strdup(&v->arena, group ? group : ""),
	    .what = mst_arena_strdup(&v->arena, what ? what : kinds[kind].what),
	};
}

static const char *reset_of(struct verify *v, const char *target,
			    const char *set, const struct mst_recver_target *of)
{
	if (!of->job)
		return mst_arena_printf(&v->arena,
					"'muster recver reset %s --target %s' "
					"forgets it",
					v->env->source, target);
	return mst_arena_printf(&v->arena,
				"'muster recver reset %s%s%s': the next run "
				"looks its records up",
				of->job, *set ? " --record-set " : "", set);
}

static const char *remedy_of(struct verify *v, const struct verify_finding *f,
			     const char *set)
{
	struct mst_recver_target of = {0};

	if (f->set != NO_SET)
		of = v->sets[f->set].of;
	else if (*f->target)
		v->env->target(v->env->ctx, f->target, &of);
	/* Of half a copy nothing can be mended by itself. */
	if (v->count[V_UNFINISHED] && f->kind != V_UNFINISHED)
		return "the copy is half: make it whole or give it up first";
	switch (kinds[f->kind].remedy) {
	case BACKUP:
		return "put a backup of the database back, or remove it; the "
		       "next run then looks every record up";
	case RESET:
		return reset_of(v, f->target, set, &of);
	case EMPTY:
		return mst_arena_printf(
		    &v->arena,
		    "which record set it was nobody knows: 'muster recver "
		    "reset %s' forgets all; the next runs look every record up",
		    v->env->source);
	case COPY:
		return "it does no harm; 'muster recver copy' to another "
		       "database leaves it out";
	case AGAIN:
		return mst_arena_printf(
		    &v->arena,
		    "run 'muster recver copy' again, or give it up with "
		    "'muster recver reset %s'",
		    v->env->source);
	case FORGET:
		return mst_arena_printf(&v->arena,
					"'muster recver reset %s --target %s' "
					"forgets it; or leave it",
					v->env->source, f->target);
	case NOTHING:
		break;
	}
	return "";
}

static void tell_more(struct verify *v, const struct verify_finding *f,
		      const char *set, uint64_t n)
{
	const char *what =
	    mst_arena_printf(&v->arena, "… and %" PRIu64 " more like this", n);
	const struct mst_recver_finding more = {
	    .note = kinds[f->kind].note,
	    .target = f->target,
	    .set = set,
	    .group = "",
	    .what = what,
	    .remedy = "",
	};

	v->env->found(v->env->ctx, &more);
}

/* Of those that are shown of its kind. */
static bool is_last(const struct verify *v, size_t at)
{
	for (size_t i = at + 1; i < v->found_n; i++)
		if (v->found[i].kind == v->found[at].kind &&
		    v->found[i].set == v->found[at].set)
			return false;
	return true;
}

void mst_verify_tell(struct verify *v)
{
	for (size_t i = 0; i < v->found_n; i++) {
		const struct verify_finding *f = &v->found[i];
		const struct verify_set *s =
		    f->set == NO_SET ? NULL : &v->sets[f->set];
		const uint64_t *n = s ? &s->count[f->kind] : &v->count[f->kind];
		const char *set = s && s->name ? s->name : "";
		const struct mst_recver_finding told = {
		    .note = kinds[f->kind].note,
		    .target = f->target,
		    .set = set,
		    .group = f->group,
		    .what = f->what,
		    .remedy = remedy_of(v, f, set),
		};

		v->env->found(v->env->ctx, &told);
		if (*n > MST_VERIFY_SHOWN && is_last(v, i))
			tell_more(v, f, set, *n - MST_VERIFY_SHOWN);
	}
}

/* ---- sets and values ----------------------------------------------------- */

static bool is_wanted(const struct verify *v, const char *target)
{
	return !v->env->only || strcmp(v->env->only, target) == 0;
}

static bool has_children(const struct mst_catalog *c, const char *set)
{
	for (size_t i = 0; c && i < c->sets_n; i++)
		if (c->sets[i].parent && strcmp(c->sets[i].parent, set) == 0)
			return true;
	return false;
}

static struct verify_set *add_set(struct verify *v, int64_t id)
{
	if (v->sets_n == v->sets_cap) {
		v->sets_cap = v->sets_cap ? v->sets_cap * 2 : 16;
		v->sets = mst_realloc(v->sets, v->sets_cap * sizeof(*v->sets));
	}
	v->sets[v->sets_n] = (struct verify_set){.id = id, .target = ""};
	return &v->sets[v->sets_n++];
}

static void check_set(struct verify *v, size_t at)
{
	const struct verify_set *s = &v->sets[at];
	bool number = s->id > 0, twice = false;

	for (size_t i = 0; i < at; i++) {
		const struct verify_set *o = &v->sets[i];

		number = number && o->id != s->id;
		twice |= strcmp(o->target, s->target) == 0 &&
			 strcmp(o->name, s->name) == 0;
	}
	if (!number)
		mst_verify_found(v, V_SET_NUMBER, at, s->target, NULL, NULL);
	if (twice)
		mst_verify_found(v, V_SET_TWICE, at, s->target, NULL, NULL);
	if (!s->def)
		mst_verify_found(v, V_SET_UNKNOWN, at, s->target, NULL, NULL);
}

static int take_set(void *ctx, int64_t id, const char *target, const char *name)
{
	struct verify *v = ctx;
	struct verify_set *s = add_set(v, id);

	s->target = mst_arena_strdup(&v->arena, target);
	s->name = mst_arena_strdup(&v->arena, name);
	s->wanted = is_wanted(v, target);
	if (!s->wanted)
		return 0;
	v->sum.sets++;
	v->env->target(v->env->ctx, s->target, &s->of);
	if (s->of.catalog)
		s->def = mst_catalog_set(s->of.catalog, name);
	s->keeps_keys =
	    s->def && (s->def->parent || has_children(s->of.catalog, name));
	check_set(v, v->sets_n - 1);
	return 0;
}

static void check_seed(struct verify *v, struct mst_slice value)
{
	uint64_t seed;

	if (value.n != 8) {
		mst_verify_found(v, V_SEED, NO_SET, NULL, NULL, NULL);
		return;
	}
	memcpy(&seed, value.p, 8);
	v->seed = le64toh(seed);
}

static void unknown_value(struct verify *v, const char *target,
			  const char *name)
{
	mst_verify_found(v, V_VALUE_UNKNOWN, NO_SET, target, NULL,
			 mst_arena_printf(&v->arena,
					  "this muster knows no value '%s'",
					  name));
}

static void check_own(struct verify *v, const char *name,
		      struct mst_slice value)
{
	char schema[12];
	const struct {
		const char *name;
		enum verify_kind kind;
		const char *want; /* NULL: looked at elsewhere */
	} own[] = {{"seed", V_SEED, NULL},
		   {"hash", V_HASH, MST_RECVER_HASH},
		   {"schema", V_SCHEMA, schema},
		   {"source", V_SOURCE, v->env->source},
		   {MST_RECVER_UNFINISHED, V_UNFINISHED, ""}};

	(void)snprintf(schema, sizeof(schema), "%u", mst_recver_schema());
	for (size_t i = 0; i < MST_LEN(own); i++) {
		if (strcmp(name, own[i].name) != 0)
			continue;
		v->has |= 1u << own[i].kind;
		if (own[i].want && !mst_slice_is(value, own[i].want))
			mst_verify_found(v, own[i].kind, NO_SET, NULL, NULL,
					 NULL);
		if (own[i].kind == V_SEED)
			check_seed(v, value);
		return;
	}
	unknown_value(v, NULL, name);
}

/* How many records a feed had, and what the guard held back: numbers. */
static void check_value(struct verify *v, const char *target, const char *name,
			struct mst_slice value)
{
	bool feed = strncmp(name, "feed.", 5) == 0;
	bool guard = strncmp(name, "guard.", 6) == 0;
	uint64_t n;

	if (!feed && !guard)
		unknown_value(v, target, name);
	else if (!(guard && value.n == 0) && !mst_num_u64(value, &n))
		mst_verify_found(v, V_VALUE, NO_SET, target, NULL,
				 mst_arena_printf(&v->arena,
						  "its value '%s' is no number",
						  name));
}

/* Values and sets come in order of their targets, or nearly. */
static void check_target(struct verify *v, const char *target)
{
	struct mst_recver_target of = {0};

	for (size_t i = 0; i < v->found_n; i++)
		if (v->found[i].kind == V_TARGET &&
		    strcmp(v->found[i].target, target) == 0)
			return;
	v->env->target(v->env->ctx, target, &of);
	if (!of.is_destination)
		mst_verify_found(v, V_TARGET, NO_SET, target, NULL, NULL);
}

static int take_meta(void *ctx, const char *target, const char *name,
		     struct mst_slice value)
{
	struct verify *v = ctx;

	if (!*target) {
		check_own(v, name, value);
	} else if (is_wanted(v, target)) {
		check_target(v, target);
		check_value(v, target, name, value);
	}
	return 0;
}

/* ---- groups -------------------------------------------------------------- */

/* The set of a group; of one without a row when there is none. */
static size_t set_at(struct verify *v, int64_t id)
{
	struct verify_set *s;

	for (size_t i = 0; i < v->sets_n; i++)
		if (v->sets[i].id == id)
			return i;
	/* Nobody knows whose they were, so they may be the one target's. */
	s = add_set(v, id);
	s->wanted = true;
	mst_verify_found(v, V_NO_SET, v->sets_n - 1, NULL, NULL,
			 mst_arena_printf(&v->arena,
					  "groups are of set number %" PRId64
					  ", which is not there",
					  id));
	return v->sets_n - 1;
}

static int take_group(void *ctx, const struct mst_recver_raw *g)
{
	struct verify *v = ctx;
	size_t at = set_at(v, g->set);

	/* Of a set that is not there one finding is enough. */
	if (v->sets[at].wanted && v->sets[at].name)
		mst_verify_group(v, at, g);
	return 0;
}

static int take_stray(void *ctx, const char *what)
{
	mst_verify_found(ctx, strstr(what, "pages") ? V_PAGES : V_STRAY, NO_SET,
			 NULL, NULL, what);
	return 0;
}

/* ---- all of it ----------------------------------------------------------- */

static void verify_fini(struct verify *v)
{
	for (size_t i = 0; i < v->sets_n; i++)
		free(v->sets[i].keys);
	free(v->sets);
	free(v->found);
	mst_arena_fini(&v->arena);
}

static void verify_init(struct verify *v,
			const struct mst_recver_verify_env *env)
{
	*v = (struct verify){.env = env};
	mst_arena_init(&v->arena, 256u << 20);
}

static void again(void *ctx)
{
	struct verify *v = ctx;
	const struct mst_recver_verify_env *env = v->env;

	verify_fini(v);
	verify_init(v, env);
}

static void check_whole(struct verify *v)
{
	for (enum verify_kind k = V_SEED; k <= V_SOURCE; k++)
		if (!(v->has & 1u << k))
			mst_verify_found(v, k, NO_SET, NULL, NULL, NULL);
	for (size_t i = 0; i < v->sets_n; i++)
		if (v->sets[i].wanted && v->sets[i].name)
			check_target(v, v->sets[i].target);
	mst_verify_parents(v);
}

int mst_recver_verify(struct mst_recver *r,
		      const struct mst_recver_verify_env *env,
		      struct mst_recver_verify_sum *sum_r, struct mst_err *err)
{
	struct verify v;
	const struct mst_recver_look look = {
	    .ctx = &v,
	    .again = again,
	    .set = take_set,
	    .meta = take_meta,
	    .group = take_group,
	    .stray = take_stray,
	};
	int rc;

	verify_init(&v, env);
	rc = r->ops->verify(r, &look, err);
	if (rc == 0) {
		check_whole(&v);
		mst_verify_tell(&v);
		*sum_r = v.sum;
	}
	verify_fini(&v);
	return rc;
}
