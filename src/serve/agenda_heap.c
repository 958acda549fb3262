/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs in order of when they are due: a binary heap in which each job knows its
 * place.
 */
#include <stdlib.h>

#include "serve/agenda_private.h"

static void set(struct mst_agenda *a, size_t at, struct agenda_job *j)
{
	a->heap[at] = j;
	j->at = at;
}

static bool before(const struct agenda_job *x, const struct agenda_job *y)
{
	if (x->v.due_us != y->v.due_us)
		return x->v.due_us < y->v.due_us;
	return strcmp(x->v.name, y->v.name) < 0;
}

static void up(struct mst_agenda *a, size_t at)
{
	struct agenda_job *j = a->heap[at];

	while (at && before(j, a->heap[(at - 1) / 2])) {
		set(a, at, a->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	set(a, at, j);
}

static void down(struct mst_agenda *a, size_t at)
{
	struct agenda_job *j = a->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < a->heap_n &&
		    before(a->heap[child + 1], a->heap[child]))
			child++;
		if (child >= a->heap_n || !before(a->heap[child], j))
			break;
		set(a, at, a->heap[child]);
		at = child;
	}
	set(a, at, j);
}

void mst_heap_put(struct mst_agenda *a, struct agenda_job *j)
{
	if (j->at == MST_HEAP_OUT) {
		if (a->heap_n == a->heap_cap) {
			a->heap_cap = a->heap_cap ? 2 * a->heap_cap : 64;
			a->heap = mst_realloc(
			    a->heap, a->heap_cap * sizeof(struct agenda_job *));
		}
		set(a, a->heap_n++, j);
	}
	up(a, j->at);
	down(a, j->at);
}

void mst_heap_del(struct mst_agenda *a, struct agenda_job *j)
{
	size_t at = j->at;
	struct agenda_job *last;

	if (at == MST_HEAP_OUT)
		return;
	last = a->heap[--a->heap_n];
	j->at = MST_HEAP_OUT;
	if (last == j)
		return;
	set(a, at, last);
	up(a, at);
	down(a, last->at);
}
