/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this source share: the connection's settings, the numbers
 * of feeds and fields, the state of a read. See docs/internals/endpoint.md.
 */
#ifndef MST_SOURCE_ENDPOINT_PRIVATE_H
#define MST_SOURCE_ENDPOINT_PRIVATE_H

#include "base/map.h"
#include "rules/rules.h"
#include "source/endpoint/endpoint.h"
#include "source/microsoft/microsoft.h"

/* ---- options ------------------------------------------------------------ */

enum ep_method { EP_AUTO, EP_FILES, EP_JSON };
enum ep_software { EP_INSTANCE, EP_SAM };

/* Kinds of machines; what decides is the operating system. */
enum ep_asset {
	EP_WINDOWS_PC,
	EP_MAC,
	EP_WINDOWS_SERVER,
	EP_LINUX_SERVER,
	EP_HANDHELD,
	EP_NETWORK_DEVICE,
	EP_OTHER,
	EP__ASSETS
};
#define EP_ASSET_CHOICES                                                       \
	"windows_pc|mac|windows_server|linux_server|handheld|network_device|"  \
	"other"
extern const char *const ep_asset_names[EP__ASSETS + 1]; /* NULL ended */

enum ep_name_form { EP_SHORT, EP_FQDN };
enum ep_name_case { EP_AS_IS, EP_LOWER, EP_UPPER };
/* What the status columns say of a machine. */
enum ep_state { EP_ACTIVE, EP_READY, EP_RETIRED, EP_UNCHANGED, EP__STATES };
#define EP_STATE_CHOICES "active|ready|retired|unchanged"
enum ep_onboarding {
	EP_ONBOARDED,
	EP_CAN_BE_ONBOARDED,
	EP_UNSUPPORTED,
	EP_INSUFFICIENT_INFO,
	EP__ONBOARDINGS
};
#define EP_ONBOARDING_CHOICES                                                  \
	"onboarded|can_be_onboarded|unsupported|insufficient_info"
enum ep_left_out { EP_RETIRE, EP_LEAVE };
enum ep_prefer { EP_PREFER_ENTRA, EP_PREFER_HARDWARE };
enum ep_no_score { EP_NO_SCORE_KEEP, EP_NO_SCORE_DROP };
enum ep_below { EP_BELOW_CLOSE, EP_BELOW_KEEP };

/* Filled by ep_opts; the engine reads the first member. */
struct ep_conf {
	struct mst_source_common common;
	struct ms_conf ms;
	const char *api_url, *scope;
	int read_method;    /* enum ep_method */
	int64_t json_below; /* auto: JSON when fewer machines were read */
	int64_t page_size;
	int64_t sas_valid_hours;

	/* settings: each overrides a rule (rules.c) */
	struct mst_opt_list asset_types, platforms;
	struct mst_opt_list classes[EP__ASSETS];
	int name_form, name_case;
	bool status_by_onboarding;
	int onboarding_states[EP__ONBOARDINGS]; /* enum ep_state */
	int64_t retire_after_days;		/* 0: never */
	bool insert_inactive;
	struct mst_opt_list filter_os, filter_os_not;
	struct mst_opt_list filter_onboarding, filter_health;
	struct mst_opt_list filter_tags, filter_tags_not;
	struct mst_opt_list filter_groups, filter_groups_not;
	int64_t filter_not_seen_days; /* 0: off */
	int filter_exposure;	      /* 0: any, low … high */
	int filter_risk;	      /* 0: any, informational … high */
	int filter_missing;	      /* enum ep_left_out */
	bool mac_unique_only;
	struct mst_opt_list mac_ignore;
	bool serial_check;
	struct mst_opt_list serial_ignore;
	const char *correlation_prefix;
	bool enrich, hardware;
	struct mst_opt_list enrich_attributes;
	int enrich_prefer;  /* enum ep_prefer */
	int software_table; /* enum ep_software */
	bool software_packages, software_non_cpe;
	struct mst_opt_list software_require;
	struct mst_opt_list software_names;
	bool software_names_builtin;
	double min_cvss;
	int no_score;	  /* enum ep_no_score */
	int min_severity; /* 0: any, low … critical */
	bool only_exploitable;
	int below_threshold;	  /* enum ep_below */
	int64_t stale_after_days; /* 0: never */
};

extern const struct mst_opt ep_opts[];

/* ---- storage of export files -------------------------------------------- */

/* May an export file be fetched from there? (never with a token) */
bool ep_blob_allowed(const struct ms_sites *s, const char *url);
/* The expiry of a SAS URL (query value "se"), or MST_TIME_NONE. */
int64_t ep_sas_expiry(const char *url);

/* ---- feeds and their fields --------------------------------------------- */

enum ep_feed {
	EP_MACHINES,
	EP_ENTRA,
	EP_SOFTWARE,
	EP_NON_CPE,
	EP_DEVICE_CVES,
	EP_CVES,
	EP_HARDWARE,
	EP__FEEDS
};

#define EP_BIT(feed) (1u << (feed))

/* The first field of every feed is its id or its device: keys and groups are
 * taken from field 0. */
enum ep_machine_field {
	EM_ID,
	EM_NAME,
	EM_FIRST_SEEN,
	EM_LAST_SEEN,
	EM_OS_PLATFORM,
	EM_VERSION,
	EM_OS_BUILD,
	EM_OS_ARCH,
	EM_LAST_IP,
	EM_IPS,
	EM_HEALTH,
	EM_ONBOARDING,
	EM_VM,
	EM_AAD_ID,
	EM_MERGED,
	EM_EXCLUDED,
	EM_TAGS,
	EM_GROUP,
	EM_RISK,
	EM_EXPOSURE,
	EM_MANUFACTURER, /* these three come by enrichment */
	EM_MODEL,
	EM_ADDITIONAL,
	EM__N
};

enum ep_entra_field {
	EE_DEVICE,
	EE_MANUFACTURER,
	EE_MODEL,
	EE_OS_VERSION,
	EE__N
};

/* Software, with or without CPE, and CVE rows begin with the same four, so
 * that one op makes the software key of all of them. */
enum ep_software_field {
	ES_DEVICE,
	ES_VENDOR,
	ES_NAME,
	ES_VERSION,
	ES_FIRST_SEEN,
	ES_LAST_SEEN,
	ES__N
};

enum ep_device_cve_field {
	ED_DEVICE,
	ED_VENDOR,
	ED_NAME,
	ED_VERSION,
	ED_CVE,
	ED_CVSS,
	ED_SEVERITY,
	ED_EXPLOITABILITY,
	ED_FIRST_SEEN,
	ED_LAST_SEEN,
	ED_UPDATE,
	ED_UPDATE_ID,
	ED_UPDATE_URL,
	ED_DISK_PATHS,
	ED_REGISTRY_PATHS,
	ED_STATUS,
	ED__N
};

enum ep_cve_field {
	EC_ID,
	EC_NAME,
	EC_DESCRIPTION,
	EC_SEVERITY,
	EC_CVSS,
	EC_VECTOR,
	EC_EPSS,
	EC_PUBLIC,
	EC_VERIFIED,
	EC_IN_KIT,
	EC_TYPES,
	EC_URIS,
	EC_PUBLISHED,
	EC_UPDATED,
	EC_EXPOSED,
	EC_TAGS,
	EC_SUPPORTABILITY,
	EC__N
};

enum ep_hardware_field {
	EH_DEVICE,
	EH_TYPE,
	EH_MANUFACTURER,
	EH_NAME,
	EH_ADDITIONAL,
	EH__N
};

extern const struct mst_feed ep_feeds[EP__FEEDS];
extern const struct mst_catalog ep_catalog;
#define EP_RULES 21
extern const struct mst_rule ep_rules[EP_RULES];

/* ---- settings and the catalogue (adapt.c) -------------------------------- */

/* Are there packages? Not where the table of installs knows none. */
bool ep_has_packages(const struct ep_conf *conf);
/* What the settings make of the catalogue. */
int ep_adapt(const void *conf, struct mst_derive *d, struct mst_err *err);

/* ---- reading ------------------------------------------------------------ */

#define EP_AUTH_API "defender"

#define EP_RESTARTS  3 /* of one feed, before its read has failed */
#define EP_TRIES     3 /* of a page or file that came damaged */
#define EP_IN_FLIGHT 8 /* files under way side by side */

/* How the records of a feed are asked for. */
enum ep_way {
	EP_WAY_SKIP, /* $top and $skip; a nextLink when there is one */
	EP_WAY_LINK, /* nextLink until there is none */
	EP_WAY_FILES /* a list of files, then the files */
};

/* What differs between feeds on the wire (read.c). */
struct ep_io {
	enum ep_way pages;
	const char *path;  /* of the pages */
	const char *query; /* what is always asked for, or "" */
	const char *files; /* path of the export, NULL: there is none */
	bool sas_hours;	   /* the export takes sasValidHours */
	int page_max;
	const char *rate;
	struct ms_need need;
};

extern const struct ep_io ep_io[EP__FEEDS];

/* What speaks for and against a read (proof.c). */
struct ep_tally {
	uint64_t pages, files, records;
	uint64_t doubles, repeated; /* ids, pages that came twice */
	int64_t as_of_us;
	struct mst_arena arena; /* keys of seen */
	struct mst_map seen;	/* hashes of ids, pages and links */
	char doubt[200];	/* "" while there is none */
};

struct ep_file {
	char *url;
	uint32_t list; /* number of the list that the URL is from */
	uint8_t tries;
	bool asked, done;
};

struct ep_read {
	unsigned feed;
	enum ep_way way;
	bool active, ended;
	bool waiting;	/* a page or list was asked for */
	bool fell_back; /* auto: the other way is tried */
	bool linked;	/* the page asked for came from a nextLink */
	bool confirm;	/* the last page was short: nothing may follow */
	bool empty;	/* an empty answer is being asked for again */
	bool reread;	/* a doubtful read is being done again */
	char *one;
	char *link; /* of the next page, as it came */
	uint64_t skip, top;
	unsigned tries, restarts;
	uint32_t generation; /* answers to older requests are dropped */
	/* files */
	struct ep_file *files;
	size_t files_n, files_done, asked, in_flight;
	uint32_t list;	    /* lists that came */
	unsigned refreshes; /* lists asked for since a file came */
	int64_t list_us;    /* when the list came */
	bool need_list;
};

struct mst_source {
	char *connection;
	const struct ep_conf *conf;
	struct ms_sites sites;
	struct mst_auth *auth[2]; /* API, Graph; NULL: not used */
	struct mst_json_parser *parser;
	struct ep_read read;
	struct ep_tally tally;
	struct mst_proof proofs[EP__FEEDS];
	struct mst_hash lists[EP__FEEDS]; /* of files, by what they name */
	int64_t machines;		  /* how many were read, -1: not yet */
};

/* read.c */
int ep_begin(struct mst_source *s, unsigned feed, const char *one,
	     struct mst_err *err);
int ep_next(struct mst_source *s, struct mst_req *req_r, struct mst_err *err);
void ep_read_clear(struct ep_read *r);
/* Starts the feed again; what came so far does not count. */
void ep_read_again(struct mst_source *s);
/* Takes the other way (auto), if it was not taken already. */
bool ep_fall_back(struct mst_source *s);
/* The feed was read: keeps its proof. */
void ep_read_end(struct mst_source *s);

/* answer.c */
int ep_accept(struct mst_source *s, const struct mst_req *req,
	      const struct mst_resp *resp, struct mst_err *err);
/* A restart, unless there were too many: then the error `why`. */
int ep_restart(struct mst_source *s, const char *why, struct mst_err *err);
/* The answer's JSON, or a second try, or the error. MST_OK: *root_r is it;
 * 1: it will be asked for again. */
int ep_parse(struct mst_source *s, const struct mst_resp *resp,
	     struct mst_json *root_r, struct mst_err *err);

/* files.c */
int ep_files_next(struct mst_source *s, struct mst_req *req_r,
		  struct mst_err *err);
int ep_files_list(struct mst_source *s, const struct mst_resp *resp,
		  struct mst_err *err);
int ep_files_take(struct mst_source *s, size_t i, const struct mst_resp *resp,
		  struct mst_err *err);
void ep_files_free(struct ep_read *r);

/* proof.c */
void ep_tally_init(struct ep_tally *t);
void ep_tally_reset(struct ep_tally *t);
void ep_tally_fini(struct ep_tally *t);
/* False when it was seen before. */
bool ep_tally_see(struct ep_tally *t, char kind, struct mst_slice s);
void ep_tally_doubt(struct ep_tally *t, const char *fmt, ...) MST_PRINTF(2, 3);
/* Looks at the records of a page. *fresh_r: how many ids are new (SKIP). */
void ep_tally_page(struct mst_source *s, struct mst_json value, size_t *n_r,
		   size_t *fresh_r);
void ep_proof_make(const struct mst_source *s, struct mst_proof *p_r);

/* refuse.c */
/* Defender was never activated in the tenant. */
bool ep_told_inactive(const struct ms_told *t);
/* Turns a final failure into the error that ends the feed. */
int ep_refuse(struct mst_source *s, const struct mst_resp *resp,
	      const char *what, struct mst_err *err);

/* permissions.c */
size_t ep_permissions(struct mst_source *s, uint32_t feeds,
		      struct mst_check *out, size_t max);
/* The checks for one set of roles; roles NULL or "": not known. */
size_t ep_check_roles(const char *roles, const char *graph_roles,
		      uint32_t feeds, struct mst_check *out, size_t max);
/* Does the token at hand show what reading the feed needs? */
bool ep_permitted(struct mst_source *s, unsigned feed);

/* checks.c */
int ep_checks(struct mst_source *s, const struct mst_checks_env *env,
	      struct mst_checks **c_r, struct mst_err *err);

/* folder.c */
int ep_classify(const char *rel, struct mst_slice head, struct mst_spoilt *sp);

#endif
