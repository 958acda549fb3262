// SPDX-License-Identifier: Apache-2.0
//
// The bar below a form: whether it is as it is stored, discarding, saving.
import { html } from '../lib/html.js';
import { Button } from '../ui/button.js';

/**
 * state: what is said instead of "Not saved yet"; why: something is wrong with
 * it; onSave: else the button sends the form; children: more buttons
 */
export function SaveBar({ dirty, state, discard, busy, why, onSave, yes = 'Save', children }) {
	return html`<div class="form-foot form-foot-stay"><span class="fine" role="status">${dirty ? state || 'Not saved yet' : 'As it is stored'}</span>
		${children}<${Button} why=${dirty ? '' : 'There is nothing to discard'} onClick=${discard}>Discard<//>
		<${Button} type=${onSave ? 'button' : 'submit'} kind="primary" busy=${busy} onClick=${onSave}
			why=${dirty ? why || '' : 'There is nothing to save'}>${yes}<//></div>`;
}
