/* SPDX-License-Identifier: Apache-2.0
 *
 * The layouts of each table and the menus of each update set; between layout.c
 * and the layout_*.c only.
 */
#ifndef MST_SERVICENOW_LAYOUTS_H
#define MST_SERVICENOW_LAYOUTS_H

#include "servicenow/layout.h"
#include "servicenow/tables.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

extern const struct mst_sn_layout mst_sn_cve_layout, mst_sn_cve_instance_layout;
extern const struct mst_sn_layout mst_sn_ot_appliance_layout,
    mst_sn_ot_device_layout, mst_sn_ot_firmware_layout,
    mst_sn_ot_connection_layout, mst_sn_ot_alert_layout;
extern const struct mst_sn_menu mst_sn_cve_menu, mst_sn_ot_menu;

#endif
