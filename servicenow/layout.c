/* SPDX-License-Identifier: Apache-2.0
 *
 * Layouts and menus of all update sets. Every column stands on its table's form
 * exactly once.
 */
#include "servicenow/layouts.h"

const struct mst_sn_layout *const mst_sn_layouts[] = {
    &mst_sn_cve_layout,		 &mst_sn_cve_instance_layout,
    &mst_sn_ot_appliance_layout, &mst_sn_ot_device_layout,
    &mst_sn_ot_firmware_layout,	 &mst_sn_ot_connection_layout,
    &mst_sn_ot_alert_layout,
};
const size_t mst_sn_layouts_n = MST_LEN(mst_sn_layouts);

const struct mst_sn_menu *const mst_sn_menus[] = {
    &mst_sn_cve_menu,
    &mst_sn_ot_menu,
};
const size_t mst_sn_menus_n = MST_LEN(mst_sn_menus);
