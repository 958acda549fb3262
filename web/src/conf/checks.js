// SPDX-License-Identifier: Apache-2.0
//
// Set-up checks as they come: each Ok or not, with what to do about it.
import { html, useState } from '../lib/html.js';
import { plural } from '../lib/format.js';
import { Status } from '../ui/status.js';
import { isOver } from '../lib/tasks.js';

const level = (c) => String(c.level).toLowerCase();

function summary(checks, ended) {
	const n = (l) => checks.filter((c) => level(c) === l).length;
	const bad = n('failed');
	const warned = n('warning');

	return `${ended ? '' : 'So far: '}${[
		bad && plural(bad, 'check') + ' failed',
		warned && plural(warned, 'warning'),
		plural(n('ok'), 'check') + ' ok',
	].filter(Boolean).join(', ')}`;
}

/** of: useTask(); its checks while it runs, those of its output at its end. */
export function Checks({ of: t }) {
	const [all, show] = useState(true);
	const ended = isOver(t.task);
	const checks = ended && t.output?.checks || t.checks || [];
	const bad = checks.some((c) => level(c) === 'failed');
	const seen = all ? checks : checks.filter((c) => level(c) !== 'ok');

	if (!checks.length) {
		return null;
	}
	return html`<div class="checks"><p class="checks-sum" role="status">
		<${Status} of=${!ended ? 'running' : bad ? 'failed' : 'ok'} text=${summary(checks, ended)} />
		<label class="checks-all"><input type="checkbox" checked=${!all}
			onChange=${(e) => show(!e.target.checked)} /> <span>only what is not ok</span></label></p>
		<ul class="checks-list">${seen.map((c) => html`<li key=${c.id || c.title} class=${`check-row check-${level(c)}`}>
			<${Status} of=${level(c)} /><div><p class="check-title">${c.title}</p>
			<p class="check-text">${c.text}</p>
			${c.remedy && html`<p class="check-remedy"><span class="hidden">What to do: </span>${c.remedy}</p>`}</div></li>`)}</ul></div>`;
}
