// SPDX-License-Identifier: Apache-2.0
//
// Fields. Those of option tables are drawn by conf/field.js, out of these.
import { cls, html, useId } from '../lib/html.js';

/**
 * The frame of a field: label, help, error. children: a function that gets the
 * attributes its input must have.
 */
export function Field({ label, help, error, required, children, note }) {
	const id = useId();
	const described = [help && `${id}-h`, error && `${id}-e`].filter(Boolean).join(' ');

	return html`<div class=${cls('field', { 'field-bad': error })}>
		<label class="field-label" for=${id}>${label}${required &&
			html`<span class="field-must" aria-hidden="true"> required</span>`}${note}</label>
		${children({ id, 'aria-describedby': described || undefined,
			'aria-invalid': error ? 'true' : undefined,
			'aria-required': required ? 'true' : undefined })}
		${help && html`<p class="field-help" id=${`${id}-h`}>${help}</p>`}
		${error && html`<p class="field-error" id=${`${id}-e`}>${error}</p>`}</div>`;
}

/** A line of text. onInput gets the text. */
export function TextField({ value, onInput, type = 'text', disabled, placeholder, inputmode,
	autocomplete = 'off', maxlength, autofocus, spellcheck = false, mono, list, ...frame }) {
	return html`<${Field} ...${frame}>${(attrs) => html`<input ...${attrs} type=${type} list=${list}
		value=${value ?? ''} disabled=${disabled} placeholder=${placeholder}
		autocomplete=${autocomplete} maxlength=${maxlength} autofocus=${autofocus}
		inputmode=${inputmode} spellcheck=${spellcheck} class=${mono && 'mono'}
		onInput=${(e) => onInput(e.target.value)} />`}<//>`;
}

export function TextArea({ value, onInput, rows = 4, disabled, mono, ...frame }) {
	return html`<${Field} ...${frame}>${(attrs) => html`<textarea ...${attrs} rows=${rows}
		disabled=${disabled} class=${mono && 'mono'} spellcheck=${false}
		value=${value ?? ''} onInput=${(e) => onInput(e.target.value)}></textarea>`}<//>`;
}

/** choices: [value] or [[value, text]]; none: text of "not chosen" */
export function SelectField({ value, onInput, choices, none, disabled, ...frame }) {
	return html`<${Field} ...${frame}>${(attrs) => html`<select ...${attrs} disabled=${disabled}
		value=${value ?? ''} onChange=${(e) => onInput(e.target.value)}>
		${none !== undefined && html`<option value="">${none}</option>`}
		${choices.map((c) => {
			const [v, text] = Array.isArray(c) ? c : [c, c];

			return html`<option value=${v} selected=${String(v) === String(value ?? '')}>${text}</option>`;
		})}</select>`}<//>`;
}

/** A box to tick with its text beside it. */
export function CheckField({ checked, onInput, label, help, disabled, why }) {
	const id = useId();
	const text = why || help;

	return html`<div class=${cls('check', { 'check-off': disabled || why })}>
		<input type="checkbox" id=${id} checked=${checked} disabled=${disabled || Boolean(why)}
			aria-describedby=${text ? `${id}-h` : undefined}
			onChange=${(e) => onInput(e.target.checked)} />
		<div><label for=${id}>${label}</label>
			${text && html`<p class="field-help" id=${`${id}-h`}>${text}</p>`}</div></div>`;
}

/** One of few, all in sight: choices: [[value, text, help, why it cannot be]] */
export function RadioField({ value, onInput, choices, label, error }) {
	const id = useId();

	return html`<fieldset class=${cls('radios', { 'field-bad': error })}><legend class="field-label">${label}</legend>
		${choices.map(([v, text, help, why], i) => html`<div class=${cls('check', { 'check-off': why })}>
			<input type="radio" name=${id} id=${`${id}-${i}`} checked=${v === value}
				disabled=${Boolean(why)} aria-describedby=${help || why ? `${id}-${i}-h` : undefined}
				onChange=${() => onInput(v)} />
			<div><label for=${`${id}-${i}`}>${text}</label>
				${(why || help) && html`<p class="field-help" id=${`${id}-${i}-h`}>${why || help}</p>`}</div></div>`)}
		${error && html`<p class="field-error" role="alert">${error}</p>`}</fieldset>`;
}

/** A slider with its number beside it. */
export function SliderField({ value, onInput, min, max, step = 'any', disabled, ...frame }) {
	return html`<${Field} ...${frame}>${(attrs) => html`<div class="slider">
		<input type="range" min=${min} max=${max} step=${step} value=${value ?? min}
			disabled=${disabled} aria-label=${`${frame.label}: slider`}
			onInput=${(e) => onInput(e.target.value)} />
		<input ...${attrs} type="number" min=${min} max=${max} step=${step} disabled=${disabled}
			value=${value ?? ''} onInput=${(e) => onInput(e.target.value)} /></div>`}<//>`;
}
