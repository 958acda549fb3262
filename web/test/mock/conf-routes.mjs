// SPDX-License-Identifier: Apache-2.0
//
// Connections, settings, rules, mappings, explaining, reports.
import { changesTo, checks, explained, freshConf, reportKinds, reports, rulesOf, settingsOf, tried, types, at } from './conf.mjs';
import { asked } from './asked.mjs';

export const conf = (state) => state.kept.conf ??= state.empty ?
	{ ...freshConf(), connections: [], overrides: {}, mappings: {}, alerts: [], recver: [], tokens: [], secrets: [],
		certificates: [], audit: [], forward: { rules: [], actions: [], receivers: [], windows: [] } } : freshConf();

const find = ({ state, params, problem }, name = params.name) => {
	const c = conf(state).connections.find((x) => x.name === name);

	return { c, none: problem(404, `there is no connection '${name}'`) };
};

function badValues(type, values) {
	const errors = [];

	for (const [key, v] of Object.entries(values)) {
		const o = types.find((t) => t.type === type)?.options.find((x) => x.key === key);

		if (!o) {
			errors.push({ pointer: `/values/${key}`, detail: `there is no option '${key}'` });
		} else if (o.kind === 'url' && !/^https:\/\//.test(v)) {
			errors.push({ pointer: `/values/${key}`, detail: 'must begin with https://' });
		}
	}
	if (values.tenant_id === 'wrong') {
		errors.push({ pointer: '/values/tenant_id', detail: 'is no GUID and no domain' });
	}
	return errors;
}

const keep = (values, before = {}) => Object.fromEntries(Object.entries(values).map(([k, v]) => [k,
	v?.keep ? before[k] : v?.value ? { set: true, ref: 'sealed:it' } : /secret|password|token/.test(k) && typeof v === 'string' ?
		{ set: true, ref: v } : v]));

const testOf = (ctx, name, type) => asked(ctx.state, ctx.emit, 'test', { connection: name,
	output: { connection: name, type, checks: ctx.state.options.badChecks ? [
		{ id: 'credential', title: 'credential', level: 'Failed', text: 'AADSTS7000215: the client secret is not the right one', remedy: 'copy the Value of the secret, not its id' },
		{ id: 'x', title: 'permissions', level: 'Skipped', text: 'not looked at without a token', remedy: '' },
		...checks.slice(0, 4)] : checks } });

const setPreview = (db, c, env, body) => ({ changes: changesTo(db, c, env, body.values || {}), jobs: c.jobs, errors: [], saved: false });

export const routes = [
	['GET', '/connection-types', () => ({ items: types })],
	['GET', '/connections', ({ state }) => ({ items: conf(state).connections, next: null })],
	['GET', '/connections/:name', (ctx) => find(ctx).c || find(ctx).none],
	['PUT', '/connections/:name', (ctx) => {
		const { body, params, state, problem, headers } = ctx;
		const errors = badValues(body.type, body.values);
		const { c } = find(ctx);

		if (headers['if-none-match'] && c) {
			return problem(412, `there is a connection '${c.name}' already`);
		}
		if (errors.length) {
			return problem(422, 'connection: some values are wrong', errors);
		}
		if (state.options.approval) {
			return { status: 202, body: { id: 3, state: 'waiting', what: `change connection ${params.name} (PROD)`, request: {}, asked_by: 'ann' } };
		}
		const t = types.find((x) => x.type === body.type);
		const next = { name: params.name, type: body.type, role: t.role, title: t.title, jobs: [], last_test: null, ...c,
			alias: body.values.alias || null, environments: body.values.environments || [body.values.environment || 'test'],
			values: keep(body.values, c?.values) };

		conf(state).connections = [...conf(state).connections.filter((x) => x !== c), next];
		return next;
	}],
	['DELETE', '/connections/:name', ({ state, params }) => {
		conf(state).connections = conf(state).connections.filter((c) => c.name !== params.name);
		return undefined;
	}],
	['POST', '/connections/trial', (ctx) => {
		const errors = badValues(ctx.body.type, ctx.body.values);

		return errors.length ? ctx.problem(422, 'connection: some values are wrong', errors) :
			testOf(ctx, ctx.body.name, ctx.body.type);
	}],
	['POST', '/connections/:name/tests', (ctx) => testOf(ctx, ctx.params.name, find(ctx).c.type)],
	['POST', '/connections/:name/setups', (ctx) => testOf(ctx, ctx.params.name, find(ctx).c.type)],
	['GET', '/connections/:name/settings', (ctx) => {
		const { c, none } = find(ctx);

		return c ? { connection: c.name, environments: c.role === 'destination' ? c.environments : ['test', 'prod'],
			etags: { test: '"t1"', prod: '"p1"' }, items: settingsOf(conf(ctx.state), c) } : none;
	}],
	['PUT', '/connections/:name/settings/:env', (ctx) => {
		const { c } = find(ctx);
		const db = conf(ctx.state);
		const out = setPreview(db, c, ctx.params.env, ctx.body);

		if (!ctx.q.get('preview')) {
			db.overrides[`${c.name}/${ctx.params.env}`] = ctx.body.values;
			out.saved = true;
		}
		return out;
	}],
	['POST', '/connections/:name/settings/promote', (ctx) => {
		const { c } = find(ctx);
		const db = conf(ctx.state);
		const out = { ...setPreview(db, c, 'prod', { values: db.overrides[`${c.name}/test`] || {} }), jobs: ['main'] };

		if (!ctx.q.get('preview')) {
			db.promoted = { ...db.promoted, [c.name]: db.overrides[`${c.name}/prod`] || {} };
			db.overrides[`${c.name}/prod`] = db.overrides[`${c.name}/test`];
			out.saved = true;
		}
		return out;
	}],
	['POST', '/connections/:name/settings/undo', (ctx) => {
		const { c } = find(ctx);
		const db = conf(ctx.state);

		if (!db.promoted?.[c.name]) {
			return ctx.problem(404, `there is no promotion of '${c.name}' to take back`);
		}
		const out = setPreview(db, c, 'prod', { values: db.promoted[c.name] });

		if (!ctx.q.get('preview')) {
			db.overrides[`${c.name}/prod`] = db.promoted[c.name];
			delete db.promoted[c.name];
			out.saved = true;
		}
		return out;
	}],
	['GET', '/connections/:name/settings/log', ({ state, q, page }) => page(state.empty ? [] : [
		{ id: 5119, at: at(20), user: 'ann', via: 'console', what: 'promote', environment: 'prod',
			changes: [{ key: 'min_cvss', before: null, after: '7', kept: false }, { key: 'platforms', before: null, after: ['iOS-XE=network_device'], kept: true }] },
		...Array.from({ length: 24 }, (_, i) => ({ id: 5000 - i, at: at(600 + i * 60), user: 'bob', via: 'api', what: 'set', environment: 'test',
			changes: [{ key: 'min_cvss', before: String(i % 9), after: String((i + 8) % 9), kept: false }] }))], q)],
	['GET', '/connections/:name/rules', (ctx) => find(ctx).c ? rulesOf(conf(ctx.state), find(ctx).c) : find(ctx).none],
	['GET', '/connections/:name/mappings/:env', (ctx) => find(ctx).c ? {
		yaml: conf(ctx.state).mappings[`${ctx.params.name}/${ctx.params.env}`] || '', etags: { [ctx.params.env]: '"m1"' },
		record_sets: ['devices', 'software_packages', 'software_installs', 'vulnerabilities', 'device_vulnerabilities'] } : find(ctx).none],
	['PUT', '/connections/:name/mappings/:env', (ctx) => {
		const bad = ctx.body.yaml.split('\n').findIndex((l) => /\bcapure\(/.test(l));
		const out = { changes: [], jobs: ['main'], saved: false, errors: bad < 0 ? [] :
			[{ line: bad + 1, column: ctx.body.yaml.split('\n')[bad].indexOf('capure') + 1, detail: "there is no function 'capure'; did you mean 'capture'?" }] };
		const before = conf(ctx.state).mappings[`${ctx.params.name}/${ctx.params.env}`] || '';

		if (before !== ctx.body.yaml) {
			out.changes.push({ key: 'mappings.devices.short_description', rule: null, before: before ? "'found by Defender'" : null, after: "concat('seen ', date(lastSeen, '%F'))" });
		}
		if (!ctx.q.get('preview')) {
			if (out.errors.length) {
				return ctx.problem(422, 'mappings: line 3: there is no such function');
			}
			conf(ctx.state).mappings[`${ctx.params.name}/${ctx.params.env}`] = ctx.body.yaml;
			out.saved = true;
		}
		return out;
	}],
	['POST', '/jobs/:name/tries', ({ params, state, emit }) => asked(state, emit, 'try', { job: params.name, output: tried })],
	['POST', '/jobs/:name/explanations', ({ params, body, state, emit }) => asked(state, emit, 'explain', { job: params.name,
		argv: ['explain', params.name, body.key], ...body.key === 'nobody' ? { error: "explain: no record of main is 'nobody'" } : { output: explained } })],
	['GET', '/reports', () => ({ items: reportKinds })],
	['POST', '/jobs/:name/reports', ({ params, body, state, emit }) => asked(state, emit, 'report', { job: params.name,
		argv: ['report', body.report, params.name], output: { ...reports[body.report], made_at: at(0) } })],
];
