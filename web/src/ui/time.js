// SPDX-License-Identifier: Apache-2.0
//
// A time in the zone of the one who looks, the UTC in its title.
import { html } from '../lib/html.js';
import { ago, duration, when, whenFull, utc } from '../lib/format.js';
import { useNow } from '../lib/load.js';

/** full: with seconds; rel: "3 min ago", with the time in the title */
export function Time({ at, full, rel, none = '–' }) {
	const now = useNow(rel ? 10000 : 60000);

	if (!at) {
		return html`<span class="none">${none}</span>`;
	}
	return html`<time datetime=${at} title=${rel ? `${whenFull(at)} · ${utc(at)}` : utc(at)}>
		${rel ? ago(at, now) : full ? whenFull(at) : when(at, now)}</time>`;
}

/** How long something has been under way. */
export function Since({ at }) {
	const now = useNow(1000);

	return html`<span class="num">${duration(Math.max(0, now - new Date(at)))}</span>`;
}
