/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated estate: devices, what is installed on them, and which CVEs
 * that has, all from one seed. Devices and installs are stored (a few hundred
 * bytes a device); CVE rows are not, they follow from device × install × facts
 * each time they are asked for. Same seed and same steps: same estate.
 *
 * Texts live as long as the estate.
 */
#ifndef MST_SIM_ESTATE_H
#define MST_SIM_ESTATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/map.h"
#include "sim/http.h"
#include "json/json.h"

/* Platforms that a product runs on. */
#define EST_WIN_PC  1u
#define EST_MAC	    2u
#define EST_WIN_SRV 4u
#define EST_LINUX   8u
#define EST_IOS	    16u
#define EST_ANDROID 32u
#define EST_WINDOWS (EST_WIN_PC | EST_WIN_SRV)
#define EST_PC	    (EST_WIN_PC | EST_MAC)
#define EST_SERVER  (EST_WIN_SRV | EST_LINUX)
#define EST_DESK    (EST_PC | EST_SERVER)
#define EST_NOTHING 0u

/* Day 0 is Monday 2026-11-09 06:00 UTC, so that day 1 is a patch Tuesday. */
#define EST_DAY0_US 1794204000000000ll
#define EST_DAY_US  86400000000ll

struct est_fact {
	const struct sim_cve_fact *f;
	const char *fixed;   /* by this product; NULL or "": not yet */
	uint16_t fixed_at;   /* open on versions below this index */
	uint16_t reveal_day; /* not known before */
	uint16_t patch_day;  /* 0: never; fixed in place on most devices */
	uint16_t back_day;   /* 0: never; the patch is withdrawn on some */
	bool no_score;
	int64_t published_us;
	/* of Microsoft's products; else NULL */
	const char *update, *update_id, *url;
};

struct est_product {
	const char *vendor, *name;
	bool cpe;
	bool os;
	bool copies;  /* many side by side on one device */
	unsigned on;  /* platforms */
	unsigned pct; /* share of devices that have it */
	const char **versions;
	unsigned versions_n; /* last one is the newest */
	struct est_fact *facts;
	unsigned facts_n;
	const char *eos;  /* endOfSupportStatus; NULL: "None" */
	const char *file; /* its file below the program folder */
};

struct est_install {
	uint32_t product;
	uint16_t version;
	uint16_t sub;	  /* side-by-side copy, 0: the plain version */
	const char *text; /* the version as reported */
};

struct est_ip {
	const char *ip, *mac, *type, *status; /* mac may be NULL */
};

struct est_device {
	uint32_t n;
	uint64_t h; /* its own random */
	char id[41];
	const char *name; /* NULL: null on the wire */
	unsigned platform;
	const char *os_platform, *version, *processor, *arch;
	int64_t build; /* <0: null */
	const char *first_seen, *last_seen;
	int64_t first_us;
	const char *last_ip, *external_ip;
	const char *health, *onboarding;
	int rbac; /* <0: null */
	const char *rbac_name;
	const char *risk, *exposure, *value;
	int aad_joined; /* 0, 1, <0: null */
	const char *aad_id;
	const char *tags[3];
	const char *merged_into, *excluded; /* excluded: the reason */
	bool maybe_double;
	bool replaced; /* re-imaged: another row is the machine now */
	const char *agent, *managed_by, *managed_status;
	const char *vm_id, *vm_cloud;
	struct est_ip ips[6];
	unsigned ips_n;
	/* Entra ID */
	bool in_entra;
	const char *manufacturer, *model, *entra_os, *entra_os_version;
	/* hardware inventory */
	bool in_hardware;
	const char *hw_manufacturer, *hw_model, *serial; /* serial: or NULL */
	struct est_install *sw;
	unsigned sw_n, sw_cap;
	bool listed;	 /* in /api/machines */
	bool gone;	 /* nowhere */
	bool hand;	 /* given by the control API */
	int64_t rows_us; /* when its CVE rows were seen; 0: today */
	uint16_t born_day, gone_day;
	int64_t reimaged_of; /* device index or -1 */
};

/* A hit of POST /_sim/estate. */
struct est_change {
	uint32_t share; /* of 1,000,000 */
	uint64_t salt;
};

struct sim_estate {
	uint64_t seed;
	unsigned day;
	struct mst_arena arena;
	struct mst_map texts; /* interned */
	struct est_device *devices;
	size_t devices_n, devices_cap;
	struct est_product *products;
	size_t products_n, products_cap;
	struct est_change changes[64];
	unsigned changes_n;
	uint64_t generation; /* raised by every change */
	uint64_t cve_rows;   /* asked for */
	uint32_t wanted;     /* devices at the start */
};

struct sim_estate *sim_estate_new(uint64_t seed, unsigned devices,
				  uint64_t cve_rows, bool empty);
void sim_estate_free(struct sim_estate **e);
/* Moves on to `day`, day by day. */
void sim_estate_day(struct sim_estate *e, unsigned day);
/* Changes the evidence of about this share of CVE rows. */
void sim_estate_change(struct sim_estate *e, double percent);
/* Adds or replaces hand-made devices: {"devices":[…]}, see sim.md. */
int sim_estate_hand(struct sim_estate *e, struct mst_slice json,
		    struct mst_err *err);
/* {"ids":[…]}: they are gone. */
int sim_estate_remove(struct sim_estate *e, struct mst_slice json,
		      struct mst_err *err);
struct est_device *sim_estate_find(struct sim_estate *e, const char *id);
/* The estate's own time. */
int64_t sim_estate_now_us(const struct sim_estate *e);

/* ---- rows (estate_rows.c) --------------------------------------------- */

enum est_kind { EST_VULN, EST_SOFTWARE, EST_NON_CPE, EST_HARDWARE, EST__KINDS };

/* A row of the vulnerability inventory. Borrowed for the call. */
struct est_vuln {
	const struct est_device *dev;
	const struct est_product *product;
	const char *version;
	const struct sim_cve_fact *fact; /* NULL: a row without a CVE */
	bool fixed;			 /* Status: Fixed */
	const char *severity, *exploit;	 /* severity may be NULL */
	bool has_score, score_as_integer;
	double score;
	char first_seen[32], last_seen[32];
	const char *update, *update_id, *url; /* NULL: none */
	const char *disk[64];
	unsigned disk_n;
	const char *reg[2];
	unsigned reg_n;
	bool no_reg; /* the member is missing in files */
};

struct est_soft {
	const struct est_device *dev;
	const struct est_product *product;
	const char *version;
	unsigned weaknesses;
	char first_seen[32], last_seen[40];
	const char *disk[2];
	unsigned disk_n;
	const char *reg[2];
	unsigned reg_n;
};

/* Rows of one device in one of two passes (0, 1): exports list all devices'
 * first pass, then all second ones, so that a device's rows lie apart. Starts
 * at row `skip`; fn returns false to stop. Returns rows given. */
uint64_t sim_estate_vulns(const struct sim_estate *e,
			  const struct est_device *d, unsigned pass,
			  uint64_t skip,
			  bool (*fn)(void *ctx, const struct est_vuln *row),
			  void *ctx);
uint64_t sim_estate_softs(const struct sim_estate *e,
			  const struct est_device *d, enum est_kind kind,
			  unsigned pass, uint64_t skip,
			  bool (*fn)(void *ctx, const struct est_soft *row),
			  void *ctx);
/* How many there are. */
uint64_t sim_estate_count(const struct sim_estate *e,
			  const struct est_device *d, enum est_kind kind,
			  unsigned pass);
/* Rows with a CVE on the devices of the list. */
uint64_t sim_estate_cve_rows(const struct sim_estate *e);
/* Is the fact's row open on this install? */
bool est_open(const struct sim_estate *e, const struct est_device *d,
	      const struct est_install *in, const struct est_fact *f);

/* ---- among the estate's own files ------------------------------------- */
static inline uint64_t est_mix(uint64_t a, uint64_t b)
{
	uint64_t z = a + 0x9e3779b97f4a7c15ull * (b + 1);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

const char *est_intern(struct sim_estate *e, const char *fmt, ...)
    MST_PRINTF(2, 3);
struct est_device *est_device_add(struct sim_estate *e);
struct est_product *est_product_add(struct sim_estate *e);
/* products.c: the catalogue, from the facts and our own list. */
void est_products_make(struct sim_estate *e);
/* What a fact says beside its text: time, recommended update. */
void est_fact_texts(struct sim_estate *e, struct est_fact *f);
/* names.c: everything of a device but its software. */
void est_device_make(struct sim_estate *e, struct est_device *d);
void est_times(struct sim_estate *e, struct est_device *d);
const char *est_time_text(struct sim_estate *e, int64_t us, unsigned form);
/* software.c */
void est_software_make(struct sim_estate *e, struct est_device *d,
		       unsigned target);
/* Adds side-by-side copies until `rows` more rows are open. Returns rows. */
unsigned est_software_more(struct sim_estate *e, struct est_device *d,
			   unsigned rows);
unsigned est_install_open(const struct sim_estate *e,
			  const struct est_device *d,
			  const struct est_install *in);
/* A Windows device's build is that of its system. */
void est_system_build(struct sim_estate *e, struct est_device *d);
void est_install_version(struct sim_estate *e, struct est_install *in,
			 unsigned version, unsigned sub);
bool est_has_install(const struct est_device *d, uint32_t product,
		     unsigned version, unsigned sub);
/* The newest version index that may be installed on this day. */
unsigned est_newest(const struct est_product *p, unsigned day);

#endif
