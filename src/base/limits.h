/* SPDX-License-Identifier: Apache-2.0
 *
 * Every maximum of the program, in one place. Remote input that exceeds one
 * of them is refused with MST_E_INVALID; nothing grows without a bound.
 */
#ifndef MST_BASE_LIMITS_H
#define MST_BASE_LIMITS_H

#define MST_MAX_NAME	     64		     /* connection, job, set */
#define MST_MAX_URL	     8192	     /* a SAS URL is ~600 bytes */
#define MST_MAX_BODY	     (256u << 20)    /* one JSON answer */
#define MST_MAX_REQUEST_BODY (1000u * 1000u) /* ServiceNow: under 1 MB */
#define MST_MAX_FILE	     (64ull << 30)   /* one export file */
#define MST_MAX_LINE	     (16u << 20)     /* one NDJSON record */
#define MST_MAX_CONF	     (4u << 20)	     /* one YAML file */
#define MST_MAX_CONF_DEPTH   32
#define MST_MAX_CONF_NODES   200000 /* scalars, lists and mappings */
#define MST_MAX_CONF_VALUES  512    /* options of one item */
#define MST_MAX_CONF_LIST    4096   /* texts of one list */
#define MST_MAX_CONF_KEY     128    /* "guard.share" */
#define MST_MAX_FIELDS	     96	    /* fields of a record set */
#define MST_MAX_COLUMNS	     48	    /* columns of a desired set */
#define MST_MAX_SETS	     24	    /* desired sets of a source */
#define MST_MAX_FEEDS	     16	    /* feeds of a source */
#define MST_MAX_TEXT	     65536  /* one value sent onwards */
#define MST_MAX_EXPR	     4096   /* text of one expression */
#define MST_MAX_EXPR_NODES   256
#define MST_MAX_EXPR_DEPTH   24
#define MST_MAX_EXPR_SPACE   (4u << 20) /* bytes that one run may use */
#define MST_MAX_ARENA	     (1u << 30)
#define MST_MAX_PAGES	     2000000
#define MST_MAX_WORKERS	     4 /* ServiceNow advises 2 to 4 */
#define MST_MAX_BATCH_OPS    800
#define MST_MAX_IRE_ITEMS    500

#endif
