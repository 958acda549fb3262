// SPDX-License-Identifier: Apache-2.0
//
// The mark: rows that fell in, and the tick that says all are there.
import { h, html } from '../lib/html.js';

const DOTS = [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [4, 20]];

export function Mark({ size = 24 }) {
	return h('svg', { class: 'mark-svg', width: size, height: size, viewBox: '0 0 24 24',
		'aria-hidden': 'true', focusable: 'false' },
	DOTS.map(([cx, cy]) => h('circle', { cx, cy, r: 2.6, fill: 'currentColor' })),
	h('path', { d: 'M11.5 19l3.6 3.6 7.4-9', fill: 'none', class: 'mark-tick',
		'stroke-width': 3, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' }));
}

export function Brand() {
	return html`<span class="brand"><${Mark} /><span>muster</span></span>`;
}
