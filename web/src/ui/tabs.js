// SPDX-License-Identifier: Apache-2.0
//
// Tabs: one of several views of the same thing. Which one is in the address.
import { html, useId, useRef } from '../lib/html.js';
import { setQuery, useHere } from '../lib/router.js';
import { count } from '../lib/format.js';

/** tabs: [{key, title, n, show()}]; name: of the parameter in the address */
export function Tabs({ tabs, label, name = 'tab', clear = [] }) {
	const id = useId();
	const list = useRef(null);
	const { query } = useHere();
	const now = tabs.find((t) => t.key === query[name]) || tabs[0];
	const choose = (t) => setQuery({ [name]: t === tabs[0] ? null : t.key,
		...Object.fromEntries(clear.map((k) => [k, null])) }, { replace: true });
	const keys = (e) => {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
		const to = step ? tabs.indexOf(now) + step :
			{ Home: 0, End: tabs.length - 1 }[e.key];

		if (to === undefined) {
			return;
		}
		e.preventDefault();
		const i = (to + tabs.length) % tabs.length;

		choose(tabs[i]);
		list.current.children[i].focus();
	};

	return html`<div class="tabs"><div class="tab-list" role="tablist" aria-label=${label}
		ref=${list} onKeyDown=${keys}>${tabs.map((t) => html`<button type="button" role="tab"
			id=${`${id}-${t.key}`} aria-selected=${t === now} aria-controls=${`${id}-panel`}
			tabindex=${t === now ? 0 : -1} onClick=${() => choose(t)}>${t.title}${
			typeof t.n === 'number' && html` <span class="tab-n">${count(t.n)}</span>`}</button>`)}</div>
		<div class="tab-panel" role="tabpanel" id=${`${id}-panel`} tabindex="-1"
			aria-labelledby=${`${id}-${now.key}`}>${now.show()}</div></div>`;
}
