/* SPDX-License-Identifier: Apache-2.0
 *
 * The fix scripts about related lists. A layout in an update set replaces the
 * whole layout of the table, so that the lists cannot come as records: a script
 * adds what is missing. It is run by hand, with "Run Fix Script".
 */
#include <stdio.h>

#include "servicenow/payload.h"

/* related_lists.js, as the build embeds it */
static const char script[] =
#include "related_lists.inc"
    ;

static void add_code(struct mst_buf *o, bool add)
{
	mst_buf_addf(o, "var ADD = %s;\nvar LISTS = [\n",
		     add ? "true" : "false");
	for (size_t i = 0; i < mst_sn_related_n; i++)
		mst_buf_addf(o, "\t['%s', '%s']%s\n", mst_sn_related[i].table,
			     mst_sn_related[i].list,
			     i + 1 < mst_sn_related_n ? "," : "");
	mst_buf_adds(o, "];\n\n");
	mst_buf_adds(o, script);
}

static void add_script(struct mst_updates *s, bool add)
{
	const char *name = add ? "muster: add CVE related lists"
			       : "muster: remove CVE related lists";
	struct mst_buf *o = &s->buf;
	char id[33], update[256];

	mst_upd_id(id, "sys_script_fix|%s", name);
	(void)snprintf(update, sizeof(update), "sys_script_fix_%s", id);
	mst_upd_begin(s, " table=\"sys_script_fix\"");
	mst_buf_adds(o, "<sys_script_fix action=\"INSERT_OR_UPDATE\">"
			"<before>false</before>");
	mst_xml_el(o, "description",
		   add ? "Puts the CVE instances below the forms of computers, "
			 "Windows and Linux servers and CVEs. Nothing that is "
			 "there is replaced."
		       : "Takes the CVE instances away again from below the "
			 "forms where the other script put them.");
	mst_xml_el(o, "name", name);
	mst_xml_bool(o, "record_for_rollback", true);
	mst_buf_adds(o, "<script><![CDATA[");
	add_code(o, add);
	mst_buf_adds(o, "]]></script>");
	mst_xml_stamp(o, "sys_script_fix", id, name, update);
	mst_buf_adds(o, "<unloadable>false</unloadable></sys_script_fix>");
	mst_upd_end(s, (struct mst_update){.name = update,
					   .type = "Fix Script",
					   .target = name});
}

void mst_upd_related(struct mst_updates *s)
{
	add_script(s, true);
	add_script(s, false);
}
