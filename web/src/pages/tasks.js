// SPDX-License-Identifier: Apache-2.0
//
// All that the service was asked to do, and by whom.
import { html } from '../lib/html.js';
import { duration } from '../lib/format.js';
import { useList } from '../lib/load.js';
import { KINDS, outcome } from '../lib/tasks.js';
import { Empty, Loaded } from '../ui/states.js';
import { Filters } from '../ui/filter.js';
import { Page } from '../ui/page.js';
import { Pager, Table } from '../ui/table.js';
import { Status } from '../ui/status.js';
import { Time } from '../ui/time.js';

const took = (t) => t.started_at && t.ended_at ? new Date(t.ended_at) - new Date(t.started_at) : undefined;

const taskColumns = [
	{ key: 'id', title: 'Task', main: true, cell: (t) => html`<a href=${`/tasks/${t.id}`}>${t.id}</a>` },
	{ key: 'kind', title: 'What', cell: (t) => KINDS[t.kind] || t.kind },
	{ key: 'about', title: 'Of', cell: (t) => t.job ? html`<a href=${`/jobs/${encodeURIComponent(t.job)}`}>${t.job}</a>` :
		t.connection ? html`<a href=${`/connections/${encodeURIComponent(t.connection)}`}>${t.connection}</a>` : '–' },
	{ key: 'state', title: 'Stands', cell: (t) => html`<${Status} ...${outcome(t)} />` },
	{ key: 'asked_by', title: 'Asked by', cell: (t) => html`${t.asked_by}${t.approved_by && html` <span class="fine">and ${t.approved_by}</span>`}` },
	{ key: 'created_at', title: 'Asked', cell: (t) => html`<${Time} at=${t.created_at} />` },
	{ key: 'took', title: 'Took', num: true, cell: (t) => duration(took(t)) },
	{ key: 'node', title: 'Node', hide: true },
];

export default function Tasks({ query }) {
	const { kind, state, job, after } = query;
	const list = useList('/tasks', { kind, state, job, after, limit: 50 }, after ? {} : { live: ['task'] });

	return html`<${Page} title="Tasks" intro="Whatever takes longer than a look is a task: a command of muster that the service runs for the schedule or for a person.">
		<${Filters} of=${[{ name: 'kind', label: 'What', choices: Object.entries(KINDS) },
			{ name: 'state', label: 'Stands', choices: [['waiting', 'waits for approval'], 'queued', 'running', 'done', 'failed', 'cancelled'] }]} />
		<${Loaded} of=${list} what="Looking up tasks" show=${(d) => html`<${Table} of="Tasks, newest first"
			columns=${taskColumns} rows=${d.items} busy=${list.loading} empty=${kind || state ?
				html`<${Empty} title="No task fits this filter" />` : html`<${Empty} icon="tasks" title="Nothing was asked for yet" />`} />
			<${Pager} after=${after} next=${d.next} n=${d.items.length} what="tasks" />`} /><//>`;
}
