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
};

#define K(c, p)                                                                \
	(struct key)                                                           \
	{                                                                      \
		"\"" c "\":", "\"" p "\":"                                     \
	}

static void put_key(struct obj *o, struct key k)
{
	if (o->some)
		mst_buf_addc(o->b, ',');
	o->some = true;
	mst_buf_adds(o->b, o->file ? k.pascal : k.camel);
}

static void put(struct obj *o, struct key k, const char *text)
{
	if (!text) {
		if (o->file)
			return;
		put_key(o, k);
		mst_buf_add(o->b, "null", 4);
		return;
	}
	put_key(o, k);
	sim_json_text(o->b, mst_slice(text, strlen(text)));
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
	mst_buf_addc(o->b, '[');
	for (unsigned i = 0; i < n; i++) {
		if (i)
			mst_buf_addc(o->b, ',');
		sim_json_text(o->b, mst_slice_str(v[i]));
	}
	mst_buf_addc(o->b, ']');
}

static void put_score(struct obj *o, struct key k, const struct est_vuln *r)
{
	char text[32];

	if (!r->has_score) {
		put(o, k, NULL);
		return;
	}
	mst_num_fixed1(r->score, text);
	if (r->score_as_integer && text[strlen(text) - 1] == '0')
		text[strlen(text) - 2] = '\0';
	put_key(o, k);
	mst_buf_adds(o->b, text);
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
	char text[1024];

	if (o->file)
		snprintf(text, sizeof(text), "%s_%s_%s_%s_%s", r->dev->id,
			 r->product->vendor, r->product->name, r->version,
			 r->fact ? r->fact->id : "_");
	else
		snprintf(text, sizeof(text), "%s_%s_%s_%s_", r->dev->id,
			 r->product->name, r->version,
			 r->fact ? r->fact->id : "");
	put(o, K("id", "Id"), text);
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
	char ref[256];

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
	    r->url[0] ? r->url : NULL);
	put_evidence(&o, r);
	snprintf(ref, sizeof(ref), "va-_-%s-_-%s", r->product->vendor,
		 r->product->name);
	put(&o, K("recommendationReference", "RecommendationReference"), ref);
	put_bool(&o, K("securityUpdateAvailable", "SecurityUpdateAvailable"),
		 1);
	if (o.file) {
		put(&o, K("cveBatchTitle", "CveBatchTitle"), r->update);
		put(&o, K("cveBatchUrl", "CveBatchUrl"),
		    r->url[0] ? r->url : NULL);
		put_bool(&o, K("isOnboarded", "IsOnboarded"), 1);
		if (r->fixed)
			put(&o, K("status", "Status"), "Fixed");
	} else if (status) {
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
