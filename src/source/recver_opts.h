/* SPDX-License-Identifier: Apache-2.0
 *
 * The options recver.*, which every source has, for its table of options.
 * OFF(member): offset of a member of struct mst_recver_conf.
 */
#ifndef MST_SOURCE_RECVER_OPTS_H
#define MST_SOURCE_RECVER_OPTS_H

#define MST_RECVER_OPTS(OFF)                                                   \
	{"recver.type", MST_OPT_TEXT, OFF(type), .def = "sqlite",              \
	 .help = "Kind of the RecVer database: a file of its own, or memory "  \
		 "for tests."},                                                \
	{                                                                      \
		"recver.path", MST_OPT_TEXT, OFF(path),                        \
		    .help = "File of the RecVer database, when it is not "     \
			    "below the state folder."                          \
	}

#endif
