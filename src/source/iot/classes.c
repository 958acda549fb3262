/* SPDX-License-Identifier: Apache-2.0
 *
 * The class map.
 */
#include "source/iot/classes.h"

#include <stdlib.h>

#include "source/microsoft/text.h"

#define HARDWARE "cmdb_ci_hardware"
#define OT(c)                                                                  \
	{                                                                      \
		c, "cmdb_ci_ot", HARDWARE                                      \
	}
#define IOT(c)                                                                 \
	{                                                                      \
		c, HARDWARE                                                    \
	}
#define NET(c)                                                                 \
	{                                                                      \
		c, "cmdb_ci_netgear"                                           \
	}
#define NETGEAR                                                                \
	{                                                                      \
		"cmdb_ci_netgear"                                              \
	}
#define SERVER                                                                 \
	{                                                                      \
		"cmdb_ci_server"                                               \
	}
#define PC                                                                     \
	{                                                                      \
		"cmdb_ci_computer"                                             \
	}
#define PHONE                                                                  \
	{                                                                      \
		"cmdb_ci_handheld_computing", "cmdb_ci_computer"               \
	}

const struct ot_type ot_types[] = {
    {"", OT_ICS, 1, {"cmdb_ci_ot", HARDWARE}},
    {"Actuator", OT_ICS, 0, OT("cmdb_ci_ot_industrial_actuator")},
    {"Alarm Siren", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Alarm System", OT_ICS, 2, OT("cmdb_ci_ot_control")},
    {"ATM", OT_IOT, 4, IOT("cmdb_ci_iot")},
    {"Backup Server", OT_IT, 3, SERVER},
    {"Barcode Scanner", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"CNC", OT_ICS, 1, OT("cmdb_ci_ot_cnc")},
    {"Condition Monitoring Device", OT_ICS, 1,
     OT("cmdb_ci_ot_industrial_sensor")},
    {"DB Server", OT_IT, 3, SERVER},
    {"DCS Controller", OT_ICS, 1, OT("cmdb_ci_ot_dcs")},
    {"Desktop", OT_IT, 4, PC},
    {"Domain Controller", OT_IT, 4, SERVER},
    {"Door Control Panel", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Door Lock", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"DVR", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Elevator", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Engineering Station", OT_ICS, 2, OT("cmdb_ci_ot_ews")},
    {"Fire Alarm", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Fire Detector", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Firewall", OT_NETWORK, 3, NET("cmdb_ci_ip_firewall")},
    {"Game Console", OT_IOT, 4, IOT("cmdb_ci_game_console")},
    {"Group", OT_KIND_NONE, 3, {NULL}},
    {"Historian", OT_ICS, 3, OT("cmdb_ci_ot_historian")},
    {"HMI", OT_ICS, 2, OT("cmdb_ci_ot_hmi")},
    {"Humidity Sensor", OT_IOT, 0, IOT("cmdb_ci_iot")},
    {"HVAC", OT_IOT, 3, IOT("cmdb_ci_hvac")},
    {"Hypervisor", OT_IT, 3, SERVER},
    {"I/O Adapter", OT_ICS, 1, OT("cmdb_ci_ot_control")},
    {"IED", OT_ICS, 1, OT("cmdb_ci_ot_ied")},
    {"Industrial Barcode Scanner", OT_ICS, 1, OT("cmdb_ci_ot_field_device")},
    {"Industrial Packaging System", OT_ICS, 1, OT("cmdb_ci_ot_field_device")},
    {"Industrial Printer", OT_ICS, 1, OT("cmdb_ci_ot_field_device")},
    {"Industrial Robot", OT_ICS, 1, OT("cmdb_ci_ot_industrial_robot")},
    {"Industrial Scale", OT_ICS, 1, OT("cmdb_ci_ot_field_device")},
    {"Intercom", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Internet", OT_KIND_NONE, 5, {NULL}},
    {"IP Camera", OT_IOT, 3, IOT("cmdb_ci_ip_camera")},
    {"IP Telephone", OT_IOT, 4, IOT("cmdb_ci_ip_phone")},
    {"Laptop", OT_IT, 4, PC},
    {"Load Balancer", OT_NETWORK, 3, NETGEAR},
    {"Marquee", OT_IOT, 2, IOT("cmdb_ci_iot")},
    {"Meter", OT_ICS, 0, OT("cmdb_ci_ot_industrial_sensor")},
    {"Motion Detector", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Multicast/Broadcast", OT_KIND_NONE, 3, {NULL}},
    {"NTP Server", OT_IT, 3, SERVER},
    {"OPC Server", OT_ICS, 3, OT("cmdb_ci_ot_opc_server")},
    {"People Counter System", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Physical Location", OT_KIND_NONE, 3, {NULL}},
    {"PLC", OT_ICS, 1, OT("cmdb_ci_ot_plc")},
    {"Pneumatic Device", OT_ICS, 0, OT("cmdb_ci_ot_industrial_actuator")},
    {"Printer", OT_IT, 4, {"cmdb_ci_printer"}},
    {"Programmable Board", OT_ICS, 1, OT("cmdb_ci_ot_control")},
    {"Protocol Converter", OT_ICS, 1, NETGEAR},
    {"Punch Clock", OT_IOT, 4, IOT("cmdb_ci_iot")},
    {"Robot Controller", OT_ICS, 1, OT("cmdb_ci_ot_control")},
    {"Router", OT_NETWORK, 3, NET("cmdb_ci_ip_router")},
    {"RTU", OT_ICS, 1, OT("cmdb_ci_ot_rtu")},
    {"Serial-to-Ethernet Converter", OT_ICS, 1, NETGEAR},
    {"Server", OT_IT, 3, SERVER},
    {"Servo Drive", OT_ICS, 0, OT("cmdb_ci_ot_industrial_actuator")},
    {"Slave", OT_ICS, 1, OT("cmdb_ci_ot_field_device")},
    {"Slot", OT_ICS, 1, OT("cmdb_ci_ot_control_module")},
    {"Smart Light", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Smart Phone", OT_IOT, 4, PHONE},
    {"Smart Switch", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Smart TV", OT_IOT, 4, IOT("cmdb_ci_stv")},
    {"Storage", OT_IT, 3, SERVER},
    {"Switch", OT_NETWORK, 2, NET("cmdb_ci_ip_switch")},
    {"Tablet", OT_IOT, 4, PHONE},
    {"Terminal Station", OT_IT, 3, PC},
    {"Thermostat", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Turnstile", OT_IOT, 3, IOT("cmdb_ci_iot")},
    {"Unclassified", OT_ICS, 1, {"cmdb_ci_ot", HARDWARE}},
    {"Uninterruptable Power Supply", OT_IOT, 3, IOT("cmdb_ci_ups")},
    {"Uninterruptible Power Supply", OT_IOT, 3, IOT("cmdb_ci_ups")},
    {"Unknown", OT_ICS, 1, {"cmdb_ci_ot", HARDWARE}},
    {"Variable Frequency Drive", OT_ICS, 0, OT("cmdb_ci_ot_industrial_drive")},
    {"Video Conferencing", OT_IOT, 4, IOT("cmdb_ci_iot")},
    {"Virtual Machine", OT_IT, 3, PC},
    {"VPN Gateway", OT_NETWORK, 4, NETGEAR},
    {"Wifi Pineapple", OT_NETWORK, 3, NETGEAR},
    {"Wireless Access Point", OT_NETWORK, 3, NET("cmdb_ci_wap_network")},
    {"Wireless Controller", OT_NETWORK, 3, NETGEAR},
    {"WLAN Access Point", OT_NETWORK, 3, NET("cmdb_ci_wap_network")},
    {"Workstation", OT_IT, 4, PC},
};
const size_t ot_types_n = MST_LEN(ot_types);

/* ---- types --------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int by_name(const void *key, const void *element)
{
	const struct mst_slice *name = key;
	const char *other = ((const struct ot_type *)element)->name;

	for (size_t i = 0; i < name->n; i++) {
		int d = (unsigned char)lower(name->p[i]) -
			(unsigned char)lower(other[i]);

		if (d != 0 || other[i] == '\0')
			return d;
	}
	return other[name->n] == '\0' ? 0 : -1;
}

const struct ot_type *ot_type_find(struct mst_slice name)
{
	const struct ot_type *t;

	name = mst_slice_trim(name);
	t = bsearch(&name, ot_types, ot_types_n, sizeof(*ot_types), by_name);
	return t ? t : &ot_types[0];
}

const char *ot_kind_name(enum ot_kind kind)
{
	static const char *const names[] = {
	    [OT_ICS] = "ICS",	      [OT_IT] = "IT",	   [OT_IOT] = "IoT",
	    [OT_NETWORK] = "Network", [OT_KIND_NONE] = "",
	};

	return names[kind];
}

bool ot_class_is_ot(struct mst_slice table)
{
	return mst_slice_is(table, "cmdb_ci_ot") ||
	       mst_slice_istarts(table, "cmdb_ci_ot_");
}

bool ot_class_is_computer(struct mst_slice table)
{
	static const char server[] = "_server";
	const size_t n = sizeof(server) - 1;

	if (mst_slice_is(table, "cmdb_ci_computer") ||
	    mst_slice_is(table, "cmdb_ci_pc_hardware") ||
	    mst_slice_is(table, "cmdb_ci_handheld_computing"))
		return true;
	return !ot_class_is_ot(table) && table.n > n &&
	       memcmp(table.p + table.n - n, server, n) == 0;
}

/* ---- the setting --------------------------------------------------------- */

/* "TYPE=CLASS|CLASS" in two; false: it has no "=". */
static bool split(const char *entry, struct mst_slice *type_r,
		  struct mst_slice *classes_r)
{
	const char *eq = strrchr(entry, '=');

	if (!eq)
		return false;
	*type_r = mst_slice_trim(mst_slice(entry, (size_t)(eq - entry)));
	*classes_r = mst_slice_trim(mst_slice_str(eq + 1));
	return true;
}

/* The next of a list that "|" divides; false: there is no more. */
static bool next_class(struct mst_slice *list, struct mst_slice *class_r)
{
	const char *bar;
	size_t n;

	if (!list->p)
		return false;
	bar = list->n ? memchr(list->p, '|', list->n) : NULL;
	n = bar ? (size_t)(bar - list->p) : list->n;
	*class_r = mst_slice_trim(mst_slice(list->p, n));
	*list = bar ? mst_slice(bar + 1, list->n - n - 1) : mst_slice(NULL, 0);
	return true;
}

static bool is_none(struct mst_slice s)
{
	return mst_slice_is(s, "none");
}

bool ot_classes_set(const struct mst_opt_list *setting, struct mst_slice type,
		    struct mst_slice out[OT_TRIED], size_t *n_r)
{
	struct mst_slice name, list;

	type = mst_slice_trim(type);
	for (size_t i = 0; i < setting->n; i++) {
		if (!split(setting->v[i], &name, &list) ||
		    !mst_slice_ieq(name, type))
			continue;
		*n_r = 0;
		while (*n_r < OT_TRIED && next_class(&list, &out[*n_r])) {
			if (!is_none(out[*n_r]))
				++*n_r;
		}
		return true;
	}
	return false;
}

static bool is_class(struct mst_slice s)
{
	char name[128];

	if (s.n >= sizeof(name))
		return false;
	memcpy(name, s.p, s.n);
	name[s.n] = '\0';
	return ms_is_table(name);
}

int ot_classes_check(const struct mst_opt_list *setting, struct mst_err *err)
{
	for (size_t i = 0; i < setting->n; i++) {
		struct mst_slice type, list, one;
		bool bad = !split(setting->v[i], &type, &list) || !type.n;
		bool none = false;
		size_t n = 0;

		while (!bad && next_class(&list, &one)) {
			none = none || is_none(one);
			bad = !is_none(one) && !is_class(one);
			n++;
		}
		if (bad || n > OT_TRIED || (none && n > 1))
			return mst_err_set(
			    err, MST_E_INVALID,
			    "setting classes: '%.120s' must be "
			    "TYPE=CLASS|CLASS with at most %d classes, as in "
			    "'PLC=cmdb_ci_ot_plc|cmdb_ci_hardware', or "
			    "TYPE=none",
			    setting->v[i], OT_TRIED);
	}
	return 0;
}

/* ---- all of them --------------------------------------------------------- */

/* Every instance has these. */
static bool is_base(const char *table)
{
	static const char *const base[] = {"cmdb_ci_computer", HARDWARE,
					   "cmdb_ci_netgear", "cmdb_ci_printer",
					   "cmdb_ci_server"};

	for (size_t i = 0; i < MST_LEN(base); i++) {
		if (strcmp(base[i], table) == 0)
			return true;
	}
	return false;
}

struct collecting {
	struct mst_class *v;
	size_t n, cap;
	struct mst_arena *arena;
};

static void collect(struct collecting *c, const char *table)
{
	struct mst_class *more;

	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->v[i].table, table) == 0)
			return;
	}
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		more = mst_arena_alloc(c->arena, c->cap * sizeof(*more));
		if (c->n)
			memcpy(more, c->v, c->n * sizeof(*more));
		c->v = more;
	}
	c->v[c->n++] =
	    (struct mst_class){.table = table, .optional = !is_base(table)};
}

void ot_classes_make(const struct mst_opt_list *setting,
		     struct mst_arena *arena, struct mst_class **classes_r,
		     size_t *n_r)
{
	struct collecting c = {.arena = arena};
	struct mst_slice found[OT_TRIED];
	size_t n;

	for (size_t i = 0; i < ot_types_n; i++) {
		const struct ot_type *t = &ot_types[i];

		if (ot_classes_set(setting, mst_slice_str(t->name), found, &n))
			continue;
		for (n = 0; t->classes[n]; n++)
			collect(&c, t->classes[n]);
	}
	for (size_t i = 0; i < setting->n; i++) {
		struct mst_slice type, list, one;

		if (!split(setting->v[i], &type, &list))
			continue;
		while (next_class(&list, &one)) {
			if (!is_none(one))
				collect(&c, mst_arena_dup(arena, one).p);
		}
	}
	*classes_r = c.v;
	*n_r = c.n;
}
