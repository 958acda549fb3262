// SPDX-License-Identifier: Apache-2.0
//
// How the form of a connection is cut into sections, and which options belong
// to which way of signing in or kind of database. What is named nowhere stands
// under Advanced: a new option is never lost. Pure.
import { isEmpty } from './values.js';

const FILE = ['certificate', 'certificate_key', 'certificate_password'];
const STORE = ['certificate_location', 'certificate_store', 'certificate_name'];
const SIGNED = ['assertion_alg', 'send_x5c'];

/* The ways to sign in to Microsoft: told by the options that are set. */
const MICROSOFT = {
	key: null,
	label: 'Authentication method',
	ways: [
		{ id: 'secret', label: 'Client secret',
			keys: ['client_secret', 'secret_expires'] },
		{ id: 'store', label: 'Certificate in a store',
			help: 'Found by subject or thumbprint in a store of this machine.',
			keys: [...STORE, ...SIGNED] },
		{ id: 'file', label: 'Certificate in a file',
			help: 'PEM, PKCS#12 or a PKCS#11 address.',
			keys: [...FILE, ...SIGNED] },
		{ id: 'federated', label: 'Federated token',
			keys: ['federated_token_file'] },
	],
	of(values) {
		return !isEmpty(values.certificate_name) ? 'store' :
			!isEmpty(values.certificate) ? 'file' :
				!isEmpty(values.federated_token_file) ? 'federated' : 'secret';
	},
	needs: { secret: ['client_secret'], store: ['certificate_name'],
		file: ['certificate'], federated: ['federated_token_file'] },
};

const SERVICENOW = {
	key: 'auth',
	label: 'Authentication method',
	ways: [
		{ id: 'basic', label: 'Basic', keys: ['username', 'password'] },
		{ id: 'password', label: 'OAuth: password',
			keys: ['client_id', 'client_secret', 'username', 'password'] },
		{ id: 'client_credentials', label: 'OAuth: client credentials',
			keys: ['client_id', 'client_secret'] },
		{ id: 'refresh_token', label: 'OAuth: refresh token',
			keys: ['client_id', 'client_secret', 'refresh_token'] },
	],
	of: (values) => values.auth || 'basic',
	needs: {
		basic: ['username', 'password'],
		password: ['client_id', 'client_secret', 'username', 'password'],
		client_credentials: ['client_id', 'client_secret'],
		refresh_token: ['client_id', 'client_secret', 'refresh_token'],
	},
};

const SERVER = ['server', 'database', 'user', 'password', 'encrypt', 'ca_file',
	'timeout', 'existing_database', 'bypass_setup'];
const recver = (names) => names.map((n) => `recver.${n}`);

const RECVER = {
	key: 'recver.type',
	label: 'Database',
	ways: [
		{ id: 'sqlite', label: 'SQLite file',
			help: 'Below the state folder of this machine; nothing to set up.',
			keys: recver(['path']) },
		{ id: 'postgres', label: 'PostgreSQL', keys: recver(SERVER) },
		{ id: 'sqlserver', label: 'SQL Server',
			keys: recver([...SERVER, 'integrated_security', 'driver']) },
		{ id: 'mongodb', label: 'MongoDB',
			keys: recver([...SERVER, 'replica_set', 'auth_source']) },
	],
	of: (values) => values['recver.type'] || 'sqlite',
	needs: {},
};

const NETWORK = ['proxy', 'proxy_user', 'proxy_password', 'proxy_ca_file',
	'no_proxy', 'ca_file', 'pin', 'insecure_tls', 'timeout'];

const SECTIONS = {
	microsoft: [
		{ id: 'who', title: 'Tenant and app registration',
			keys: ['tenant_id', 'client_id', 'cloud'] },
		{ id: 'signin', title: 'Sign-in', choice: MICROSOFT, keys: [] },
	],
	iot: [
		{ id: 'who', title: 'Console or sensor', keys: ['read', 'url', 'token'] },
		{ id: 'trust', title: 'Trust in its certificate',
			keys: ['pin', 'ca_file', 'insecure_tls'] },
		{ id: 'sensors', title: 'Sensors',
			keys: ['sensors', 'learning_sensors'] },
	],
	servicenow: [
		{ id: 'who', title: 'Instance', keys: ['url', 'environment'] },
		{ id: 'signin', title: 'Sign-in', choice: SERVICENOW, keys: [] },
	],
};

const KIND = { endpoint: 'microsoft', cloudapps: 'microsoft', iot: 'iot',
	servicenow: 'servicenow' };

/* Words for choices of options that are texts in the table. */
const CHOICES = { 'recver.encrypt': ['verify', 'trust', 'off'] };

/* A short name where the key's words are not what people say. */
const LABELS = {
	tenant_id: 'Tenant (directory) id', client_id: 'Client (application) id',
	client_secret: 'Client secret', secret_expires: 'Secret expires',
	certificate_name: 'Subject or thumbprint', url: 'Address',
	certificate_location: 'Location', certificate_store: 'Store',
	certificate: 'Certificate file', certificate_key: 'Private key file',
	assertion_alg: 'Signature', send_x5c: 'Send the chain along (x5c)',
	ca_file: 'Certificates to trust', pin: 'Pinned key',
	insecure_tls: 'Do not check the certificate', username: 'User name',
	no_proxy: 'Without proxy', read_from: 'Read from a folder',
};

export function label(key) {
	const k = key.replace(/^[a-z]+\./, '');

	return LABELS[key] || LABELS[k] ||
		(k[0].toUpperCase() + k.slice(1).replace(/_/g, ' '))
			.replace(/\bids?\b/gi, (w) => w.toLowerCase())
			.replace(/\burl\b/gi, 'address');
}

const wayKeys = (choice) => choice ?
	[...new Set(choice.ways.flatMap((w) => w.keys))] : [];

function keep(section, have) {
	return {
		...section,
		keys: section.keys.filter((k) => have.has(k)),
		choice: section.choice && {
			...section.choice,
			ways: section.choice.ways.map((w) => ({
				...w, keys: w.keys.filter((k) => have.has(k)),
			})),
		},
	};
}

/**
 * The sections of a type's form: [{id, title, keys, choice, closed}]; options
 * is its table. Settings have a page of their own and are not in it.
 */
export function sections(type, options) {
	const have = new Set(options.filter((o) => !o.setting).map((o) => o.key));
	const all = [
		{ id: 'name', title: 'Name', keys: ['alias', 'environments'] },
		...SECTIONS[KIND[type]] || [],
	];
	const taken = () => new Set(all.flatMap((s) =>
		[...s.keys, s.choice?.key, ...wayKeys(s.choice)]));

	if (have.has('recver.type')) {
		all.push({ id: 'recver', title: 'RecVer', choice: RECVER, keys: [],
			help: 'Checksums of what was delivered: what makes a run write ' +
				'only the difference.' });
	}
	all.push({ id: 'network', title: 'Proxy and network', closed: true,
		keys: NETWORK.filter((k) => !taken().has(k)) });
	const rest = taken();

	all.push({ id: 'more', title: 'Advanced', closed: true,
		keys: options.filter((o) => have.has(o.key) && !rest.has(o.key))
			.map((o) => o.key) });
	return all.map((s) => keep(s, have))
		.filter((s) => s.keys.length || s.choice);
}

/** Options as the form takes them, by key. */
export function byKey(options) {
	return new Map(options.map((o) => [o.key, {
		...o,
		label: label(o.key),
		choices: o.choices.length ? o.choices : CHOICES[o.key] || [],
		kind: CHOICES[o.key] ? 'choice' : o.kind,
	}]));
}

/** Keys that are shown of a section, with the way that was taken. */
export function shown(section, way) {
	const w = section.choice?.ways.find((x) => x.id === way);

	return [...section.keys, ...w ? w.keys : []];
}

/** Keys of the ways that were not taken: they are not sent. */
export function leftOut(list, ways) {
	return list.flatMap((s) => {
		if (!s.choice) {
			return [];
		}
		const taken = shown(s, ways[s.id]);

		return wayKeys(s.choice).filter((k) => !taken.includes(k));
	});
}
