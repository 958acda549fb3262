/* SPDX-License-Identifier: Apache-2.0
 *
 * What every payload is made of: elements, stamps, the document around them.
 */
#include "servicenow/payload.h"

#include <stdarg.h>
#include <stdio.h>

#include "servicenow/update_set.h"

void mst_upd_id(char out[33], const char *fmt, ...)
{
	char key[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(key, sizeof(key), fmt, ap);
	va_end(ap);
	mst_update_set_id(key, out);
}

void mst_upd_begin(struct mst_updates *s, const char *attrs)
{
	mst_buf_reset(&s->buf);
	mst_buf_addf(&s->buf,
		     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		     "<record_update%s>",
		     attrs);
}

void mst_upd_end(struct mst_updates *s, struct mst_update u)
{
	mst_buf_adds(&s->buf, "</record_update>");
	u.payload = mst_buf_slice(&s->buf);
	s->fn(s->ctx, &u);
}

void mst_xml_text(struct mst_buf *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			mst_buf_adds(out, "&lt;");
			break;
		case '>':
			mst_buf_adds(out, "&gt;");
			break;
		case '&':
			mst_buf_adds(out, "&amp;");
			break;
		case '"':
			mst_buf_adds(out, "&quot;");
			break;
		default:
			mst_buf_addc(out, *text);
		}
	}
}

void mst_xml_el(struct mst_buf *out, const char *name, const char *text)
{
	if (!text || !*text) {
		mst_buf_addf(out, "<%s/>", name);
		return;
	}
	mst_buf_addf(out, "<%s>", name);
	mst_xml_text(out, text);
	mst_buf_addf(out, "</%s>", name);
}

void mst_xml_bool(struct mst_buf *out, const char *name, bool v)
{
	mst_xml_el(out, name, v ? "true" : "false");
}

void mst_xml_num(struct mst_buf *out, const char *name, unsigned v)
{
	mst_buf_addf(out, "<%s>%u</%s>", name, v, name);
}

void mst_xml_ref(struct mst_buf *out, const char *name, const char *shown,
		 const char *id)
{
	if (!id) {
		mst_buf_addf(out, "<%s/>", name);
		return;
	}
	mst_buf_addf(out, "<%s display_value=\"", name);
	mst_xml_text(out, shown);
	mst_buf_addf(out, "\">%s</%s>", id, name);
}

void mst_xml_created(struct mst_buf *out)
{
	mst_xml_el(out, "sys_created_by", "admin");
	mst_xml_el(out, "sys_created_on", MST_UPDATE_SET_DATE);
}

void mst_xml_updated(struct mst_buf *out)
{
	mst_xml_el(out, "sys_updated_by", "admin");
	mst_xml_el(out, "sys_updated_on", MST_UPDATE_SET_DATE);
}

void mst_xml_domain(struct mst_buf *out)
{
	mst_buf_adds(out, "<sys_domain>global</sys_domain>"
			  "<sys_domain_path>/</sys_domain_path>");
}

void mst_xml_scope(struct mst_buf *out)
{
	mst_buf_adds(out, "<sys_package display_value=\"Global\" "
			  "source=\"global\">global</sys_package><sys_policy/>"
			  "<sys_scope display_value=\"Global\">global"
			  "</sys_scope>");
}

void mst_xml_stamp(struct mst_buf *out, const char *class_name, const char *id,
		   const char *sys_name, const char *update)
{
	mst_xml_el(out, "sys_class_name", class_name);
	mst_xml_created(out);
	mst_xml_el(out, "sys_id", id);
	mst_xml_el(out, "sys_mod_count", "0");
	mst_xml_el(out, "sys_name", sys_name);
	mst_xml_scope(out);
	mst_xml_el(out, "sys_update_name", update);
	mst_xml_updated(out);
}

void mst_xml_stamp_short(struct mst_buf *out, const char *id)
{
	mst_xml_created(out);
	mst_xml_el(out, "sys_id", id);
	mst_xml_el(out, "sys_mod_count", "0");
	mst_xml_updated(out);
}
