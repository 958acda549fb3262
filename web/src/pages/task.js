// SPDX-License-Identifier: Apache-2.0
//
// One task: how far it is, then what came of it. A plan and an undo show what
// they would write; the rest shows what the command printed.
import { html } from '../lib/html.js';
import { query as q } from '../lib/api.js';
import { bytes, duration } from '../lib/format.js';
import { useAction, useGet } from '../lib/load.js';
import { KINDS, ask, cancelNeeds, isOver, outcome } from '../lib/tasks.js';
import { Button, RoleNote } from '../ui/button.js';
import { ask as question } from '../ui/dialog.js';
import { Status } from '../ui/status.js';
import { ErrorBox, Loaded, Note } from '../ui/states.js';
import { Facts, Page, Section } from '../ui/page.js';
import { Tabs } from '../ui/tabs.js';
import { Time } from '../ui/time.js';
import { toast } from '../ui/toast.js';
import { Checks } from './parts/checks.js';
import { Output } from './parts/output.js';
import { PlanView } from './parts/plan.js';
import { Steps, useProgress } from './parts/progress.js';
import { UndoView } from './parts/undo.js';

const RESULTS = {
	plan: ['Changes', PlanView], undo: ['What it takes back', UndoView],
	test: ['Checks', Checks], setup: ['Checks', Checks],
};
const CHECKS = ['test', 'setup'];

function Going({ task, reload }) {
	const progress = useProgress(`/tasks/${task.id}/events`, task.progress, false, reload);

	return html`<${Section} title="Progress" id="progress">${task.state === 'waiting' ?
		html`<${Note} title="A second person must approve this" actions=${html`<${Button} small href="/approvals">Approvals<//>`} />` :
		task.state === 'queued' ? html`<${Note} title="It is queued">It begins as soon as a worker is free and its job is not busy.<//>` :
			CHECKS.includes(task.kind) ? html`<${Checks} task=${task} />` : html`<${Steps} progress=${progress} />`}<//>`;
}

function Results({ task, query }) {
	const result = task.state === 'done' && RESULTS[task.kind];
	const Result = result && result[1];
	const tabs = [
		result && { key: 'result', title: result[0], show: () => html`<${Result} task=${task} query=${query} />` },
		{ key: 'output', title: 'Output', show: () => html`<${Output} task=${task} part="output" />` },
		{ key: 'log', title: 'Log', show: () => html`<${Output} task=${task} part="log" />` },
	].filter(Boolean);

	return html`<${Tabs} key=${task.state} tabs=${tabs} label="What came of this task"
		clear=${['after', 'record_set', 'action', 'q']} />`;
}

/** The page that shows what came of it better than its output; null: there is none. */
function shownAt(t) {
	const words = t.argv.filter((w) => !w.startsWith('-'));

	return t.state !== 'done' || !t.job ? null :
		t.kind === 'report' ? [`/reports/${encodeURIComponent(words[1])}${q({ job: t.job, task: t.id })}`, 'Open the report'] :
			t.kind === 'explain' ? [`/explain${q({ job: t.job, key: words.at(-1), task: t.id })}`, 'Open the explanation'] : null;
}

function Task({ task: t, query, reload }) {
	const cancel = useAction(async () => {
		if (await question({ title: `Cancel task ${t.id}?`, yes: 'Cancel the task', no: 'Go on', danger: true,
			text: t.state === 'running' ? 'It stops behind what it has sent.' : 'It will not begin.' })) {
			await ask.cancelTask(t.id);
			toast('Cancelled');
			reload();
		}
	});
	const over = isOver(t);
	const about = t.job || t.connection;
	const shown = shownAt(t);

	return html`<${Page} title=${`${KINDS[t.kind] || t.kind}${about ? ` of ${about}` : ''}`} crumbs=${[['Tasks', '/tasks']]}
		sub=${html`<${Status} ...${outcome(t)} /><span>task ${t.id}</span>
			${t.run && html`<a href=${`/runs/${t.run}`}>Run ${t.run}</a>`}`}
		actions=${over ? shown && html`<${Button} kind="primary" href=${shown[0]}>${shown[1]}<//>` : html`<${Button} need=${cancelNeeds(t)} kind="danger" icon="stop" busy=${cancel.busy} onClick=${cancel.run}
			why=${t.cancelling ? 'It is stopping already' : ''}>Cancel …<//>`}>
		<${ErrorBox} error=${cancel.error} />
		${!over && html`<${RoleNote} need=${cancelNeeds(t)} what="Cancelling a task" />`}
		${t.error && html`<${Note} level=${t.state === 'failed' ? 'error' : 'warning'} title="It ended badly">${t.error}<//>`}
		<div class="card facts-card"><${Facts} of=${[['Asked by', `${t.asked_by} (${t.asked_via})`],
			['Approved by', t.approved_by || undefined], ['Asked', html`<${Time} at=${t.created_at} full />`],
			['Began', t.started_at ? html`<${Time} at=${t.started_at} full />` : undefined],
			['Took', t.started_at && t.ended_at ? duration(new Date(t.ended_at) - new Date(t.started_at)) : undefined],
			['Node', t.node || undefined], ['Command', html`<code>muster ${t.argv.join(' ')}</code>`],
			['Output', over ? bytes(t.output_bytes) : undefined]]} /></div>
		${over ? html`<${Results} task=${t} query=${query} />` : html`<${Going} task=${t} reload=${reload} />`}<//>`;
}

export default function View({ params, query }) {
	const id = Number(params.id);
	const got = useGet(`/tasks/${params.id}`, { live: ['task'], wants: (d) => !d.id || d.id === id });

	return got.data ? html`<${Task} task=${got.data} query=${query} reload=${got.reload} />` :
		html`<${Page} title=${`Task ${params.id}`} crumbs=${[['Tasks', '/tasks']]}><${Loaded} of=${got} /><//>`;
}
