/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of Defender for Endpoint as JSON. JSON answers use camelCase and
 * write nulls; export files use PascalCase ("OSPlatform" among them) and leave
 * nulls out.
 */
#include <stdio.h>

#include "base/num.h"
#include "sim/mde.h"

struct obj {
	struct mst_buf *b;
	bool file, some;
};

/* A key in both spellings. */
struct key {
	const char *camel, *pascal;
	unsigned camel_n, pascal_n;
};

/* As mst_buf_add, but inline while there is room: rows come by the million.
 * The NUL behind the content is put by the last, ordinary append. */
static inline void put_raw(struct mst_buf *b, const char *p, size_t n)
{
	if (MST_LIKELY(b->cap - b->n > n)) {
		memcpy(b->p + b->n, p, n);
		b->n += n;
	} else {
		mst_buf_add(b, p, n);
	}
}

/* Is there a byte that JSON escapes? Eight at a time. */
static inline bool needs_escape(const char *p, size_t n)
{
	const uint64_t ones = 0x0101010101010101ull;
	const uint64_t high = 0x8080808080808080ull;
	uint64_t hit = 0, v, q, s;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		memcpy(&v, p + i, 8);
		q = v ^ (ones * '"');
		s = v ^ (ones * '\\');
		hit |= ((v - ones * 0x20) & ~v) | ((q - ones) & ~q) |
		       ((s - ones) & ~s);
	}
	for (; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == '"' || p[i] == '\\')
			return true;
	return hit & high;
}

static inline void put_text(struct mst_buf *b, const char *p, size_t n)
{
	if (MST_LIKELY(b->cap - b->n > n + 2) && !needs_escape(p, n)) {
		b->p[b->n] = '"';
		memcpy(b->p + b->n + 1, p, n);
		b->p[b->n + n + 1] = '"';
		b->n += n + 2;
	} else {
		sim_json_text(b, mst_slice(p, n));
	}
}

#define K(c, p)                                                                \
	(struct key)                                                           \
	{                                                                      \
		"\"" c "\":", "\"" p "\":", sizeof(c) + 2, sizeof(p) + 2       \
	}

static inline void put_key(struct obj *o, struct key k)
{
	if (o->some)
		put_raw(o->b, ",", 1);
	o->some = true;
	if (o->file)
		put_raw(o->b, k.pascal, k.pascal_n);
	else
		put_raw(o->b, k.camel, k.camel_n);
}

static inline void put(struct obj *o, struct key k, const char *text)
{
	if (!text) {
		if (o->file)
			return;
		put_key(o, k);
		put_raw(o->b, "null", 4);
		return;
	}
	put_key(o, k);
	put_text(o->b, text, strlen(text));
}

static void put_int(struct obj *o, struct key k, int64_t v)
{
	put_key(o, k);
	mst_buf_addf(o->b, "%lld", (long long)v);
}

static void put_bool(struct obj *o, struct key k, int v)
{
	if (v < 0) {
		put(o, k, NULL);
		return;
	}
	put_key(o, k);
	mst_buf_adds(o->b, v ? "true" : "false");
}

static void put_list(struct obj *o, struct key k, const char *const *v,
		     unsigned n)
{
	put_key(o, k);
	put_raw(o->b, "[", 1);
	for (unsigned i = 0; i < n; i++) {
		if (i)
			put_raw(o->b, ",", 1);
		put_text(o->b, v[i], strlen(v[i]));
	}
	put_raw(o->b, "]", 1);
}

/* Parts of one text, none of which needs an escape more than the others. */
static void put_joined(struct obj *o, struct key k, const char *const *v,
		       size_t n)
{
	char text[1024];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = MST_MIN(strlen(v[i]), sizeof(text) - at);

		memcpy(text + at, v[i], len);
		at += len;
	}
	put_key(o, k);
	put_text(o->b, text, at);
}

static void put_score(struct obj *o, struct key k, const struct est_vuln *r)
{
	unsigned tenths;
	char text[32];
	size_t n = 0;

	if (!r->has_score) {
		put(o, k, NULL);
		return;
	}
	put_key(o, k);
	if (r->score < 0 || r->score > 10) { /* given by hand */
		mst_num_fixed1(r->score, text);
		mst_buf_adds(o->b, text);
		return;
	}
	tenths = (unsigned)(r->score * 10 + 0.5);
	if (tenths >= 100)
		text[n++] = '1';
	text[n++] = (char)('0' + tenths / 10 % 10);
	if (tenths % 10 || !r->score_as_integer) {
		text[n++] = '.';
		text[n++] = (char)('0' + tenths % 10);
	}
	put_raw(o->b, text, n);
}

static const char *group_name(const struct est_device *d)
{
	return d->rbac_name ? d->rbac_name : d->n % 5 ? "Unassigned" : "None";
}

static void put_device(struct obj *o, const struct est_device *d)
{
	put(o, K("deviceId", "DeviceId"), d->id);
	put(o, K("deviceName", "DeviceName"), d->name);
	put_int(o, K("rbacGroupId", "RbacGroupId"), d->rbac < 0 ? 0 : d->rbac);
	put(o, K("rbacGroupName", "RbacGroupName"), group_name(d));
}

/* "<device>_<vendor>_<name>_<version>_<cve>"; the JSON answer has another. */
static void put_row_id(struct obj *o, const struct est_vuln *r)
{
	const char *cve = r->fact ? r->fact->id : "";
	const char *const file[] = {r->dev->id,
				    "_",
				    r->product->vendor,
				    "_",
				    r->product->name,
				    "_",
				    r->version,
				    "_",
				    cve};
	const char *const json[] = {
	    r->dev->id, "_", r->product->name, "_", r->version, "_", cve, "_"};

	if (o->file)
		put_joined(o, K("id", "Id"), file, MST_LEN(file));
	else
		put_joined(o, K("id", "Id"), json, MST_LEN(json));
}

static const char *file_platform(const struct est_device *d)
{
	return d->platform & EST_LINUX ? "Linux" : d->os_platform;
}

static void put_evidence(struct obj *o, const struct est_vuln *r)
{
	put_list(o, K("diskPaths", "DiskPaths"), r->disk, r->disk_n);
	if (!o->file || !r->no_reg || r->reg_n)
		put_list(o, K("registryPaths", "RegistryPaths"), r->reg,
			 r->reg_n);
	put(o, K("lastSeenTimestamp", "LastSeenTimestamp"), r->last_seen);
	put(o, K("firstSeenTimestamp", "FirstSeenTimestamp"), r->first_seen);
	put(o, K("exploitabilityLevel", "ExploitabilityLevel"), r->exploit);
}

void mde_write_vuln(struct mst_buf *b, const struct est_vuln *r,
		    enum mde_form form, const char *status, const char *event)
{
	struct obj o = {b, form == MDE_FILE, false};
	const struct est_device *d = r->dev;
	const char *const ref[] = {"va-_-", r->product->vendor, "-_-",
				   r->product->name};

	mst_buf_addc(b, '{');
	put_row_id(&o, r);
	put_device(&o, d);
	put(&o, K("osPlatform", "OSPlatform"),
	    o.file ? file_platform(d) : d->os_platform);
	put(&o, K("osVersion", "OSVersion"), d->entra_os_version);
	put(&o, K("osArchitecture", "OSArchitecture"), d->processor);
	put(&o, K("softwareVendor", "SoftwareVendor"), r->product->vendor);
	put(&o, K("softwareName", "SoftwareName"), r->product->name);
	put(&o, K("softwareVersion", "SoftwareVersion"), r->version);
	put(&o, K("cveId", "CveId"), r->fact ? r->fact->id : NULL);
	put(&o, K("vulnerabilitySeverityLevel", "VulnerabilitySeverityLevel"),
	    r->severity);
	put_score(&o, K("cvssScore", "CvssScore"), r);
	put(&o, K("recommendedSecurityUpdate", "RecommendedSecurityUpdate"),
	    r->update);
	put(&o, K("recommendedSecurityUpdateId", "RecommendedSecurityUpdateId"),
	    r->update_id);
	put(&o,
	    K("recommendedSecurityUpdateUrl", "RecommendedSecurityUpdateUrl"),
	    r->url);
	put_evidence(&o, r);
	put_joined(&o, K("recommendationReference", "RecommendationReference"),
		   ref, MST_LEN(ref));
	put_bool(&o, K("securityUpdateAvailable", "SecurityUpdateAvailable"),
		 1);
	if (o.file) {
		put(&o, K("cveBatchTitle", "CveBatchTitle"), r->update);
		put(&o, K("cveBatchUrl", "CveBatchUrl"), r->url);
		put_bool(&o, K("isOnboarded", "IsOnboarded"), 1);
	}
	/* full exports tell of what was just fixed now and then */
	if (r->fixed)
		put(&o, K("status", "Status"), "Fixed");
	if (status) {
		put(&o, K("status", "Status"), status);
		put(&o, K("eventTimestamp", "EventTimestamp"), event);
		put_bool(&o, K("isOnboarded", "IsOnboarded"), 1);
	}
	mst_buf_addc(b, '}');
}

void mde_write_soft(struct mst_buf *b, const struct est_soft *r,
		    enum est_kind kind, enum mde_form form)
{
	struct obj o = {b, form == MDE_FILE, false};
	const struct est_product *p = r->product;

	mst_buf_addc(b, '{');
	put_device(&o, r->dev);
	put(&o, K("osPlatform", "OSPlatform"), r->dev->os_platform);
	put(&o, K("softwareVendor", "SoftwareVendor"), p->vendor);
	put(&o, K("softwareName", "SoftwareName"), p->name);
	put(&o, K("softwareVersion", "SoftwareVersion"), r->version);
	if (kind == EST_NON_CPE) {
		put(&o,
		    K("softwareLastSeenTimestamp", "SoftwareLastSeenTimestamp"),
		    r->last_seen);
	} else {
		put_int(&o, K("numberOfWeaknesses", "NumberOfWeaknesses"),
			r->weaknesses);
		put_list(&o, K("diskPaths", "DiskPaths"), r->disk, r->disk_n);
		put_list(&o, K("registryPaths", "RegistryPaths"), r->reg,
			 r->reg_n);
		put(&o,
		    K("softwareFirstSeenTimestamp",
		      "SoftwareFirstSeenTimestamp"),
		    r->first_seen);
		put(&o, K("endOfSupportStatus", "EndOfSupportStatus"),
		    p->eos ? p->eos : "None");
		put(&o, K("endOfSupportDate", "EndOfSupportDate"),
		    p->eos ? "2021-05-11T00:00:00+00:00" : NULL);
	}
	mst_buf_addc(b, '}');
}

void mde_write_hardware(struct mst_buf *b, const struct est_device *d,
			enum mde_form form)
{
	struct obj o = {b, form == MDE_FILE, false};
	struct mst_buf more;

	mst_buf_init(&more, 4096);
	mst_buf_adds(&more, "{\"SystemSKU\":\"SKU");
	mst_buf_addf(&more, "%u\",\"BaseBoardVersion\":\"4\"", d->n % 100);
	if (d->serial) {
		mst_buf_adds(&more, ",\"SerialNumber\":");
		sim_json_text(&more, mst_slice_str(d->serial));
	}
	mst_buf_adds(&more, ",\"DeviceFamily\":\"Workstation\"}");
	mst_buf_addc(b, '{');
	put_device(&o, d);
	put(&o, K("componentType", "ComponentType"), "Hardware");
	put(&o, K("manufacturer", "Manufacturer"), d->hw_manufacturer);
	put(&o, K("componentName", "ComponentName"), d->hw_model);
	put(&o, K("componentVersion", "ComponentVersion"), "7.04");
	put(&o, K("additionalFields", "AdditionalFields"), more.p);
	mst_buf_addc(b, '}');
	mst_buf_fini(&more);
}

static void put_addresses(struct obj *o, const struct est_device *d)
{
	put_key(o, K("ipAddresses", "IpAddresses"));
	mst_buf_addc(o->b, '[');
	for (unsigned i = 0; i < d->ips_n; i++) {
		struct obj ip = {o->b, false, false};

		mst_buf_adds(o->b, i ? ",{" : "{");
		put(&ip, K("ipAddress", ""), d->ips[i].ip);
		put(&ip, K("macAddress", ""), d->ips[i].mac);
		if (d->ips[i].type)
			put(&ip, K("type", ""), d->ips[i].type);
		put(&ip, K("operationalStatus", ""), d->ips[i].status);
		mst_buf_addc(o->b, '}');
	}
	mst_buf_addc(o->b, ']');
}

static void put_identity(struct obj *o, const struct est_device *d)
{
	put(o, K("id", ""), d->id);
	put(o, K("mergedIntoMachineId", ""), d->merged_into);
	put_bool(o, K("isPotentialDuplication", ""), d->maybe_double);
	put_bool(o, K("isExcluded", ""), d->excluded != NULL);
	put(o, K("exclusionReason", ""), d->excluded);
	put(o, K("computerDnsName", ""), d->name);
	put(o, K("firstSeen", ""), d->first_seen);
	put(o, K("lastSeen", ""), d->last_seen);
	put(o, K("osPlatform", ""), d->os_platform);
	put(o, K("osVersion", ""), NULL);
	put(o, K("osProcessor", ""), d->processor);
	put(o, K("version", ""), d->version);
	put(o, K("lastIpAddress", ""), d->last_ip);
	put(o, K("lastExternalIpAddress", ""), d->external_ip);
	put(o, K("agentVersion", ""), d->agent);
	if (d->build < 0)
		put(o, K("osBuild", ""), NULL);
	else
		put_int(o, K("osBuild", ""), d->build);
}

/* 0, 35, "Unassigned" and null all occur. */
static void put_group(struct obj *o, const struct est_device *d)
{
	if (d->rbac < 0 && d->n % 2)
		put(o, K("rbacGroupId", ""), NULL);
	else if (d->rbac < 0)
		put(o, K("rbacGroupId", ""), "Unassigned");
	else
		put_int(o, K("rbacGroupId", ""), d->rbac);
	put(o, K("rbacGroupName", ""), d->rbac_name);
}

void mde_write_machine(struct mst_buf *b, const struct est_device *d)
{
	struct obj o = {b, false, false};
	unsigned tags = 0;

	mst_buf_addc(b, '{');
	put_identity(&o, d);
	put(&o, K("healthStatus", ""), d->health);
	put(&o, K("deviceValue", ""), d->value);
	put_group(&o, d);
	put(&o, K("riskScore", ""), d->risk);
	put(&o, K("exposureLevel", ""), d->exposure);
	put_bool(&o, K("isAadJoined", ""), d->aad_joined);
	put(&o, K("aadDeviceId", ""), d->aad_id);
	while (tags < MST_LEN(d->tags) && d->tags[tags])
		tags++;
	put_list(&o, K("machineTags", ""), d->tags, tags);
	put(&o, K("onboardingStatus", ""), d->onboarding);
	put(&o, K("osArchitecture", ""), d->arch);
	put(&o, K("managedBy", ""), d->managed_by);
	put(&o, K("managedByStatus", ""), d->managed_status);
	put_addresses(&o, d);
	put_key(&o, K("vmMetadata", ""));
	if (d->vm_id)
		mst_buf_addf(b,
			     "{\"vmId\":\"%s\",\"cloudProvider\":\"%s\","
			     "\"resourceId\":null,\"subscriptionId\":null}",
			     d->vm_id, d->vm_cloud);
	else
		mst_buf_adds(b, "null");
	mst_buf_addc(b, '}');
}
