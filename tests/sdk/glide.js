// SPDX-License-Identifier: Apache-2.0
//
// As much of GlideRecord as the fix scripts use, over tables in memory:
// {table: [{sys_id, ...}]}. What is not here fails by being undefined.
'use strict';

class Glide {
	constructor(tables) {
		const store = { tables, log: [], next: 0 };

		this.store = store;
		this.gs = { info: (text) => store.log.push(text) };
		this.GlideRecord = class {
			constructor(table) {
				this.rows = store.tables[table];
				this.name = table;
				this.conditions = [];
			}

			isValid() {
				return this.rows !== undefined;
			}

			addQuery(field, value) {
				this.conditions.push((r) => (r[field] || '') === value);
			}

			addNullQuery(field) {
				this.conditions.push((r) => !r[field]);
			}

			orderBy(field) {
				this.order = field;
			}

			query() {
				this.found = this.rows.filter(
					(r) => this.conditions.every((c) => c(r)));
				if (this.order) {
					this.found.sort((a, b) => a[this.order] - b[this.order]);
				}
			}

			next() {
				this.row = this.found.shift();
				return this.row !== undefined;
			}

			get(id) {
				this.row = this.rows.find((r) => r.sys_id === id);
				return this.row !== undefined;
			}

			getUniqueValue() {
				return this.row.sys_id;
			}

			// Everything is a text; nothing is null.
			getValue(field) {
				const v = this.row[field];

				return v === undefined || v === '' ? null : String(v);
			}

			initialize() {
				this.row = {};
			}

			setValue(field, value) {
				this.row[field] = value === null ? '' : String(value);
			}

			insert() {
				this.row.sys_id = `new${store.next++}`;
				this.rows.push(this.row);
				return this.row.sys_id;
			}

			deleteRecord() {
				this.rows.splice(this.rows.indexOf(this.row), 1);
				return true;
			}
		};
	}
}

module.exports = { Glide };
