// SPDX-License-Identifier: Apache-2.0
//
// All connections: where muster reads and where it writes.
import { html } from '../lib/html.js';
import { useGet } from '../lib/load.js';
import { plural } from '../lib/format.js';
import { Button, RoleNote } from '../ui/button.js';
import { Page, Section } from '../ui/page.js';
import { Empty, Loaded } from '../ui/states.js';
import { Env, Status } from '../ui/status.js';
import { Table } from '../ui/table.js';
import { Time } from '../ui/time.js';

export function LastTest({ of: t }) {
	if (!t) {
		return html`<span class="none">not tested yet</span>`;
	}
	return html`<${Status} of=${t.failed ? 'failed' : t.warned ? 'warning' : 'ok'}
		text=${t.failed ? plural(t.failed, 'check') + ' failed' :
			t.warned ? plural(t.warned, 'warning') : 'all ok'} /> <span class="fine"><${Time} at=${t.at} rel /></span>`;
}

const COLUMNS = [
	{ key: 'name', title: 'Name', main: true, sort: true, cell: (c) => html`<a
		href=${`/connections/${encodeURIComponent(c.name)}`}>${c.name}</a>${c.alias &&
		html` <span class="fine">${c.alias}</span>`}` },
	{ key: 'title', title: 'Type', sort: true },
	{ key: 'environments', title: 'Environments', cell: (c) => html`<span class="envs">${
		(c.environments || []).map((e) => html`<${Env} of=${e} /> `)}</span>` },
	{ key: 'jobs', title: 'Jobs', cell: (c) => c.jobs?.length ? c.jobs.map((j, i) => html`${i > 0 && ', '}<a
		href=${`/jobs/${encodeURIComponent(j)}`}>${j}</a>`) : html`<span class="none">none</span>` },
	{ key: 'last_test', title: 'Last test', cell: (c) => html`<${LastTest} of=${c.last_test} />` },
];

function List({ title, role, items, empty }) {
	return html`<${Section} title=${title} id=${role} actions=${html`<${Button} small need="configure" icon="plus"
			href=${`/new-connection?role=${role}`}>Add a ${role}<//>`}>
		<${Table} of=${title} columns=${COLUMNS} rows=${items} rowKey=${(c) => c.name}
			sortBy=${{ key: 'name' }} empty=${html`<${Empty} icon="connections" title=${`No ${role} yet`}>
			<p>${empty}</p><//>`} /><//>`;
}

export default function Connections() {
	const got = useGet('/connections', { live: ['task'], wants: (t) => ['test', 'setup'].includes(t.kind) });

	return html`<${Page} title="Connections" intro="A source is read, a destination is written; a job joins one of each.">
		<${RoleNote} need="configure" what="Adding and changing connections" />
		<${Loaded} of=${got} what="Reading the connections" show=${({ items }) => html`
			<${List} title="Sources" role="source" items=${items.filter((c) => c.role === 'source')}
				empty="A source is what Microsoft Defender sees: Endpoint, Cloud Apps or IoT." />
			<${List} title="Destinations" role="destination" items=${items.filter((c) => c.role === 'destination')}
				empty="A destination is a ServiceNow instance, TEST or PROD." />`} /><//>`;
}
