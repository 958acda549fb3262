// SPDX-License-Identifier: Apache-2.0
//
// Short words on what was just done. Errors stay until they are put away.
import { html } from '../lib/html.js';
import { store, useStore } from '../lib/store.js';
import { isApproval } from '../lib/api.js';
import { Icon } from './icon.js';

const STAYS_MS = 6000;
const shown = store([]);
let last = 0;

function drop(id) {
	shown.set(shown.get().filter((t) => t.id !== id));
}

/** level: "ok", "info", "error"; href: where there is more */
export function toast(text, { level = 'ok', href, more = 'Open' } = {}) {
	const id = ++last;

	shown.set([...shown.get().slice(-3), { id, text, level, href, more }]);
	if (level !== 'error') {
		setTimeout(() => drop(id), STAYS_MS);
	}
}

/** What an approval or a task that was asked for says. */
export function toastTask({ task, approval }, text) {
	if (approval) {
		toast(`${text}: waits for a second person`, { level: 'info', href: '/approvals' });
	} else {
		toast(text, { href: task?.id ? `/tasks/${task.id}` : undefined });
	}
}

/** Is the answer an approval? Then it says so: what was asked for is not done yet. */
export function toldWaits(data, text) {
	if (isApproval(data)) {
		toastTask({ approval: data }, text);
	}
	return isApproval(data);
}

export function Toasts() {
	return html`<div class="toasts" role="status" aria-live="polite">${
		useStore(shown).map((t) => html`<div key=${t.id} class=${`toast toast-${t.level}`}>
			<${Icon} name=${t.level} /><span>${t.text}</span>
			${t.href && html`<a href=${t.href} onClick=${() => drop(t.id)}>${t.more}</a>`}
			<button type="button" class="btn-bare" aria-label="Put away" onClick=${() => drop(t.id)}>
				<${Icon} name="close" /></button></div>`)}</div>`;
}
