// SPDX-License-Identifier: Apache-2.0
//
// Overview, runs, tasks, approvals.
import { DAY, HOUR, MIN, NOW, at, dice } from './state.mjs';
import { jobList } from './jobs.mjs';

export const SETS = ['devices', 'software_packages', 'software_installs', 'vulnerabilities',
	'device_vulnerabilities'];
const LIVE = 4713;
const N_RUNS = 100000;

/** Run 4712, 4711, … made from its id alone, so that there can be many. */
export function runOf(id, state) {
	const d = dice(id * 7919 + 1);

	d(9);
	const k = 4712 - id;
	const guard = id === 4709 || (state.guard && id === 4712);
	const status = guard ? 'guard' : [11, 40, 77].includes(k % 100) ? 'failed' :
		[3, 20].includes(k % 50) ? 'partial' : k % 61 === 7 ? 'cancelled' : 'ok';
	const job = ['main', 'apps', 'main', 'plant'][k % 4];
	const began = -HOUR / 4 - k * HOUR / 2;
	const ms = 2300 + d(90000);

	return { id, job, status, started_at: at(began), ended_at: at(began + ms), duration_ms: ms,
		read: 1900000 + d(200000), writes: status === 'failed' ? 0 : d(40) * d(60),
		requests: 30 + d(120), task: 800 - k, asked_by: k % 9 === 4 ? 'otto' : 'schedule',
		error: status === 'failed' ? 'fetch device_vulnerabilities: https://api.security.microsoft.com: 503 Service Unavailable, 5 times; tried for 15 minutes: look at the service health, the next run tries again' :
			status === 'guard' ? '412 of 1,000 devices would be retired, which is more than 30 %: look at the plan, then run with approval' : null };
}

function liveRun(state) {
	return { id: LIVE, job: 'main', status: state.kept.cancelled ? 'cancelled' : 'running',
		started_at: at(-41000), ended_at: null, duration_ms: null, read: 812000, writes: 210,
		requests: 88, error: null, task: 812, asked_by: 'otto' };
}

function detail(run, state) {
	const d = dice(run.id);
	const failed = run.status === 'failed';
	const odd = run.status === 'partial';
	const sets = (run.job === 'main' ? SETS : run.job === 'apps' ? ['cloud_apps', 'cloud_app_users'] :
		['ot_sensors', 'ot_devices', 'ot_connections', 'ot_device_cves'])
		.map((name, i) => {
			const read = [5000, 17126, 170260, 669, 1723790][i] || 1000;
			const fresh = failed ? 0 : d(40);
			const changed = failed ? 0 : d(90);
			const refused = odd && i === 0 ? 3 : 0;

			return { name, read, new: fresh, changed, retired: i === 0 ? d(6) : 0, deleted: 0,
				closed: i === 4 ? d(300) : 0, reopened: i === 4 ? d(3) : 0,
				unchanged: read - fresh - changed - refused - (i ? 0 : 24), refused,
				skipped: i ? 0 : 24, requests: 2 + d(40), duration_ms: 200 + d(9000) };
		});

	return { ...run, environment: run.job === 'plant' ? 'test' : 'prod', record_sets: sets,
		proofs: sets.map((s, i) => ({ record_set: s.name, complete: !(odd && i === 1) && !failed,
			pages: 1 + i * 7, files: i === 4 ? 12 : 0, records: s.read,
			why: odd && i === 1 ? 'page 3 came short: 411 of 1,000 records' :
				failed ? 'the run ended before it was read' : '' })),
		undo: run.status === 'ok' && run.id > 4600 ? { possible: true, until: at(13 * DAY) } :
			{ possible: false, until: null },
		held: run.status === 'guard' ?
			[{ record_set: 'devices', n: 412, of: 1000, limit: 300 }] : null };
}

const STEPS = [
	{ stage: 'fetch', what: 'machines', done: 9100000, total: 9100000, bytes: true, requests: 5, end: true, ms: 2100 },
	{ stage: 'fetch', what: 'software', done: 31000000, total: 31000000, bytes: true, requests: 20, end: true, ms: 6300 },
	{ stage: 'fetch', what: 'vulnerabilities', done: 96000000, total: 96000000, bytes: true, requests: 31, end: true, ms: 11900 },
	{ stage: 'compare', what: 'devices', done: 5000, total: 5000, bytes: false, requests: 0, end: true, ms: 120 },
	{ stage: 'compare', what: 'software_installs', done: 170260, total: 170260, bytes: false, requests: 0, end: true, ms: 410 },
	{ stage: 'compare', what: 'device_vulnerabilities', done: 1723790, total: 1723790, bytes: false, requests: 0, end: true, ms: 1700 },
	{ stage: 'push', what: 'devices', done: 14, total: 14, bytes: false, requests: 2, end: true, ms: 900 },
	{ stage: 'push', what: 'software_installs', done: 196, total: 820, bytes: false, requests: 30, end: false, ms: 4400 },
];

export function taskOf(id, state) {
	if (id === 812) {
		return { id, kind: 'run', job: 'main', connection: null,
			state: state.kept.cancelled ? 'cancelled' : 'running', argv: ['run', 'main'],
			asked_by: 'otto', asked_via: 'console', approved_by: null, node: 'cmdb1',
			created_at: at(-42000), started_at: at(-41000), ended_at: null, run: LIVE,
			exit_status: null, error: null, output_bytes: 0, progress: { ...STEPS.at(-1),
				rate: 44.6, left_ms: 14000, requests: 88, at: at(-500), steps: STEPS } };
	}
	const kind = { 811: 'plan', 810: 'test', 809: 'undo', 808: 'report', 807: 'check' }[id] || 'run';
	const failed = id === 806;
	const run = kind === 'run' ? runOf(4712 - (800 - id), state) : null;

	return { id, kind, job: kind === 'test' ? null : 'main',
		connection: kind === 'test' ? 'defender' : null,
		state: state.kept[`task${id}`] || (failed ? 'failed' : 'done'),
		argv: kind === 'test' ? ['connection', 'test', 'defender'] : [kind, kind === 'undo' ? '4701' : 'main'],
		asked_by: id % 3 ? 'otto' : 'schedule', asked_via: id % 3 ? 'console' : 'schedule',
		approved_by: null, node: 'cmdb1', created_at: at(-(820 - id) * MIN), started_at: at(-(820 - id) * MIN + 400),
		ended_at: at(-(820 - id) * MIN + 9000), run: run && run.id,
		exit_status: failed ? null : kind === 'plan' ? 7 : 0, error: failed ?
			'the worker was killed by signal 9: the machine may have run out of memory' : null,
		output_bytes: kind === 'run' ? 900 : 21000, progress: null };
}

const NAMES = ['ws-00057', 'srv-web-3', 'kiosk-12', 'lab-printer', 'ws-00061', 'db-7'];

function changesOf(q) {
	const all = [];
	const add = (record_set, action, i, fields, more) => all.push({ id: all.length + 1, record_set, action,
		key: record_set === 'vulnerabilities' ? `CVE-2026-${10000 + i}` : `${NAMES[i % NAMES.length]}${i >= NAMES.length ? `-${i}` : ''}`,
		group: record_set === 'device_vulnerabilities' ? NAMES[i % NAMES.length] : null,
		table: record_set === 'devices' ? 'cmdb_ci_computer' : 'u_muster_cve_instance',
		sys_id: action === 'insert' ? null : `9f${String(1000 + i)}c2e8d41f0b77a6`, held: false, fields, ...more });

	for (let i = 0; i < 3; i++) {
		add('devices', 'insert', i, [{ column: 'name', before: null, after: NAMES[i] },
			{ column: 'os_version', before: null, after: '10.0.26100' },
			{ column: 'manufacturer', before: null, after: 'Contoso' }]);
	}
	for (let i = 0; i < 11; i++) {
		add('devices', 'update', i, [{ column: 'os_version', before: '10.0.22631.4391', after: '10.0.22631.4460' },
			{ column: 'ip_address', before: `10.2.0.${i}`, after: `10.2.7.${i}` },
			{ column: 'short_description', before: '', after: 'Seen by Defender for Endpoint' }].slice(0, 1 + i % 3));
	}
	for (let i = 0; i < 6; i++) {
		add('devices', 'retire', i, [{ column: 'install_status', before: '1', after: '7' }], { held: true });
	}
	for (let i = 0; i < 130; i++) {
		add('device_vulnerabilities', i % 4 ? 'insert' : 'close', i,
			[{ column: 'u_status', before: i % 4 ? null : 'open', after: i % 4 ? 'open' : 'closed' },
				{ column: 'u_cvss', before: i % 4 ? null : '7.8', after: i % 4 ? '9.8' : '7.8' }]);
	}
	const counts = {};

	for (const c of all) {
		const key = `${c.record_set} ${c.action}`;

		counts[key] ||= { record_set: c.record_set, action: c.action, n: 0, held: 0 };
		counts[key].n++;
		counts[key].held += c.held ? 1 : 0;
	}
	const text = (q.get('q') || '').toLowerCase();

	return { counts: Object.values(counts), all: all.filter((c) =>
		(!q.get('record_set') || c.record_set === q.get('record_set')) &&
		(!q.get('action') || c.action === q.get('action')) &&
		(!text || c.key.includes(text) || c.fields.some((f) => f.column.includes(text) ||
			String(f.after).toLowerCase().includes(text)))) };
}

const UNDO = { run: 4711, job: 'main', ended: true, whole: true, undone: 0, to_undo: 3, refused: 1,
	records: [
		{ action: 'restore', record_set: 'devices', group: 'ws-00057', table: 'cmdb_ci_computer',
			sys_id: '9f10c2', done: false, columns: [{ column: 'os_version', now: '10.0.22631.4460', then: '10.0.22631.4391' }] },
		{ action: 'remove', record_set: 'software_installs', group: 'ws-00057', table: 'cmdb_software_instance',
			sys_id: '9f10c3', done: false, columns: [] },
		{ action: 'retire', record_set: 'devices', group: 'kiosk-12', table: 'cmdb_ci_computer', sys_id: '9f10c5',
			done: false, columns: [{ column: 'install_status', now: '1', then: '7' }] },
		{ action: 'refused', record_set: 'devices', group: 'srv-web-3', table: 'cmdb_ci_computer', sys_id: '9f10c4',
			done: false, why: 'somebody changed os_version since', columns: [] },
	] };

function overview(state) {
	if (state.empty) {
		return { jobs: [], in_step: 0, behind: 0, tasks: [], notices: [], open_cves: { by_severity: {}, over_time: [] },
			changes_per_day: [], budgets: [], outbox: null, freshness: [] };
	}
	const jobs = jobList(state);
	const d = dice(17);
	const over = [];

	for (let i = 90; i >= 0; i--) {
		const patch = Math.max(0, 14 - i % 28);

		over.push({ at: at(-i * DAY), critical: 320 + patch * 9 + d(20), high: 5100 + patch * 120 + d(200),
			medium: 15400 + patch * 60 + d(300), low: 2900 + d(60) });
	}
	return { jobs, in_step: jobs.filter((j) => !j.problem).length, behind: jobs.filter((j) => j.problem).length,
		tasks: [taskOf(812, state)],
		notices: [
			{ id: 5, kind: 'guard', level: 'warning', text: 'job plant: run 4709 would retire 412 of 1,000 devices: the guard holds that back until somebody approves', since: at(-5 * HOUR), link: '/runs/4709' },
			{ id: 4, kind: 'secret_expires', level: 'warning', text: 'connection defender: the client secret ends in 12 days, on 2026-12-03', since: at(-2 * DAY), link: '/connections/defender' },
			{ id: 3, kind: 'run_failed', level: 'error', text: 'job apps: run 4701 failed: fetch cloud_apps: 503 Service Unavailable, 5 times', since: at(-6 * HOUR), link: '/runs/4701' },
		],
		open_cves: { by_severity: over.at(-1), over_time: over },
		changes_per_day: Array.from({ length: 30 }, (_, k) => ({ day: at(-(29 - k) * DAY).slice(0, 10),
			new: d(120) + (k % 14 === 3 ? 2600 : 0), changed: d(300), closed: d(500) + (k % 14 === 5 ? 1900 : 0),
			retired: d(30), refused: k % 9 === 0 ? 3 : 0 })),
		budgets: [{ connection: 'cmdb', used: 4312, of: 5000, until: at(15 * MIN) },
			{ connection: 'cmdb-test', used: 120, of: 2000, until: at(15 * MIN) }],
		outbox: { waiting: 4, failed: 1, oldest_at: at(-12 * MIN) },
		freshness: [{ job: 'main', last_complete_at: at(-14 * MIN), age_ms: 14 * MIN },
			{ job: 'apps', last_complete_at: at(-31 * HOUR), age_ms: 31 * HOUR },
			{ job: 'plant', last_complete_at: at(-75 * MIN), age_ms: 75 * MIN }] };
}

function approvalsOf(state) {
	state.kept.approvals ||= state.empty ? [] : [
		{ id: 3, state: 'waiting', asked_by: 'otto', asked_at: at(-20 * MIN), what: 'run job main (PROD)', needs: 'operate',
			request: { method: 'POST', path: '/jobs/main/runs', body: { approve: true } }, task: 813,
			decided_by: null, decided_at: null, why: null, expires_at: at(23 * HOUR) },
		{ id: 2, state: 'waiting', asked_by: 'ann', asked_at: at(-50 * MIN), what: 'change settings of defender (PROD)', needs: 'configure',
			request: { method: 'PUT', path: '/connections/defender/settings/prod', body: { values: { min_cvss: { override: true, value: '7' } }, consent: true } },
			task: null, decided_by: null, decided_at: null, why: null, expires_at: at(23 * HOUR) },
		{ id: 1, state: 'rejected', asked_by: 'otto', asked_at: at(-2 * DAY), what: 'undo run 4622 (PROD)', needs: 'operate',
			request: { method: 'POST', path: '/runs/4622/undo', body: { write: true } }, task: 700,
			decided_by: 'ann', decided_at: at(-2 * DAY + HOUR), why: 'wait for the change window', expires_at: at(-DAY) },
	];
	return state.kept.approvals;
}

function decide(word) {
	return ({ params, state, body, problem, emit }) => {
		const a = approvalsOf(state).find((x) => String(x.id) === params.id);

		if (!a) {
			return problem(404, `there is no approval ${params.id}`);
		}
		if (a.asked_by === state.user.name) {
			return problem(403, 'somebody else must decide on what you asked for');
		}
		Object.assign(a, { state: word, decided_by: state.user.name, decided_at: at(0), why: body.why || null });
		emit('approval', { id: a.id });
		return word === 'approved' ? { approval: a, status: a.result ? 201 : 202, result: a.result ?? null } : a;
	};
}

function* runIds(state, q) {
	const job = q.get('job');
	const status = q.get('status');
	const after = Number(q.get('after')) || LIVE + 1;

	for (let id = after - 1; id > LIVE - N_RUNS; id--) {
		const r = id === LIVE ? liveRun(state) : runOf(id, state);

		if ((!job || r.job === job) && (!status || r.status === status)) {
			yield r;
		}
	}
}

const ITEMS = (run) => [
	...[1, 2, 3].map((i) => ({ id: i, record_set: 'devices', key: `srv-web-${i}`, what: 'refused',
		reason: 'ServiceNow: 403 on cmdb_ci_computer: Operation against file cmdb_ci_computer was aborted by Business Rule \'Validate serial number\'',
		request_id: `c0ffee${i}` })),
	...Array.from({ length: 24 }, (_, i) => ({ id: 100 + i, record_set: 'devices', key: `lab-${i}`,
		what: 'skipped', reason: i % 2 ? 'not onboarded to Defender (setting onboarded_only)' :
			'a newer record with the same name was taken', request_id: null })),
].filter((x) => x.what === 'skipped' || run.status === 'partial');

/** Answers 202: the request waits for a second person. result: what is answered when it is approved. */
export function waits(state, emit, what, request, result) {
	const all = approvalsOf(state);
	const a = { ...all[0], id: Math.max(...all.map((x) => x.id)) + 1, state: 'waiting', asked_by: state.user.name, what, request, result, task: null };

	state.kept.approvals = [a, ...all];
	emit('approval', { id: a.id });
	return { status: 202, body: a };
}

const newTask = (kind) => ({ params, state, emit, headers }) => {
	const id = kind === 'plan' ? 811 : kind === 'undo' ? 809 : 812;

	if (state.options.approval) {
		return { status: 202, body: approvalsOf(state)[0] };
	}
	emit('task', { id });
	return { status: 202, body: { ...taskOf(id, state), key: headers['idempotency-key'] },
		headers: { Location: `/api/v1/tasks/${id}` } };
};

export const routes = [
	['GET', '/overview', ({ state }) => overview(state)],
	['GET', '/runs', ({ state, q }) => {
		const limit = Math.min(Number(q.get('limit')) || 50, state.most);
		const items = [];

		if (state.empty) {
			return { items, next: null };
		}
		for (const r of runIds(state, q)) {
			if (items.length === limit) {
				return { items, next: String(items.at(-1).id) };
			}
			items.push(r);
		}
		return { items, next: null };
	}],
	['GET', '/runs/:id', ({ params, state, problem }) => {
		const id = Number(params.id);

		return id > LIVE || state.empty ? problem(404, `there is no run ${params.id}`) :
			detail(id === LIVE ? liveRun(state) : runOf(id, state), state);
	}],
	['GET', '/runs/:id/items', ({ params, q, state, page }) => {
		const run = runOf(Number(params.id), state);

		return page(ITEMS(run).filter((x) => (!q.get('what') || x.what === q.get('what')) &&
			(!q.get('record_set') || x.record_set === q.get('record_set'))), q);
	}],
	['POST', '/runs/:id/cancel', ({ state, emit }) => {
		state.kept.cancelled = true;
		emit('task', { id: 812 });
		emit('run', { id: LIVE });
		return { status: 202, body: taskOf(812, state) };
	}],
	['POST', '/runs/:id/undo', newTask('undo')],
	['GET', '/tasks', ({ state, q, page }) => page(state.empty ? [] : Array.from({ length: 120 }, (_, i) =>
		taskOf(812 - i, state)).filter((t) => (!q.get('kind') || t.kind === q.get('kind')) &&
			(!q.get('state') || t.state === q.get('state')) && (!q.get('job') || t.job === q.get('job'))), q)],
	['GET', '/tasks/:id', ({ params, state, problem }) => Number(params.id) > 813 ?
		problem(404, `there is no task ${params.id}`) : taskOf(Number(params.id), state)],
	['DELETE', '/tasks/:id', ({ params, state, emit }) => {
		state.kept.cancelled = true;
		emit('task', { id: Number(params.id) });
		return taskOf(Number(params.id), state);
	}],
	['GET', '/tasks/:id/undo', ({ q, page }) => {
		const { records, ...head } = UNDO;
		const counts = records.map(({ record_set, action }) => ({ record_set, action, n: 1 }));
		const some = records.filter((r) => ['record_set', 'action'].every((k) => !q.get(k) || r[k] === q.get(k)));

		return { ...page(some, q), counts, ...head, kept: true };
	}],
	['GET', '/tasks/:id/output', ({ params }) => params.id === '810' ? JSON.stringify({ checks: [
			{ name: 'login', title: 'log-in defender', level: 'ok', text: 'a token is there', remedy: '' },
			{ name: 'secret', title: 'credential', level: 'warning', text: 'client secret, env:DEFENDER_SECRET: expires in 12 days', remedy: 'make a new one under Certificates & secrets' },
		] }) : JSON.stringify({ run: 4711, status: 'ok' })],
	['GET', '/tasks/:id/log', () => 'info: run 4711 of job main begins\nwarning: 3 records were refused\n'],
	['GET', '/tasks/:id/changes', ({ params, q, page, state }) => {
		if (state.options.noChanges) {
			return { items: [], next: null, counts: [], made_at: at(-9 * MIN), requests: 0, estimated_ms: 0 };
		}
		const { all, counts } = changesOf(q);

		return { ...page(all, q), counts, made_at: at(-9 * MIN), requests: 46, estimated_ms: 9200 };
	}],
	['GET', '/approvals', ({ state, q, page }) => page(approvalsOf(state).filter((a) =>
		!q.get('state') || a.state === q.get('state')), q)],
	['POST', '/approvals/:id/approve', decide('approved')],
	['POST', '/approvals/:id/reject', decide('rejected')],
	['POST', '/jobs/:name/runs', newTask('run')],
	['POST', '/jobs/:name/plans', newTask('plan')],
	['POST', '/jobs/:name/checks', newTask('check')],
];
