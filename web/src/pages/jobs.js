// SPDX-License-Identifier: Apache-2.0
//
// All jobs: what each delivers where, when, and how it stands.
import { html } from '../lib/html.js';
import { may, path } from '../lib/api.js';
import { useGet } from '../lib/load.js';
import { Button, RoleNote } from '../ui/button.js';
import { Empty, Loaded } from '../ui/states.js';
import { Env, Status } from '../ui/status.js';
import { Page } from '../ui/page.js';
import { Table } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { RunButton } from './parts/ask-run.js';
import { JobState, NextRun } from './parts/job-state.js';

const COLUMNS = [
	{ key: 'name', title: 'Job', main: true, sort: true, cell: (j) => html`<a href=${path`/jobs/${j.name}`}>${j.name}</a> <${Env} of=${j.environment} />` },
	{ key: 'source', title: 'From', sort: true, cell: (j) => html`<a href=${path`/connections/${j.source}`}>${j.source}</a>` },
	{ key: 'destination', title: 'To', sort: true, cell: (j) => html`<a href=${path`/connections/${j.destination}`}>${j.destination}</a>` },
	{ key: 'schedule', title: 'Schedule', cell: (j) => j.schedule?.text || html`<span class="none">when asked</span>` },
	{ key: 'state', title: 'Stands', cell: (j) => html`<${JobState} job=${j} />` },
	{ key: 'last', title: 'Last run', sort: (j) => j.last_run?.started_at, cell: (j) => j.last_run ? html`<a href=${`/runs/${j.last_run.id}`}><${Status}
		of=${j.last_run.status} /></a> <span class="dim-time"><${Time} at=${j.last_run.started_at} rel /></span>` : html`<span class="none">never</span>` },
	{ key: 'next', title: 'Next run', sort: (j) => j.next_at, cell: (j) => html`<${NextRun} job=${j} rel />` },
	{ key: 'run', title: '', label: 'Run', cell: (j) => html`<${RunButton} job=${j} small />` },
];

export default function Jobs() {
	const got = useGet('/jobs', { live: ['job', 'run', 'task'] });

	return html`<${Page} title="Jobs" actions=${html`<${Button} kind="primary" icon="plus" need="configure" href="/new-job">New job<//>`}>
		<${RoleNote} ...${may('operate') ? { need: 'configure', what: 'Making and changing jobs' } : { need: 'operate', what: 'Running jobs' }} />
		<${Loaded} of=${got} what="Looking up jobs" show=${(d) => html`<${Table} of="Jobs" columns=${COLUMNS} rows=${d.items}
			rowKey=${(j) => j.name} sortBy=${{ key: 'name' }} empty=${html`<${Empty} icon="jobs" title="No job yet">
				<p>A job delivers record sets of one source to one destination.</p>
				<p class="state-actions"><${Button} kind="primary" need="configure" href="/new-job">Make the first one<//></p>
				<${RoleNote} need="configure" what="Making one" /><//>`} />`} /><//>`;
}
