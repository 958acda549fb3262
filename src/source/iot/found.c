/* SPDX-License-Identifier: Apache-2.0
 *
 * What the console's list of sensors says, for the lists behind it: which
 * sensors the settings leave out, and with them what they see.
 */
#include <stdlib.h>

#include "source/iot/iot_private.h"
#include "source/microsoft/microsoft.h"
#include "source/microsoft/text.h"

#define ID_MAX 64 /* bytes of an id that is asked for */

bool ot_leaves_out(const struct ot_conf *conf)
{
	return conf->sensors.n > 0 ||
	       conf->learning_sensors == OT_LEARNING_SKIP;
}

bool ot_sensor_wanted(const struct ot_conf *conf, struct mst_slice name,
		      struct mst_slice id, bool learning)
{
	if (learning && conf->learning_sensors == OT_LEARNING_SKIP)
		return false;
	return conf->sensors.n == 0 || ms_fits_one(&conf->sensors, name) ||
	       ms_fits_one(&conf->sensors, id);
}

void ot_found_clear(struct mst_source *s)
{
	for (size_t i = 0; i < s->sensors_n; i++) {
		free(s->sensors[i].id);
		free(s->sensors[i].name);
	}
	free(s->sensors);
	free(s->scope);
	s->sensors = NULL;
	s->scope = NULL;
	s->sensors_n = s->sensors_cap = 0;
	s->sensors_known = false;
}

static bool flag(struct mst_json record, const char *name)
{
	bool b = false;

	return mst_json_bool(mst_json_iget(record, name), &b) && b;
}

static struct ot_sensor *add(struct mst_source *s)
{
	if (s->sensors_n == s->sensors_cap) {
		s->sensors_cap = s->sensors_cap ? s->sensors_cap * 2 : 16;
		s->sensors = mst_realloc(s->sensors,
					 s->sensors_cap * sizeof(*s->sensors));
	}
	return &s->sensors[s->sensors_n++];
}

void ot_found_sensor(struct mst_source *s, struct mst_json record)
{
	struct mst_json state = mst_json_iget(record, "u_connection_state");
	char buf[2][32], shown[256];
	struct mst_slice id, name;
	struct ot_sensor *to;

	id = ot_text_of(mst_json_iget(record, "u_id"), buf[0]);
	name = ot_text_of(mst_json_iget(record, "u_name"), buf[1]);
	if (!id.n || id.n > ID_MAX || memchr(id.p, 0, id.n))
		return; /* nothing can be asked of it */
	name = name.n ? name : id;
	ms_quote(name, shown, sizeof(shown));
	to = add(s);
	*to = (struct ot_sensor){
	    .id = mst_strndup(id.p, id.n),
	    .name = mst_strdup(shown),
	    .learning = flag(record, "u_is_in_learning_mode"),
	    .activated = flag(record, "u_is_activated"),
	    .connected = !mst_slice_iis(mst_json_str(state), "DISCONNECTED"),
	};
	to->wanted = ot_sensor_wanted(s->conf, name, id, to->learning);
	if (!mst_json_i64(mst_json_iget(record, "u_device_count"),
			  &to->devices))
		to->devices = 0;
}

static int by_id(const void *a, const void *b)
{
	const struct ot_sensor *x = a, *y = b;
	size_t nx = strlen(x->id), ny = strlen(y->id);

	if (nx != ny)
		return nx < ny ? -1 : 1;
	return strcmp(x->id, y->id);
}

int ot_found_end(struct mst_source *s, struct mst_err *err)
{
	struct mst_buf scope = MST_BUF_INIT(1u << 20);
	size_t wanted = 0;

	if (s->sensors_n)
		qsort(s->sensors, s->sensors_n, sizeof(*s->sensors), by_id);
	(void)mst_buf_adds(&scope, "sensors");
	for (size_t i = 0; i < s->sensors_n; i++) {
		wanted += s->sensors[i].wanted;
		if (s->sensors[i].wanted)
			(void)mst_buf_addf(&scope, " %s", s->sensors[i].id);
	}
	s->scope = mst_buf_steal(&scope);
	mst_buf_fini(&scope);
	s->sensors_known = true;
	if (wanted || !s->sensors_n || !s->conf->sensors.n)
		return 0;
	return mst_err_set(err, MST_E_NOTFOUND,
			   "option sensors: no sensor's name or id fits, of "
			   "%zu that are there%s; `muster connection test` "
			   "shows them",
			   s->sensors_n,
			   s->conf->learning_sensors == OT_LEARNING_SKIP
			       ? " and may be in learning mode"
			       : "");
}

static struct ot_sensor *sensor_of(const struct mst_source *s,
				   struct mst_json told)
{
	char buf[32];
	struct mst_slice id =
	    ot_text_of(mst_json_iget(told, "u_sensor_id"), buf);

	for (size_t i = 0; i < s->sensors_n; i++) {
		if (mst_slice_is(id, s->sensors[i].id))
			return &s->sensors[i];
	}
	return NULL;
}

void ot_found_device(struct mst_source *s, struct mst_json device)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_iget(device, "u_sensor_ids"));
	struct mst_json e;

	while (mst_json_next(&it, NULL, &e)) {
		struct ot_sensor *of = sensor_of(s, e);

		if (of)
			of->seen++;
	}
}

void ot_found_no_devices(struct mst_source *s)
{
	for (size_t i = 0; i < s->sensors_n; i++)
		s->sensors[i].seen = 0;
}

const struct ot_sensor *ot_found_idle(const struct mst_source *s)
{
	const struct ot_sensor *idle = NULL;
	bool told = false;

	for (size_t i = 0; i < s->sensors_n; i++) {
		const struct ot_sensor *of = &s->sensors[i];

		told = told || of->seen;
		if (!idle && of->wanted && of->devices > 0 && !of->seen)
			idle = of;
	}
	/* A console may tell no device's sensors. */
	return told ? idle : NULL;
}

bool ot_is_hidden(const struct mst_source *s, struct mst_json device)
{
	struct mst_json_iter it =
	    mst_json_iter(mst_json_iget(device, "u_sensor_ids"));
	struct mst_json e;
	bool known = false;

	if (!ot_leaves_out(s->conf))
		return false;
	while (mst_json_next(&it, NULL, &e)) {
		const struct ot_sensor *of = sensor_of(s, e);

		if (of && of->wanted)
			return false;
		known = known || of;
	}
	return known;
}

const char *ot_scope(const struct mst_source *s, unsigned feed)
{
	if (!ot_paged(s, feed))
		return NULL;
	if (feed != OT_DEVICES || !ot_leaves_out(s->conf))
		return "";
	return s->scope ? s->scope : "";
}
