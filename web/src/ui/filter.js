// SPDX-License-Identifier: Apache-2.0
//
// Filters of a list. They are in the address, and take the cursor away.
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { setQuery, useHere } from '../lib/router.js';
import { SelectField, TextField } from './form.js';

const CALM_MS = 250;

/** of: [{name, label, choices: [[value, text]], none} | {name, label, text: true}] */
export function Filters({ of, cursor = 'after', children }) {
	const { query } = useHere();

	return html`<form class="filters" role="search" aria-label="Filter" onSubmit=${(e) => e.preventDefault()}>
		${of.map((f) => f.text ? html`<${Search} key=${f.name} f=${f} value=${query[f.name] || ''} cursor=${cursor} />` :
			html`<${SelectField} key=${f.name} label=${f.label} value=${query[f.name] || ''} none=${f.none || 'all'}
				choices=${f.choices} onInput=${(v) => setQuery({ [f.name]: v, [cursor]: null })} />`)}
		${children}</form>`;
}

/** What is typed is looked for after a moment. */
function Search({ f, value, cursor }) {
	const [text, set] = useState(value);
	const clock = useRef(0);

	useEffect(() => () => clearTimeout(clock.current), []);
	return html`<${TextField} label=${f.label} type="search" value=${text} onInput=${(v) => {
		set(v);
		clearTimeout(clock.current);
		clock.current = setTimeout(() => setQuery({ [f.name]: v.trim(), [cursor]: null }, { replace: true }), CALM_MS);
	}} />`;
}
