// SPDX-License-Identifier: Apache-2.0
//
// A table: sorted by its head, walked by arrow keys, a list of cards on a
// phone. Long lists come page by page (Pager), so that none is ever heavy.
import { cls, html, useMemo, useState } from '../lib/html.js';
import { setQuery } from '../lib/router.js';
import { count } from '../lib/format.js';
import { Button } from './button.js';
import { Empty } from './states.js';

// From so many columns on they stand closer.
const MANY = 9;

function compare(a, b) {
	const none = (v) => v === null || v === undefined || v === '';

	if (none(a) || none(b)) {
		return none(a) - none(b);
	}
	return typeof a === 'number' && typeof b === 'number' ? a - b :
		String(a).localeCompare(String(b), 'en', { numeric: true });
}

/** From row to row by arrow keys, on the first thing in each that takes focus. */
function walk(e) {
	const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];

	if (!step || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) {
		return;
	}
	const row = e.target.closest('tr');
	const to = step > 0 ? row?.nextElementSibling : row?.previousElementSibling;
	const on = to?.querySelector('a, button, input');

	if (on) {
		e.preventDefault();
		on.focus();
	}
}

/**
 * columns: [{key, title, cell(row) (else row[key]), num: right and grouped,
 * sort: true or fn(row) → value, main: what the row is (its heading), wide,
 * hide: not on narrow screens}]; rows: all of them or one page; of: caption for
 * readers; empty: what stands there when there is nothing; foot: row below.
 */
export function Table({ columns, rows, of: caption, rowKey = (r) => r.id ?? r.name,
	empty, sortBy, rowClass, foot, busy }) {
	const [sort, set] = useState(sortBy || null);
	const sorted = useMemo(() => {
		const col = sort && columns.find((c) => c.key === sort.key);

		if (!col) {
			return rows;
		}
		const of = typeof col.sort === 'function' ? col.sort : (r) => r[col.key];

		return [...rows].sort((a, b) => compare(of(a), of(b)) * (sort.down ? -1 : 1));
	}, [rows, sort, columns]);

	if (!rows.length && empty !== undefined) {
		return typeof empty === 'string' ? html`<${Empty} title=${empty} />` : empty;
	}
	const head = (c) => {
		const is = sort?.key === c.key;

		return html`<th scope="col" class=${cls({ num: c.num, wide: c.wide, hide: c.hide })}
			aria-sort=${is ? sort.down ? 'descending' : 'ascending' : undefined}>
			${c.sort ? html`<button type="button" class="sort" onClick=${() =>
				set({ key: c.key, down: is ? !sort.down : Boolean(c.num) })}>${c.title}<i
				class=${cls('sort-mark', is && (sort.down ? 'down' : 'up'))}></i></button>` :
				c.title || html`<span class="hidden">${c.label || 'Actions'}</span>`}</th>`;
	};
	const body = (c, row) => {
		const inside = c.cell ? html`<div class="cell">${c.cell(row)}</div>` :
			typeof row[c.key] === 'number' ? count(row[c.key]) : row[c.key] ?? '–';
		const looks = cls({ num: c.num, wide: c.wide, hide: c.hide, zero: c.num &&
			!c.cell && row[c.key] === 0 });

		return c.main ? html`<th scope="row" class=${looks} data-label=${c.title}>${inside}</th>` :
			html`<td class=${looks} data-label=${c.title}>${inside}</td>`;
	};

	return html`<div class=${cls('table-box', { busy })}><table class=${cls('table', { tight: columns.length > MANY })} onKeyDown=${walk}>
		<caption class="hidden">${caption}</caption>
		<thead><tr>${columns.map(head)}</tr></thead>
		<tbody>${sorted.map((row) => html`<tr key=${rowKey(row)} class=${rowClass?.(row)}>
			${columns.map((c) => body(c, row))}</tr>`)}</tbody>
		${foot && html`<tfoot><tr>${columns.map((c) => body(c, foot))}</tr></tfoot>`}
	</table></div>`;
}

/** Goes on by key: `after` of the address. next: the cursor of the list */
export function Pager({ after, next, n, what = 'rows', name = 'after' }) {
	if (!after && !next) {
		return n > 1 ? html`<p class="pager-all">${count(n)} ${what}, all of them</p>` : null;
	}
	return html`<nav class="pager" aria-label="Pages">
		<${Button} small icon="left" why=${after ? '' : 'This is the first page'}
			onClick=${() => setQuery({ [name]: null })}>First<//>
		<${Button} small why=${next ? '' : 'This is the last page'}
			onClick=${() => setQuery({ [name]: next })}>Next<//>
	</nav>`;
}
