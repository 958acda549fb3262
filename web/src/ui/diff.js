// SPDX-License-Identifier: Apache-2.0
//
// Before → after, field by field; within a text, only what differs is marked.
import { html } from '../lib/html.js';

/** What two texts share at their start and end. */
export function split(a, b) {
	let head = 0;
	let tail = 0;
	const most = Math.min(a.length, b.length);

	while (head < most && a[head] === b[head]) {
		head++;
	}
	while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) {
		tail++;
	}
	// Marks begin and end at words: parts of one are hard to read.
	const word = /[\p{L}\p{N}]/u;

	while (head > 0 && word.test(a[head - 1]) && (word.test(a[head] || '') || word.test(b[head] || ''))) {
		head--;
	}
	while (tail > 0 && word.test(a[a.length - tail]) &&
		(word.test(a[a.length - tail - 1] || '') || word.test(b[b.length - tail - 1] || ''))) {
		tail--;
	}
	return { head, tail };
}

function text(v) {
	return v === null || v === undefined || v === '' ? null :
		typeof v === 'object' ? JSON.stringify(v) : String(v);
}

function Part({ value, other, mark: Mark }) {
	const v = text(value);
	const o = text(other);

	if (v === null) {
		return html`<span class="none">empty</span>`;
	}
	if (o === null) {
		return html`<${Mark} class="mark">${v}<//>`;
	}
	const { head, tail } = split(v, o);
	const end = v.length - tail;

	return html`${v.slice(0, head)}${end > head && html`<${Mark} class="mark">${v.slice(head, end)}<//>`}${v.slice(end)}`;
}

/**
 * fields: [{column, before, after}]; kind: "insert" shows only what comes; bare:
 * the heads of its columns are for readers alone
 */
export function Diff({ fields, of: caption = 'What changes', kind = 'update', bare }) {
	if (!fields?.length) {
		return html`<p class="none">No columns: only the record itself</p>`;
	}
	const added = kind === 'insert';
	const head = (text) => html`<th scope="col">${bare ? html`<span class="hidden">${text}</span>` : text}</th>`;

	return html`<table class=${added ? 'diff diff-added' : 'diff'}><caption class="hidden">${caption}</caption>
		<thead><tr>${head('Column')}${!added && head('Before')}${head(added ? 'Value' : 'After')}</tr></thead>
		<tbody>${fields.map((f) => html`<tr><th scope="row"><code>${f.column ?? f.name}</code></th>
			${!added && html`<td class="diff-before" data-label="Before"><${Part}
				value=${f.before} other=${f.after} mark="del" /></td>`}
			<td class="diff-after" data-label="After"><${Part} value=${f.after}
				other=${added ? f.after : f.before} mark="ins" /></td></tr>`)}</tbody></table>`;
}
