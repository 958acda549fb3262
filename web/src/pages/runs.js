// SPDX-License-Identifier: Apache-2.0
//
// All runs, newest first, page by page by key: as fast with a hundred thousand.
import { html } from '../lib/html.js';
import { duration } from '../lib/format.js';
import { useGet, useList } from '../lib/load.js';
import { Empty, Loaded } from '../ui/states.js';
import { Filters } from '../ui/filter.js';
import { Page, Section } from '../ui/page.js';
import { Pager, Table } from '../ui/table.js';
import { Status } from '../ui/status.js';
import { Time } from '../ui/time.js';
import { TaskLine } from './parts/progress.js';

const RUN_STATES = [['running', 'running'], ['ok', 'ok'], ['partial', 'partial'], ['failed', 'failed'],
	['guard', 'held by the guard'], ['cancelled', 'cancelled'], ['dead', 'dead (its process is gone)']];

function runColumns(withJob = true) {
	return [
		{ key: 'id', title: 'Run', main: true, cell: (r) => html`<a href=${`/runs/${r.id}`}>${r.id}</a>` },
		withJob && { key: 'job', title: 'Job', cell: (r) => html`<a href=${`/jobs/${encodeURIComponent(r.job)}`}>${r.job}</a>` },
		{ key: 'status', title: 'Ended', cell: (r) => html`<${Status} of=${r.status} />` },
		{ key: 'started_at', title: 'Began', cell: (r) => html`<${Time} at=${r.started_at} />` },
		{ key: 'duration_ms', title: 'Took', num: true, cell: (r) => duration(r.duration_ms) },
		{ key: 'read', title: 'Read', num: true, hide: true },
		{ key: 'writes', title: 'Written', num: true },
		{ key: 'requests', title: 'Requests', num: true, hide: true },
		{ key: 'asked_by', title: 'Asked by', hide: true },
	].filter(Boolean);
}

/** Runs of a query; job: of one alone. */
export function RunList({ q, job, empty }) {
	const list = useList('/runs', { job, ...q, limit: 50 }, q.after ? {} : { live: ['run'] });

	return html`<${Loaded} of=${list} what="Looking up runs" show=${(d) => html`
		<${Table} of="Runs, newest first" columns=${runColumns(!job)} rows=${d.items} empty=${empty} busy=${list.loading} />
		<${Pager} after=${q.after} next=${d.next} n=${d.items.length} what="runs" />`} />`;
}

export default function Runs({ query }) {
	const jobs = useGet('/jobs');
	const tasks = useGet('/tasks?kind=run&state=running&limit=20', { live: ['task'] });
	const filtered = query.job || query.status;
	const names = [...new Set([...(jobs.data?.items || []).map((j) => j.name), ...query.job ? [query.job] : []])];

	return html`<${Page} title="Runs">
		${tasks.data?.items.length > 0 && html`<${Section} title="Under way" id="now"><ul class="task-lines">${
			tasks.data.items.map((t) => html`<li key=${t.id}><${TaskLine} task=${t} /></li>`)}</ul><//>`}
		<${Filters} of=${[{ name: 'job', label: 'Job', choices: names },
			{ name: 'status', label: 'Ended', choices: RUN_STATES }]} />
		<${RunList} q=${{ job: query.job, status: query.status, after: query.after }} empty=${filtered ?
			html`<${Empty} title="No run fits this filter" />` : html`<${Empty} icon="runs" title="No run yet">
				<p>A run delivers once what a job's source shows now. <a href="/jobs">Jobs</a> run when their schedule says, or when somebody asks.</p><//>`} />
	<//>`;
}
