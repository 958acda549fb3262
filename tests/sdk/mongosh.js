// SPDX-License-Identifier: Apache-2.0
//
//   node mongosh.js create.js role.js check.js PROGRAM
//
// Runs the scripts for mongosh against a stand-in for its database: they may be
// run again, make what the driver uses, and give no right that it does not use.
// `PROGRAM commands` prints what the program sends when it sets a database up:
// the same commands in the same order.

'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const vm = require('vm');

const [create, role, check] = process.argv.slice(2, 5).map((f) => fs.readFileSync(f, 'utf8'));
const program = process.argv[5];
const collections = 'grp,lease,meta,parts,record_set';

class Server {
	constructor(router) {
		this.router = router;
		this.made = [];
		this.sharded = null;
		this.roles = {};
		this.users = { muster: [] };
		this.docs = { meta: [], lease: [] };
		this.odd = {}; // documents that are there already
		this.commands = [];
		this.changes = []; // as a server gets them
	}

	adminCommand(c) {
		this.commands.push(Object.keys(c)[0]);
		if (!c.hello)
			this.changes.push(c);
		if (c.shardCollection)
			this.sharded = { _id: c.shardCollection, key: c.key };
		return {
			ok: 1, maxWireVersion: 13, isWritablePrimary: true, localTime: new Date(1000),
			...(this.router ? { msg: 'isdbgrid' } : { setName: 'rs0' }),
		};
	}

	getSiblingDB(name) {
		const find = (list) => ({
			findOne: (q) => list.find((d) => JSON.stringify(d._id) === JSON.stringify(q._id)) || null,
			updateOne: (q, u, o) => {
				assert(o.upsert && o.writeConcern.w === 'majority');
				if (!list.some((d) => JSON.stringify(d._id) === JSON.stringify(q._id)))
					list.push({ ...q, ...u.$setOnInsert });
			},
		});
		return {
			getName: () => name,
			getCollectionNames: () => this.made.slice(),
			getCollection: (c) => ({
				findOne: (q) => (this.odd[c] || []).find((d) => Object.keys(q).every((k) => !(k in d))) || null,
			}),
			createCollection: (c) => {
				assert(!this.made.includes(c), `${c} is made twice`);
				this.made.push(c);
				this.changes.push({ create: c });
			},
			grp: {
				createIndex: (key) => {
					const index = { key, name: `_id_${key._id}` };

					this.changes.push({ createIndexes: 'grp', indexes: [index] });
				},
			},
			meta: find(this.docs.meta),
			lease: find(this.docs.lease),
			collections: find(this.sharded ? [this.sharded] : []),
			getRole: (r) => this.roles[r] || null,
			createRole: ({ role, ...how }) => {
				this.roles[role] = how;
				this.changes.push({ createRole: role, ...how });
			},
			updateRole: (r, how) => { this.roles[r] = how; },
			getUser: (u) => (this.users[u] ? { roles: this.users[u] } : null),
			grantRolesToUser: (u, r) => {
				assert.strictEqual(name, 'admin');
				this.users[u] = r;
				this.changes.push({ grantRolesToUser: u, roles: r });
			},
			stats: () => ({ storageSize: 1048576, indexSize: 0 }),
		};
	}
}

function run(server, text, database = 'muster_recver_defender') {
	const said = [];
	vm.runInNewContext(text, {
		db: Object.assign(server, { version: () => '5.0.0' }),
		print: (s) => said.push(s),
		BinData: (kind, b64) => Buffer.from(b64, 'base64'),
		Long: (s) => BigInt(s),
		recver_database_name: database,
		recver_user: 'muster',
		Date,
	});
	return said;
}

function compare(server) {
	const said = execFileSync(program, ['commands'], { encoding: 'utf8' });
	const sent = said.trim().split('\n').map((line) => JSON.parse(line));
	const plain = (v) => JSON.parse(JSON.stringify(v));
	const [version] = sent.pop().cursor.firstBatch;
	const script = server.docs.meta[0];

	assert.deepStrictEqual(Object.keys(sent.shift()), ['createUser', 'pwd', 'roles']);
	assert.deepStrictEqual(sent, plain(server.changes));
	assert.deepStrictEqual(version._id, plain(script._id));
	assert.strictEqual(version.value.$binary.base64, script.value.toString('base64'));
	assert.strictEqual(BigInt(version.term), script.term);
}

for (const name of ['admin', 'local', 'Config'])
	for (const text of [create, role])
		assert.throws(() => run(new Server(false), text, name), /of the server itself/);
for (const [name, document, ours] of [
	['grp', { _id: 'a' }, false], ['meta', { _id: 1 }, false], ['lease', { _id: 'flat 7' }, false],
	['grp', { _id: 'a', term: 1 }, true], ['lease', { _id: 'writer', token: '' }, true], ['customers', { _id: 1 }, true],
]) {
	const server = new Server(false);

	server.made.push(name);
	server.odd[name] = [document];
	if (ours)
		run(server, create);
	else
		assert.throws(() => run(server, create), /is somebody else's/);
	assert.strictEqual(server.docs.meta.length, ours ? 1 : 0);
}

for (const router of [false, true]) {
	const server = new Server(router);

	assert(run(server, check).some((s) => !s.includes(': ok')), 'nothing is there yet');
	for (let i = 0; i < 2; i++) {
		run(server, create);
		run(server, role);
		if (router && i === 0)
			compare(server);
	}
	assert.strictEqual(server.made.sort().join(), collections);
	assert.strictEqual(server.docs.meta.length, 1);
	assert.strictEqual(server.docs.meta[0].value.toString('utf8'), '1');
	assert.strictEqual(server.commands.filter((c) => c === 'shardCollection').length, router ? 1 : 0);
	if (router)
		assert.strictEqual(server.sharded.key._id, 'hashed');

	const given = server.roles.muster_agent.privileges;
	const actions = new Set(given.flatMap((p) => p.actions));
	assert.strictEqual([...actions].sort().join(), 'dbStats,find,insert,remove,update');
	assert.strictEqual(given.map((p) => p.resource.collection).filter(Boolean).sort().join(), collections);
	assert(given.every((p) => p.resource.db === 'muster_recver_defender'));

	const lines = run(server, check);
	assert.strictEqual(lines.filter((s) => !s.includes(': ok')).join(), 'megabytes on disk: 1.0');
	server.docs.lease.push({ _id: 'writer', token: 'x', holder: 'h, process 1', renewed: new Date(500), for_ms: 300000n });
	assert(run(server, check).some((s) => s.startsWith('in use: ok, by h, process 1 until')));
	server.users.muster.push({ role: 'root', db: 'admin' });
	assert(run(server, check).includes('user has nothing else: it has root@admin'));
}
console.log('scripts for mongosh: ok');
