// SPDX-License-Identifier: Apache-2.0
//
// The form of an option table, cut into sections; of a section with several
// ways (how to sign in, which database) the fields of the one that was chosen.
import { html, useState } from '../lib/html.js';
import { SelectField } from '../ui/form.js';
import { ConfField } from './field.js';
import { byKey, leftOut, shown } from './layout.js';
import { isEmpty, wrong } from './values.js';

/** The ways that values take, by section. */
export function waysOf(list, values) {
	return Object.fromEntries(list.filter((s) => s.choice)
		.map((s) => [s.id, s.choice.of(values)]));
}

/** Options of a section that are needed with the way that was chosen. */
function needed(section, way) {
	return section.choice?.needs?.[way] || [];
}

/** {key: text} of what can be seen to be wrong before the server is asked. */
export function mistakes(list, options, values, ways) {
	const rows = byKey(options);
	const out = {};

	for (const s of list) {
		for (const key of shown(s, ways[s.id])) {
			const o = rows.get(key);
			const text = needed(s, ways[s.id]).includes(key) &&
				isEmpty(values[key]) ? 'is needed' : wrong(o, values[key]);

			if (text) {
				out[key] = text;
			}
		}
	}
	return out;
}

function Way({ section, way, onWay, disabled }) {
	const now = section.choice.ways.find((w) => w.id === way);

	return html`<${SelectField} label=${section.choice.label} value=${way} disabled=${disabled}
		choices=${section.choice.ways.map((w) => [w.id, w.label])} help=${now?.help}
		onInput=${onWay} />`;
}

/**
 * list: sections(); values, ways: what stands in it; onInput(key, value),
 * onWay(section id, way, key of the option that says it or null); errors:
 * {key: text}; lead: what stands first in the first section.
 */
export function ConfForm({ list, options, values, ways, onInput, onWay, errors = {}, disabled, lead }) {
	const rows = byKey(options);
	const field = (s, key) => html`<${ConfField} key=${key} disabled=${disabled} error=${errors[key]}
		option=${{ ...rows.get(key), required: rows.get(key).required ||
			needed(s, ways[s.id]).includes(key) }}
		value=${values[key]} onInput=${(v) => onInput(key, v)} />`;

	return list.map((s, i) => {
		const keys = shown(s, ways[s.id]);
		const inside = html`${s.help && html`<p class="conf-help">${s.help}</p>`}
			${i === 0 && lead}
			${s.choice && html`<${Way} section=${s} way=${ways[s.id]} disabled=${disabled}
				onWay=${(w) => onWay(s.id, w, s.choice.key)} />`}
			<div class="conf-fields">${keys.map((k) => field(s, k))}</div>`;
		const set = keys.filter((k) => !isEmpty(values[k])).length;
		const bad = keys.some((k) => errors[k]);

		return s.closed ? html`<${Fold} key=${s.id} title=${s.title} set=${set} open=${bad}>${inside}<//>` :
			html`<fieldset class="conf-section" key=${s.id}><legend>${s.title}</legend>${inside}</fieldset>`;
	});
}

function Fold({ title, set, open, children }) {
	const [is, now] = useState(false);

	return html`<details class="conf-section conf-fold" open=${is || open}
		onToggle=${(e) => now(e.target.open)}><summary>${title}${set > 0 &&
			html` <span class="fine">${set} set</span>`}</summary>${(is || open) && children}</details>`;
}

export { leftOut };
