// SPDX-License-Identifier: Apache-2.0
//
//   node readback.js WORK SDK DEFINITION.json SET.xml...
//
// Splits the update sets into one file a payload, lets the official SDK turn
// them into its source code, runs that code with functions that only note what
// they are called with, and compares it with the definition.
'use strict';

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const vm = require('vm');
const { spawnSync } = require('child_process');
const { updates, scripts } = require('./update_set.js');

const [work, sdk, definitionFile, ...sets] = process.argv.slice(2);
const definition = JSON.parse(fs.readFileSync(definitionFile, 'utf8'));

// ---- the SDK ---------------------------------------------------------------

function transform() {
	const payloads = path.join(work, 'payloads');
	const project = path.join(work, 'project');
	let count = 0;

	fs.rmSync(work, { recursive: true, force: true });
	fs.mkdirSync(payloads, { recursive: true });
	fs.mkdirSync(path.join(project, 'src', 'fluent'), { recursive: true });
	for (const u of sets.flatMap(updates)) {
		fs.writeFileSync(path.join(payloads, `${u.name}.xml`), u.payload);
		count++;
	}
	fs.writeFileSync(path.join(project, 'package.json'), JSON.stringify({
		name: 'readback', version: '0.0.0', private: true }));
	fs.writeFileSync(path.join(project, 'now.config.json'), JSON.stringify({
		scope: 'global', scopeId: 'global', name: 'readback' }));
	const run = spawnSync(process.execPath,
		[sdk, 'transform', '--format', 'false', '--from', payloads,
			'--directory', project],
		{ encoding: 'utf8', cwd: project });
	assert.strictEqual(run.status, 0, run.stdout + run.stderr);
	assert(!/error|warn/i.test(run.stdout + run.stderr),
		run.stdout + run.stderr);
	return { generated: path.join(project, 'src', 'fluent', 'generated'),
		count };
}

// ---- its source code -------------------------------------------------------

function files(dir) {
	return fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
		const name = path.join(dir, e.name);

		if (e.isDirectory()) {
			return files(name);
		}
		return name.endsWith('.now.ts') ? [name] : [];
	});
}

// Every free name is a function that gives back what it was called with;
// those that stand alone are noted.
function evaluate(dir) {
	const top = ['Table', 'Acl', 'Form', 'List', 'ApplicationMenu', 'Record'];
	const noted = Object.fromEntries(top.map((t) => [t, []]));
	const names = new Proxy({}, {
		has: (target, name) => typeof name === 'string',
		get(target, name) {
			if (name === 'Now') {
				return { ID: new Proxy({}, { get: (t, id) => id }) };
			}
			if (name === 'default_view') {
				return 'default_view';
			}
			return (...args) => {
				if (noted[name]) {
					noted[name].push(args[0]);
				}
				return { call: name, ...args[0] };
			};
		},
	});

	for (const file of files(dir)) {
		const code = fs.readFileSync(file, 'utf8')
			.replace(/^import .*$/gm, '')
			.replace(/^export const \w+ = /gm, '');

		vm.runInNewContext(`with (names) {${code}\n}`, { names });
	}
	// What comes out of another context has other prototypes.
	return JSON.parse(JSON.stringify(noted));
}

// ---- comparing -------------------------------------------------------------

const types = {
	string: 'StringColumn', decimal: 'DecimalColumn', float: 'FloatColumn',
	integer: 'IntegerColumn', boolean: 'BooleanColumn', url: 'UrlColumn',
	glide_date_time: 'DateTimeColumn', reference: 'ReferenceColumn',
	journal_input: 'GenericColumn',
};
// What the SDK leaves out because it is what such a column has anyway.
const lengths = { string: 40, decimal: 15, url: 1024, reference: 32,
	float: 40, integer: 40, boolean: 40, glide_date_time: 40 };

function column(c) {
	const is = {
		call: types[c.type], label: c.label, maxLength: c.max_length,
		choices: c.choices, mandatory: c.mandatory, unique: c.unique,
		readOnly: c.read_only, noAudit: c.no_audit,
		default: c.default || '', referenceTable: c.reference || '',
		cascadeRule: c.cascade || '', hint: c.hint || '', dropdown: '',
	};

	if (c.choices.length > 0) {
		is.dropdown = c.mandatory ? 'dropdown_without_none'
			: 'dropdown_with_none';
	}
	return is;
}

function columnRead(c, type) {
	const label = typeof c.label === 'string' ? { label: c.label } : c.label[0];
	const choices = Object.entries(c.choices || {})
		.sort((a, b) => a[1].sequence - b[1].sequence)
		.map(([value, ch]) => [value, ch.label]);

	return {
		call: c.call, label: label.label,
		maxLength: c.maxLength || lengths[type], choices,
		mandatory: !!c.mandatory, unique: !!c.unique,
		readOnly: !!c.readOnly,
		noAudit: !!(c.attributes && c.attributes.no_audit),
		default: c.default === undefined ? '' : String(c.default),
		referenceTable: c.referenceTable || '',
		cascadeRule: c.cascadeRule || '', hint: label.hint || '',
		dropdown: c.dropdown || '',
	};
}

function compareTables(read) {
	assert.deepStrictEqual(read.map((t) => t.name).sort(),
		definition.tables.map((t) => t.name).sort());
	for (const want of definition.tables) {
		const got = read.find((t) => t.name === want.name);
		const display = want.columns.find((c) => c.display).name;

		assert.strictEqual(got.label, want.label);
		assert.strictEqual(got.display, display);
		assert.strictEqual(!!got.audit, want.audit);
		assert.strictEqual(got.autoNumber ? got.autoNumber.prefix : undefined,
			want.prefix);
		assert.strictEqual(got.allowWebServiceAccess, true);
		assert.deepStrictEqual([...got.actions].sort(),
			['create', 'delete', 'read', 'update']);
		assert.deepStrictEqual(Object.keys(got.schema).sort(),
			want.columns.map((c) => c.name).sort());
		for (const c of want.columns) {
			assert.deepStrictEqual(columnRead(got.schema[c.name], c.type),
				column(c), `${want.name}.${c.name}`);
		}
	}
}

function compareAcls(read) {
	const want = [];

	for (const t of definition.tables) {
		for (const op of ['read', 'write', 'create', 'delete']) {
			want.push(`${t.name} ${op} ${definition.role}`);
			if (op !== 'delete') {
				want.push(`${t.name}.* ${op} ${definition.role}`);
			}
		}
	}
	assert.deepStrictEqual(read.map((a) => {
		assert.strictEqual(a.type, 'record');
		return `${a.table}${a.field ? `.${a.field}` : ''} ${a.operation} ` +
			a.roles.join(',');
	}).sort(), want.sort());
}

function elements(list) {
	return list.map((e) => (e.type === 'formatter' ? e.formatterName : e.field));
}

function compareLayouts(forms, lists) {
	assert.strictEqual(forms.length, definition.layouts.length);
	assert.strictEqual(lists.length, definition.layouts.length);
	for (const want of definition.layouts) {
		const form = forms.find((f) => f.table === want.table);
		const list = lists.find((l) => l.table === want.table);

		assert.strictEqual(form.view, 'default_view');
		assert.strictEqual(list.view, 'default_view');
		assert.deepStrictEqual(list.columns, want.list);
		assert.deepStrictEqual(form.sections.map((s) => {
			const two = s.content.find((c) => c.layout === 'two-column');
			const one = s.content.find((c) => c.layout === 'one-column');

			return { caption: s.caption,
				left: two ? elements(two.leftElements) : [],
				right: two ? elements(two.rightElements) : [],
				full: one ? elements(one.elements) : [] };
		}), want.sections);
	}
}

function compareMenu(menus, records) {
	const modules = records.filter((r) => r.table === 'sys_app_module')
		.map((r) => r.data)
		.sort((a, b) => a.order - b.order);

	assert.strictEqual(menus.length, definition.menus.length);
	for (const want of definition.menus) {
		const menu = menus.find((m) => m.title === want.title);

		assert.deepStrictEqual(menu.roles, [definition.role]);
		assert.deepStrictEqual(modules
			.filter((m) => m.application === menu.$id)
			.map((m) => {
				assert.strictEqual(m.link_type, 'LIST');
				return { title: m.title, name: m.name,
					filter: m.filter, hint: m.hint };
			}), want.modules);
	}
}

function compareRelated(records) {
	const layouts = records.filter((r) => r.table === 'sys_ui_related_list');
	const entries = records
		.filter((r) => r.table === 'sys_ui_related_list_entry')
		.map((r) => r.data)
		.sort((a, b) => a.position - b.position);
	const want = definition.layouts.filter((l) => l.below.length > 0);

	assert.deepStrictEqual(layouts.map((l) => l.data.name).sort(),
		want.map((l) => l.table).sort());
	for (const l of want) {
		const layout = layouts.find((r) => r.data.name === l.table);

		assert.deepStrictEqual(entries
			.filter((e) => e.list_id === layout.$id)
			.map((e) => e.related_list), l.below);
	}
}

function compareScripts(records) {
	const read = records.filter((r) => r.table === 'sys_script_fix');
	const want = Object.assign({}, ...sets.map(scripts));

	assert.deepStrictEqual(read.map((r) => r.data.name).sort(),
		Object.keys(want).sort());
	for (const r of read) {
		assert.strictEqual(r.data.script, want[r.data.name]);
	}
}

const { generated, count } = transform();
const read = evaluate(generated);

compareTables(read.Table);
compareAcls(read.Acl);
compareLayouts(read.Form, read.List);
compareMenu(read.ApplicationMenu, read.Record);
compareRelated(read.Record);
compareScripts(read.Record);
assert.deepStrictEqual(
	[...new Set(read.Record.map((r) => r.table))].sort(),
	['sys_app_module', 'sys_script_fix', 'sys_ui_formatter',
		'sys_ui_related_list', 'sys_ui_related_list_entry']);
console.log(`${count} payloads read back: ${read.Table.length} tables, ` +
	`${read.Acl.length} access rules, ${read.Form.length} forms, ` +
	`${read.List.length} lists, ${read.Record.length} records`);
