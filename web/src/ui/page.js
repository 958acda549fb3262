// SPDX-License-Identifier: Apache-2.0
//
// The frame of a page: its title, where it belongs, what may be done there.
import { html, useEffect, useRef } from '../lib/html.js';

let wantsFocus = false;

/** The next page that is drawn takes the focus: its address has changed. */
export function focusNextPage() {
	wantsFocus = true;
}

/** crumbs: [[title, href]…] above it; actions: buttons; tools: below the title */
export function Page({ title, sub, crumbs, actions, intro, children, wide }) {
	const head = useRef(null);

	useEffect(() => {
		document.title = `${title} · muster`;
	}, [title]);
	useEffect(() => {
		if (wantsFocus) {
			wantsFocus = false;
			head.current?.focus({ preventScroll: true });
		}
	}, []);
	return html`<div class=${wide ? 'page page-wide' : 'page'}>
		${crumbs && html`<nav class="crumbs" aria-label="Where this belongs"><ol>
			${crumbs.map(([text, href]) => html`<li><a href=${href}>${text}</a></li>`)}</ol></nav>`}
		<header class="page-head"><div>
			<h1 ref=${head} tabindex="-1">${title}</h1>${sub && html`<div class="page-sub">${sub}</div>`}
		</div>${actions && html`<div class="page-actions">${actions}</div>`}</header>
		${intro && html`<p class="page-intro">${intro}</p>`}
		${children}</div>`;
}

/** A part of a page with a heading of its own. */
export function Section({ title, sub, actions, children, id, class: more = '' }) {
	return html`<section class=${`section ${more}`} aria-labelledby=${id && `${id}-h`} id=${id}>
		<header class="section-head"><h2 id=${id && `${id}-h`}>${title}</h2>
			${sub && html`<span class="section-sub">${sub}</span>`}
			${actions && html`<div class="section-actions">${actions}</div>`}</header>
		${children}</section>`;
}

/** Names and values: [[name, value]…]; a value of undefined is left out. */
export function Facts({ of: rows }) {
	return html`<dl class="facts">${rows.filter(([, v]) => v !== undefined && v !== null)
		.map(([k, v]) => html`<div><dt>${k}</dt><dd>${v}</dd></div>`)}</dl>`;
}
