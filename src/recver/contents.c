/* SPDX-License-Identifier: Apache-2.0
 *
 * What a store holds besides its groups.
 */
#include <stdlib.h>

#include "recver/copy.h"

static void add_target(struct mst_recver_contents *c, const char *target)
{
	if (!*target)
		return;
	for (size_t i = 0; i < c->targets_n; i++)
		if (strcmp(c->targets[i], target) == 0)
			return;
	c->targets =
	    mst_realloc(c->targets, (c->targets_n + 1) * sizeof(*c->targets));
	c->targets[c->targets_n++] = mst_strdup(target);
}

static int take_set(void *ctx, int64_t id, const char *target, const char *name)
{
	struct mst_recver_contents *c = ctx;

	add_target(c, target);
	c->sets = mst_realloc(c->sets, (c->sets_n + 1) * sizeof(*c->sets));
	c->sets[c->sets_n++] = (struct mst_recver_set_name){
	    .target = mst_strdup(target), .name = mst_strdup(name)};
	return 0;
}

static int take_value(void *ctx, const char *target, const char *name,
		      struct mst_slice value)
{
	struct mst_recver_contents *c = ctx;

	add_target(c, target);
	c->values =
	    mst_realloc(c->values, (c->values_n + 1) * sizeof(*c->values));
	c->values[c->values_n++] = (struct mst_recver_value){
	    .target = mst_strdup(target),
	    .name = mst_strdup(name),
	    .value = mst_slice(mst_strndup(value.n ? value.p : "", value.n),
			       value.n),
	};
	return 0;
}

void mst_recver_contents_fini(struct mst_recver_contents *c)
{
	for (size_t i = 0; i < c->sets_n; i++) {
		free(c->sets[i].target);
		free(c->sets[i].name);
	}
	for (size_t i = 0; i < c->values_n; i++) {
		free(c->values[i].target);
		free(c->values[i].name);
		free((void *)(uintptr_t)c->values[i].value.p);
	}
	for (size_t i = 0; i < c->targets_n; i++)
		free(c->targets[i]);
	free(c->sets);
	free(c->values);
	free(c->targets);
	*c = (struct mst_recver_contents){0};
}

static void again(void *ctx)
{
	mst_recver_contents_fini(ctx);
}

static int by_name(const char *t1, const char *n1, const char *t2,
		   const char *n2)
{
	int order = strcmp(t1, t2);

	return order ? order : strcmp(n1, n2);
}

static int by_set(const void *a, const void *b)
{
	const struct mst_recver_set_name *x = a, *y = b;

	return by_name(x->target, x->name, y->target, y->name);
}

static int by_value(const void *a, const void *b)
{
	const struct mst_recver_value *x = a, *y = b;

	return by_name(x->target, x->name, y->target, y->name);
}

int mst_recver_contents(struct mst_recver *r, struct mst_recver_contents *c_r,
			struct mst_err *err)
{
	const struct mst_recver_look look = {
	    .ctx = c_r,
	    .again = again,
	    .set = take_set,
	    .meta = take_value,
	};
	int rc;

	*c_r = (struct mst_recver_contents){0};
	rc = r->ops->verify(r, &look, err);
	if (rc < 0) {
		mst_recver_contents_fini(c_r);
		return rc;
	}
	if (c_r->sets_n)
		qsort(c_r->sets, c_r->sets_n, sizeof(*c_r->sets), by_set);
	if (c_r->values_n)
		qsort(c_r->values, c_r->values_n, sizeof(*c_r->values),
		      by_value);
	return 0;
}

const struct mst_slice *
mst_recver_contents_value(const struct mst_recver_contents *c,
			  const char *target, const char *name)
{
	for (size_t i = 0; i < c->values_n; i++)
		if (strcmp(c->values[i].target, target) == 0 &&
		    strcmp(c->values[i].name, name) == 0)
			return &c->values[i].value;
	return NULL;
}

bool mst_recver_is_unfinished(const struct mst_recver_contents *c)
{
	const struct mst_slice *v =
	    mst_recver_contents_value(c, "", MST_RECVER_UNFINISHED);

	return v && v->n > 0;
}

int mst_recver_empty(struct mst_recver *r, struct mst_err *err)
{
	struct mst_recver_contents c;
	int rc = mst_recver_contents(r, &c, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < c.targets_n && rc == 0; i++)
		rc = r->ops->reset(r, c.targets[i], NULL, err);
	/* What is of no set goes with any target's. */
	if (rc == 0 && !c.targets_n)
		rc = r->ops->reset(r, "-", NULL, err);
	mst_recver_contents_fini(&c);
	return rc;
}
