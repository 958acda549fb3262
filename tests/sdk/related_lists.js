// SPDX-License-Identifier: Apache-2.0
//
//   node related_lists.js SET.xml
//
// The fix scripts of the set, on layouts as customers have them: nothing that
// is there may be lost, running twice changes nothing more, and the second
// script undoes the first.
'use strict';

const assert = require('assert');
const vm = require('vm');
const { Glide } = require('./glide.js');
const { scripts } = require('./update_set.js');

const found = scripts(process.argv[2]);
const add = found['muster: add CVE related lists'];
const remove = found['muster: remove CVE related lists'];
const OWN = 'u_muster_cve_instance.u_cmdb_ci';
const OF_CVE = 'u_muster_cve_instance.u_cve';
const classes = ['cmdb_ci_computer', 'cmdb_ci_win_server',
	'cmdb_ci_linux_server'];

// Language of an instance in its older mode: no newer than ES5.
assert(!/\b(let|const|class)\b|=>|`/.test(
	add.replace(/\/\/.*$/gm, '').replace(/'[^']*'/g, '')));

function instance() {
	const objects = [['cmdb_ci', ''], ['cmdb_ci_computer', 'cmdb_ci'],
		['cmdb_ci_server', 'cmdb_ci_computer'],
		['cmdb_ci_win_server', 'cmdb_ci_server'],
		['cmdb_ci_linux_server', 'cmdb_ci_server'],
		['u_muster_cve', ''], ['u_muster_cve_instance', '']];
	const tables = {
		sys_db_object: objects.map(([name, up]) => ({ sys_id: `o_${name}`,
			name, super_class: up ? `o_${up}` : '' })),
		sys_ui_related_list: [], sys_ui_related_list_entry: [],
	};

	objects.forEach(([name]) => {
		tables[name] = [];
	});
	return new Glide(tables);
}

function layout(glide, id, table, names, more) {
	glide.store.tables.sys_ui_related_list.push({ sys_id: id, name: table,
		view: 'Default view', ...more });
	names.forEach((n, i) => glide.store.tables.sys_ui_related_list_entry.push({
		sys_id: `${id}_${i}`, list_id: id, related_list: n,
		position: String(i * 2), filter: `f${i}` }));
}

function run(glide, script) {
	glide.store.log.length = 0;
	vm.runInNewContext(script, { GlideRecord: glide.GlideRecord, gs: glide.gs });
	return glide.store.log;
}

// What the form of a table shows: its own layout, in order.
function shown(glide, table, view, user) {
	const { tables } = glide.store;
	const list = tables.sys_ui_related_list.find((l) => l.name === table &&
		l.view === (view || 'Default view') &&
		(l.sys_user || '') === (user || ''));

	return list && tables.sys_ui_related_list_entry
		.filter((e) => e.list_id === list.sys_id)
		.sort((a, b) => a.position - b.position)
		.map((e) => e.related_list);
}

const tests = {
	'an entry goes behind those of a layout'() {
		const g = instance();

		layout(g, 'c', 'cmdb_ci_computer', ['a.x', 'b.y']);
		run(g, add);
		assert.deepStrictEqual(shown(g, 'cmdb_ci_computer'),
			['a.x', 'b.y', OWN]);
		assert.deepStrictEqual(g.store.tables.sys_ui_related_list_entry
			.filter((e) => e.list_id === 'c').map((e) => e.position),
			['0', '2', '3']);
	},

	'twice is once'() {
		const g = instance();

		layout(g, 'c', 'cmdb_ci_computer', ['a.x']);
		run(g, add);
		const before = JSON.stringify(g.store.tables);
		const log = run(g, add);

		assert.strictEqual(JSON.stringify(g.store.tables), before);
		assert.strictEqual(log.length, 4);
		assert(log.every((line) => line.endsWith(': was there')));
	},

	'a class without a layout keeps showing what it showed'() {
		const g = instance();

		layout(g, 'c', 'cmdb_ci', ['far.away']);
		layout(g, 's', 'cmdb_ci_server', ['a.x', 'b.y']);
		run(g, add);
		for (const c of ['cmdb_ci_win_server', 'cmdb_ci_linux_server']) {
			assert.deepStrictEqual(shown(g, c), ['a.x', 'b.y', OWN]);
		}
		assert.deepStrictEqual(shown(g, 'cmdb_ci_computer'),
			['far.away', OWN]);
		// Filters go along, and the layouts above are as they were.
		assert.deepStrictEqual(g.store.tables.sys_ui_related_list_entry
			.filter((e) => e.related_list === 'b.y').map((e) => e.filter),
			['f1', 'f1', 'f1']);
		assert.deepStrictEqual(shown(g, 'cmdb_ci_server'), ['a.x', 'b.y']);
		assert.deepStrictEqual(shown(g, 'cmdb_ci'), ['far.away']);
	},

	'no layout anywhere'() {
		const g = instance();

		run(g, add);
		classes.forEach((c) => assert.deepStrictEqual(shown(g, c), [OWN]));
		assert.deepStrictEqual(shown(g, 'u_muster_cve'), [OF_CVE]);
	},

	'other views and personal layouts stay'() {
		const g = instance();

		layout(g, 'c', 'cmdb_ci_computer', ['a.x']);
		layout(g, 'v', 'cmdb_ci_computer', ['v.v'], { view: 'other' });
		layout(g, 'p', 'cmdb_ci_computer', ['p.p'], { sys_user: 'kim' });
		run(g, add);
		assert.deepStrictEqual(shown(g, 'cmdb_ci_computer'), ['a.x', OWN]);
		assert.deepStrictEqual(shown(g, 'cmdb_ci_computer', 'other'),
			['v.v']);
		assert.deepStrictEqual(
			shown(g, 'cmdb_ci_computer', 'Default view', 'kim'), ['p.p']);
	},

	'layouts of several domains'() {
		const g = instance();

		layout(g, 'c', 'cmdb_ci_computer', ['a.x']);
		layout(g, 'd', 'cmdb_ci_computer', ['d.d'], { sys_domain: 'two' });
		run(g, add);
		assert.strictEqual(g.store.tables.sys_ui_related_list_entry
			.filter((e) => e.related_list === OWN).length, 4);
	},

	'removing takes away what was added, and no more'() {
		const g = instance();

		layout(g, 'c', 'cmdb_ci_computer', ['a.x', 'b.y']);
		run(g, add);
		const log = run(g, remove);

		assert(log.every((line) => line.endsWith(': removed')));
		assert.deepStrictEqual(shown(g, 'cmdb_ci_computer'), ['a.x', 'b.y']);
		assert.deepStrictEqual(shown(g, 'u_muster_cve'), []);
		assert(run(g, remove).every((l) => l.endsWith(': was not there')));
	},

	'a table that is not there'() {
		const g = instance();

		delete g.store.tables.cmdb_ci_linux_server;
		const log = run(g, add);

		assert(/linux_server: passed over: there is no table/.test(log[2]));
		assert.deepStrictEqual(shown(g, 'cmdb_ci_win_server'), [OWN]);
	},

	'before the main set'() {
		const g = instance();

		delete g.store.tables.u_muster_cve_instance;
		const log = run(g, add);

		assert(log[0].endsWith('commit the update set muster-cve first'));
		assert.strictEqual(g.store.tables.sys_ui_related_list.length, 0);
	},
};

for (const [name, test] of Object.entries(tests)) {
	try {
		test();
	} catch (e) {
		console.error(`failed: ${name}\n${e.stack}`);
		process.exitCode = 1;
	}
}
console.log(`${Object.keys(tests).length} tests of the fix scripts`);
