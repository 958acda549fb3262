/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts: raised from the seed, at a rate, or by hand; handled and learned.
 * What was learned, and what an open maintenance window covers, is not raised.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "sim/iot.h"

#define MAX_ALERTS 5000000
#define UUID_BASE  INT64_C(1594550000000)

static const char *learn_key(struct mst_arena *a, const struct iot_title *t,
			     int64_t src, int64_t dst)
{
	return mst_arena_printf(a, "%s|%lld|%lld", t->title, (long long)src,
				(long long)dst);
}

static const char *address_of(const struct sim_iot *iot, int64_t device,
			      struct mst_arena *a)
{
	struct iot_facts f;

	if (device < 0)
		return NULL;
	iot_brief(&iot->devices[device], a, &f);
	return f.ips_n ? f.ips[0] : NULL;
}

static bool kept_away(struct sim_iot *iot, const struct iot_title *t,
		      unsigned sensor, int64_t src, int64_t dst, int64_t at_us)
{
	struct mst_arena a;
	bool hit = false;

	if (!iot->learned.n && !iot->windows_n)
		return false;
	mst_arena_init(&a, 1u << 20);
	if (iot->learned.n)
		hit = mst_map_has(&iot->learned,
				  mst_slice_str(learn_key(&a, t, src, dst)));
	if (!hit && iot->windows_n)
		hit = iot_window_hides(iot, t, sensor, address_of(iot, src, &a),
				       at_us) ||
		      iot_window_hides(iot, t, sensor, address_of(iot, dst, &a),
				       at_us);
	mst_arena_fini(&a);
	return hit;
}

struct iot_alert *iot_raise(struct sim_iot *iot, int64_t time_us,
			    unsigned sensor, int title,
			    const struct iot_own_alert *own, int64_t src,
			    int64_t dst)
{
	const struct iot_title *t = own ? &own->title : &iot_titles[title];
	struct iot_alert *a;

	if (kept_away(iot, t, sensor, src, dst, time_us)) {
		iot->suppressed++;
		return NULL;
	}
	if (iot->alerts_n == iot->alerts_cap) {
		iot->alerts_cap = iot->alerts_cap ? iot->alerts_cap * 2 : 256;
		iot->alerts = mst_realloc(
		    iot->alerts, iot->alerts_cap * sizeof(*iot->alerts));
	}
	a = &iot->alerts[iot->alerts_n++];
	*a = (struct iot_alert){.id = (int64_t)iot->alerts_n,
				.time_us = iot_ms(time_us) * 1000,
				.src = (int32_t)src,
				.dst = (int32_t)dst,
				.title = (uint16_t)title,
				.sensor = (uint8_t)sensor,
				.own = own};
	a->sensor_id = iot->sensors[sensor - 1].next_alert++;
	iot_event(iot, sensor, a->time_us, "ALERT_REPORTED", t->title, NULL);
	return a;
}

/* A device of the sensor that is there, or -1. */
static int64_t any_device(const struct sim_iot *iot, unsigned sensor,
			  uint64_t h)
{
	size_t n = iot->devices_n;

	for (size_t k = 0; k < n && k < 64; k++) {
		size_t i = (size_t)((h + k) % n);

		if (!iot->devices[i].gone_us &&
		    iot_seen_by(&iot->devices[i], sensor))
			return (int64_t)i;
	}
	return -1;
}

struct iot_alert *iot_raise_any(struct sim_iot *iot, int64_t time_us)
{
	/* counted by what was raised or kept away, so that the same steps
	 * raise the same */
	uint64_t n = iot->alerts_n + (uint64_t)iot->suppressed;
	uint64_t h = est_mix(iot->seed ^ 0xa1e47, n);
	unsigned sensor = (unsigned)(h % iot->sensors_n) + 1;
	int title = (int)(n < iot_titles_n ? n : h / 64 % iot_titles_n);
	int64_t src = any_device(iot, sensor, est_mix(h, 1));
	int64_t dst = any_device(iot, sensor, est_mix(h, 2));

	/* some alerts have one end, some none that is a device */
	if (h / 4096 % 7 == 0 || dst == src)
		dst = -1;
	if (h / 65536 % 23 == 0)
		src = -1;
	return iot_raise(iot, time_us, sensor, title, NULL, src, dst);
}

void iot_catch_up(struct sim_iot *iot, int64_t now_us)
{
	double due = iot->rate * (double)(now_us - iot->rate_us) / 1e6;

	if (iot->rate <= 0 || due < (double)(iot->rate_done + 1))
		return;
	/* by number, so that it does not matter how often one looks */
	while ((double)(iot->rate_done + 1) <= due && iot->devices_n &&
	       iot->alerts_n < MAX_ALERTS) {
		double s = (double)++iot->rate_done / iot->rate;

		(void)iot_raise_any(iot, iot->rate_us + (int64_t)(s * 1e6));
	}
	iot->generation++;
}

void iot_alert_uuid(const struct sim_iot *iot, const struct iot_alert *a,
		    char out[80])
{
	if (a->own && a->own->uuid)
		(void)snprintf(out, 80, "%s", a->own->uuid);
	else if (a->id % 50 == 7)
		sim_guid(est_mix(iot->seed, (uint64_t)a->id), 7, out);
	else
		(void)snprintf(out, 80, "%u-%lld", a->sensor,
			       (long long)(UUID_BASE + a->id));
}

struct iot_alert *iot_alert_by_uuid(struct sim_iot *iot, const char *uuid)
{
	const char *dash = strchr(uuid, '-');
	char have[80];
	int64_t n;

	/* most of them tell the number */
	if (dash && mst_num_i64(mst_slice_str(dash + 1), &n) && n > UUID_BASE &&
	    n - UUID_BASE <= (int64_t)iot->alerts_n) {
		iot_alert_uuid(iot, &iot->alerts[n - UUID_BASE - 1], have);
		if (!strcmp(have, uuid))
			return &iot->alerts[n - UUID_BASE - 1];
	}
	for (size_t i = iot->alerts_n; i-- > 0;) {
		iot_alert_uuid(iot, &iot->alerts[i], have);
		if (!strcmp(have, uuid))
			return &iot->alerts[i];
	}
	return NULL;
}

static const char *learn(struct sim_iot *iot, struct iot_alert *a,
			 int64_t at_us)
{
	bool was = a->handled;

	if (a->learned)
		return "Alert was already handled and learned "
		       "(handleAndLearn).";
	(void)mst_map_put(&iot->learned,
			  mst_slice_str(learn_key(
			      &iot->arena, iot_alert_title(a), a->src, a->dst)),
			  iot);
	a->learned = a->handled = true;
	a->handled_us = at_us;
	return was ? "Alert was already handled (handled). Handle and learn "
		     "(handleAndLearn) was performed on the alert."
		   : "Alert update request finished successfully.";
}

const char *iot_alert_handle(struct sim_iot *iot, struct mst_slice uuid,
			     struct mst_slice action, int64_t at_us,
			     int *status_r)
{
	bool learns = mst_slice_is(action, "handleAndLearn");
	struct iot_alert *a;
	char text[80];

	*status_r = 500;
	if (!learns && !mst_slice_is(action, "handle"))
		return "Invalid action.";
	(void)snprintf(text, sizeof(text), "%.*s", MST_SLICE_ARG(uuid));
	a = iot_alert_by_uuid(iot, text);
	if (!a)
		return "Couldn't execute request because no alert was found "
		       "for this UUID.";
	*status_r = 200;
	iot->generation++;
	if (learns)
		return learn(iot, a, at_us);
	if (a->learned)
		return "Alert was already handled and learned "
		       "(handleAndLearn). Ignored handle request.";
	if (a->handled)
		return "Alert was already handled (handle).";
	a->handled = true;
	a->handled_us = at_us;
	return "Alert update request finished successfully.";
}
