// SPDX-License-Identifier: Apache-2.0
//
// What the mock server has of configuration, reports and people: connections,
// settings, rules, forwarding, RecVer, audit, users, tokens, the service. Option
// tables, checks, an explained record and reports are those of a real muster.
import fs from 'node:fs';
import { NOW } from './state.mjs';

const data = (name) => JSON.parse(fs.readFileSync(
	new URL(`../data/${name}.json`, import.meta.url), 'utf8'));

export const types = data('connection_types').items;
export const forms = data('forward_forms');
export const checks = data('checks');
export const reports = data('reports');
export const explained = data('explain');
export const tried = data('try');
const ruleTitles = data('rules_endpoint');

export const at = (minutes) => new Date(NOW - minutes * 60000).toISOString();

const TENANT = '11111111-2222-3333-4444-555555555555';
const CLIENT = '66666666-7777-8888-9999-aaaaaaaaaaaa';
const secret = (ref) => ({ set: true, ref });

const connection = (name, type, values, more) => {
	const t = types.find((x) => x.type === type);

	return { name, type, role: t.role, title: t.title, alias: values.alias || null,
		environments: values.environments || [values.environment || 'test'],
		values, jobs: ['main'], last_test: { at: at(90), failed: 0, warned: 0 },
		...more };
};

export const freshConf = () => ({
	tags: 1,
	connections: [
		connection('defender', 'endpoint', { tenant_id: TENANT, client_id: CLIENT,
			client_secret: secret('sealed:defender.client_secret'),
			secret_expires: '2026-12-03', alias: 'Production tenant',
			environments: ['test', 'prod'], cloud: 'eu',
			'recver.type': 'postgres', 'recver.server': 'db.example.com',
			'recver.user': 'muster', 'recver.password': secret('file:/etc/muster/recver.password'),
			min_cvss: '4' },
		{ jobs: ['main', 'trial'], last_test: { at: at(90), failed: 0, warned: 1 } }),
		connection('apps', 'cloudapps', { tenant_id: TENANT, client_id: CLIENT,
			certificate_name: 'CN=muster', certificate_location: 'LocalMachine',
			environments: ['test', 'prod'] }, { jobs: ['apps'], last_test: null }),
		connection('plant', 'iot', { url: 'https://console.plant.example',
			token: secret('file:/etc/muster/plant.token'), environments: ['prod'] },
		{ jobs: ['plant'], last_test: { at: at(9000), failed: 2, warned: 0 } }),
		connection('cmdb', 'servicenow', { url: 'https://example.service-now.com',
			environment: 'prod', auth: 'basic', username: 'muster.integration',
			password: secret('env:SERVICENOW_PASSWORD') }, { jobs: ['main', 'apps', 'plant'] }),
		connection('cmdb-test', 'servicenow', { url: 'https://exampletest.service-now.com',
			username: 'muster.integration', password: secret('env:SERVICENOW_PASSWORD') },
		{ jobs: ['trial'] }),
	],
	overrides: {
		'defender/test': { min_cvss: { override: true, value: '7' },
			only_exploitable: { override: false, value: 'yes' } },
		'defender/prod': { name_case: { override: true, value: 'lower' } },
	},
	mappings: {
		'defender/test': `mappings:
  devices.u_site:
    value: lookup(sites, capture(computerDnsName, '^([A-Z]{3})-', 1))
  devices.short_description:
    insert: "'found by Defender'"
    update: concat('last seen ', date(lastSeen, '%F'))
lookup:
  sites: ["AMS=Amsterdam", "BER=Berlin"]
`,
	},
	forward: {
		rules: [
			{ name: 'plant', type: '', enabled: true, values: { source: 'plant', severity: 'major', actions: ['tickets'], engines: ['malware', 'policy_violation'] } },
			{ name: 'soc', type: '', enabled: false, values: { source: 'plant', enabled: 'no', severity: 'warning', actions: ['soc-mail'] } },
		],
		actions: [
			{ name: 'tickets', type: 'incident', enabled: true, values: { connection: 'cmdb' } },
			{ name: 'soc-mail', type: 'mail', enabled: true, values: { url: 'smtps://mail.example.com', from: 'muster@example.com', to: ['soc@example.com'] } },
		],
		receivers: [
			{ name: 'sensors', type: 'syslog', enabled: true, values: { connection: 'plant', listen: '0.0.0.0:6514', transport: 'tcp', allow: ['10.20.0.0/16'] } },
		],
		windows: [
			{ name: 'line-3-works', type: '', enabled: true, values: { zone: 'Europe/Berlin', days: ['sat', 'sun'], addresses: ['10.20.3.0/24'] } },
		],
	},
	alerts: Array.from({ length: 34 }, (_, i) => ({
		id: 640 - i, action: i % 5 === 3 ? 'soc-mail' : 'tickets', op: i % 7 === 2 ? 'close' : 'open',
		state: i < 2 ? 'waiting' : i < 5 ? 'aside' : i === 5 ? 'later' : i === 30 ? 'dropped' : 'done',
		in_doubt: i === 5, tries: i < 2 ? 0 : i < 5 ? 6 : 1, rule: 'plant', source: 'plant',
		key: `2-15945500003${70 - i}`, device: '50', accepted_at: at(i * 7 + 1), changed_at: at(i * 7),
		remote: i > 5 ? '62066c005da991f5d67644d31282a52c' : '',
		why: i >= 2 && i < 5 ? 'the instance refuses: 403, the user may not create incidents; give it the role itil' : '',
	})),
	recver: [
		{ connection: 'defender', type: 'postgres', place: 'db.example.com, muster_recver_defender', bytes: 81212416, error: null,
			targets: [{ destination: 'cmdb', jobs: ['main'], record_sets: [
				{ name: 'devices', groups: 5012, members: 0, dirty: 0, pending: 0 },
				{ name: 'software_installs', groups: 5012, members: 412775, dirty: 3, pending: 0 },
				{ name: 'device_vulnerabilities', groups: 4987, members: 1215084, dirty: 1, pending: 2 }] },
			{ destination: 'cmdb-test', jobs: ['trial'], record_sets: [
				{ name: 'devices', groups: 20, members: 0, dirty: 0, pending: 0 }] }] },
		{ connection: 'apps', type: 'sqlite', place: '/var/lib/muster/recver/apps.db', bytes: 1212416, error: null,
			targets: [{ destination: 'cmdb', jobs: ['apps'], record_sets: [
				{ name: 'cloud_apps', groups: 276, members: 0, dirty: 0, pending: 0 }] }] },
		{ connection: 'plant', type: 'sqlserver', place: 'sql.example.com, muster_recver_plant', bytes: null, targets: [],
			error: 'RecVer of plant: sql.example.com does not answer: connection refused; is the server up, and its port open?' },
	],
	users: [
		{ name: 'ann', full_name: 'Ann Archer', role: 'administrator', state: 'active', sign_in: 'password', last_sign_in_at: at(3), must_change: false },
		{ name: 'bob', full_name: 'Bob Baker', role: 'operator', state: 'active', sign_in: 'password', last_sign_in_at: at(2000), must_change: false },
		{ name: 'cleo', full_name: 'Cleo Carter', role: 'auditor', state: 'locked', sign_in: 'password', last_sign_in_at: at(90000), must_change: false },
		{ name: 'dan@example.com', full_name: 'Dan Dixon', role: 'viewer', state: 'active', sign_in: 'oidc', last_sign_in_at: at(800), must_change: false },
		{ name: 'eve', full_name: 'Eve Ellis', role: 'operator', state: 'disabled', sign_in: 'password', last_sign_in_at: null, must_change: true },
	],
	tokens: [
		{ id: 'tok_1', name: 'ci', user: 'ann', scopes: ['read', 'operate'], created_at: at(90000), expires_at: new Date(NOW + 8 * 864e5).toISOString(), last_used_at: at(5) },
		{ id: 'tok_2', name: 'grafana', user: 'bob', scopes: ['read'], created_at: at(400000), expires_at: at(500), last_used_at: at(600) },
	],
	sessions: [
		{ id: 's1', address: '10.0.0.7', agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0', created_at: at(30), seen_at: at(0), ends_at: at(-690), current: true },
		{ id: 's2', address: '10.0.0.99', agent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36', created_at: at(700), seen_at: at(650), ends_at: at(-20), current: false },
	],
	secrets: [
		{ name: 'defender.client_secret', changed_at: at(90000), used_by: ['defender'] },
		{ name: 'old.password', changed_at: at(900000), used_by: [] },
	],
	certificates: [
		{ location: 'LocalMachine', store: 'My', path: '/etc/muster/certs/My/muster.pem', subject: 'CN=muster', thumbprint: '7C1F0A0B0C0D0E0F101112131415161718191A1B',
			valid_from: at(400000), valid_to: new Date(NOW + 20 * 864e5).toISOString(), private_key: true, connections: ['apps'], warning: 'ends in 20 days' },
		{ location: '', store: '', path: '/etc/muster/forward.pem', subject: 'CN=alerts.example.com', thumbprint: '00A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3',
			valid_from: at(90000), valid_to: new Date(NOW + 300 * 864e5).toISOString(), private_key: true, connections: [], warning: '' },
	],
	service: { listen: '127.0.0.1:8443', approval: 'prod_changes', session_idle: '30m' },
	nodes: [
		{ name: 'cmdb1', version: '0.9.0', state: 'alive', started_at: at(9000), seen_at: at(0), tasks: 2, address: '10.0.0.11:8480',
			leases: [{ name: '@forward', token: 3, until: at(-1), run: null }, { name: 'main', token: 41, until: at(-1), run: 812 }] },
		{ name: 'cmdb2', version: '0.9.0', state: 'gone', started_at: at(90000), seen_at: at(61), tasks: 0, address: '10.0.0.12:8480', leases: [] },
	],
	audit: Array.from({ length: 130 }, (_, i) => ({
		id: 5120 - i, at: at(i * 17 + 2), user: ['ann', 'bob', 'schedule', 'ann (token ci)'][i % 4],
		via: ['console', 'api', 'schedule', 'cli'][i % 4], address: i % 4 === 2 ? '' : '10.0.0.1',
		what: ['set', 'promote', 'run', 'apply', 'sign in'][i % 5],
		kind: ['settings', 'settings', 'job', 'connection', 'user'][i % 5],
		name: ['defender/test', 'defender/prod', 'main', 'defender', 'ann'][i % 5],
		before: i % 5 === 0 ? 'min_cvss:\n  override: true\n  value: 4\nname_case: lower\n' : '',
		after: i % 5 === 0 ? 'min_cvss:\n  override: true\n  value: 7\nname_case: lower\n' : i % 5 === 3 ? 'type: endpoint\ntenant_id: …\n' : '',
		hash: (0xb3c0ffee00 + i * 7919).toString(16).padStart(64, '0'),
	})),
});

export const serviceOptions = [
	{ key: 'listen', kind: 'text', default: '127.0.0.1:8080', help: 'Address and port that the service answers at.' },
	{ key: 'certificate', kind: 'text', help: 'PEM file of the certificate for TLS; without one, TLS is a proxy’s.' },
	{ key: 'approval', kind: 'choice', default: 'none', choices: ['none', 'prod_changes', 'prod_runs', 'prod'], help: 'What touches PROD waits for a second person.' },
	{ key: 'session_idle', kind: 'duration', default: '30m', help: 'A session that is not used for so long ends.' },
	{ key: 'notify', kind: 'list', help: 'Actions of forwarding that tell of notices.' },
	{ key: 'oidc.issuer', kind: 'url', help: 'Issuer of OpenID Connect.' },
	{ key: 'oidc.client_id', kind: 'text', help: 'Client id at the issuer.' },
	{ key: 'oidc.client_secret', kind: 'secret', help: 'Client secret at the issuer.' },
];

export const reportKinds = Object.values(reports).map((r) => ({
	name: r.report, title: r.title, help: {
		coverage: 'Which devices only one side has, by what the others are matched.',
		cve: 'Open CVEs by severity and age, reopened, time to remediate, the greatest.',
		unmatched: 'Records and references that found no target, with reasons.',
		duplicates: 'CIs that look like one device, devices that others replaced.',
		noise: 'The columns that made the last runs update records.',
	}[r.report],
	options: { cve: [{ key: 'days', kind: 'int', default: '90', help: 'How far back resolved ones count.' },
		{ key: 'top', kind: 'int', default: '10', help: 'How many of the greatest.' }],
	noise: [{ key: 'runs', kind: 'int', default: '10', help: 'How many runs are looked at.' }] }[r.report] || [],
}));

/* ---- settings ---- */

const text = (o) => o.default ?? (o.kind === 'list' ? [] : '');
const CONTROL = { bool: 'slider', choice: 'choice', list: 'list', text: 'text', int: 'number',
	decimal: 'number', percent: 'number', duration: 'text' };

export function settingsOf(db, c) {
	return types.find((t) => t.type === c.type).options.filter((o) => o.rule).map((o) => {
		const env = (name) => {
			const own = db.overrides[`${c.name}/${name}`]?.[o.key];
			const value = own?.override ? own.value : c.values[o.key] ?? text(o);

			return { override: Boolean(own?.override), value: own?.value ?? null, in_force: value,
				from: own?.override ? name : c.values[o.key] !== undefined ? 'connection' : 'default' };
		};

		return { key: o.key, kind: o.kind, control: CONTROL[o.kind] || 'text', help: o.help, rule: o.rule, default: text(o),
			choices: o.choices || [], min: o.min ?? null, max: o.max ?? null, connection: c.values[o.key] ?? null,
			test: env('test'), prod: env('prod') };
	});
}

export function changesTo(db, c, env, values) {
	const before = db.overrides[`${c.name}/${env}`] || {};
	const words = (v) => !v ? null : `${Array.isArray(v.value) ? v.value.join(', ') : v.value}${v.override ? '' : ' (kept, not in force)'}`;
	const keys = [...new Set([...Object.keys(before), ...Object.keys(values)])];

	return keys.filter((k) => JSON.stringify(before[k]) !== JSON.stringify(values[k])).map((key) => ({
		key, rule: types.find((t) => t.type === c.type).options.find((o) => o.key === key)?.rule || null,
		before: words(before[key]) ?? 'default', after: words(values[key]) ?? 'default' }));
}

export function rulesOf(db, c) {
	const settings = settingsOf(db, c);
	const ids = c.type === 'endpoint' ? ruleTitles : [...new Set(settings.map((s) => s.rule))]
		.map((id) => ({ id, title: id.replace(/^.*\./, '').replace(/_/g, ' '), default: 'As the manual says.' }));
	const custom = (env) => [...(db.mappings[`${c.name}/${env}`] || '').matchAll(/^ {2}([a-z_]+\.[a-z_]+):/gm)]
		.map((m) => ({ column: m[1], text: 'see the mappings' }));

	return { connection: c.name, type: c.type, title: c.title,
		rules: ids.map((r) => ({ ...r, settings: settings.filter((s) => s.rule === r.id) })),
		mappings: { test: custom('test'), prod: custom('prod') } };
}
