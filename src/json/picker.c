/* SPDX-License-Identifier: Apache-2.0
 *
 * Picks the fields of a schema out of objects on the tape. Records of one feed
 * have their members in one order: the picker guesses the next name from the
 * one before, so that a member costs one comparison.
 */
#include <stdlib.h>

#include "json/json_private.h"

struct mst_picker *mst_picker_new(const char *const *names, size_t n)
{
	struct mst_picker *p = mst_alloc(sizeof(*p));

	p->n = (unsigned)MST_MIN(n, (size_t)MST_PICKER_NOT_OURS);
	for (unsigned i = 0; i < p->n; i++) {
		p->names[i] = mst_strdup(names[i]);
		for (const char *s = p->names[i]; *s;) {
			size_t len = (size_t)(strchrnul(s, '|') - s);

			p->lengths |= UINT64_C(1) << MST_MIN(len, (size_t)63);
			s += len + (s[len] == '|');
		}
	}
	return p;
}

void mst_picker_free(struct mst_picker **p)
{
	if (!p || !*p)
		return;
	for (unsigned i = 0; i < (*p)->n; i++)
		free((*p)->names[i]);
	free(*p);
	*p = NULL;
}

static uint8_t field_of(const struct mst_picker *p, struct mst_slice key)
{
	for (unsigned i = 0; i < p->n; i++) {
		const char *s = p->names[i];

		for (;;) {
			const char *bar = strchrnul(s, '|');

			if (mst_slice_ieq(key, mst_slice(s, (size_t)(bar - s))))
				return (uint8_t)i;
			if (!*bar)
				break;
			s = bar + 1;
		}
	}
	return MST_PICKER_NOT_OURS;
}

struct mst_picker_key *mst_picker_meet(struct mst_picker *p,
				       struct mst_slice key)
{
	struct mst_picker_key *k;

	for (unsigned i = 1; i <= p->keys_n; i++) {
		k = &p->keys[i];
		if (k->n == key.n && memcmp(k->text, key.p, key.n) == 0)
			return k;
	}
	if (p->keys_n == MST_PICKER_KEYS || key.n > MST_PICKER_KEY_LEN) {
		p->other.field = field_of(p, key);
		return &p->other;
	}
	k = &p->keys[++p->keys_n];
	memset(k, 0, sizeof(*k));
	memcpy(k->text, key.p, key.n);
	k->text[key.n] = '"';
	k->n = (uint32_t)key.n;
	k->rest = 0xffffu & ~((2u << key.n % 16) - 1);
	k->bits = key.n >= 63 ? ~UINT64_C(0) : (UINT64_C(2) << key.n) - 1;
	k->field = field_of(p, key);
	return k;
}

/* Sets v to the value at i and returns the index behind it: one look at the
 * word for both. */
static inline size_t set_value(struct mst_value *v, const struct mst_tape *t,
			       size_t i)
{
	uint64_t w = t->w[i];
	struct mst_slice s;

	switch (mst_tape_kind(w)) {
	case '"':
		s = mst_tape_text(t, w);
		v->type = MST_JSON_STRING;
		v->u.s.p = s.p;
		v->u.s.n = s.n;
		return i + 1;
	case 'l':
	case 'u':
		v->type = MST_JSON_INT;
		v->u.i = mst_tape_int(t, i);
		return i + 2;
	case 'd':
		v->type = MST_JSON_DOUBLE;
		v->u.d = mst_tape_dbl(t, i);
		return i + 2;
	case 't':
	case 'f':
		v->type = MST_JSON_BOOL;
		v->u.b = mst_tape_kind(w) == 't';
		return i + 1;
	case '[':
	case '{':
		v->type =
		    mst_tape_kind(w) == '[' ? MST_JSON_ARRAY : MST_JSON_OBJECT;
		v->u.j = (struct mst_json){t, i};
		return (size_t)(w & 0xffffffff);
	default:
		v->type = MST_JSON_NULL;
		return i + 1;
	}
}

static inline bool is_key(const struct mst_picker_key *k, struct mst_slice key)
{
	return k && k->n == key.n && memcmp(k->text, key.p, key.n) == 0;
}

bool mst_picker_pick(struct mst_picker *p, struct mst_json obj,
		     struct mst_value *v)
{
	const struct mst_tape *t = obj.doc;
	struct mst_picker_key *prev = p->keys;
	size_t end;

	if (mst_json_type(obj) != MST_JSON_OBJECT)
		return false;
	end = mst_tape_behind(t, obj.at) - 1;
	memset(v, 0, p->n * sizeof(*v));
	for (size_t i = obj.at + 1; i < end;) {
		struct mst_slice key = mst_tape_text(t, t->w[i++]);
		struct mst_picker_key *k = prev->next[0];

		if (!(p->lengths >> MST_MIN(key.n, (size_t)63) & 1)) {
			i = mst_tape_behind(t, i);
			continue;
		}
		if (MST_UNLIKELY(!is_key(k, key))) {
			k = prev->next[1];
			if (!is_key(k, key))
				k = mst_picker_meet(p, key);
			mst_picker_learn(p, prev, k);
		}
		prev = k;
		/* The first of a repeated member counts, as with null: a
		 * later one only fills a gap. */
		if (k->field != MST_PICKER_NOT_OURS &&
		    v[k->field].type == MST_JSON_NULL)
			i = set_value(&v[k->field], t, i);
		else
			i = mst_tape_behind(t, i);
	}
	return true;
}
