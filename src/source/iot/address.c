/* SPDX-License-Identifier: Apache-2.0
 *
 * Where each list is, at a console and at a sensor.
 */
#include "base/time.h"
#include "source/iot/iot_private.h"

#define V3 "/external/v3/integration/"

bool ot_paged(const struct mst_source *s, unsigned feed)
{
	return ot_console(s) && (feed == OT_DEVICES || feed == OT_CONNECTIONS ||
				 feed == OT_DEVICE_CVES);
}

/* v1 tells all devices in one answer: a sensor's share of them bounds it. */
bool ot_by_sensor(const struct mst_source *s, unsigned feed)
{
	return ot_console(s) && (feed == OT_DEVICE_FLAGS ||
				 (ot_leaves_out(s->conf) &&
				  (feed == OT_DEVICES || feed == OT_ALERTS)));
}

const struct ot_sensor *ot_list_sensor(const struct mst_source *s)
{
	const struct ot_read *r = &s->read;
	size_t nth;

	if (r->scout || r->alone || !ot_by_sensor(s, r->feed))
		return NULL;
	nth = r->at / r->spans;
	for (size_t i = 0; i < s->sensors_n; i++) {
		if (s->sensors[i].wanted && nth-- == 0)
			return &s->sensors[i];
	}
	return NULL;
}

/* "?" before the first parameter, "&" before others. */
static void begin_param(struct mst_buf *url, const char *name)
{
	bool more = url->p && strchr(url->p, '?');

	mst_buf_addf(url, "%c%s=", more ? '&' : '?', name);
}

static void param(struct mst_buf *url, const char *name, int64_t n)
{
	begin_param(url, name);
	mst_buf_addf(url, "%lld", (long long)n);
}

static void text_param(struct mst_buf *url, const char *name, const char *text)
{
	begin_param(url, name);
	mst_buf_add_uri(url, mst_slice_str(text));
}

/* Since when v3 is asked for changes; 0: everything. */
static int64_t since_ms(const struct mst_source *s, unsigned feed)
{
	int64_t us = s->since_us[feed];

	if (us == MST_TIME_NONE)
		return 0;
	us += s->skew_us;
	return us > 0 ? us / 1000 : 0;
}

/* From the span before to the one behind, both a millisecond more: no page says
 * whether the ends are in it. The last span is open. */
static void span(const struct mst_source *s, struct mst_buf *url)
{
	const struct ot_read *r = &s->read;
	int64_t nth = (int64_t)(r->at % r->spans);
	int64_t from_us = r->from_us + nth * OT_WINDOW_US;

	param(url, "fromTime", MST_MAX(from_us / 1000 - 1, INT64_C(0)));
	if ((size_t)nth + 1 < r->spans)
		param(url, "toTime", (from_us + OT_WINDOW_US) / 1000 + 1);
}

void ot_sensors_address(const struct mst_source *s, struct mst_buf *url)
{
	mst_buf_addf(url, "%s" V3 "sensors", s->base);
}

static void console_address(const struct mst_source *s, struct mst_buf *url)
{
	unsigned feed = s->read.feed;

	switch (feed) {
	case OT_SENSORS:
		ot_sensors_address(s, url);
		break;
	case OT_APPLIANCES:
		mst_buf_addf(url, "%s/external/v2/appliances", s->base);
		break;
	case OT_DEVICE_FLAGS:
		mst_buf_addf(url, "%s/external/v1/devices", s->base);
		break;
	case OT_ALERTS:
		mst_buf_addf(url, "%s/external/v2/alerts", s->base);
		break;
	case OT_DELETED_DEVICES:
		mst_buf_addf(url, "%s" V3 "deleteddevices/%lld", s->base,
			     (long long)since_ms(s, feed));
		break;
	case OT_DEVICES:
		mst_buf_addf(url, "%s" V3 "devices/%lld", s->base,
			     (long long)since_ms(s, feed));
		break;
	case OT_CONNECTIONS:
		mst_buf_addf(url, "%s" V3 "connections/%lld", s->base,
			     (long long)since_ms(s, feed));
		break;
	default:
		mst_buf_addf(url, "%s" V3 "devicecves/%lld", s->base,
			     (long long)since_ms(s, feed));
	}
}

static void sensor_address(const struct mst_source *s, struct mst_buf *url)
{
	mst_buf_addf(url, "%s/api/", s->base);
	switch (s->read.feed) {
	case OT_DEVICES:
		mst_buf_adds(url, "v1/devices");
		break;
	case OT_CONNECTIONS:
		mst_buf_adds(url, "v1/devices/connections");
		break;
	case OT_DEVICE_CVES:
		mst_buf_adds(url, "v1/devices/cves");
		param(url, "top", OT_TOP);
		break;
	default:
		mst_buf_adds(url, "v2/alerts");
	}
}

void ot_address(const struct mst_source *s, struct mst_buf *url)
{
	const struct ot_read *r = &s->read;
	const struct ot_sensor *sensor = ot_list_sensor(s);

	if (r->scout) {
		ot_sensors_address(s, url);
		return;
	}
	if (r->alone && r->feed == OT_DEVICES) {
		mst_buf_addf(url, "%s" V3 "device/%s", s->base, s->one);
		return;
	}
	if (ot_console(s))
		console_address(s, url);
	else
		sensor_address(s, url);
	if (r->feed == OT_ALERTS)
		span(s, url);
	if (sensor)
		text_param(url, "sensorId", sensor->id);
	if (r->alone)
		text_param(url, "deviceIds", s->one);
	if (ot_paged(s, r->feed)) {
		param(url, "page", r->page);
		param(url, "size", r->size);
	}
}
