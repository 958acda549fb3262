// SPDX-License-Identifier: Apache-2.0
//
// Plots over time (uPlot, loaded when the first one is drawn), and bars. Each
// can be read as a table, too: a picture alone tells not everybody.
import { cls, html, useEffect, useRef, useState } from '../lib/html.js';
import { count } from '../lib/format.js';
import { theme } from '../lib/theme.js';
import { useStore } from '../lib/store.js';

let library = null;

function loadLibrary() {
	library ||= import('uplot').then((m) => m.default);
	return library;
}

/** What a colour of tokens.css is right now. */
function colour(el, name, soft) {
	el.style.color = soft ? `color-mix(in srgb, var(${name}) 42%, var(--surface))` : `var(${name})`;
	const value = getComputedStyle(el).color;

	el.style.color = '';
	return value;
}

const short = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 });
const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const dayText = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayTime = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short',
	...clock });
const timeText = new Intl.DateTimeFormat('en-GB', clock);
const secondText = new Intl.DateTimeFormat('en-GB', { ...clock, second: '2-digit' });

/** Marks below a plot: days, or times where they are closer. */
function marks(at) {
	const step = at.length > 1 ? at[1] - at[0] : 86400;
	const text = step >= 86400 ? dayText : step >= 60 ? timeText : secondText;

	return at.map((t) => text.format(new Date(t * 1000)));
}

/** Sums from the bottom up, so that areas stand on each other. */
function stack(series) {
	const sums = [];

	return series.map((s) => {
		s.values.forEach((v, i) => {
			sums[i] = (sums[i] || 0) + (v ?? 0);
		});
		return [...sums];
	});
}

function options(el, size, series, stacked) {
	const ink = colour(el, '--ink-2');
	const line = colour(el, '--line');
	const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false },
		font: `11px ${getComputedStyle(el).fontFamily}` };

	return {
		...size, padding: [10, 8, 0, 0], legend: { show: false },
		cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
		scales: { x: { time: true }, y: { range: (u, lo, hi) => [0, hi > 0 ? hi * 1.06 : 1] } },
		axes: [{ ...axis, grid: { show: false }, size: 28, space: 70,
			values: (u, at) => marks(at) },
		{ ...axis, size: 46, values: (u, at) => at.map((v) => short.format(v)) }],
		series: [{}, ...series.map((s) => {
			const c = colour(el, s.colour);

			return { stroke: c, width: 1.5, points: { show: false },
				// The whole is drawn first and parts over it: nothing may shine through.
				fill: stacked ? colour(el, s.colour, true) : undefined };
		})],
	};
}

/**
 * times: of RFC 3339; series: [{name, colour: a name of tokens.css, values}];
 * stacked: areas on each other, the first one at the bottom. label: what it
 * shows, in one line.
 */
export function Plot({ times, series, stacked, label, height = 200 }) {
	const box = useRef(null);
	const [asTable, setTable] = useState(false);
	const [at, setAt] = useState(null);
	const [broken, setBroken] = useState(false);
	const colours = useStore(theme);

	useEffect(() => {
		if (asTable) {
			return undefined;
		}
		const el = box.current;
		let plot = null;
		let gone = false;
		const xs = times.map((t) => Date.parse(t) / 1000);
		const ys = stacked ? stack(series) : series.map((s) => s.values);
		// The whole is drawn first, so that no area hides another.
		const order = stacked ? series.map((_, i) => series.length - 1 - i) : series.map((_, i) => i);
		const watch = new ResizeObserver(() =>
			plot?.setSize({ width: el.clientWidth, height }));

		loadLibrary().then((UPlot) => {
			if (gone) {
				return;
			}
			plot = new UPlot({
				...options(el, { width: el.clientWidth, height }, order.map((i) => series[i]), stacked),
				hooks: { setCursor: [(u) => setAt(u.cursor.idx ?? null)] },
			}, [xs, ...order.map((i) => ys[i])], el);
			watch.observe(el);
		}, () => setBroken(true));
		return () => {
			gone = true;
			watch.disconnect();
			plot?.destroy();
		};
	}, [times, series, stacked, height, colours, asTable]);

	const i = at ?? times.length - 1;

	return html`<figure class="plot">
		<figcaption class="plot-head"><span class="plot-at">${times[i] ? dayTime.format(new Date(times[i])) : ''}</span>
			<ul class="legend">${[...series].reverse().map((s) => html`<li><i class=${`dot dot-${s.colour.slice(2)}`}></i>
				${s.name} <b>${count(s.values[i])}</b></li>`)}</ul>
			<button type="button" class="btn-link fine" aria-pressed=${asTable}
				onClick=${() => setTable(!asTable)}>${asTable ? 'As plot' : 'As table'}</button></figcaption>
		${asTable || broken ? html`<div class="plot-table"><table class="table"><caption class="hidden">${label}</caption>
			<thead><tr><th scope="col">Time</th>${series.map((s) => html`<th scope="col" class="num">${s.name}</th>`)}</tr></thead>
			<tbody>${[...times.keys()].reverse().map((k) => html`<tr><th scope="row" data-label="Time">${dayTime.format(new Date(times[k]))}</th>
				${series.map((s) => html`<td class="num" data-label=${s.name}>${count(s.values[k])}</td>`)}</tr>`)}</tbody></table></div>` :
		html`<div ref=${box} class="plot-box" role="img" aria-label=${label}
			style=${{ height: `${height}px` }}></div>`}</figure>`;
}

/**
 * One column for each row: {name, title, parts: [{name, colour, n}]}, as days
 * of changes. label: what it shows.
 */
export function Columns({ rows, label, height = 120 }) {
	const [on, setOn] = useState(null);
	const most = Math.max(1, ...rows.map((r) => r.parts.reduce((n, p) => n + p.n, 0)));
	const shown = rows[on ?? rows.length - 1];
	const keys = (e) => {
		const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];

		if (step) {
			e.preventDefault();
			setOn(Math.min(rows.length - 1, Math.max(0, (on ?? rows.length - 1) + step)));
		}
	};

	return html`<figure class="plot"><figcaption class="plot-head">
		<span class="plot-at">${shown?.title}</span><ul class="legend" aria-live="polite">${shown?.parts.map((p) =>
			html`<li><i class=${`dot dot-${p.colour.slice(2)}`}></i>${p.name} <b>${count(p.n)}</b></li>`)}</ul></figcaption>
		<div class="columns" role="slider" tabindex="0" aria-label=${label} aria-valuemin="0" aria-valuemax=${rows.length - 1}
			aria-valuenow=${on ?? rows.length - 1} aria-valuetext=${shown &&
				`${shown.title}: ${shown.parts.map((p) => `${p.name} ${count(p.n)}`).join(', ')}`}
			style=${{ height: `${height}px` }} onKeyDown=${keys} onMouseLeave=${() => setOn(null)}>
			${rows.map((r, i) => html`<div class=${cls('column', { on: i === on })} onMouseEnter=${() => setOn(i)}>
				${r.parts.map((p) => p.n > 0 && html`<i class=${`dot-${p.colour.slice(2)}`}
					style=${{ height: `${p.n / most * 100}%` }}></i>`)}</div>`)}</div>
		<div class="columns-ends" aria-hidden="true"><span>${rows[0]?.title}</span><span>${rows.at(-1)?.title}</span></div>
	</figure>`;
}

/** Parts of a whole on one line: [{name, colour, n}]. */
export function Parts({ parts, label }) {
	const all = parts.reduce((n, p) => n + p.n, 0);

	return html`<div class="parts" role="img" aria-label=${`${label}: ${parts.map((p) => `${p.name} ${count(p.n)}`).join(', ')}`}>
		${parts.map((p) => p.n > 0 && html`<i class=${`dot-${p.colour.slice(2)}`} style=${{ flexGrow: p.n / all }}
			title=${`${p.name}: ${count(p.n)}`}></i>`)}</div>`;
}
