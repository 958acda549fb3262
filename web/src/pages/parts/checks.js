// SPDX-License-Identifier: Apache-2.0
//
// Set-up checks of a task: each Ok or failed, with what helps.
import { html } from '../../lib/html.js';
import { plural } from '../../lib/format.js';
import { Loaded } from '../../ui/states.js';
import { Status } from '../../ui/status.js';
import { useOutputJson } from './output.js';

/** checks: as `muster connection test --json` lists them */
export function CheckList({ checks }) {
	return html`<ul class="checks">${checks.map((c) => html`<li class=${`check-row check-${c.level}`}>
		<${Status} of=${c.level} /><div><b>${c.title || c.name}</b> <span>${c.text}</span>
		${c.remedy && html`<p class="check-remedy">${c.remedy}</p>`}</div></li>`)}</ul>`;
}

export function Checks({ task }) {
	const got = useOutputJson(task);

	return html`<${Loaded} of=${got} show=${(d) => {
		const checks = Array.isArray(d) ? d : d.checks || [];
		const bad = checks.filter((c) => c.level === 'failed').length;

		return html`<p class="tab-intro">${plural(checks.length, 'check')}, ${bad ? `${bad} failed` : 'none failed'}</p>
			<${CheckList} checks=${checks} />`;
	}} />`;
}
