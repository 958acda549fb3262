// SPDX-License-Identifier: Apache-2.0
//
// What a change of rules does to sample records: muster rules test --json.
import { html } from '../lib/html.js';
import { count, plural, words } from '../lib/format.js';
import { Empty, Note } from '../ui/states.js';
import { Badge } from '../ui/status.js';

const cell = (v) => v === null || v === undefined ? html`<span class="none">empty</span>` : String(v);

function Sample({ of: m }) {
	const gone = m.before && !m.after;
	const fresh = !m.before && m.after;

	return html`<li class="sample"><p class="sample-head"><code>${m.key}</code> <span class="fine">${m.table}</span>
		${gone && html` <${Badge} level="bad">no longer delivered${m.why ? `: ${m.why}` : ''}<//>`}
		${fresh && html` <${Badge} level="ok">now delivered<//>`}</p>
		${m.fields.length > 0 && html`<table class="diff sample-diff"><caption class="hidden">Record ${m.key}, before and after</caption>
			<thead><tr><th scope="col">Column</th><th scope="col">Before</th><th scope="col">After</th><th scope="col">Rule</th></tr></thead>
			<tbody>${m.fields.map((f) => html`<tr><th scope="row"><code>${f.column}</code></th>
				<td data-label="Before">${cell(f.before)}</td>
				<td data-label="After">${gone ? html`<span class="none">–</span>` : f.rule_after === null && f.after === null ?
					html`<ins class="mark">not written</ins>` : html`<ins class="mark">${cell(f.after)}</ins>`}</td>
				<td data-label="Rule"><code class="fine">${f.rule_after || f.rule_before || ''}</code></td></tr>`)}</tbody></table>`}</li>`;
}

function Set({ of: s }) {
	return html`<section class="sample-set"><h3>${words(s.record_set)} <span class="fine">${count(s.differ)} of ${
			plural(s.records, 'record')} ${s.differ === 1 ? 'differs' : 'differ'}${s.gained > 0 ? `, ${count(s.gained)} more delivered` : ''}${
			s.lost > 0 ? `, ${count(s.lost)} no longer delivered` : ''}</span></h3>
		${s.columns.length > 0 && html`<p class="sample-columns">${s.columns.map((c) => html`<span><code>${c.column}</code>
			<span class="fine">${' '}in ${plural(c.records, 'record')}</span></span> `)}</p>`}
		${s.guard && html`<${Note} level="warning">The guard would hold this back.<//>`}
		<ul class="samples">${s.samples.map((m) => html`<${Sample} key=${m.key} of=${m} />`)}</ul></section>`;
}

export function Samples({ of: out }) {
	const sets = (out?.record_sets || []).filter((s) => s.differ > 0);

	return sets.length ? sets.map((s) => html`<${Set} key=${s.record_set} of=${s} />`) :
		html`<${Empty} icon="ok" title="No record would differ"><p>The rules make the same of all records that were read.</p><//>`;
}
