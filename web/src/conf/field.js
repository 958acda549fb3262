// SPDX-License-Identifier: Apache-2.0
//
// One option of a connection, of forwarding, of the service: the control that
// fits its kind. Values are as in values.js.
import { cls, html, useId, useState } from '../lib/html.js';
import { useGet } from '../lib/load.js';
import {
	CheckField, Field, SelectField, SliderField, TextArea, TextField,
} from '../ui/form.js';
import { Button } from '../ui/button.js';
import { fromLines, isEmpty, isOn, show, wrong } from './values.js';

const HINTS = {
	duration: 'As in 30s, 15m, 8h, 7d.',
	size: 'As in 512KiB, 64MiB, 1GiB.',
	percent: 'As in 30%.',
};

function dflt(o) {
	return isEmpty(o.default) || o.kind === 'choice' ? '' :
		`Default: ${o.kind === 'bool' ? isOn(o.default) ? 'yes' : 'no' :
			show(o.default)}.`;
}

/** Help of some tables begins small and has no full stop. */
export const sentence = (text) => text && text[0].toUpperCase() + text.slice(1) +
	(/[.!?:]$/.test(text) ? '' : '.');

function helpOf(o) {
	return [sentence(o.help), HINTS[o.kind], o.kind === 'list' &&
		!o.choices.length && 'One on each line.', dflt(o)]
		.filter(Boolean).join(' ');
}

/** A choice as people read it. */
const said = (c) => ['test', 'prod'].includes(c) ? c.toUpperCase() : c.replace(/_/g, ' ');

/** A set of words, each with its box. */
export function WordsField({ label, help, error, choices, value, onInput, disabled, all }) {
	const id = useId();
	const on = new Set(isEmpty(value) ? [] : value);

	return html`<fieldset class=${cls('words', { 'field-bad': error })} disabled=${disabled}
		aria-describedby=${help ? `${id}-h` : undefined}>
		<legend class="field-label">${label}</legend>
		<div class="words-list">${choices.map((c) => html`<label class="word"><input type="checkbox"
			checked=${on.has(c)} onChange=${(e) => {
				const next = choices.filter((x) => x === c ? e.target.checked : on.has(x));

				onInput(next.length ? next : undefined);
			}} /><span>${said(c)}</span></label>`)}</div>
		${help && html`<p class="field-help" id=${`${id}-h`}>${help}${all && !on.size && ` ${all}`}</p>`}
		${error && html`<p class="field-error">${error}</p>`}</fieldset>`;
}

const WAYS = [['value', 'Enter it: sealed, never shown again'],
	['ref', 'Refer to where it is kept']];

/** Write-only: one that is set is kept or replaced, never shown. */
function SecretInput({ value, onInput, label, help, error, required, disabled }) {
	const kept = value && typeof value === 'object' && value.set ? value : null;
	const [before] = useState(kept);
	const [way, setWay] = useState(typeof value === 'string' ? 'ref' : 'value');

	if (kept) {
		return html`<${Field} label=${label} help=${help} error=${error} required=${required}>${(a) => html`
			<div class="secret"><input ...${a} readonly class="mono" value=${`is set: ${kept.ref}`} />
			${!disabled && html`<${Button} onClick=${() => onInput(undefined)}>Replace<//>`}</div>`}<//>`;
	}
	const typed = value && typeof value === 'object' ? value.value || '' : '';

	return html`<fieldset class="secret-new" disabled=${disabled}><legend class="hidden">${label}</legend>
		<div class="secret-way">${WAYS.map(([v, text]) => html`<label><input type="radio" checked=${way === v}
			onChange=${() => {
				setWay(v);
				onInput(undefined);
			}} /> <span>${text}</span></label>`)}</div>
		<div class="secret">${way === 'value' ? html`<${TextField} label=${label} type="password"
				autocomplete="new-password" value=${typed} help=${help.replace(/, as (a reference|env:).*/, '.')} error=${error} required=${required}
				onInput=${(v) => onInput(v ? { value: v } : undefined)} />` :
			html`<${TextField} mono label=${label} value=${typeof value === 'string' ? value : ''}
				placeholder="env:NAME" help="env:NAME, file:/PATH, credential:NAME, sealed:NAME or exec:/PROGRAM"
				error=${error} required=${required} onInput=${(v) => onInput(v || undefined)} />`}
		${before && html`<${Button} onClick=${() => onInput(before)}>Keep the old one<//>`}</div></fieldset>`;
}

const sliding = (o) => ['int', 'decimal'].includes(o.kind) && o.min !== null &&
	o.max !== null && o.max - o.min <= 100;

/**
 * One row of an option table (values.js, option()): {label} beside its key.
 * error: what the server says; what can be seen here is seen before.
 */
export function ConfField({ option: o, value, onInput, error, disabled, label = o.label || o.key }) {
	const [left, leave] = useState(false);
	const bad = error || left && wrong(o, value) || '';
	const frame = { label, help: helpOf(o), required: o.required, disabled,
		error: bad && `${label} ${bad.replace(/^must/, 'must')}` };
	const text = (v) => onInput(v === '' ? undefined : v);
	const at = (inside) => html`<div class="conf-field" data-key=${o.key}
		onFocusOut=${() => leave(true)}>${inside}</div>`;

	if (o.kind === 'bool') {
		return at(html`<${CheckField} ...${frame} help=${bad || frame.help} label=${label}
			checked=${isOn(value ?? o.default)} onInput=${(v) => onInput(v === isOn(o.default) ? undefined :
				v ? 'yes' : 'no')} />`);
	}
	if (o.kind === 'choice' && o.choices.length) {
		return at(html`<${SelectField} ...${frame} value=${value} choices=${o.choices.map((c) => [c, said(c)])}
			none=${o.default ? `${said(o.default)} (default)` : o.none || 'choose …'} onInput=${text} />`);
	}
	if (o.kind === 'list' && o.choices.length) {
		return at(html`<${WordsField} ...${frame} choices=${o.choices} value=${value}
			onInput=${onInput} all=${o.key === 'environments' ? 'None chosen: both.' : ''} />`);
	}
	if (o.kind === 'list') {
		return at(html`<${TextArea} ...${frame} mono rows=${Math.min(8, Math.max(2, (value || []).length + 1))}
			value=${Array.isArray(value) ? value.join('\n') : value || ''}
			onInput=${(v) => onInput(v === '' ? undefined : v.split('\n'))} />`);
	}
	if (o.kind === 'secret') {
		return at(html`<${SecretInput} ...${frame} value=${value} onInput=${onInput} />`);
	}
	if (sliding(o)) {
		return at(html`<${SliderField} ...${frame} min=${o.min} max=${o.max}
			step=${o.kind === 'int' ? 1 : 0.1} value=${value ?? o.default} onInput=${text} />`);
	}
	if (o.key === 'certificate_name') {
		return at(html`<${CertificateName} ...${frame} value=${value} onInput=${text} />`);
	}
	return at(html`<${TextField} ...${frame} value=${value ?? ''} placeholder=${show(o.default) || undefined}
		type=${/_expires$/.test(o.key) ? 'date' : 'text'} mono=${o.kind !== 'text'}
		inputmode=${{ int: 'numeric', decimal: 'decimal', url: 'url' }[o.kind]} onInput=${text} />`);
}

/** Certificates of this node to choose from; any other name can be typed. */
function CertificateName({ value, onInput, disabled, ...frame }) {
	const id = useId();
	const got = useGet('/certificates');
	const known = (got.data?.items || []).filter((c) => c.store && c.private_key);

	return html`<${Field} ...${frame}>${(attrs) => html`<input ...${attrs} class="mono" list=${`${id}-l`} disabled=${disabled}
			value=${value ?? ''} autocomplete="off" spellcheck=${false} onInput=${(e) => onInput(e.target.value)} />
		<datalist id=${`${id}-l`}>${known.map((c) => html`<option value=${c.thumbprint}>${c.subject}, ${c.location} ${c.store}</option>`)}</datalist>`}<//>`;
}

/** Lists as they are sent: without empty lines. */
export function tidy(values) {
	return Object.fromEntries(Object.entries(values).map(([k, v]) =>
		[k, Array.isArray(v) ? fromLines(v.join('\n')) : v]));
}
