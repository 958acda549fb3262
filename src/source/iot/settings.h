/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of this source: options that override a rule, with values of
 * their own for TEST and PROD.
 */
#ifndef MST_SOURCE_IOT_SETTINGS_H
#define MST_SOURCE_IOT_SETTINGS_H

#include "conf/conf.h"

/* Filled by OT_SETTING_OPTS. */
struct ot_settings {
	struct mst_opt_list classes;
};

/* Rows of the table of options; AT(member): offset of a member of struct
 * ot_settings. */
#define OT_SETTING_OPTS(AT)                                                    \
	{                                                                      \
		"classes", MST_OPT_LIST, AT(classes),                          \
		    .help = "Classes of device types, TYPE=CLASS; of "         \
			    "several classes the first that the instance has " \
			    "is taken: TYPE=CLASS|CLASS.",                     \
		    .rule = "iot.class"                                        \
	}

#endif
