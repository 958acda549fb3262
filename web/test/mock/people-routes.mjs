// SPDX-License-Identifier: Apache-2.0
//
// Forwarding, RecVer, secrets, certificates, audit, users, tokens, the service.
import { checks, forms, serviceOptions, at } from './conf.mjs';
import { asked } from './asked.mjs';
import { conf } from './conf-routes.mjs';
import { waits } from './watch.mjs';

const KINDS = ['rules', 'actions', 'receivers', 'windows'];
const ONCE = 'fake-password-shown-once-7Q';

const forward = KINDS.flatMap((kind) => [
	['GET', `/forward/${kind}`, ({ state }) => ({ items: conf(state).forward[kind], next: null })],
	['GET', `/forward/${kind}/:name`, ({ state, params, problem }) => conf(state).forward[kind].find((x) => x.name === params.name) ||
		problem(404, `there is no '${params.name}'`)],
	['PUT', `/forward/${kind}/:name`, ({ state, params, body, problem }) => {
		if (body.values.zone === 'Mars/Base') {
			return problem(422, 'some values are wrong', [{ pointer: '/values/zone', detail: "there is no time zone 'Mars/Base'" }]);
		}
		const row = { name: params.name, type: body.type || '', enabled: body.values.enabled !== 'no', values: body.values };

		conf(state).forward[kind] = [...conf(state).forward[kind].filter((x) => x.name !== params.name), row];
		return row;
	}],
	['DELETE', `/forward/${kind}/:name`, ({ state, params }) => {
		conf(state).forward[kind] = conf(state).forward[kind].filter((x) => x.name !== params.name);
		return undefined;
	}],
]);

function alerts({ state, q, page }) {
	const want = q.get('state');

	return page(conf(state).alerts.filter((a) => (!want || a.state === want) &&
		(!q.get('action') || a.action === q.get('action'))), q);
}

const put = (state, id, next) => {
	const a = conf(state).alerts.find((x) => x.id === Number(id));

	Object.assign(a, { state: next, changed_at: at(0) });
	return a;
};

export const routes = [
	...forward,
	['GET', '/forward/forms', () => forms],
	['GET', '/forward/status', ({ state }) => {
		const db = conf(state);
		const n = (action, s) => db.alerts.filter((a) => a.action === action && a.state === s).length;

		return { running: !state.empty, node: state.empty ? null : 'cmdb1',
			rules: db.forward.rules.map((r) => ({ rule: r.name, enabled: r.enabled, source: r.values.source, severity: r.values.severity, actions: r.values.actions })),
			actions: db.forward.actions.map((a) => ({ action: a.name, waiting: n(a.name, 'waiting'), sent: n(a.name, 'sent'), later: n(a.name, 'later'), aside: n(a.name, 'aside') })),
			received: state.empty ? [] : [{ from: 'plant', what: 'accepted', alerts: 40 }, { from: 'plant', what: 'no rule: severity', alerts: 10 }, { from: 'plant', what: 'received', alerts: 50 }],
			unread: state.empty ? 0 : 3 };
	}],
	['GET', '/forward/alerts', alerts],
	['GET', '/forward/alerts/:id', ({ state, params, problem }) => {
		const a = conf(state).alerts.find((x) => x.id === Number(params.id));

		return a ? { ...a, form: 'json', alert: JSON.stringify({ id: 370, title: 'Suspicion of Malicious Activity (Stuxnet)', severity: 'Critical',
			engine: 'Malware', sourceDevice: 50, sensorName: 'ot-sensor-02' }) } : problem(404, `there is no alert ${params.id}`);
	}],
	['POST', '/forward/alerts/:id/retry', ({ state, params, emit }) => {
		put(state, params.id, 'waiting');
		return asked(state, emit, 'forward', { argv: ['forward', 'retry', params.id], output: '' });
	}],
	['POST', '/forward/alerts/:id/drop', ({ state, params }) => put(state, params.id, 'dropped')],
	['POST', '/forward/tests', ({ state, emit, body }) => asked(state, emit, 'forward', { argv: ['forward', 'test', body.rule],
		output: { rule: body.rule, checks: checks.slice(0, 3) } })],
	['GET', '/recver', ({ state }) => ({ items: conf(state).recver, next: null })],
	['GET', '/recver/:name', ({ state, params, problem }) => conf(state).recver.find((r) => r.connection === params.name) || problem(404, 'there is none')],
	['POST', '/recver/:name/verify', ({ state, params, emit }) => asked(state, emit, 'recver', { connection: params.name,
		output: { connection: params.name, findings: [], record_sets: 5, groups: 1803, members: 18859, dirty: 0, pending: 0, wrong: 0, notes: 0 } })],
	['POST', '/recver/:name/reset', ({ state, params, body, emit, problem }) => body.consent !== params.name ?
		problem(422, 'the consent is not the name of the connection') :
		asked(state, emit, 'recver', { connection: params.name, output: '' })],
	['GET', '/secrets', ({ state }) => ({ items: conf(state).secrets, next: null })],
	['PUT', '/secrets/:name', ({ state, params }) => {
		conf(state).secrets = [...conf(state).secrets.filter((s) => s.name !== params.name), { name: params.name, changed_at: at(0), used_by: [] }];
		return undefined;
	}],
	['DELETE', '/secrets/:name', ({ state, params }) => {
		conf(state).secrets = conf(state).secrets.filter((s) => s.name !== params.name);
		return undefined;
	}],
	['GET', '/certificates', ({ state }) => ({ items: conf(state).certificates, next: null })],
	['GET', '/audit', ({ state, q, page }) => page(conf(state).audit.filter((e) => ['kind', 'name', 'user'].every((k) =>
		!q.get(k) || e[k] === q.get(k))), q)],
	['POST', '/audit/verify', ({ state }) => state.options.brokenAudit ? { ok: false, entries: 5120, head: null, at: at(0),
		problem: { id: 17, text: 'entry 17 does not fit the hash that entry 18 has of it: it was changed after it was written' } } :
		{ ok: true, entries: 5120, head: 'b3c0ffee'.repeat(8), at: at(0), problem: null }],
	['GET', '/users', ({ state }) => ({ items: conf(state).users, next: null })],
	['POST', '/users', ({ state, body, emit, problem }) => {
		if (state.options.approval) {
			return waits(state, emit, `make the user ${body.name}`, { method: 'POST', path: '/users', body }, { ...body, password: ONCE });
		}
		if (conf(state).users.some((u) => u.name === body.name)) {
			return problem(409, `there is a user '${body.name}' already`);
		}
		const user = { name: body.name, full_name: body.full_name, role: body.role, sign_in: body.sign_in || 'password', state: 'active', last_sign_in_at: null, must_change: true };

		conf(state).users.push(user);
		return { status: 201, body: { ...user, ...body.sign_in === 'oidc' ? {} : { password: ONCE } } };
	}],
	['GET', '/users/:name', ({ state, params, problem }) => conf(state).users.find((u) => u.name === params.name) || problem(404, `there is no user '${params.name}'`)],
	['PUT', '/users/:name', ({ state, params, body, emit, problem }) => {
		if (state.options.approval) {
			return waits(state, emit, `change the user ${params.name}`, { method: 'PUT', path: `/users/${params.name}`, body });
		}
		const u = conf(state).users.find((x) => x.name === params.name);

		if (params.name === 'ann' && (body.disabled || body.role !== 'administrator')) {
			return problem(409, 'ann is the last administrator that can sign in: make another one first');
		}
		Object.assign(u, { full_name: body.full_name ?? u.full_name, role: body.role ?? u.role,
			state: body.disabled ? 'disabled' : body.unlock || u.state === 'disabled' ? 'active' : u.state });
		return u;
	}],
	['DELETE', '/users/:name', ({ state, params }) => {
		conf(state).users = conf(state).users.filter((u) => u.name !== params.name);
		return undefined;
	}],
	['POST', '/users/:name/password', () => ({ password: ONCE })],
	['GET', '/tokens', ({ state }) => ({ items: conf(state).tokens, next: null })],
	['POST', '/tokens', ({ state, body }) => {
		const t = { id: `tok_${conf(state).tokens.length + 1}`, name: body.name, user: body.user || state.user.name, scopes: body.scopes,
			created_at: at(0), expires_at: body.expires_at, last_used_at: null };

		conf(state).tokens.push(t);
		return { status: 201, body: { ...t, token: 'mst_fake-token-shown-once' } };
	}],
	['DELETE', '/tokens/:id', ({ state, params }) => {
		conf(state).tokens = conf(state).tokens.filter((t) => t.id !== params.id);
		return undefined;
	}],
	['GET', '/me/sessions', ({ state }) => ({ items: conf(state).sessions })],
	['DELETE', '/me/sessions/:id', ({ state, params }) => {
		conf(state).sessions = conf(state).sessions.filter((s) => s.id !== params.id);
		return undefined;
	}],
	['DELETE', '/me/sessions', ({ state }) => {
		conf(state).sessions = conf(state).sessions.filter((s) => s.current);
		return undefined;
	}],
	['GET', '/service', ({ state }) => ({ options: serviceOptions, values: conf(state).service })],
	['PUT', '/service', ({ state, body }) => {
		conf(state).service = body.values;
		return { options: serviceOptions, values: body.values };
	}],
	['GET', '/proxy', ({ state }) => ({ options: [{ key: 'url', kind: 'text', default: null, help: 'Address of the proxy.' }], values: conf(state).proxy || {} })],
	['GET', '/forward/outbox', ({ state }) => ({ options: forms.outbox[0].options, values: conf(state).outbox || {} })],
	['PUT', '/forward/outbox', ({ state, body }) => {
		conf(state).outbox = body.values;
		return { options: forms.outbox[0].options, values: body.values };
	}],
	['GET', '/nodes', ({ state }) => ({ items: conf(state).nodes })],
];
