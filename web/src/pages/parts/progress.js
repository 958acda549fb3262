// SPDX-License-Identifier: Apache-2.0
//
// How far a task is: one line of it, or every step by record set and stage.
import { html, useEffect, useState } from '../../lib/html.js';
import { bytes, count, duration, plural, words } from '../../lib/format.js';
import { stream } from '../../lib/live.js';
import { KINDS, taskHref } from '../../lib/tasks.js';
import { Icon } from '../../ui/icon.js';
import { Progress } from '../../ui/progress.js';
import { Note } from '../../ui/states.js';
import { Status } from '../../ui/status.js';
import { Since, Time } from '../../ui/time.js';

const STAGES = [['fetch', 'Fetch'], ['compare', 'Compare'], ['collect', 'Collect'], ['push', 'Push']];

function amount(p, n = p.done) {
	return p.bytes ? bytes(n) : count(n);
}

/** "push device_vulnerabilities: 1,200 of 5,000" */
function progressText(p) {
	return !p ? '' : p.waits ? `waits for ${p.waits}` : `${p.stage} ${words(p.what).toLowerCase()}` +
		(p.total ? `: ${amount(p)} of ${amount(p, p.total)}` : p.done ? `: ${amount(p)}` : '');
}

/** A task on one line, with its bar. */
export function TaskLine({ task: t }) {
	const p = t.progress;

	return html`<a class="task-line" href=${taskHref(t)}>
		<span class="task-line-name"><b>${KINDS[t.kind] || t.kind}</b> ${t.job || t.connection || ''}</span>
		<${Status} of=${t.state} />
		${p ? html`<span class="task-line-bar"><${Progress} done=${p.done} total=${p.total} label=${`${t.kind} ${t.job || ''}`}
			text=${progressText(p)} /><span class="fine">${progressText(p)}</span></span>` :
			html`<span class="task-line-bar fine">${t.state === 'waiting' ? 'a second person must approve it' :
				t.state === 'queued' ? 'begins as soon as a worker is free' : 'beginning'}</span>`}
		<span class="fine nowrap">${p?.left_ms ? html`${duration(p.left_ms)} left` : t.started_at ?
			html`<${Since} at=${t.started_at} />` : html`<${Time} at=${t.created_at} rel />`}</span></a>`;
}

/**
 * The progress of a task or run as it happens. where: "/runs/4713/events";
 * first: what is known already; over: no longer followed. onChange: the task
 * itself changed.
 */
export function useProgress(where, first, over, onChange) {
	const [now, set] = useState(null);

	useEffect(() => {
		if (!where || over) {
			return undefined;
		}
		return stream(where, {
			progress: (p) => set((old) => merge(old || first, p)),
			task: () => onChange?.(),
			run: () => onChange?.(),
		}, { onEnd: () => onChange?.(), onAgain: () => onChange?.() });
	}, [where, over]);
	return now || first;
}

/** Steps add up even where the server only tells the one that it is at. */
function merge(old, p) {
	if (!p || p.steps) {
		return p || old;
	}
	const steps = (old?.steps || (old?.stage ? [old] : [])).map((s) => ({ ...s, end: true }));
	const i = steps.findIndex((s) => s.stage === p.stage && s.what === p.what);
	const began = (i < 0 ? null : steps[i].began || steps[i].at) || p.at;
	const step = { ...p, end: Boolean(p.end), began, ms: p.ms ?? new Date(p.at) - new Date(began) };

	// The server tells one step after another: what is not the last has ended.
	if (i < 0) {
		steps.push(step);
	} else {
		steps[i] = step;
	}
	return { ...p, steps };
}

/** What a step does or did a second; null: nothing that could be told. */
function rateOf(step, now) {
	const a = step.stage === now?.stage && step.what === now?.what && now.rate ? now.rate :
		step.ms > 0 ? step.done / step.ms * 1000 : 0;

	return a > 0 ? `${step.bytes ? bytes(a) : count(Math.round(a))}/s` : null;
}

/** Time left of a step that is under way, in ms; null: not known. */
function leftOf(step, now) {
	return step.stage === now?.stage && step.what === now?.what ? now.left_ms ?? null :
		step.total > step.done && step.done > 0 && step.ms > 0 ? (step.total - step.done) * step.ms / step.done : null;
}

/** now: the progress of the whole, which tells of the step that it is at */
function Cell({ step, title, now }) {
	if (!step) {
		return html`<td class="step step-none"><span class="none">–</span></td>`;
	}
	return html`<td class=${step.end ? 'step step-end' : 'step step-now'} data-label=${title}><div>
		${step.end ? html`<span class="step-done"><${Icon} name="ok" size=${14} />${amount(step)}
			<span class="fine">${[step.ms > 0 && `in ${duration(step.ms)}`, step.ms >= 1000 && rateOf(step),
				step.requests > 0 && plural(step.requests, 'request')].filter(Boolean).join(', ')}</span></span>` :
			html`<${Progress} done=${step.done} total=${step.total} label=${`${step.stage} ${step.what}`} text=${progressText(step)} />
			<span class="fine">${[`${amount(step)}${step.total ? ` of ${amount(step, step.total)}` : ''}`, rateOf(step, now),
				leftOf(step, now) > 0 && `${duration(leftOf(step, now))} left`, step.requests > 0 &&
				plural(step.requests, 'request')].filter(Boolean).join(', ')}</span>`}</div></td>`;
}

/** Everything so far: a row for each record set or feed, a column for each stage. */
export function Steps({ progress: p, over }) {
	const steps = p?.steps?.length ? p.steps : p?.stage ? [p] : [];
	const whats = [...new Set(steps.map((s) => s.what))];
	const stages = STAGES.filter(([s]) => s === 'fetch' || s === 'push' || steps.some((x) => x.stage === s));

	if (!steps.length) {
		return html`<p class="none" role="status">${over ? 'It ended before anything was read.' : 'It begins; nothing was read yet.'}</p>`;
	}
	return html`<div class="live-facts" role="status" aria-live="off">
			<div><span>Now</span><b>${progressText(p)}</b></div>
			<div><span>Rate</span><b>${p.rate ? `${p.bytes ? bytes(p.rate) : count(Math.round(p.rate))}/s` : '–'}</b></div>
			<div><span>Time left</span><b>${p.left_ms !== null && p.left_ms !== undefined ? duration(p.left_ms) : '–'}</b></div>
			<div><span>Requests</span><b>${count(p.requests)}</b></div></div>
		${p.waits && html`<${Note} level="warning">It waits for ${p.waits}${p.waits_until && html`, until <${Time} at=${p.waits_until} />`}.<//>`}
		<div class="table-box"><table class="table steps"><caption class="hidden">Progress by record set and stage</caption>
			<thead><tr><th scope="col">Record set or feed</th>${stages.map(([, t]) => html`<th scope="col">${t}</th>`)}</tr></thead>
			<tbody>${whats.map((w) => html`<tr key=${w}><th scope="row">${words(w)}</th>${stages.map(([s, title]) =>
				html`<${Cell} title=${title} now=${p} step=${steps.find((x) => x.what === w && x.stage === s)} />`)}</tr>`)}</tbody></table></div>`;
}
