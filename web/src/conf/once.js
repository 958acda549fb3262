// SPDX-License-Identifier: Apache-2.0
//
// A secret that is shown once: to be copied now or never.
import { html, useId, useState } from '../lib/html.js';
import { Button } from '../ui/button.js';

export function Once({ label, value, what }) {
	const id = useId();
	const [said, say] = useState('');
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(value);
			say('Copied');
		} catch {
			document.getElementById(id).select();
			say('Press Ctrl+C');
		}
	};

	return html`<div class="field"><label class="field-label" for=${id}>${label}</label>
		<div class="secret"><input id=${id} class="mono" readonly value=${value} onFocus=${(e) => e.target.select()} />
			<${Button} onClick=${copy}>Copy<//></div>
		<p class="field-help">${what} <span role="status">${said}</span></p></div>`;
}
