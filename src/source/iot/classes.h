/* SPDX-License-Identifier: Apache-2.0
 *
 * The class map: what a device of each type is in the CMDB. Its data follows
 * docs/internals/iot-rules.md; change that first.
 */
#ifndef MST_SOURCE_IOT_CLASSES_H
#define MST_SOURCE_IOT_CLASSES_H

#include "base/arena.h"
#include "base/err.h"
#include "model/model.h"
#include "source/iot/settings.h"

/* As the console calls the categories. */
enum ot_kind { OT_ICS, OT_IT, OT_IOT, OT_NETWORK, OT_KIND_NONE };

#define OT_TRIED 3 /* classes of a type */

struct ot_type {
	const char *name; /* "PLC"; of types that nobody knows: "" */
	enum ot_kind kind;
	unsigned level; /* of Purdue: 0 to 5 */
	/* In the order in which they are tried, NULL ended; none: such devices
	 * are no CIs. The last is one that every instance has. */
	const char *classes[OT_TRIED + 1];
};

extern const struct ot_type ot_types[]; /* by folded name */
extern const size_t ot_types_n;

/* The type of this name, ASCII case folded; what is not named counts as one of
 * no name. Never NULL. */
const struct ot_type *ot_type_find(struct mst_slice name);
/* "ICS", "IT", "IoT", "Network"; of OT_KIND_NONE "". */
const char *ot_kind_name(enum ot_kind kind);
/* Is the class of those that only the OT models of the CMDB have? */
bool ot_class_is_ot(struct mst_slice table);
/* Has the class attributes of an operating system? */
bool ot_class_is_computer(struct mst_slice table);

/* The classes that the setting `classes` gives to the type, in order, into
 * out[0..OT_TRIED), lent from the setting; false: it does not name it. */
bool ot_classes_set(const struct mst_opt_list *setting, struct mst_slice type,
		    struct mst_slice out[OT_TRIED], size_t *n_r);
/* MST_E_INVALID: an entry of the setting is none. */
int ot_classes_check(const struct mst_opt_list *setting, struct mst_err *err);
/* All classes that devices may be made in, each once, for the derived set. */
void ot_classes_make(const struct mst_opt_list *setting,
		     struct mst_arena *arena, struct mst_class **classes_r,
		     size_t *n_r);

#endif
