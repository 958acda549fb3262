// SPDX-License-Identifier: Apache-2.0
//
// Tasks that pages ask for and follow: done when they are looked at, unless the
// state says `slow`; then they run until a test calls finish(state, emit, id).
import { at } from './conf.mjs';

const FIRST = 9000;

export const tasks = (state) => state.kept.asked ??= new Map();

/** Answers 202 with it. output: JSON or text; checks: those that it reports. */
export function asked(state, emit, kind, { job = null, connection = null, argv = [kind], output, error = null, checks = [] }) {
	const id = FIRST + tasks(state).size;
	const slow = Boolean(state.options.slow);
	const task = { id, kind, job, connection, state: slow ? 'running' : 'done', argv,
		asked_by: state.user?.name, asked_via: 'console', approved_by: null, node: 'cmdb1', created_at: at(0), started_at: at(0),
		ended_at: slow ? null : at(0), run: null, exit_status: slow ? null : error ? 1 : 0, error: slow ? null : error,
		output_bytes: output === undefined ? 0 : 100,
		progress: slow ? { stage: 'fetch', what: 'machines', done: 1200, total: 5000, bytes: false, requests: 12, rate: 400, left_ms: 9300, at: at(0) } : null };

	tasks(state).set(id, { task, output, error, checks });
	emit('task', { id, kind, state: task.state });
	return { status: 202, body: task, headers: { Location: `/api/v1/tasks/${id}` } };
}

/** Ends one that is under way, as the server tells of it. */
export function finish(state, emit, id) {
	const t = tasks(state).get(id);

	Object.assign(t.task, { state: 'done', ended_at: at(0), error: t.error, exit_status: t.error ? 1 : 0, progress: null });
	emit('end', {}, `/tasks/${id}/events`);
	emit('task', { id, kind: t.task.kind, state: t.task.state });
}

export const routes = [
	['GET', '/tasks/:id', ({ params, state, pass }) => tasks(state).get(Number(params.id))?.task || pass],
	['GET', '/tasks/:id/output', ({ params, state, pass }) => {
		const t = tasks(state).get(Number(params.id));

		return t ? { status: 200, body: typeof t.output === 'string' ? t.output : JSON.stringify(t.output) } : pass;
	}],
	['GET', '/tasks/:id/report', ({ params, q, state, pass }) => tasks(state).has(Number(params.id)) ?
		{ status: 200, headers: { 'Content-Type': q.get('format') === 'csv' ? 'text/csv' : 'application/octet-stream',
			'Content-Disposition': `attachment; filename="report.${q.get('format')}"` }, body: 'severity,open\ncritical,3\n' } : pass],
	['DELETE', '/tasks/:id', ({ params, state, emit, pass }) => {
		const t = tasks(state).get(Number(params.id));

		if (!t) {
			return pass;
		}
		Object.assign(t.task, { state: 'cancelled', ended_at: at(0), progress: null });
		emit('task', { id: t.task.id, state: 'cancelled' });
		return undefined;
	}],
];
