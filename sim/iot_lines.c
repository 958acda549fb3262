/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts as lines for syslog servers, priority User.Alert. The documents list
 * the fields of each form but have no whole line of any but LEEF; what stands
 * between the fields is our choice. Line ends within texts become blanks.
 */
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/time.h"
#include "sim/iot.h"

#define PRIORITY 9 /* user, alert */

struct line {
	const struct iot_alert *a;
	const struct iot_title *t;
	const struct iot_sensor *s;
	const char *message, *protocol;
	struct iot_facts src, dst;
	char uuid[80];
	struct mst_buf *out;
};

static const char *or_none(const char *text)
{
	return text ? text : "N/A";
}

static const char *ip(const struct iot_facts *f)
{
	return f->ips_n ? f->ips[0] : NULL;
}

static const char *mac(const struct iot_facts *f)
{
	return f->macs_n ? f->macs[0] : f->guessed[0];
}

/* Appends a text; `escaped` get a backslash. */
static void text(struct mst_buf *out, const char *s, const char *escaped)
{
	for (; *s; s++) {
		if (strchr(escaped, *s))
			(void)mst_buf_addc(out, '\\');
		(void)mst_buf_addc(out, *s == '\n' || *s == '\t' ? ' ' : *s);
	}
}

static void field(struct line *l, const char *before, const char *value)
{
	(void)mst_buf_adds(l->out, before);
	text(l->out, value, "");
}

static int cef_severity(const char *s)
{
	return !strcmp(s, "Critical") ? 10
	       : !strcmp(s, "Major")  ? 8
	       : !strcmp(s, "Minor")  ? 4
				      : 1;
}

enum time_form { TIME_HEADER, TIME_SIEM, TIME_OBJECT };

static void time_text(int64_t us, enum time_form form, char out[32])
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	switch (form) {
	case TIME_HEADER:
		(void)strftime(out, 32, "%b %e %H:%M:%S", &tm);
		break;
	case TIME_SIEM:
		(void)strftime(out, 32, "%b %d %Y %H:%M:%S", &tm);
		break;
	case TIME_OBJECT:
		(void)strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
		break;
	}
}

static void write_text(struct line *l)
{
	field(l, "Platform name: ", l->s->name);
	field(l, ", Alert title: ", l->t->title);
	field(l, ", Type: ", l->t->engine);
	field(l, ", Severity: ", l->t->severity);
	field(l, ", Source: ", or_none(l->src.name));
	field(l, ", Source IP: ", or_none(ip(&l->src)));
	if (l->protocol)
		field(l, ", Protocol: ", l->protocol);
	if (mac(&l->src))
		field(l, ", Address: ", mac(&l->src));
	field(l, ", Destination: ", or_none(l->dst.name));
	field(l, ", Destination IP: ", or_none(ip(&l->dst)));
	if (l->protocol)
		field(l, ", Protocol: ", l->protocol);
	if (mac(&l->dst))
		field(l, ", Address: ", mac(&l->dst));
	field(l, ", Message: ", l->message);
	field(l, ", Alert group: ", iot_alert_group(l->a));
	field(l, ", UUID: ", l->uuid);
}

static void write_object(struct line *l)
{
	char time[32];

	time_text(l->a->time_us, TIME_OBJECT, time);
	field(l, "Sensor_name=", l->s->name);
	field(l, " Alert_time=", time);
	field(l, " title=", l->t->title);
	field(l, " message=", l->message);
	field(l, " severity=", l->t->severity);
	field(l, " type=", l->t->engine);
	field(l, " Protocol=", or_none(l->protocol));
	field(l, " Source_MAC=", or_none(mac(&l->src)));
	field(l, " Destination_MAC=", or_none(mac(&l->dst)));
	field(l, " alert_group=", iot_alert_group(l->a));
}

static void pair(struct line *l, const char *before, const char *value)
{
	if (!value)
		return;
	(void)mst_buf_adds(l->out, before);
	text(l->out, value, "\\=");
}

static void write_cef(struct line *l)
{
	char time[32];

	time_text(l->a->time_us, TIME_SIEM, time);
	(void)mst_buf_adds(l->out, "CEF:0|Microsoft Defender for IoT/CyberX|");
	text(l->out, l->s->name, "\\|");
	(void)mst_buf_addc(l->out, '|');
	text(l->out, l->s->version, "\\|");
	(void)mst_buf_adds(l->out, "|Microsoft Defender for IoT Alert|");
	text(l->out, l->t->title, "\\|");
	(void)mst_buf_addf(l->out, "|%d|", cef_severity(l->t->severity));
	pair(l, "msg=", l->message);
	pair(l, " protocol=", or_none(l->protocol));
	pair(l, " severity=", l->t->severity);
	pair(l, " type=", l->t->engine);
	pair(l, " UUID=", l->uuid);
	pair(l, " start=", time);
	pair(l, " src_ip=", ip(&l->src));
	pair(l, " src_mac=", mac(&l->src));
	pair(l, " dst_ip=", ip(&l->dst));
	pair(l, " dst_mac=", mac(&l->dst));
	pair(l, " cat=", iot_alert_group(l->a));
}

static void write_leef(struct line *l)
{
	char time[32];

	time_text(l->a->time_us, TIME_SIEM, time);
	(void)mst_buf_adds(l->out, "LEEF:1.0|CyberX|CyberX platform|");
	field(l, "", l->s->version);
	field(l, "|CyberX platform Alert|devTime=", time);
	(void)mst_buf_addf(l->out,
			   "\tdevTimeFormat=MMM dd yyyy HH:mm:ss"
			   "\tsev=%d",
			   cef_severity(l->t->severity));
	field(l, "\ttitle=", l->t->title);
	field(l, "\tmsg=", l->message);
	field(l, "\tprotocol=", or_none(l->protocol));
	field(l, "\tseverity=", l->t->severity);
	field(l, "\ttype=", l->t->engine);
	field(l, "\tstart=", time);
	if (ip(&l->src))
		field(l, "\tsrc_ip=", ip(&l->src));
	if (ip(&l->dst))
		field(l, "\tdst_ip=", ip(&l->dst));
	field(l, "\tcat=", iot_alert_group(l->a));
	field(l, "\tsenderName=", l->s->name);
	field(l, "\tUUID=", l->uuid);
	field(l, "\tsite=", iot_site_name(l->s->site));
	field(l, "\tzone=", iot_zone_name(l->s->zone));
	(void)mst_buf_addf(l->out, "\talertId=%lld",
			   (long long)l->a->sensor_id);
}

static const struct {
	const char *name;
	void (*fn)(struct line *l);
} forms[] = {{"text", write_text},
	     {"object", write_object},
	     {"cef", write_cef},
	     {"leef", write_leef}};

bool iot_alert_line(const struct sim_iot *iot, const struct iot_alert *a,
		    const char *form, int64_t now_us, struct mst_arena *arena,
		    struct mst_buf *out)
{
	struct line l = {.a = a,
			 .t = iot_alert_title(a),
			 .s = &iot->sensors[a->sensor - 1],
			 .out = out};
	char time[32];

	iot_alert_message(iot, a, arena, &l.message, &l.protocol);
	iot_alert_uuid(iot, a, l.uuid);
	if (a->src >= 0)
		iot_brief(&iot->devices[a->src], arena, &l.src);
	if (a->dst >= 0)
		iot_brief(&iot->devices[a->dst], arena, &l.dst);
	time_text(now_us, TIME_HEADER, time);
	for (size_t i = 0; i < MST_LEN(forms); i++) {
		if (strcasecmp(forms[i].name, form) != 0)
			continue;
		(void)mst_buf_addf(out, "<%d>%s %s ", PRIORITY, time,
				   l.s->name);
		forms[i].fn(&l);
		return true;
	}
	return false;
}
