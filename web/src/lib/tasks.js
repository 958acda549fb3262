// SPDX-License-Identifier: Apache-2.0
//
// Words on tasks and what may be asked of a job, as several pages need them.
import { api, me, path } from './api.js';

const TERMINAL = ['done', 'failed', 'cancelled'];
export const KINDS = {
	run: 'Run', plan: 'Plan', check: 'Check', explain: 'Explain', report: 'Report', undo: 'Undo',
	test: 'Test', setup: 'Set-up', try: 'Rules tried', recver: 'RecVer', forward: 'Forwarding',
	notify: 'Notice told', command: 'Command',
};

export function isOver(task) {
	return TERMINAL.includes(task?.state);
}

/** How it went, in a word of Status: a task that is done may have failed all the same. */
export function outcome(t) {
	if (t.state !== 'done') {
		return t.cancelling && t.state === 'running' ? { of: 'running', text: 'stopping' } : { of: t.state };
	}
	// 7 is "there is something to do", of plan and check: no failure.
	return t.exit_status === 0 ? { of: 'done' } :
		t.exit_status === 7 ? { of: 'done', text: t.kind === 'check' ? 'done, differs' : 'done, changes' } :
			{ of: 'failed', text: `ended with ${t.exit_status ?? 'no status'}` };
}

/** What cancelling it needs: whoever may only look takes their own looks back. */
export function cancelNeeds(t) {
	return ['explain', 'report', 'command'].includes(t.kind) && t.asked_by === me.get()?.name ? 'read' : 'operate';
}

/** Where a task is looked at: a run has a page of its own. */
export function taskHref(t) {
	return t.run && t.kind === 'run' ? `/runs/${t.run}` : `/tasks/${t.id}`;
}

export const ask = {
	run: (job, body) => api.task(path`/jobs/${job}/runs`, body),
	plan: (job, body) => api.task(path`/jobs/${job}/plans`, body),
	check: (job, body) => api.task(path`/jobs/${job}/checks`, body),
	undo: (run, write) => api.task(path`/runs/${run}/undo`, { write }),
	cancelRun: (run) => api.post(path`/runs/${run}/cancel`),
	cancelTask: (task) => api.del(path`/tasks/${task}`),
};

export const ACTIONS = {
	insert: ['New', 'ok'], update: ['Changed', 'live'], retire: ['Retired', 'warn'],
	delete: ['Deleted', 'bad'], close: ['Closed', 'dim'], reopen: ['Reopened', 'live'],
	forget: ['Forgotten', 'dim'], restore: ['Restore', 'live'], remove: ['Remove', 'bad'],
	'make again': ['Make again', 'ok'], nothing: ['Nothing', 'dim'], refused: ['Cannot be undone', 'warn'],
};
