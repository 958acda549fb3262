// SPDX-License-Identifier: Apache-2.0
//
// Which reports there are.
import { html } from '../lib/html.js';
import { useGet } from '../lib/load.js';
import { Page } from '../ui/page.js';
import { Empty, Loaded } from '../ui/states.js';
import { sentence } from '../conf/field.js';

export default function Reports() {
	const got = useGet('/reports');
	const jobs = useGet('/jobs');

	return html`<${Page} title="Reports" intro="A report asks a job’s two ends and writes nothing. Tables and plots, and files for a spreadsheet.">
		<${Loaded} of=${got} what="Reading the reports" show=${({ items }) => html`
			${jobs.data?.items.length === 0 && html`<${Empty} icon="jobs" title="There is no job yet"><p>A report is of a job. <a href="/new-job">Make a job</a></p><//>`}
			<ul class="choices">${items.map((r) => html`<li key=${r.name}><a class="choice" href=${`/reports/${r.name}`}>
				<strong>${r.title}</strong><span>${sentence(r.help)}</span></a></li>`)}</ul>`} /><//>`;
}
