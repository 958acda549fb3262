// SPDX-License-Identifier: Apache-2.0
//
//   node recver_script.js MUSTER
//
// Runs what `muster recver script` prints for mongosh, all of it in one go, with
// a database that writes down what is asked of it: the names arrive as they were
// given, and the scripts do not get into each other's way.

'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const vm = require('vm');

const [muster] = process.argv.slice(2);

function run(text) {
	const seen = { databases: new Set(), made: [], roles: [], grants: [], asked: [] };
	const cursor = { token: '' };
	const db = {
		version: () => '6.0',
		adminCommand: () => ({ ok: 1, maxWireVersion: 17, isWritablePrimary: true, setName: 'rs', localTime: new Date(0) }),
		getSiblingDB: (name) => {
			seen.databases.add(name);
			return {
				getName: () => name,
				getCollectionNames: () => seen.made.slice(),
				createCollection: (c) => seen.made.push(c),
				stats: () => ({ storageSize: 1, indexSize: 1 }),
				meta: {
					updateOne: () => {},
					findOne: () => ({ value: { toString: () => '1' } }),
				},
				lease: { findOne: () => cursor },
				getRole: () => null,
				createRole: (r) => seen.roles.push(r.role),
				getUser: (u) => {
					seen.asked.push(u);
					return { roles: seen.grants.flatMap((g) => g[1]) };
				},
				grantRolesToUser: (u, roles) => seen.grants.push([u, roles]),
			};
		},
	};
	const lines = [];
	vm.runInNewContext(text, {
		db, print: (l) => lines.push(String(l)), BinData: () => 0, Long: Number, EJSON: { deserialize: (x) => x },
	});
	return { ...seen, lines };
}

const names = [
	['muster_recver_a', 'muster'],
	["it's-one`", 'o\'neil "x" \\y ${z}'],
	['\u00fcml\u00e4ut', '\u00fc'],
];

for (const [database, login] of names) {
	const text = execFileSync(muster, ['recver', 'script', '--type', 'mongodb', '--database', database, '--login', login],
		{ encoding: 'utf8' });
	const did = run(text);
	assert.deepStrictEqual([...did.databases].sort(), [database, 'admin'].sort());
	assert.deepStrictEqual(did.made.sort(), ['grp', 'lease', 'meta', 'parts', 'record_set']);
	assert.deepStrictEqual(did.roles, ['muster_agent']);
	assert.strictEqual(did.grants[0][0], login);
	assert(did.asked.length > 0 && did.asked.every((u) => u === login));
	assert(did.lines.includes('user has muster_agent: ok'), did.lines.join('\n'));
}
console.log(`mongosh: ${names.length} scripts`);
