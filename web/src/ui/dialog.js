// SPDX-License-Identifier: Apache-2.0
//
// Dialogs: the browser's own, which holds the focus and gives it back.
import { html, useLayoutEffect, useRef, useState } from '../lib/html.js';
import { store, useStore } from '../lib/store.js';
import { Button } from './button.js';
import { ErrorBox } from './states.js';
import { Icon } from './icon.js';

/** Open for as long as it is drawn; onClose: Esc, the cross, a click outside. */
export function Dialog({ title, children, actions, onClose, wide }) {
	const box = useRef(null);

	useLayoutEffect(() => {
		const el = box.current;
		const from = document.activeElement;

		el.showModal();
		return () => {
			el.close();
			// It may be out of the document already: then the browser forgets.
			queueMicrotask(() => from?.isConnected && from.focus());
		};
	}, []);
	return html`<dialog ref=${box} class=${wide ? 'dialog dialog-wide' : 'dialog'}
		aria-labelledby="dialog-title" onCancel=${(e) => {
			e.preventDefault();
			onClose();
		}} onMouseDown=${(e) => e.target === box.current && onClose()}>
		<header class="dialog-head"><h2 id="dialog-title">${title}</h2>
			<button type="button" class="btn-bare" aria-label="Close" onClick=${onClose}>
				<${Icon} name="close" /></button></header>
		<div class="dialog-body">${children}</div>
		${actions && html`<footer class="dialog-foot">${actions}</footer>`}</dialog>`;
}

const question = store(null);

/**
 * Asks; a promise of true or false. {title, text, yes, no, danger, consent:
 * what must be ticked before yes, why: asks for a reason, too: then the promise
 * is of that text, or null}
 */
export function ask(q) {
	return new Promise((answer) => question.set({ ...q, answer }));
}

/** Where ask() is drawn; once, in the shell. */
export function Questions() {
	const q = useStore(question);

	return q && html`<${Question} key=${q} q=${q} />`;
}

function Question({ q }) {
	const [agreed, agree] = useState(false);
	const [why, setWhy] = useState('');
	const done = (a) => {
		question.set(null);
		q.answer(a);
	};
	const missing = q.consent && !agreed ? 'Tick the box first' :
		q.why && !why.trim() ? 'Say why first' : '';

	return html`<${Dialog} title=${q.title} onClose=${() => done(q.why ? null : false)}
		actions=${html`<${Button} onClick=${() => done(q.why ? null : false)}>${q.no || 'Cancel'}<//>
			<${Button} kind=${q.danger ? 'danger' : 'primary'} why=${missing}
				onClick=${() => done(q.why ? why.trim() : true)}>${q.yes || 'Yes'}<//>`}>
		<div class="prose">${q.text}</div>
		${q.why && html`<label class="field"><span class="field-label">${q.why}</span>
			<input value=${why} maxlength="200" onInput=${(e) => setWhy(e.target.value)} /></label>`}
		${q.consent && html`<${Consent} checked=${agreed} onChange=${agree}>${q.consent}<//>`}
	<//>`;
}

/** A box that must be ticked before something that cannot be taken back. */
export function Consent({ checked, onChange, children }) {
	return html`<label class="consent"><input type="checkbox" checked=${checked}
		onChange=${(e) => onChange(e.target.checked)} /><span>${children}</span></label>`;
}

/** A form within a dialog: Enter sends, an error stays in sight. */
export function FormDialog({ title, children, onSubmit, onClose, error, busy, yes = 'Save',
	danger, why, wide }) {
	return html`<${Dialog} title=${title} onClose=${onClose} wide=${wide}>
		<form noValidate onSubmit=${(e) => {
			e.preventDefault();
			if (!busy && !why) {
				onSubmit();
			}
		}}>
			<${ErrorBox} error=${error} />
			${children}
			<div class="dialog-foot"><${Button} onClick=${onClose}>Cancel<//>
				<${Button} type="submit" kind=${danger ? 'danger' : 'primary'} busy=${busy}
					why=${why}>${yes}<//></div>
		</form><//>`;
}
