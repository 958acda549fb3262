// SPDX-License-Identifier: Apache-2.0
//
// One setting in one environment: the box that overrides the default, and the
// control that its kind wants.
import { cls, html, useId } from '../lib/html.js';
import { isOn, show, wrong } from './values.js';

const FROM = {
	default: 'the default', connection: 'from the connection',
	test: 'set for TEST', prod: 'set for PROD',
};

/** What is in force where nothing is overridden. */
export function below(s) {
	return s.connection ?? s.default;
}

export function shownValue(s, v) {
	if (s.kind === 'bool') {
		return isOn(v) ? 'on' : 'off';
	}
	return show(v) || (s.kind === 'list' ? 'none' : 'empty');
}

function Switch({ checked, onInput, ...attrs }) {
	return html`<label class="switch"><input type="checkbox" role="switch" ...${attrs} checked=${checked}
		onChange=${(e) => onInput(e.target.checked ? 'yes' : 'no')} /><span aria-hidden="true"></span>
		<span class="switch-word">${checked ? 'on' : 'off'}</span></label>`;
}

function Words({ choices, value, onInput, label, ...attrs }) {
	const on = new Set(value || []);

	return html`<fieldset class="words" disabled=${attrs.disabled} aria-describedby=${attrs['aria-describedby']}>
		<legend class="hidden">${label}</legend>
		<div class="words-list">${choices.map((c) => html`<label class="word"><input type="checkbox"
			checked=${on.has(c)} onChange=${(e) => onInput(choices.filter((x) =>
				x === c ? e.target.checked : on.has(x)))} /><span>${c.replace(/_/g, ' ')}</span></label>`)}</div></fieldset>`;
}

function Control({ setting: s, value, onInput, label, disabled, described }) {
	const attrs = { disabled, 'aria-label': label, 'aria-describedby': described };
	const number = ['int', 'decimal'].includes(s.kind);

	if (s.kind === 'bool') {
		return html`<${Switch} ...${attrs} checked=${isOn(value)} onInput=${onInput} />`;
	}
	if (s.kind === 'choice') {
		return html`<select ...${attrs} value=${value} onChange=${(e) => onInput(e.target.value)}>${
			s.choices.map((c) => html`<option value=${c} selected=${c === value}>${c.replace(/_/g, ' ')}</option>`)}</select>`;
	}
	if (s.kind === 'list' && s.choices?.length) {
		return html`<${Words} ...${attrs} label=${label} choices=${s.choices} value=${value} onInput=${onInput} />`;
	}
	if (s.kind === 'list') {
		const lines = Array.isArray(value) ? value : [];

		return html`<textarea ...${attrs} class="mono" spellcheck=${false} placeholder="one on each line"
			rows=${Math.min(6, Math.max(2, lines.length))} value=${lines.join('\n')}
			onInput=${(e) => onInput(e.target.value === '' ? [] : e.target.value.split('\n'))}></textarea>`;
	}
	const field = html`<input ...${attrs} class="mono" spellcheck=${false} autocomplete="off" value=${value ?? ''}
		inputmode=${number ? 'decimal' : undefined} onInput=${(e) => onInput(e.target.value)} />`;

	return number && s.max !== null && s.min !== null && s.max - s.min <= 100 ?
		html`<div class="slider"><input type="range" min=${s.min} max=${s.max} disabled=${disabled}
			step=${s.kind === 'int' ? 1 : 0.1} value=${value || s.min} aria-label=${`${label}: slider`}
			onInput=${(e) => onInput(e.target.value)} />${field}</div>` : field;
}

/** What is wrong with an override; '' */
export function settingWrong(s, own) {
	if (!own?.override) {
		return '';
	}
	if (own.value === '' || own.value === null || own.value === undefined) {
		return s.kind === 'text' ? '' : 'is needed';
	}
	return wrong({ required: false, choices: [], min: null, max: null, ...s }, own.value);
}

/**
 * own: {override, value} of that environment, or undefined; stored: the same as
 * the server has it (an edit is marked).
 */
export function SettingIn({ setting: s, env, own, changed, onInput, disabled, error }) {
	const id = useId();
	const name = env.toUpperCase();
	const on = Boolean(own?.override);
	const kept = own && !on && own.value !== null && own.value !== undefined;
	const bad = error || settingWrong(s, own);

	return html`<div class=${cls('setting-in', { changed, on })}>
		<label class="setting-box"><input type="checkbox" checked=${on} disabled=${disabled}
			onChange=${(e) => onInput(e.target.checked ? { override: true, value: own?.value ?? below(s) } :
				own?.value !== undefined ? { override: false, value: own.value } : undefined)} />
			<span>Override default<span class="hidden"> of ${s.key} in ${name}</span></span></label>
		${on ? html`<${Control} setting=${s} value=${own.value} disabled=${disabled} described=${bad ? `${id}-e` : undefined}
				label=${`${s.key} in ${name}`} onInput=${(value) => onInput({ override: true, value })} />` :
			html`<p class="setting-force"><span class="setting-value">${shownValue(s, below(s))}</span>${' '}
				<span class="fine">${FROM[s.connection !== null && s.connection !== undefined ? 'connection' : 'default']}${
				kept ? `; kept, not in force: ${shownValue(s, own.value)}` : ''}</span></p>`}
		${bad && html`<p class="field-error" id=${`${id}-e`}>${s.key} ${bad}</p>`}</div>`;
}
