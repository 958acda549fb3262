/* SPDX-License-Identifier: Apache-2.0
 *
 * Defender for Endpoint's API: which path is what, tokens and roles, the
 * machines and vulnerabilities lists. Paths are matched ASCII case folded, as
 * the service does.
 */
#include "sim/mde.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/num.h"

#define MACHINES_MAX 10000
#define VULNS_MAX    8000

struct sim_mde *sim_mde_new(void)
{
	struct sim_mde *m = mst_alloc(sizeof(*m));

	m->json = mst_json_parser_new(1u << 20);
	return m;
}

void sim_mde_forget(struct sim_mde *m)
{
	for (int k = 0; k < EST__KINDS; k++) {
		struct mde_snapshot *s = &m->snap[k];

		for (size_t i = 0; i < s->parts_n; i++)
			mde_blob_drop(s->parts[i].blob);
		free(s->parts);
		free(s->segments);
		*s = (struct mde_snapshot){0};
	}
	mde_changes_forget(m);
}

void sim_mde_free(struct sim_mde **m)
{
	if (!*m)
		return;
	sim_mde_forget(*m);
	mst_json_parser_free(&(*m)->json);
	free(*m);
	*m = NULL;
}

void sim_mde_error(struct sim_reply *reply, int status, const char *code,
		   const char *fmt, ...)
{
	static uint64_t count;
	char text[1024], guid[37];
	struct mst_jout j;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sim_guid(__atomic_add_fetch(&count, 1, __ATOMIC_RELAXED), 9, guid);
	reply->status = status;
	mst_buf_reset(&reply->body);
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "error");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "code", code);
	mst_jout_kstr(&j, "message", text);
	mst_jout_kstr(&j, "target", guid);
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
}

/* ---- machines ----------------------------------------------------------- */

static int text_or_null(const char *v, char text[512])
{
	if (!v)
		return 0;
	snprintf(text, 512, "%s", v);
	return 1;
}

static int machine_field(const void *record, struct mst_slice field,
			 char text[512])
{
	const struct est_device *d = record;
	const struct {
		const char *name, *value;
	} known[] = {
	    {"computerDnsName", d->name},
	    {"id", d->id},
	    {"version", d->version},
	    {"deviceValue", d->value},
	    {"aadDeviceId", d->aad_id},
	    {"machineTags", d->tags[0]},
	    {"lastSeen", d->last_seen},
	    {"exposureLevel", d->exposure},
	    {"onboardingStatus", d->onboarding},
	    {"lastIpAddress", d->last_ip},
	    {"healthStatus", d->health},
	    {"osPlatform", d->os_platform},
	    {"riskScore", d->risk},
	};

	for (size_t i = 0; i < MST_LEN(known); i++)
		if (mst_slice_iis(field, known[i].name))
			return text_or_null(known[i].value, text);
	if (mst_slice_iis(field, "rbacGroupId")) {
		snprintf(text, 512, "%d", d->rbac);
		return d->rbac >= 0;
	}
	return -1;
}

/* -1: not a number or out of range. */
static int64_t count_param(const struct sim_request *r, const char *name,
			   int64_t def, int64_t max)
{
	const char *text = sim_iquery(r, name);
	int64_t v;

	if (!text)
		return def;
	if (!mst_num_i64(mst_slice_str(text), &v) || v < 0 || v > max)
		return -1;
	return v;
}

struct listing {
	int64_t top, skip;
	const struct mde_filter *filter;
};

static bool read_listing(const struct sim_request *r, struct sim_reply *reply,
			 int64_t max, struct listing *l)
{
	const char *text = sim_iquery(r, "$filter"), *why = "";

	l->top = count_param(r, "$top", max, max);
	l->skip = count_param(r, "$skip", 0, INT32_MAX);
	l->filter = NULL;
	if (l->top < 0 || l->skip < 0) {
		sim_mde_error(reply, 400, "BadRequest",
			      "The query specified in the URI is not valid. "
			      "The limit of '%lld' for Top query has been "
			      "exceeded or a value is not a number.",
			      (long long)max);
		return false;
	}
	if (!text)
		return true;
	l->filter = mde_filter_parse(text, &reply->arena, &why);
	if (!l->filter)
		sim_mde_error(reply, 400, "ODataError", "%s", why);
	return l->filter != NULL;
}

static void next_machines(const struct sim_request *r, const struct listing *l,
			  struct mst_buf *out)
{
	const char *filter = sim_iquery(r, "$filter");

	mst_buf_addf(out,
		     ",\"@odata.nextLink\":\"%s/api/machines?$top=%lld&"
		     "$skip=%lld",
		     r->base, (long long)l->top, (long long)(l->skip + l->top));
	if (filter) {
		mst_buf_adds(out, "&$filter=");
		mst_buf_add_uri(out, mst_slice_str(filter));
	}
	mst_buf_addc(out, '"');
}

static void serve_machines(struct mst_sim *sim, const struct sim_request *r,
			   struct sim_reply *reply)
{
	const struct sim_estate *e = sim->estate;
	const char *why = "";
	struct listing l;
	int64_t hits = 0, given = 0;

	if (!read_listing(r, reply, MACHINES_MAX, &l))
		return;
	mst_buf_addf(&reply->body,
		     "{\"@odata.context\":\"%s/api/$metadata#Machines\","
		     "\"value\":[",
		     r->base);
	for (size_t i = 0; i < e->devices_n; i++) {
		const struct est_device *d = &e->devices[i];
		int hit = d->listed && !d->gone;

		if (hit && l.filter)
			hit =
			    mde_filter_match(l.filter, d, machine_field, &why);
		if (hit < 0) {
			sim_mde_error(reply, 400, "ODataError", "%s", why);
			return;
		}
		if (!hit || ++hits <= l.skip || given == l.top)
			continue;
		if (given++)
			mst_buf_addc(&reply->body, ',');
		mde_write_machine(&reply->body, d);
	}
	if (!hits && sim->sw.machines_404) {
		sim_mde_error(reply, 404, "ResourceNotFound",
			      "No recent machines were found");
		return;
	}
	mst_buf_addc(&reply->body, ']');
	if (sim->sw.machines_next_link && hits > l.skip + given && given)
		next_machines(r, &l, &reply->body);
	mst_buf_addc(&reply->body, '}');
}

static const struct est_device *find_machine(struct mst_sim *sim,
					     struct mst_slice key)
{
	for (size_t i = 0; i < sim->estate->devices_n; i++) {
		const struct est_device *d = &sim->estate->devices[i];

		if (d->gone || !d->listed)
			continue;
		if (mst_slice_iis(key, d->id) ||
		    (d->name && mst_slice_iis(key, d->name)))
			return d;
	}
	return NULL;
}

static void write_users(const struct sim_request *r, const struct est_device *d,
			struct mst_buf *b)
{
	mst_buf_addf(b,
		     "{\"@odata.context\":\"%s/api/$metadata#Users\","
		     "\"value\":[",
		     r->base);
	for (unsigned i = 0; i < 1 + d->n % 2; i++)
		mst_buf_addf(b,
			     "%s{\"id\":\"contoso\\\\user%u\",\"accountName\":"
			     "\"user%u\",\"accountDomain\":\"contoso\","
			     "\"firstSeen\":\"2025-12-18T08:02:54Z\","
			     "\"lastSeen\":\"2026-11-06T08:01:48Z\","
			     "\"logonTypes\":\"%s\",\"isDomainAdmin\":%s,"
			     "\"isOnlyNetworkUser\":false}",
			     i ? "," : "", d->n + i, d->n + i,
			     i ? "Interactive,RemoteInteractive"
			       : "Interactive",
			     d->n % 40 == 0 ? "true" : "false");
	mst_buf_adds(b, "]}");
}

static void serve_machine(struct mst_sim *sim, const struct sim_request *r,
			  const char *rest, struct sim_reply *reply)
{
	size_t n = strcspn(rest, "/");
	const struct est_device *d = find_machine(sim, mst_slice(rest, n));

	if (!d) {
		sim_mde_error(reply, 404, "ResourceNotFound",
			      "Machine %.*s was not found", (int)n, rest);
	} else if (!rest[n]) {
		size_t brace;

		mst_buf_addf(&reply->body,
			     "{\"@odata.context\":\"%s/api/$metadata#Machine\""
			     ",",
			     r->base);
		brace = reply->body.n; /* of the machine: not a second object */
		mde_write_machine(&reply->body, d);
		reply->body.p[brace] = ' ';
	} else if (!strcasecmp(rest + n, "/logonusers")) {
		write_users(r, d, &reply->body);
	} else {
		sim_mde_error(reply, 404, "NotFound",
			      "No resource at this path");
	}
}

/* ---- vulnerabilities ---------------------------------------------------- */

static int vuln_field(const void *record, struct mst_slice field,
		      char text[512])
{
	const struct sim_cve_fact *f = record;

	if (mst_slice_iis(field, "id") || mst_slice_iis(field, "name"))
		return text_or_null(f->id, text);
	if (mst_slice_iis(field, "severity"))
		return text_or_null(f->severity, text);
	if (mst_slice_iis(field, "description"))
		return text_or_null(f->title, text);
	if (mst_slice_iis(field, "publishedOn") ||
	    mst_slice_iis(field, "updatedOn"))
		return text_or_null(f->published, text);
	if (!mst_slice_iis(field, "cvssV3"))
		return -1;
	snprintf(text, 512, "%.1f", f->cvss);
	return 1;
}

/* How many devices of the list show it. */
static uint64_t exposed(const struct sim_estate *e,
			const struct sim_cve_fact *f)
{
	return (mst_hash64(f->id, strlen(f->id), e->seed) + e->day) %
	       (e->devices_n + 1);
}

static void write_fact(const struct sim_estate *e, const struct sim_cve_fact *f,
		       struct mst_buf *b)
{
	uint64_t h = mst_hash64(f->id, strlen(f->id), 21);
	char num[32];
	struct mst_jout j;

	mst_jout_init(&j, b);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "id", f->id);
	mst_jout_kstr(&j, "name", f->id);
	mst_jout_kstr(&j, "description", f->title);
	mst_jout_kstr(&j, "severity", f->severity);
	mst_jout_key(&j, "cvssV3");
	mst_num_fixed1(f->cvss, num);
	mst_jout_raw(&j, mst_slice_str(num));
	mst_jout_kstr(&j, "cvssVector", f->vector);
	mst_jout_ki64(&j, "exposedMachines", (int64_t)exposed(e, f));
	snprintf(num, sizeof(num), "%.10sT00:00:00Z", f->published);
	mst_jout_kstr(&j, "publishedOn", num);
	mst_jout_kstr(&j, "updatedOn", num);
	mst_jout_kbool(&j, "publicExploit", f->exploit >= 1);
	mst_jout_kbool(&j, "exploitVerified", f->exploit >= 2);
	mst_jout_kbool(&j, "exploitInKit", f->exploit >= 3);
	mst_jout_key(&j, "exploitTypes");
	mst_jout_arr(&j);
	if (f->exploit) {
		mst_jout_str(&j, "Remote");
		mst_jout_str(&j, "Local");
	}
	mst_jout_end_arr(&j);
	mst_jout_key(&j, "exploitUris");
	mst_jout_arr(&j);
	if (f->exploit)
		mst_jout_str(&j, "https://exploits.example.org/1");
	mst_jout_end_arr(&j);
	/* text in the sample, a list in the table: both occur */
	if (h % 2) {
		mst_jout_kstr(&j, "CveSupportability", "supported");
	} else {
		mst_jout_key(&j, "CveSupportability");
		mst_jout_arr(&j);
		mst_jout_str(&j, "Supported");
		mst_jout_end_arr(&j);
	}
	mst_jout_kdbl(&j, h % 3 ? "EPSS" : "epss", f->epss);
	mst_jout_end_obj(&j);
}

static void serve_vulnerabilities(struct mst_sim *sim,
				  const struct sim_request *r,
				  struct sim_reply *reply)
{
	struct listing l;
	const char *why = "";
	int64_t hits = 0, given = 0;

	if (!read_listing(r, reply, VULNS_MAX, &l))
		return;
	mst_buf_addf(&reply->body,
		     "{\"@odata.context\":\"%s/api/$metadata#Vulnerabilities\","
		     "\"value\":[",
		     r->base);
	for (size_t i = 0; i < sim_cve_facts_n; i++) {
		const struct sim_cve_fact *f = &sim_cve_facts[i];
		int hit = 1;

		if (l.filter)
			hit = mde_filter_match(l.filter, f, vuln_field, &why);
		if (hit < 0) {
			sim_mde_error(reply, 400, "ODataError", "%s", why);
			return;
		}
		/* a few that only the instances know */
		if (mst_hash64(f->id, strlen(f->id), 22) % 37 == 0)
			continue;
		if (!hit || ++hits <= l.skip || given == l.top)
			continue;
		if (given++)
			mst_buf_addc(&reply->body, ',');
		write_fact(sim->estate, f, &reply->body);
	}
	mst_buf_adds(&reply->body, "]}");
}

/* ---- routing ------------------------------------------------------------ */

#define MACHINE_ROLES "Machine.Read.All|Machine.ReadWrite.All"
#define SOFTWARE_ROLE "Software.Read.All"
#define VULN_ROLE     "Vulnerability.Read.All"

static const struct route {
	const char *path;
	const char *roles;
	enum { PAGES, EXPORT, CHANGES, VULNS, MACHINES } what;
	enum est_kind kind;
} routes[] = {
    {"/api/machines", MACHINE_ROLES, MACHINES, EST_VULN},
    {"/api/machines/SoftwareVulnerabilitiesByMachine", VULN_ROLE, PAGES,
     EST_VULN},
    {"/api/machines/SoftwareVulnerabilityChangesByMachine", VULN_ROLE, CHANGES,
     EST_VULN},
    {"/api/machines/SoftwareInventoryByMachine", SOFTWARE_ROLE, PAGES,
     EST_SOFTWARE},
    {"/api/machines/SoftwareInventoryNoProductCodeByMachine", SOFTWARE_ROLE,
     PAGES, EST_NON_CPE},
    {"/api/machines/HardwareFirmwareInventoryByMachine", SOFTWARE_ROLE, PAGES,
     EST_HARDWARE},
    {"/api/machines/SoftwareVulnerabilitiesExport", VULN_ROLE, EXPORT,
     EST_VULN},
    {"/api/machines/SoftwareInventoryExport", SOFTWARE_ROLE, EXPORT,
     EST_SOFTWARE},
    {"/api/machines/SoftwareInventoryNonCpeExport", SOFTWARE_ROLE, EXPORT,
     EST_NON_CPE},
    {"/api/machines/HardwareFirmwareInventoryExport", SOFTWARE_ROLE, EXPORT,
     EST_HARDWARE},
    {"/api/vulnerabilities", VULN_ROLE, VULNS, EST_VULN},
};

static bool authorised(struct mst_sim *sim, const struct sim_request *r,
		       const char *roles, struct sim_reply *reply)
{
	if (sim->sw.account_inactive) {
		sim_mde_error(reply, 403, "Unauthorized",
			      "Unauthorized request - reason of failure: "
			      "Account mode is inactive");
		return false;
	}
	switch (sim_entra_check(sim, r, SIM_RES_MDE, roles)) {
	case SIM_TOKEN_OK:
		return true;
	case SIM_TOKEN_ROLE:
		sim_mde_error(reply, 403, "Forbidden",
			      "The application does not have any of the "
			      "required application permissions (%s) to access "
			      "the resource.",
			      roles);
		return false;
	case SIM_TOKEN_EXPIRED:
		sim_reply_header(reply, "WWW-Authenticate",
				 "Bearer error=\"invalid_token\"");
		sim_mde_error(reply, 401, "Unauthorized",
			      "The token is expired");
		return false;
	case SIM_TOKEN_MISSING:
	case SIM_TOKEN_BAD:
	case SIM_TOKEN_AUDIENCE:
		break;
	}
	sim_mde_error(reply, 401, "Unauthorized",
		      "Authorization has been denied for this request.");
	return false;
}

static void serve_route(struct mst_sim *sim, const struct sim_request *r,
			const struct route *route, struct sim_reply *reply)
{
	if (!authorised(sim, r, route->roles, reply))
		return;
	switch (route->what) {
	case PAGES:
		mde_serve_pages(sim, r, route->kind, reply);
		break;
	case EXPORT:
		mde_serve_export(sim, r, route->kind, reply);
		break;
	case CHANGES:
		mde_serve_changes(sim, r, reply);
		break;
	case VULNS:
		serve_vulnerabilities(sim, r, reply);
		break;
	case MACHINES:
		serve_machines(sim, r, reply);
		break;
	}
}

static void serve_cve(struct mst_sim *sim, const struct sim_request *r,
		      const char *id, struct sim_reply *reply)
{
	for (size_t i = 0; i < sim_cve_facts_n; i++)
		if (!strcasecmp(id, sim_cve_facts[i].id)) {
			write_fact(sim->estate, &sim_cve_facts[i],
				   &reply->body);
			return;
		}
	(void)r;
	sim_mde_error(reply, 404, "ResourceNotFound",
		      "Vulnerability %.64s was not found", id);
}

void sim_mde_serve(struct mst_sim *sim, const struct sim_request *r,
		   struct sim_reply *reply)
{
	const char *path = r->path;

	if (strcmp(r->method, "GET") != 0) {
		sim_mde_error(reply, 405, "BadRequest",
			      "The method is not allowed");
		return;
	}
	for (size_t i = 0; i < MST_LEN(routes); i++)
		if (!strcasecmp(path, routes[i].path)) {
			serve_route(sim, r, &routes[i], reply);
			return;
		}
	if (!strncasecmp(path, "/api/machines/", 14)) {
		size_t n = strlen(path);
		bool users =
		    n > 11 && !strcasecmp(path + n - 11, "/logonusers");

		if (authorised(sim, r, users ? "User.Read.All" : MACHINE_ROLES,
			       reply))
			serve_machine(sim, r, path + 14, reply);
	} else if (!strncasecmp(path, "/api/vulnerabilities/", 21)) {
		if (authorised(sim, r, VULN_ROLE, reply))
			serve_cve(sim, r, path + 21, reply);
	} else {
		sim_mde_error(reply, 404, "NotFound",
			      "No resource at this path");
	}
}
