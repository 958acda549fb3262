// SPDX-License-Identifier: Apache-2.0
//
// Adds related lists to the default view of forms, or takes them away again.
// Nothing that is there is replaced: an entry is put behind the others of the
// layout that a table has. A table that shows the layout of one that it
// extends gets a copy of that layout, as it does when a person adds a list on
// its form. Running it twice changes nothing more.
//
// ADD (true or false) and LISTS ([table, "table.column"] each) come first.
(function () {
	var VIEW = 'Default view';

	function layouts(table) {
		var list = new GlideRecord('sys_ui_related_list'), found = [];

		list.addQuery('name', table);
		list.addQuery('view', VIEW);
		list.addNullQuery('sys_user');
		list.query();
		while (list.next()) {
			found.push(list.getUniqueValue());
		}
		return found;
	}

	function entries(layout) {
		var entry = new GlideRecord('sys_ui_related_list_entry');

		entry.addQuery('list_id', layout);
		entry.orderBy('position');
		entry.query();
		return entry;
	}

	function extended(table) {
		var def = new GlideRecord('sys_db_object'), id;

		def.addQuery('name', table);
		def.query();
		id = def.next() ? def.getValue('super_class') : '';
		def = new GlideRecord('sys_db_object');
		return id && def.get(id) ? def.getValue('name') : '';
	}

	function insert(layout, name, position, from) {
		var entry = new GlideRecord('sys_ui_related_list_entry');

		entry.initialize();
		entry.setValue('list_id', layout);
		entry.setValue('related_list', name);
		entry.setValue('position', position);
		if (from) {
			entry.setValue('filter', from.getValue('filter'));
			entry.setValue('order_by', from.getValue('order_by'));
		}
		entry.insert();
	}

	// An own layout with what the table shows now, which may be nothing.
	function own(table) {
		var list = new GlideRecord('sys_ui_related_list'), id, from, above;

		list.initialize();
		list.setValue('name', table);
		list.setValue('view', VIEW);
		id = list.insert();
		for (above = extended(table); above; above = extended(above)) {
			from = layouts(above);
			if (from.length > 0) {
				from = entries(from[0]);
				while (from.next()) {
					insert(id, from.getValue('related_list'),
						from.getValue('position'), from);
				}
				break;
			}
		}
		return [id];
	}

	function add(table, name) {
		var found = layouts(table), added = 0, entry, last, i;

		if (found.length === 0) {
			found = own(table);
		}
		for (i = 0; i < found.length; i++) {
			entry = entries(found[i]);
			last = -1;
			while (entry.next()) {
				if (entry.getValue('related_list') === name) {
					last = null;
					break;
				}
				last = Math.max(last,
					parseInt(entry.getValue('position'), 10) || 0);
			}
			if (last !== null) {
				insert(found[i], name, last + 1, null);
				added++;
			}
		}
		return added > 0 ? 'added' : 'was there';
	}

	function remove(table, name) {
		var found = layouts(table), removed = 0, entry, i;

		for (i = 0; i < found.length; i++) {
			entry = entries(found[i]);
			while (entry.next()) {
				if (entry.getValue('related_list') === name) {
					entry.deleteRecord();
					removed++;
				}
			}
		}
		return removed > 0 ? 'removed' : 'was not there';
	}

	function change(table, name) {
		var shows = name.split('.')[0];

		if (!new GlideRecord(table).isValid()) {
			return 'passed over: there is no table ' + table;
		}
		if (ADD && !new GlideRecord(shows).isValid()) {
			return 'passed over: there is no table ' + shows +
				'; commit the update set muster-cve first';
		}
		return ADD ? add(table, name) : remove(table, name);
	}

	LISTS.forEach(function (list) {
		gs.info('muster: related list ' + list[1] + ' of ' + list[0] +
			': ' + change(list[0], list[1]));
	});
})();
