// SPDX-License-Identifier: Apache-2.0
//
// How far something is.
import { html } from '../lib/html.js';

/** total 0 or unknown: it moves without an end. label: for those who cannot see it */
export function Progress({ done, total, label, text }) {
	const known = total > 0;
	const part = known ? Math.min(100, done / total * 100) : 0;

	return html`<div class=${known ? 'progress' : 'progress progress-open'} role="progressbar"
		aria-label=${label} aria-valuemin="0" aria-valuemax="100"
		aria-valuenow=${known ? Math.floor(part) : undefined} aria-valuetext=${text}>
		<span style=${{ transform: known ? `scaleX(${part / 100})` : undefined }}></span></div>`;
}

/** A share of something that has an end: used of, with a colour when it is near. */
export function Meter({ used, of, label }) {
	const part = of > 0 ? Math.min(1, used / of) : 0;
	const level = part >= 0.95 ? 'bad' : part >= 0.8 ? 'warn' : 'ok';

	return html`<div class=${`meter meter-${level}`} role="meter" aria-label=${label}
		aria-valuemin="0" aria-valuemax=${of} aria-valuenow=${used}>
		<span style=${{ transform: `scaleX(${part})` }}></span></div>`;
}
