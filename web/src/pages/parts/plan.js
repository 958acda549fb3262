// SPDX-License-Identifier: Apache-2.0
//
// A plan: how much of what, each change field by field, and the button that
// writes exactly this.
import { html } from '../../lib/html.js';
import { count, duration, plural, words } from '../../lib/format.js';
import { useAction, useList } from '../../lib/load.js';
import { go, setQuery } from '../../lib/router.js';
import { ACTIONS, ask } from '../../lib/tasks.js';
import { Button, RoleNote } from '../../ui/button.js';
import { Diff } from '../../ui/diff.js';
import { ask as question } from '../../ui/dialog.js';
import { Empty, ErrorBox, Loaded, Note } from '../../ui/states.js';
import { Filters } from '../../ui/filter.js';
import { Pager } from '../../ui/table.js';
import { Badge } from '../../ui/status.js';
import { Time } from '../../ui/time.js';
import { toastTask } from '../../ui/toast.js';

const ORDER = ['insert', 'update', 'reopen', 'close', 'retire', 'delete', 'forget'];
const OPEN_FIELDS = 4;

/** How many of what; each number shows only these. order: of the actions */
export function Counts({ counts, query, order = ORDER }) {
	const sets = [...new Set(counts.map((c) => c.record_set))];
	const actions = order.filter((a) => counts.some((c) => c.action === a));
	const of = (s, a) => counts.find((c) => c.record_set === s && c.action === a);

	return html`<div class="table-box plan-counts"><table class="table"><caption class="hidden">How many changes of what</caption>
		<thead><tr><th scope="col">Record set</th>${actions.map((a) => html`<th scope="col" class="num">${ACTIONS[a][0]}</th>`)}</tr></thead>
		<tbody>${sets.map((s) => html`<tr key=${s}><th scope="row">${words(s)}</th>${actions.map((a) => {
			const c = of(s, a);
			const on = query.record_set === s && query.action === a;

			return html`<td class="num" data-label=${ACTIONS[a][0]}>${c ? html`<button type="button" class="btn-link" aria-pressed=${on}
				aria-label=${`${words(s)}, ${ACTIONS[a][0].toLowerCase()}: ${count(c.n)}. Show only these`}
				onClick=${() => setQuery(on ? { record_set: null, action: null, after: null } :
					{ record_set: s, action: a, after: null })}>${count(c.n)}</button>${c.held > 0 && html` <${Badge} level="warn"
				title="held back by the guard">${c.held === c.n ? 'held' : `${count(c.held)} held`}<//>`}` : html`<span class="zero">0</span>`}</td>`;
		})}</tr>`)}</tbody></table></div>`;
}

export function Change({ change: c }) {
	const [name, level] = ACTIONS[c.action] || [c.action, 'dim'];
	const open = c.fields.length <= OPEN_FIELDS;
	// Of a new or changed record it is odd to have no columns, of others not.
	const bare = !c.fields.length && !['insert', 'update'].includes(c.action);
	const head = html`<${Badge} level=${level}>${name}<//> <b class="mono">${c.key || c.group}</b>
		<span class="change-where">${words(c.record_set)}${c.group && c.group !== c.key && ` of ${c.group}`}${c.table && html`, <code>${c.table}</code>`}</span>
		${c.held && html`<${Badge} level="warn">held by the guard<//>`}`;

	return html`<li class="change">${open ? html`<div class="change-head">${head}</div>${!bare && html`<${Diff} bare fields=${c.fields}
		kind=${c.action} of=${`Columns of ${c.key}`} />`}${c.why && html`<p class="change-why">${c.why}</p>`}` : html`<details><summary class="change-head">${head}
		<span class="fine">${plural(c.fields.length, 'column')}</span></summary><${Diff} bare fields=${c.fields} kind=${c.action}
		of=${`Columns of ${c.key}`} /></details>`}</li>`;
}

function Approve({ task, plan }) {
	const all = plan.counts.reduce((n, c) => n + c.n, 0);
	const held = plan.counts.reduce((n, c) => n + c.held, 0);
	const write = useAction(async () => {
		const yes = await question({ title: `Write ${plural(all, 'change')} to ServiceNow?`, yes: 'Write exactly this plan',
			text: html`<p>What this plan shows is written, and nothing else. If the source, the rules or what was delivered changed meanwhile, the run
				refuses it and says so.</p>`, danger: held > 0,
			consent: held > 0 && `I looked at the ${plural(held, 'record')} that the guard holds back: they are really gone` });

		if (yes) {
			const got = await ask.run(task.job, { plan: task.id, ...held > 0 && { approve: true } });

			toastTask(got, 'The plan is being written');
			if (got.task) {
				go(`/tasks/${got.task.id}`);
			}
		}
	});

	return html`<div class="plan-head"><p>${plural(all, 'change')} in about ${plural(plan.requests, 'request')}, ${duration(plan.estimated_ms)}; made <${Time} at=${plan.made_at} rel />${held > 0 && html`; <b>${count(held)} held by the guard</b>`}</p>
		<${Button} need="operate" kind=${held ? 'danger' : 'primary'} busy=${write.busy} onClick=${write.run}
			why=${plan.whole === false ? 'It was not kept whole' : ''}>${held ?
			'Approve and write …' : 'Write this plan …'}<//>
		<${RoleNote} need="operate" what="Writing a plan" /></div>
		${plan.whole === false && html`<${Note} level="warning" title="This plan was too large to be kept whole">
			What you see is its beginning; it cannot be written exactly. Plan some record sets alone.<//>`}<${ErrorBox} error=${write.error} />`;
}

export function PlanView({ task, query, readOnly }) {
	const { record_set, action, q, after } = query;
	const list = useList(`/tasks/${task.id}/changes`, { record_set, action, q, after, limit: 50 });

	return html`<${Loaded} of=${list} what="Looking up changes" show=${(d) => d.counts.length === 0 ? html`<${Empty} icon="ok"
		title="Nothing to do"><p>ServiceNow holds what it should: a run would write nothing.</p><//>` : html`
		${!readOnly && html`<${Approve} task=${task} plan=${d} />`}
		<${Counts} counts=${d.counts} query=${query} />
		<${Filters} of=${[{ name: 'record_set', label: 'Record set', choices: [...new Set(d.counts.map((c) => c.record_set))].map((s) => [s, words(s)]) },
			{ name: 'action', label: 'Change', choices: ORDER.filter((a) => d.counts.some((c) => c.action === a)).map((a) => [a, ACTIONS[a][0]]) },
			{ name: 'q', label: 'Key, column or value', text: true }]} />
		${d.items.length ? html`<ul class=${list.loading ? 'changes busy' : 'changes'}>${d.items.map((c) => html`<${Change} change=${c} key=${`${c.record_set} ${c.group} ${c.key} ${c.action}`} />`)}</ul>` :
			html`<${Empty} title="No change fits this filter" />`}
		<${Pager} after=${after} next=${d.next} n=${d.items.length} what="changes" />`} />`;
}
