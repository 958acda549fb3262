// SPDX-License-Identifier: Apache-2.0
//
// What a page shows instead of data: nothing yet, nothing at all, an error.
import { html, useEffect, useState } from '../lib/html.js';
import { Button } from './button.js';
import { Icon } from './icon.js';

const TITLES = {
	unreachable: 'The server does not answer',
	forbidden: 'You may not see this',
	not_found: 'There is no such thing',
	unavailable: 'The server cannot answer right now',
	too_many_requests: 'Too many requests',
	changed: 'Somebody else changed this meanwhile',
	conflict: 'That does not go together',
};

/** After a moment: what is quick need not flicker. */
export function Loading({ what = 'Loading' }) {
	const [late, set] = useState(false);

	useEffect(() => {
		const clock = setTimeout(() => set(true), 250);

		return () => clearTimeout(clock);
	}, []);
	return html`<div class="state state-loading" role="status" aria-live="polite">
		${late && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
		<span>${what}…</span>`}</div>`;
}

/** children: what to do about it */
export function Empty({ title, icon, children }) {
	return html`<div class="state state-empty">
		${icon && html`<${Icon} name=${icon} size=${28} />`}
		<p class="state-title">${title}</p>
		${children && html`<div class="state-text">${children}</div>`}</div>`;
}

/** An ApiError; retry: what is done to try again. */
export function ErrorBox({ error, retry, title }) {
	if (!error) {
		return null;
	}
	return html`<div class="box box-error" role="alert"><${Icon} name="error" />
		<div><p class="box-title">${title || TITLES[error.code] || 'That did not work'}</p>
			<p>${error.message}</p>
			${error.errors?.length > 0 && html`<ul>${error.errors.map((e) =>
				html`<li><code>${e.pointer}</code> ${e.detail}</li>`)}</ul>`}
			${error.instance && html`<p class="fine">Request <code>${error.instance}</code>, as in the log</p>`}
			${retry && html`<p><${Button} small icon="refresh" onClick=${retry}>Try again<//></p>`}
		</div></div>`;
}

/** level: "info", "ok", "warning", "error" */
export function Note({ level = 'info', title, children, actions }) {
	return html`<div class="box box-${level}" role=${level === 'error' ? 'alert' : undefined}>
		<${Icon} name=${level} /><div>
			${title && html`<p class="box-title">${title}</p>`}
			${children && html`<div>${children}</div>`}</div>
		${actions && html`<div class="box-actions">${actions}</div>`}</div>`;
}

/**
 * Data of useGet, or what stands in for it. show(data) draws; an error of a
 * later look stands above what is still there.
 */
export function Loaded({ of: got, what, show }) {
	if (got.data === undefined) {
		return got.error ? html`<${ErrorBox} error=${got.error} retry=${got.reload} />` :
			html`<${Loading} what=${what} />`;
	}
	return html`${got.error && html`<${ErrorBox} error=${got.error} retry=${got.reload}
		title="What you see may be old" />`}${show(got.data)}`;
}
