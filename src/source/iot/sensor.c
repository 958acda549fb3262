/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of sensors: those that a console lists, and one that is read itself,
 * which lists only its devices.
 */
#include "source/iot/ops.h"

/* ---- class --------------------------------------------------------------- */

MS_OP(ot_op_sensor_class)
{
	const struct mst_opt_list *classes = &ot_conf_of(ctx)->set.class_sensor;

	for (size_t i = 0; i < classes->n; i++) {
		if (mst_rule_has_class(ctx, classes->v[i]))
			return ms_some(mst_slice_str(classes->v[i]), out_r);
	}
	return 0;
}

/* Only intrusion detection systems have such columns. */
static bool is_nids(struct mst_rule_ctx *ctx, const struct mst_value *v)
{
	struct mst_slice table;

	return ot_op_sensor_class(ctx, v, 0, NULL, &table) == 1 &&
	       mst_slice_is(table, "cmdb_ci_nids");
}

/* ---- what it shows ------------------------------------------------------- */

MS_OP(ot_op_sensor_name)
{
	struct mst_slice s = ot_clean(ctx, v, OS_NAME);

	return s.n ? ms_some(s, out_r) : ot_op_id(ctx, v, OS_ID, NULL, out_r);
}

/* v3 has a word, v2 a sentence. */
MS_OP(ot_op_sensor_state)
{
	struct mst_slice s = ot_clean(ctx, v, OS_STATE);

	return ms_some(s.n ? s : ot_clean(ctx, v, OS_CONNECTION), out_r);
}

MS_OP(ot_op_sensor_stage)
{
	struct mst_slice s = ot_clean(ctx, v, OS_STAGE);

	return ms_some(s.n ? s : ot_clean(ctx, v, OS_UPGRADE), out_r);
}

MS_OP(ot_op_sensor_version)
{
	return is_nids(ctx, v) ? ot_op_text(ctx, v, OS_VERSION, NULL, out_r)
			       : 0;
}

MS_OP(ot_op_sensor_connection)
{
	return is_nids(ctx, v) ? ot_op_sensor_state(ctx, v, field, arg, out_r)
			       : 0;
}

/* ---- where it is --------------------------------------------------------- */

/* The host of a web address, or the text itself. */
static struct mst_slice host_of(struct mst_slice s)
{
	static const char slashes[] = "://";
	const char *at = mst_slice_ifind(s, slashes), *end;

	if (at) {
		size_t skip = (size_t)(at - s.p) + sizeof(slashes) - 1;

		s = mst_slice(s.p + skip, s.n - skip);
	}
	if (s.n && s.p[0] == '[') {
		end = memchr(s.p, ']', s.n);
		return end ? mst_slice(s.p + 1, (size_t)(end - s.p) - 1)
			   : mst_slice(NULL, 0);
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '/' || s.p[i] == ':' || s.p[i] == '?')
			return mst_slice(s.p, i);
	}
	return s;
}

static int ip_of(struct mst_rule_ctx *ctx, struct mst_slice url,
		 struct mst_slice *out_r)
{
	struct ot_ip ip;
	char *p;

	if (!ot_ip_parse(host_of(url), &ip))
		return 0;
	p = mst_rule_scratch(ctx, 64);
	ot_ip_text(&ip, p);
	return ms_some(mst_slice_str(p), out_r);
}

/* A name of DNS; an address is none. */
static int name_of(struct mst_rule_ctx *ctx, struct mst_slice url,
		   struct mst_slice *out_r)
{
	struct mst_slice host = host_of(url);
	bool letter = false;

	for (size_t i = 0; i < host.n; i++) {
		char c = (char)(host.p[i] | 0x20);

		letter = letter || (c >= 'a' && c <= 'z');
	}
	if (!letter || !memchr(host.p, '.', host.n))
		return 0;
	return ms_some(ms_lowered(ctx, host), out_r);
}

MS_OP(ot_op_sensor_ip)
{
	return ip_of(ctx, ot_clean(ctx, v, OS_ADDRESS), out_r);
}

MS_OP(ot_op_sensor_host)
{
	return name_of(ctx, ot_clean(ctx, v, OS_ADDRESS), out_r);
}

MS_OP(ot_op_self_url)
{
	return ms_some(mst_slice_str(ot_conf_of(ctx)->url), out_r);
}

MS_OP(ot_op_self_ip)
{
	return ip_of(ctx, mst_slice_str(ot_conf_of(ctx)->url), out_r);
}

MS_OP(ot_op_self_host)
{
	return name_of(ctx, mst_slice_str(ot_conf_of(ctx)->url), out_r);
}

/* ---- keys ---------------------------------------------------------------- */

MS_OP(ot_op_sensor_correlation)
{
	struct mst_slice key;

	if (ot_op_sensor_key(ctx, v, OS_ID, NULL, &key) != 1)
		return 0;
	return ms_prefixed(ctx, ot_conf_of(ctx)->set.correlation_prefix, key,
			   out_r);
}

MS_OP(ot_op_self_correlation)
{
	struct mst_slice key;

	(void)ot_op_self_key(ctx, v, field, arg, &key);
	return ms_prefixed(ctx, ot_conf_of(ctx)->set.correlation_prefix, key,
			   out_r);
}

/* ---- states of appliances ------------------------------------------------ */

/* connectionState is an object in the example, a word in the table. */
void ot_make_state(const struct mst_value *v, struct mst_buf *out)
{
	struct mst_json state;

	if (v[OP_STATE].type != MST_JSON_OBJECT)
		return;
	state = mst_json_iget(v[OP_STATE].u.j, "connectionState");
	if (mst_json_type(state) == MST_JSON_OBJECT)
		state = mst_json_iget(state, "description");
	(void)mst_buf_add_slice(out, mst_slice_trim(mst_json_str(state)));
}

void ot_make_stage(const struct mst_value *v, struct mst_buf *out)
{
	struct mst_json stage;

	if (v[OP_UPGRADE].type != MST_JSON_OBJECT)
		return;
	stage = mst_json_iget(v[OP_UPGRADE].u.j, "stage");
	(void)mst_buf_add_slice(out, mst_slice_trim(mst_json_str(stage)));
}
