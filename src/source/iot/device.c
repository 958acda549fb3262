/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of devices: what they are, their names, their sensors. They run once
 * a device and record set. The specification is docs/internals/iot-rules.md;
 * change it first.
 */
#include "base/num.h"
#include "source/iot/ops.h"

/* ---- type, category, layer ----------------------------------------------- */

/* A console tells the type in an object, a sensor in a text. */
static struct mst_slice type_member(struct mst_rule_ctx *ctx,
				    const struct mst_value *v,
				    const char *member)
{
	if (v[OD_TYPE].type != MST_JSON_OBJECT)
		return mst_slice(NULL, 0);
	return ot_element(ctx, v[OD_TYPE].u.j, member, NULL);
}

struct mst_slice ot_device_type(struct mst_rule_ctx *ctx,
				const struct mst_value *v)
{
	if (v[OD_TYPE].type == MST_JSON_OBJECT)
		return type_member(ctx, v, "u_name");
	return ot_clean(ctx, v, OD_TYPE);
}

static const struct ot_type *known_type(struct mst_rule_ctx *ctx,
					const struct mst_value *v)
{
	return ot_type_find(ot_device_type(ctx, v));
}

struct mst_slice ot_device_category(struct mst_rule_ctx *ctx,
				    const struct mst_value *v)
{
	struct mst_slice s = type_member(ctx, v, "u_category");

	if (s.n)
		return s;
	return mst_slice_str(ot_kind_name(known_type(ctx, v)->kind));
}

MS_OP(ot_op_type)
{
	return ms_some(ot_device_type(ctx, v), out_r);
}

MS_OP(ot_op_category)
{
	return ms_some(ot_device_category(ctx, v), out_r);
}

static const struct {
	const char *name;
	unsigned low, high; /* levels that it covers */
} layers[] = {
    {"Process Control", 0, 1},
    {"Supervisory", 2, 2},
    {"Site Operations", 3, 3},
    {"Enterprise", 4, 5},
};

/* A person's before the type's; a sensor tells none. */
static struct mst_slice layer_of(struct mst_rule_ctx *ctx,
				 const struct mst_value *v)
{
	struct mst_slice s = ot_clean(ctx, v, OD_LAYER);
	unsigned level;

	if (!s.n)
		s = type_member(ctx, v, "u_purdue_layer");
	if (s.n)
		return s;
	level = known_type(ctx, v)->level;
	for (size_t i = 0; i < MST_LEN(layers); i++) {
		if (level <= layers[i].high)
			return mst_slice_str(layers[i].name);
	}
	return s;
}

MS_OP(ot_op_layer)
{
	return ms_some(layer_of(ctx, v), out_r);
}

/* The type's, as far as the layer covers it; else the layer's lowest. */
MS_OP(ot_op_level)
{
	struct mst_slice layer = layer_of(ctx, v);
	unsigned level = known_type(ctx, v)->level;
	char *p = mst_rule_scratch(ctx, 2);

	for (size_t i = 0; i < MST_LEN(layers); i++) {
		if (mst_slice_iis(layer, layers[i].name) &&
		    (level < layers[i].low || level > layers[i].high))
			level = layers[i].low;
	}
	p[0] = (char)('0' + level);
	return ms_some(mst_slice(p, 1), out_r);
}

/* ---- class --------------------------------------------------------------- */

struct mst_slice ot_device_class(struct mst_rule_ctx *ctx,
				 const struct mst_value *v,
				 struct mst_slice *missing_r)
{
	const struct ot_type *t = known_type(ctx, v);
	struct mst_slice tried[OT_TRIED];
	size_t n = 0;

	*missing_r = mst_slice(NULL, 0);
	if (!ot_classes_set(&ot_conf_of(ctx)->set.classes,
			    ot_device_type(ctx, v), tried, &n)) {
		for (n = 0; t->classes[n]; n++)
			tried[n] = mst_slice_str(t->classes[n]);
	}
	for (size_t i = 0; i < n; i++) {
		char table[81];

		if (tried[i].n >= sizeof(table))
			continue;
		memcpy(table, tried[i].p, tried[i].n);
		table[tried[i].n] = '\0';
		if (mst_rule_has_class(ctx, table))
			return tried[i];
		*missing_r = tried[i];
	}
	return mst_slice(NULL, 0);
}

static struct mst_slice class_of(struct mst_rule_ctx *ctx,
				 const struct mst_value *v)
{
	struct mst_slice missing;

	return ot_device_class(ctx, v, &missing);
}

MS_OP(ot_op_class)
{
	return ms_some(class_of(ctx, v), out_r);
}

/* ---- names and identity -------------------------------------------------- */

static struct mst_slice joined(struct mst_rule_ctx *ctx, struct mst_slice a,
			       const char *between, struct mst_slice b,
			       const char *end)
{
	size_t n = strlen(between), m = strlen(end);
	char *p = mst_rule_scratch(ctx, a.n + n + b.n + m + 1);

	if (a.n)
		memcpy(p, a.p, a.n);
	memcpy(p + a.n, between, n);
	if (b.n)
		memcpy(p + a.n + n, b.p, b.n);
	memcpy(p + a.n + n + b.n, end, m);
	return mst_slice(p, a.n + n + b.n + m);
}

/* A device that nobody named is called by its address. */
MS_OP(ot_op_name)
{
	struct mst_slice s = ot_clean(ctx, v, OD_NAME);

	if (s.n)
		return ms_some(s, out_r);
	if (ot_op_ip(ctx, v, OD_IPS, NULL, out_r) == 1 ||
	    ot_op_mac(ctx, v, OD_MACS, NULL, out_r) == 1)
		return 1;
	return ms_some(
	    joined(ctx, MST_SLICE_LIT("Device"), " ", ot_id(ctx, v, OD_ID), ""),
	    out_r);
}

static struct mst_slice place_of(struct mst_rule_ctx *ctx,
				 const struct mst_value *v)
{
	struct mst_slice site = ot_clean(ctx, v, OD_SITE);
	struct mst_slice zone = ot_clean(ctx, v, OD_ZONE);

	if (!site.n || !zone.n)
		return site.n ? site : zone;
	return joined(ctx, site, ", ", zone, "");
}

MS_OP(ot_op_ci_name)
{
	int add = ot_conf_of(ctx)->set.name_add;
	struct mst_slice name, more = {NULL, 0};

	if (ot_op_name(ctx, v, field, arg, &name) != 1)
		return 0;
	if (add == OT_ADD_IP)
		(void)ot_op_ip(ctx, v, OD_IPS, NULL, &more);
	else if (add == OT_ADD_SITE)
		more = place_of(ctx, v);
	else if (add == OT_ADD_ID)
		more = ot_id(ctx, v, OD_ID);
	if (!more.n || mst_slice_eq(more, name))
		return ms_some(name, out_r);
	return ms_some(joined(ctx, name, " (", more, ")"), out_r);
}

/* Class and folded name: what the destination would take for one CI. */
MS_OP(ot_op_identity)
{
	struct mst_slice table = class_of(ctx, v), name;

	if (!table.n || ot_op_ci_name(ctx, v, field, arg, &name) != 1)
		return 0;
	return ms_identity(ctx, table, name, out_r);
}

/* Of devices with one name there is one CI, whichever's it is. */
MS_OP(ot_op_ci)
{
	struct mst_slice identity, key;

	if (ot_op_identity(ctx, v, field, arg, &identity) != 1)
		return 0;
	key = mst_rule_winner(ctx, "ot_device_cis", identity);
	return key.n ? ms_some(key, out_r)
		     : ot_op_key(ctx, v, OD_ID, NULL, out_r);
}

static void put_big(char *p, uint64_t n)
{
	for (int i = 7; i >= 0; i--, n >>= 8)
		p[i] = (char)(n & 255);
}

/* As bytes that compare: first discovered, id. What changes from day to day
 * must not decide. */
MS_OP(ot_op_rank)
{
	uint64_t ms = 0, id = 0;
	char *p = mst_rule_scratch(ctx, 16);

	(void)mst_num_u64(ot_clean(ctx, v, OD_FIRST), &ms);
	(void)mst_num_u64(ot_id(ctx, v, OD_ID), &id);
	put_big(p, ms);
	put_big(p + 8, id);
	return ms_some(mst_slice(p, 16), out_r);
}

MS_OP(ot_op_correlation)
{
	struct mst_slice key;

	if (ot_op_key(ctx, v, OD_ID, NULL, &key) != 1)
		return 0;
	return ms_prefixed(ctx, ot_conf_of(ctx)->set.correlation_prefix, key,
			   out_r);
}

/* ---- attributes of the CI ------------------------------------------------ */

MS_OP(ot_op_system)
{
	if (!ot_class_is_computer(class_of(ctx, v)))
		return 0;
	return ot_op_text(ctx, v, OD_SYSTEM, NULL, out_r);
}

MS_OP(ot_op_model)
{
	struct ot_module m;

	/* A model without its maker would be looked up among all makers. */
	if (!ot_clean(ctx, v, OD_VENDOR).n || !ot_own_module(ctx, v, &m))
		return 0;
	return ms_some(m.model, out_r);
}

static bool one_character(struct mst_slice s)
{
	size_t same = 0;

	while (same < s.n && s.p[same] == s.p[0])
		same++;
	return same == s.n;
}

MS_OP(ot_op_serial)
{
	const struct ot_settings *set = &ot_conf_of(ctx)->set;
	struct ot_module m;

	if (!set->serial_number || !ot_own_module(ctx, v, &m) ||
	    one_character(m.serial) ||
	    ms_fits_one(&set->serial_ignore, m.serial))
		return 0;
	return ms_some(m.serial, out_r);
}

MS_OP(ot_op_firmware_version)
{
	struct ot_module m;

	if (!ot_class_is_ot(class_of(ctx, v)) || !ot_own_module(ctx, v, &m))
		return 0;
	return ms_some(m.version, out_r);
}

MS_OP(ot_op_device_url)
{
	struct mst_slice url = ot_clean(ctx, v, OD_URL);
	struct ot_words w = {.n = 0};

	if (!url.n) {
		ot_words_of(ctx, &v[OD_URLS], "u_device_url", NULL, &w);
		url = w.n ? w.v[0] : url;
	}
	if (!mst_slice_istarts(url, "https://") &&
	    !mst_slice_istarts(url, "http://"))
		return 0;
	return ms_some(url, out_r);
}

/* ---- the sensors that see it --------------------------------------------- */

/* The nth id of the list, as text; a sensor's own list has none. */
static void nth_sensor(const struct mst_value *v, size_t n, struct mst_buf *out)
{
	struct mst_json_iter it;
	struct mst_json e;
	int64_t id;

	if (v[OD_SENSORS].type != MST_JSON_ARRAY)
		return;
	it = mst_json_iter(v[OD_SENSORS].u.j);
	for (size_t i = 0; mst_json_next(&it, NULL, &e); i++) {
		if (i < n)
			continue;
		if (mst_json_type(e) == MST_JSON_OBJECT)
			e = mst_json_iget(e, "u_sensor_id");
		if (mst_json_i64(e, &id) && id > 0)
			(void)mst_buf_addf(out, "%lld", (long long)id);
		return;
	}
}

void ot_first_sensor(const struct mst_value *v, struct mst_buf *out)
{
	nth_sensor(v, 0, out);
}

void ot_second_sensor(const struct mst_value *v, struct mst_buf *out)
{
	nth_sensor(v, 1, out);
}

void ot_third_sensor(const struct mst_value *v, struct mst_buf *out)
{
	nth_sensor(v, 2, out);
}

void ot_only_sensor(const struct mst_value *v, struct mst_buf *out)
{
	if (v[OD_SENSORS].type == MST_JSON_ARRAY &&
	    mst_json_len(v[OD_SENSORS].u.j) == 1)
		nth_sensor(v, 0, out);
}

static bool is_wanted(struct mst_rule_ctx *ctx, const struct mst_value *v,
		      unsigned n, bool learning)
{
	struct mst_buf id = MST_BUF_INIT(64);
	struct mst_slice name = ot_clean(ctx, v, OD_SENSOR_1 + n);
	bool wanted;

	nth_sensor(v, n, &id);
	wanted = !name.n || ot_sensor_wanted(ot_conf_of(ctx), name,
					     mst_buf_slice(&id), learning);
	mst_buf_fini(&id);
	return wanted;
}

const char *ot_device_hidden(struct mst_rule_ctx *ctx,
			     const struct mst_value *v)
{
	const struct ot_conf *c = ot_conf_of(ctx);
	const char *by = NULL;
	size_t n;

	if (!ot_leaves_out(c) || v[OD_SENSORS].type != MST_JSON_ARRAY)
		return NULL;
	n = mst_json_len(v[OD_SENSORS].u.j);
	if (n > OD_SENSOR_3 - OD_SENSOR_1 + 1)
		return NULL;
	for (unsigned i = 0; i < n; i++) {
		struct mst_slice s;
		bool learning =
		    mst_op_bool(ctx, v, OD_LEARNING_1 + i, NULL, &s) == 1 &&
		    mst_slice_is(s, "true");

		if (is_wanted(ctx, v, i, learning))
			return NULL;
		by = learning && c->learning_sensors == OT_LEARNING_SKIP
			 ? "learning_sensors"
			 : "sensors";
	}
	return by;
}

MS_OP(ot_op_sensor)
{
	struct mst_buf id = MST_BUF_INIT(64);
	struct mst_slice copy;

	if (ot_conf_of(ctx)->read == OT_SENSOR)
		return ot_op_self_key(ctx, v, field, arg, out_r);
	ot_first_sensor(v, &id);
	copy = ot_key(ctx, MST_SLICE_LIT("sensor"), mst_buf_slice(&id));
	if (id.n == 0)
		copy.n = 0;
	mst_buf_fini(&id);
	return ms_some(copy, out_r);
}

#define NAMES_MAX 1000 /* bytes of the column */

MS_OP(ot_op_sensor_names)
{
	struct ot_words w = {.n = 0};

	if (ot_conf_of(ctx)->read == OT_SENSOR)
		return ot_op_connection(ctx, v, field, arg, out_r);
	for (unsigned f = OD_SENSOR_1; f <= OD_SENSOR_3; f++)
		ot_words_add(ctx, &w, ot_clean(ctx, v, f));
	return ot_words_join(ctx, &w, NAMES_MAX, out_r);
}
