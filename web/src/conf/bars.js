// SPDX-License-Identifier: Apache-2.0
//
// Bars that lie beside their names, of one part or several. The numbers stand
// there as text, so nothing is only a picture.
import { html } from '../lib/html.js';
import { count } from '../lib/format.js';

/** rows: [{name, href, parts: [n]}]; parts: [{name, colour: of tokens.css}] */
export function Bars({ rows, parts, label }) {
	const sum = (r) => r.parts.reduce((n, p) => n + (p || 0), 0);
	const most = Math.max(1, ...rows.map(sum));

	return html`<figure class="hbars" aria-label=${label}>${parts.length > 1 && html`<figcaption><ul class="legend">${parts.map((p) =>
			html`<li><i class="hbar-dot" style=${{ background: `var(${p.colour})` }}></i>${p.name}</li>`)}</ul></figcaption>`}
		<ul class="hbar-rows">${rows.map((r) => html`<li key=${r.name}><span class="hbar-name">${r.href ? html`<a href=${r.href}>${r.name}</a>` : r.name}</span>
			<span class="hbar" aria-hidden="true">${r.parts.map((n, i) => n > 0 && html`<i style=${{
				width: `${n / most * 100}%`, background: `var(${parts[i].colour})` }} title=${`${parts[i].name}: ${count(n)}`}></i>`)}</span>
			<span class="hbar-n">${count(sum(r))}${parts.length > 1 && html`<span class="hidden">: ${r.parts.map((n, i) =>
				`${parts[i].name} ${count(n)}`).join(', ')}</span>`}</span></li>`)}</ul></figure>`;
}
