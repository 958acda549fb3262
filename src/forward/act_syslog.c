/* SPDX-License-Identifier: Apache-2.0
 *
 * CEF in RFC 5424. Texts come from a network: a bar would end a field of the
 * header, "=" would begin a value, a line end the next message.
 */
#include "forward/act_syslog.h"

#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "forward/item.h"

#define PRIORITY 9 /* facility 1 User, severity 1 Alert */
#define HOST_MAX 255
#define CEF_MAX	 (64u << 10)

#define AT(member) offsetof(struct mst_syslog_conf, member)

const struct mst_opt mst_syslog_opts[] = {
    {"address", MST_OPT_TEXT, AT(address), .flags = MST_OPT_REQUIRED,
     .help = "HOST:PORT of the syslog server"},
    {"transport", MST_OPT_CHOICE, AT(transport), "tls", "udp|tcp|tls",
     .help = "how messages get there; udp and tcp send them in the clear"},
    {"framing", MST_OPT_CHOICE, AT(framing), "octets", "octets|lines",
     .help = "of tcp and tls: a length in front of each message, or a line "
	     "end behind it"},
    {"zone", MST_OPT_TEXT, AT(zone_name), "UTC",
     .help = "time zone of the field \"start\": Europe/Berlin, UTC"},
    {"ca_file", MST_OPT_TEXT, AT(ca_file),
     .help = "tls: PEM file with further trusted certificate authorities"},
    {"certificate", MST_OPT_TEXT, AT(certificate),
     .help = "tls: PEM file with the certificate that muster shows"},
    {"certificate_key", MST_OPT_TEXT, AT(certificate_key),
     .help = "tls: PEM file with its key, where that is a file of its own"},
    {"certificate_password", MST_OPT_SECRET, AT(certificate_password),
     .help = "tls: what opens the key, as env:NAME, file:PATH or "
	     "credential:NAME"},
    {"timeout", MST_OPT_DURATION, AT(timeout_ms), "15s", .min = 1000,
     .max = 600000, .help = "how long a connection, or sending, may take"},
    {0},
};

/* ---- options ------------------------------------------------------------- */

bool mst_syslog_address(const char *text, struct mst_arena *arena,
			const char **host_r, const char **port_r)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	uint64_t port;

	if (n == 0 || n > HOST_MAX ||
	    !mst_num_u64(mst_slice_str(colon + 1), &port) || port < 1 ||
	    port > 65535)
		return false;
	if (text[0] == '[' && text[n - 1] == ']' && n > 2) {
		text++;
		n -= 2;
	} else if (memchr(text, ':', n)) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == '/' ||
		    (unsigned char)text[i] >= 0x7f)
			return false;
	}
	*host_r = mst_arena_dup(arena, mst_slice(text, n)).p;
	*port_r = mst_arena_strdup(arena, colon + 1);
	return true;
}

static int check_tls(const struct mst_conf_item *item,
		     const struct mst_syslog_conf *c, struct mst_err *err)
{
	const struct {
		const char *key, *value;
	} all[] = {
	    {"ca_file", c->ca_file},
	    {"certificate", c->certificate},
	    {"certificate_key", c->certificate_key},
	    {"certificate_password", c->certificate_password},
	};

	for (size_t i = 0; i < MST_LEN(all); i++) {
		if (!all[i].value || !*all[i].value)
			continue;
		if (c->transport != MST_SYSLOG_TLS)
			return mst_item_fail(item, all[i].key, err,
					     "only goes with transport: tls");
		if (i > 1 && (!c->certificate || !*c->certificate))
			return mst_item_fail(item, all[i].key, err,
					     "needs \"certificate\"");
	}
	return 0;
}

int mst_syslog_make(const struct mst_conf_item *item, struct mst_arena *arena,
		    struct mst_syslog_conf *c_r, struct mst_err *err)
{
	struct mst_syslog_conf c = {0};
	struct mst_err why = MST_ERR_INIT;
	int rc = mst_conf_apply(item, mst_syslog_opts, &c, arena, err);

	if (rc == 0 && !mst_syslog_address(c.address, arena, &c.host, &c.port))
		rc = mst_item_fail(item, "address", err,
				   "must be HOST:PORT, like "
				   "siem.example.com:6514, not \"%.80s\"",
				   c.address);
	if (rc == 0)
		rc = check_tls(item, &c, err);
	if (rc == 0 && mst_zone_find(c.zone_name, &c.zone, &why) < 0)
		rc = mst_item_fail(item, "zone", err, "%s", why.msg);
	if (rc < 0)
		return rc;
	c.frame = c.transport == MST_SYSLOG_UDP ? MST_SYSLOG_PLAIN
		  : c.framing == 0		? MST_SYSLOG_OCTETS
						: MST_SYSLOG_LINES;
	*c_r = c;
	return 0;
}

void mst_syslog_fini(struct mst_syslog_conf *c)
{
	mst_zone_free(&c->zone);
}

/* ---- messages ------------------------------------------------------------ */

static const int severities[] = {
    [MST_SEVERITY_NONE] = 0,	  [MST_SEVERITY_WARNING] = 1,
    [MST_SEVERITY_MINOR] = 4,	  [MST_SEVERITY_MAJOR] = 8,
    [MST_SEVERITY_CRITICAL] = 10,
};

/* A field of the header ends at a bar and has no line ends. */
static void field(struct mst_buf *out, struct mst_slice v)
{
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c == '\\' || c == '|')
			(void)mst_buf_addc(out, '\\');
		(void)mst_buf_addc(out, (unsigned char)c < ' ' ? ' ' : c);
	}
	(void)mst_buf_addc(out, '|');
}

/* Values behind the header, a blank between them. */
struct values {
	struct mst_buf *out;
	bool more;
};

static void value(struct values *to, const char *name, struct mst_slice v)
{
	struct mst_buf *out = to->out;

	if (!v.n)
		return;
	if (to->more)
		(void)mst_buf_addc(out, ' ');
	to->more = true;
	(void)mst_buf_addf(out, "%s=", name);
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c == '\\' || c == '=')
			(void)mst_buf_addc(out, '\\');
		if (c == '\n')
			(void)mst_buf_adds(out, "\\n");
		else
			(void)mst_buf_addc(out,
					   (unsigned char)c < ' ' ? ' ' : c);
	}
}

/* "Nov 20 2026 10:00:00" on the zone's clock. */
static void start(struct values *to, int64_t us, const struct mst_zone *zone)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct mst_civil c = mst_zone_civil(zone, us);
	char text[64];

	(void)snprintf(text, sizeof(text), "%.3s %02d %04d %02d:%02d:%02d",
		       months + (size_t)(c.month - 1) * 3, c.day, c.year,
		       c.hour, c.minute, c.second);
	value(to, "start", mst_slice_str(text));
}

void mst_cef(const struct mst_alert *a, const char *version,
	     const struct mst_zone *zone, struct mst_buf *out)
{
	struct values to = {out, false};
	char number[16];

	(void)mst_buf_adds(out, "CEF:0|Microsoft Defender for IoT/CyberX|");
	field(out, a->sensor.n ? a->sensor : MST_SLICE_LIT("muster"));
	field(out, mst_slice_str(version));
	(void)mst_buf_adds(out, "Microsoft Defender for IoT Alert|");
	field(out, a->title);
	(void)snprintf(number, sizeof(number), "%d", severities[a->severity]);
	field(out, mst_slice_str(number));
	value(&to, "msg", a->message);
	value(&to, "protocol", a->protocol);
	value(&to, "severity", mst_slice_str(mst_severity_name(a->severity)));
	value(&to, "type", mst_slice_str(mst_engine_name(a->engine)));
	value(&to, "UUID", a->uuid);
	if (a->time_us != MST_TIME_NONE)
		start(&to, a->time_us, zone);
	value(&to, "src_ip", a->source.address);
	value(&to, "src_mac", a->source.mac);
	value(&to, "dst_ip", a->destination.address);
	value(&to, "dst_mac", a->destination.mac);
	value(&to, "cat", a->category);
}

/* A host name has no blanks and nothing but ASCII. */
static void host(struct mst_buf *out, struct mst_slice name)
{
	size_t n = MST_MIN(name.n, (size_t)HOST_MAX);

	if (n == 0)
		(void)mst_buf_addc(out, '-');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		(void)mst_buf_addc(out, c > ' ' && c < 0x7f ? (char)c : '_');
	}
}

void mst_syslog(const struct mst_alert *a, const char *version,
		const struct mst_zone *zone, int64_t sent_us,
		enum mst_syslog_frame frame, struct mst_buf *out)
{
	struct mst_buf m = MST_BUF_INIT(CEF_MAX);
	char iso[21];

	mst_time_iso(sent_us, iso);
	(void)mst_buf_addf(&m, "<%d>1 %s ", PRIORITY, iso);
	host(&m, a->sensor);
	(void)mst_buf_adds(&m, " muster - alert - ");
	mst_cef(a, version, zone, &m);
	if (frame == MST_SYSLOG_OCTETS)
		(void)mst_buf_addf(out, "%zu ", m.n);
	(void)mst_buf_add_slice(out, mst_buf_slice(&m));
	if (frame == MST_SYSLOG_LINES)
		(void)mst_buf_addc(out, '\n');
	mst_buf_fini(&m);
}
