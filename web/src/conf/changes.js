// SPDX-License-Identifier: Apache-2.0
//
// What saving would change, before it is saved; and what jobs would then write.
import { html, useEffect, useState } from '../lib/html.js';
import { api, newKey, path } from '../lib/api.js';
import { useAction } from '../lib/load.js';
import { count, plural } from '../lib/format.js';
import { Button } from '../ui/button.js';
import { Diff } from '../ui/diff.js';
import { ErrorBox, Note } from '../ui/states.js';
import { Env } from '../ui/status.js';
import { Table } from '../ui/table.js';
import { TaskView, useTask } from './task.js';
import { show } from './values.js';

/** A value as text; kept: it is stored, but not in force */
export const stored = (v, kept) => kept ? `${show(v) || 'empty'} (another value is kept, not in force)` : show(v);

/** {changes, jobs, errors} of a ?preview=1 */
export function Changes({ of: p, env }) {
	return html`<div class="changes">
		<h3>${env && html`<${Env} of=${env} /> `}${p.changes.length ? plural(p.changes.length, 'change') :
			'Nothing changes'}</h3>
		${p.errors?.length > 0 && html`<${Note} level="error" title="This cannot be saved"><ul>${p.errors.map((e) =>
			html`<li>${e.line ? `Line ${e.line}: ` : e.pointer ? html`<code>${e.pointer}</code> ` : ''}${e.detail}</li>`)}</ul><//>`}
		${p.changes.length > 0 && html`<${Diff} fields=${p.changes.map((c) => ({ column: c.key, before: stored(c.before), after: stored(c.after, c.kept) }))}
			of=${`What changes${env ? ` in ${env.toUpperCase()}` : ''}`} />`}
		${p.changes.length > 0 && html`<p class="fine">${p.jobs?.length ?
			`In force with the next run of ${p.jobs.join(', ')}.` : 'No job works with it yet.'}</p>`}</div>`;
}

const N = ['insert', 'update', 'missing', 'unchanged'];
const COLUMNS = [
	{ key: 'record_set', title: 'Record set', main: true },
	{ key: 'differ', title: 'Records that differ', num: true },
	...N.map((k) => ({ key: k, title: k, num: true, cell: (s) => html`${count(s.then[k])}${s.then[k] !== s.now[k] &&
		html` <span class="fine">was ${count(s.now[k])}</span>`}` })),
];

/** The counts of muster rules test --json. */
function TryCounts({ of: out }) {
	return html`<${Table} of="What the next run would write" columns=${COLUMNS} rows=${out.record_sets}
		rowKey=${(s) => s.record_set} empty="It looked at no record set" />
		${out.record_sets.filter((s) => s.guard).map((s) => html`<${Note} level="warning">The guard would hold${' '}
			${s.record_set} back: more than its share would be retired, deleted or closed.<//>`)}`;
}

function TryOne({ job, body }) {
	const [id, set] = useState(null);
	const t = useTask(id);
	const begin = useAction(async () => {
		const { task } = await api.task(path`/jobs/${job}/tries`, body, newKey());

		set(task?.id ?? null);
	});

	useEffect(() => {
		begin.run();
	}, []);
	return html`<div class="try-one"><h4>${job}</h4><${ErrorBox} error=${begin.error} retry=${begin.run} />
		<${TaskView} of=${t} what=${`Counting what ${job} would write`} show=${(out) => out?.record_sets &&
			html`<${TryCounts} of=${out} />`} /></div>`;
}

/** A button that counts, for each of the jobs, what it would write. */
export function TryJobs({ jobs, body }) {
	const [on, set] = useState(false);

	if (!jobs?.length) {
		return null;
	}
	return on ? jobs.map((j) => html`<${TryOne} key=${j} job=${j} body=${body} />`) :
		html`<p><${Button} small need="operate" icon="play" onClick=${() => set(true)}>Count what ${jobs.length === 1 ?
			jobs[0] : 'these jobs'} would write<//> <span class="fine">It reads the source, and writes nothing.</span></p>`;
}
