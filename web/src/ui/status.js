// SPDX-License-Identifier: Apache-2.0
//
// How something stands: a mark and a word, never a colour alone.
import { html } from '../lib/html.js';
import { Icon } from './icon.js';

// word: [level, icon, text]
const STATES = {
	ok: ['ok', 'ok'], done: ['ok', 'ok'], approved: ['ok', 'ok'], active: ['ok', 'ok'],
	applied: ['ok', 'ok'], delivered: ['ok', 'ok'],
	partial: ['warn', 'warning'], warning: ['warn', 'warning'],
	guard: ['warn', 'warning', 'held by the guard'], held: ['warn', 'warning', 'held back'],
	without: ['warn', 'warning', 'delivered in part'],
	locked: ['warn', 'lock'], refused: ['warn', 'warning'], expired: ['warn', 'wait'],
	failed: ['bad', 'error'], dead: ['bad', 'error', 'died'], error: ['bad', 'error'], rejected: ['bad', 'close'],
	interrupted: ['warn', 'stop'], cancelled: ['dim', 'stop'], skipped: ['dim', 'right'],
	disabled: ['dim', 'lock'], paused: ['dim', 'pause'], note: ['dim', 'info'],
	running: ['live', 'runs'], queued: ['wait', 'wait'],
	waiting: ['wait', 'wait', 'waits for approval'],
};

/** of: a word of the API; text: what is read instead of it */
export function Status({ of: word, text }) {
	const [level, icon, name] = STATES[word] || ['dim', 'info'];

	return html`<span class=${`status status-${level}`}><${Icon} name=${icon} size=${14} />
		<span>${text || name || String(word || 'unknown').replace(/_/g, ' ')}</span></span>`;
}

/** TEST or PROD, told apart at a glance. */
export function Env({ of: name }) {
	return name ? html`<span class=${`env env-${String(name).toLowerCase()}`}>${
		String(name).toUpperCase()}</span>` : null;
}

export function Badge({ children, level = 'dim', title }) {
	return html`<span class=${`badge badge-${level}`} title=${title}>${children}</span>`;
}
