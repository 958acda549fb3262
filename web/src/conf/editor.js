// SPDX-License-Identifier: Apache-2.0
//
// A text of several lines with their numbers and marks of errors. Tab stays the
// key that leaves the field; what it would insert is two blanks by Enter.
import { html, useId, useRef } from '../lib/html.js';

/** errors: [{line, column, detail}] */
export function Editor({ label, value, onInput, errors = [], readonly, onRun, rows = 18 }) {
	const id = useId();
	const marks = useRef(null);
	const lines = value.split('\n').length;
	const bad = new Set(errors.map((e) => e.line));
	const keys = (e) => {
		if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
			e.preventDefault();
			onRun?.();
		} else if (e.key === 'Enter' && !e.shiftKey && !readonly) {
			const el = e.target;
			const line = el.value.slice(0, el.selectionStart).split('\n').at(-1);
			const indent = line.match(/^ */)[0] + (/:\s*$/.test(line) ? '  ' : '');

			e.preventDefault();
			el.setRangeText(`\n${indent}`, el.selectionStart, el.selectionEnd, 'end');
			onInput(el.value);
		}
	};

	return html`<div class="editor"><label class="field-label" for=${id}>${label}</label>
		<div class="editor-box"><div class="editor-marks" ref=${marks} aria-hidden="true">${Array.from({ length: lines },
			(_, i) => html`<i class=${bad.has(i + 1) ? 'bad' : undefined}>${i + 1}</i>`)}</div>
		<textarea id=${id} class="mono" rows=${rows} wrap="off" spellcheck=${false} autocapitalize="off" autocomplete="off"
			value=${value} readonly=${readonly} aria-invalid=${errors.length ? 'true' : undefined}
			aria-describedby=${errors.length ? `${id}-e` : undefined} onKeyDown=${keys}
			onScroll=${(e) => {
				marks.current.scrollTop = e.target.scrollTop;
			}} onInput=${(e) => onInput(e.target.value)}></textarea></div>
		<div id=${`${id}-e`} role="status">${errors.map((e) => html`<p class="field-error">${e.line > 0 &&
			`Line ${e.line}${e.column > 0 ? `, column ${e.column}` : ''}: `}${e.detail}</p>`)}</div></div>`;
}
