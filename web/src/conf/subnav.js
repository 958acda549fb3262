// SPDX-License-Identifier: Apache-2.0
//
// The pages of one connection, beside each other.
import { html } from '../lib/html.js';
import { useHere } from '../lib/router.js';

const PARTS = [['', 'Connection'], ['/settings', 'Settings'], ['/rules', 'Rules'],
	['/mappings', 'Mappings']];

export const connectionAt = (name, part = '') =>
	`/connections/${encodeURIComponent(name)}${part}`;

/** Links that stand side by side; the one that is open is marked. */
export function SubNav({ label, links }) {
	const { path } = useHere();

	return html`<nav class="subnav" aria-label=${label}><ul>${links.map(([href, text]) => html`<li><a
		href=${href} aria-current=${path === href ? 'page' : undefined}>${text}</a></li>`)}</ul></nav>`;
}

export function ConnectionNav({ name, role }) {
	return html`<${SubNav} label="Of this connection" links=${PARTS
		.filter(([part]) => role !== 'destination' || part !== '/mappings')
		.map(([part, text]) => [connectionAt(name, part), text])} />`;
}
