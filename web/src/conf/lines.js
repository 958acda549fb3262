// SPDX-License-Identifier: Apache-2.0
//
// Two texts, line by line: what went, what came, what stayed.
import { html } from '../lib/html.js';

const MOST = 2000;

/** [{mark: "-" | "+" | " ", text}] by the longest common run of lines. */
function lineDiff(before, after) {
	const a = before ? before.replace(/\n$/, '').split('\n') : [];
	const b = after ? after.replace(/\n$/, '').split('\n') : [];

	if (a.length * b.length > MOST * MOST) {
		return [...a.map((text) => ({ mark: '-', text })), ...b.map((text) => ({ mark: '+', text }))];
	}
	const n = Array.from({ length: a.length + 1 }, () => new Int32Array(b.length + 1));

	for (let i = a.length - 1; i >= 0; i--) {
		for (let j = b.length - 1; j >= 0; j--) {
			n[i][j] = a[i] === b[j] ? n[i + 1][j + 1] + 1 : Math.max(n[i + 1][j], n[i][j + 1]);
		}
	}
	const out = [];
	let i = 0;
	let j = 0;

	while (i < a.length || j < b.length) {
		if (i < a.length && j < b.length && a[i] === b[j]) {
			out.push({ mark: ' ', text: a[i++] });
			j++;
		} else if (i < a.length && (j === b.length || n[i + 1][j] >= n[i][j + 1])) {
			out.push({ mark: '-', text: a[i++] });
		} else {
			out.push({ mark: '+', text: b[j++] });
		}
	}
	return out;
}

const WORD = { '-': 'removed', '+': 'added' };

export function Lines({ before, after }) {
	const lines = lineDiff(before || '', after || '');

	return lines.length ? html`<div class="lines" tabindex="0" role="group" aria-label="Before and after">${lines.map((l) => {
		const inside = html`<i aria-hidden="true">${l.mark}</i>${WORD[l.mark] && html`<span class="hidden">${WORD[l.mark]}: </span>`}${l.text || ' '}`;

		return l.mark === '-' ? html`<del>${inside}</del>` : l.mark === '+' ? html`<ins>${inside}</ins>` : html`<span>${inside}</span>`;
	})}</div>` : html`<p class="none">Nothing is kept of what it was before and after.</p>`;
}
