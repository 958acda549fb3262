/* SPDX-License-Identifier: Apache-2.0
 *
 * What the store apps for operational technology add to an instance: classes of
 * devices and sensors, addresses, and what is known of a device beside its CI.
 * An instance may lack all of it (POST classes {"ot":false}).
 */
#include "sim/sn_base.h"

static const struct sn_base_table tables[] = {
    {"cmdb_ci_ot", "Operational Technology (OT)", "cmdb_ci_hardware"},
    {"cmdb_ci_ot_control", "OT Control System", "cmdb_ci_ot"},
    {"cmdb_ci_ot_plc", "Programmable Logic Controller", "cmdb_ci_ot_control"},
    {"cmdb_ci_ot_dcs", "Distributed Control System", "cmdb_ci_ot_control"},
    {"cmdb_ci_ot_rtu", "Remote Terminal Unit", "cmdb_ci_ot_control"},
    {"cmdb_ci_ot_ied", "Intelligent Electronic Device", "cmdb_ci_ot_control"},
    {"cmdb_ci_ot_dpu", "Distributed Processing Unit", "cmdb_ci_ot_control"},
    {"cmdb_ci_ot_cnc", "Computer Numerical Control", "cmdb_ci_ot_control"},
    {"cmdb_ci_ot_control_module", "OT Control Module", "cmdb_ci_ot_control"},
    {"cmdb_ci_ot_supervisory", "OT Supervisory System", "cmdb_ci_ot"},
    {"cmdb_ci_ot_hmi", "Human Machine Interface", "cmdb_ci_ot_supervisory"},
    {"cmdb_ci_ot_historian", "OT Historian", "cmdb_ci_ot_supervisory"},
    {"cmdb_ci_ot_ews", "Engineering Workstation", "cmdb_ci_ot_supervisory"},
    {"cmdb_ci_ot_scada_server", "SCADA Server", "cmdb_ci_ot_supervisory"},
    {"cmdb_ci_ot_scada_client", "SCADA Client", "cmdb_ci_ot_supervisory"},
    {"cmdb_ci_ot_opc_server", "OPC Server", "cmdb_ci_ot_supervisory"},
    {"cmdb_ci_ot_opc_client", "OPC Client", "cmdb_ci_ot_supervisory"},
    {"cmdb_ci_ot_field_device", "OT Field Device", "cmdb_ci_ot"},
    {"cmdb_ci_ot_industrial_sensor", "Industrial Sensor",
     "cmdb_ci_ot_field_device"},
    {"cmdb_ci_ot_industrial_actuator", "Industrial Actuator",
     "cmdb_ci_ot_field_device"},
    {"cmdb_ci_ot_industrial_drive", "Industrial Drive",
     "cmdb_ci_ot_field_device"},
    {"cmdb_ci_ot_industrial_robot", "Industrial Robot",
     "cmdb_ci_ot_field_device"},
    {"cmdb_ci_ot_industrial_3d_printer", "Industrial 3D Printer",
     "cmdb_ci_ot_field_device"},
    {"cmdb_ci_nids", "Network Intrusion Detection System", "cmdb_ci_hardware"},
    {"cmdb_ci_iot", "Internet of Things (IoT)", "cmdb_ci_hardware"},
    {"cmdb_ci_ip_camera", "IP Camera", "cmdb_ci_hardware"},
    {"cmdb_ci_ip_phone", "IP Phone", "cmdb_ci_comm"},
    {"cmdb_ci_hvac", "HVAC Equipment", "cmdb_ci_hardware"},
    {"cmdb_ci_stv", "Smart TV", "cmdb_ci_hardware"},
    {"cmdb_ci_game_console", "Game Console", "cmdb_ci_hardware"},
    {"cmdb_ot_entity", "OT Entity", NULL},
};

static const struct sn_base_col cols[] = {
    SN_BASE_TEXT("cmdb_ci_ot", "firmware_version", "Firmware version", 255),
    SN_BASE_TEXT("cmdb_ci_ot_control_module", "slot_number", "Slot number", 40),
    SN_BASE_TEXT("cmdb_ci_nids", "firmware_version", "Firmware version", 255),
    SN_BASE_TEXT("cmdb_ci_nids", "connection_state", "Connection state", 40),
    SN_BASE_TEXT("cmdb_ci_nids", "zone", "Zone", 255),
    SN_BASE_NAME("cmdb_ot_entity", "ot_correlation_id", "OT correlation ID",
		 512),
    SN_BASE_REF("cmdb_ot_entity", "cmdb_ci", "Configuration item", "cmdb_ci"),
    SN_BASE_TEXT("cmdb_ot_entity", "purdue_level", "Purdue level", 40),
    SN_BASE_TEXT("cmdb_ot_entity", "zone", "Zone", 255),
    SN_BASE_TEXT("cmdb_ot_entity", "isa_entity_site", "Site", 255),
    SN_BASE_TEXT("cmdb_ot_entity", "ot_asset_type", "OT asset type", 100),
    SN_BASE_TEXT("cmdb_ot_entity", "business_criticality",
		 "Business criticality", 40),
};

const struct sn_base_part sn_base_ot = {
    tables, MST_LEN(tables), cols, MST_LEN(cols), NULL, 0};
