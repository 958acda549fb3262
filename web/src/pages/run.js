// SPDX-License-Identifier: Apache-2.0
//
// One run: how it goes, or what it did, what it could not do and why.
import { html } from '../lib/html.js';
import { count, date, duration, plural, words } from '../lib/format.js';
import { useAction, useGet, useList } from '../lib/load.js';
import { go } from '../lib/router.js';
import { ask } from '../lib/tasks.js';
import { Button, RoleNote } from '../ui/button.js';
import { ask as question } from '../ui/dialog.js';
import { Env, Status } from '../ui/status.js';
import { Empty, ErrorBox, Loaded, Note } from '../ui/states.js';
import { Facts, Page, Section } from '../ui/page.js';
import { Filters } from '../ui/filter.js';
import { Parts } from '../ui/plot.js';
import { Pager, Table } from '../ui/table.js';
import { Tabs } from '../ui/tabs.js';
import { Time } from '../ui/time.js';
import { toastTask } from '../ui/toast.js';
import { Steps, useProgress } from './parts/progress.js';

const KINDS = [['new', 'New', '--bar-new'], ['changed', 'Changed', '--bar-changed'], ['closed', 'Closed', '--bar-closed'],
	['reopened', 'Reopened', '--accent'], ['retired', 'Retired', '--bar-retired'], ['deleted', 'Deleted', '--ink-3'],
	['refused', 'Refused', '--bad']];

function sum(sets) {
	const all = { name: 'All' };

	for (const s of sets) {
		for (const [k, v] of Object.entries(s)) {
			if (typeof v === 'number') {
				all[k] = (all[k] || 0) + v;
			}
		}
	}
	return all;
}

function Counts({ run }) {
	const number = (key, title, more) => ({ key, title, num: true, sort: true, ...more });
	const sets = run.record_sets;
	const shown = KINDS.filter(([k]) => !['deleted', 'reopened'].includes(k) || sets.some((s) => s[k]));
	const columns = [
		{ key: 'name', title: 'Record set', main: true, sort: true, cell: (s) => words(s.name) },
		number('read', 'Read'), ...shown.map(([k, t]) => number(k, t, k === 'refused' ? { cell: (s) => s.refused ?
			html`<b class="ink-bad">${count(s.refused)}</b>` : html`<span class="zero">0</span>` } : {})),
		number('unchanged', 'Unchanged'), number('skipped', 'Skipped'), number('requests', 'Requests'),
		{ key: 'duration_ms', title: 'Took', num: true, sort: true, cell: (s) => duration(s.duration_ms) },
	];
	const all = sum(sets);
	const parts = KINDS.map(([k, name, colour]) => ({ name, colour, n: all[k] || 0 }));
	const written = parts.reduce((n, p) => n + p.n, 0);
	const most = Math.max(1, ...sets.map((s) => KINDS.reduce((n, [k]) => n + (s[k] || 0), 0)));

	return html`${written > 0 && html`<div class="card chart-card">
		<h2>What it changed</h2>${sets.filter((s) => KINDS.some(([k]) => s[k])).map((s) => {
			const mine = KINDS.map(([k, name, colour]) => ({ name, colour, n: s[k] || 0 }));
			const n = mine.reduce((m, p) => m + p.n, 0);

			return html`<div class="bar-row"><span>${words(s.name)}</span><div style=${{ width: `${Math.max(1, n / most * 100)}%` }}><${Parts}
				parts=${mine} label=${words(s.name)} /></div>
				<span class="num">${count(n)}</span></div>`;
		})}<ul class="legend">${parts.filter((p) => p.n).map((p) => html`<li><i class=${`dot dot-${p.colour.slice(2)}`}></i>${p.name} <b>${count(p.n)}</b></li>`)}</ul></div>`}
		<${Table} of="Counts by record set" columns=${columns} rows=${sets} rowKey=${(s) => s.name}
			foot=${sets.length > 1 ? all : undefined} empty="This run ended before it counted anything" />`;
}

function Items({ run, query }) {
	const list = useList(`/runs/${run.id}/items`, { what: query.what, record_set: query.record_set,
		after: query.after, limit: 50 });
	const columns = [
		{ key: 'key', title: 'Record', main: true, cell: (i) => html`<span class="mono">${i.key}</span>` },
		{ key: 'record_set', title: 'Record set', cell: (i) => words(i.record_set) },
		{ key: 'what', title: 'What', cell: (i) => html`<${Status} of=${i.what} />` },
		{ key: 'reason', title: 'Why', wide: true, cell: (i) => html`${i.reason}${i.request_id &&
			html` <span class="fine">request <code>${i.request_id}</code></span>`}` },
		{ key: 'go', title: '', label: 'Explain', cell: (i) => html`<a class="nowrap"
			href=${`/explain?job=${encodeURIComponent(run.job)}&key=${encodeURIComponent(i.key)}`}>Explain<span class="hidden"> ${i.key}</span></a>` },
	];

	const sets = run.record_sets.filter((s) => s.refused).map((s) => s.name);
	const again = useAction(async () => {
		const got = await ask.run(run.job, { record_sets: sets });

		toastTask(got, 'Trying the refused ones again');
		if (got.task) {
			go(`/tasks/${got.task.id}`);
		}
	});

	/* The store keeps the lists of a job's newest runs only, the counts of all. */
	const gone = run.record_sets.some((s) => s.refused || s.skipped);
	const empty = query.what || query.record_set ? html`<${Empty} icon="ok" title="No record fits this filter" />` :
		gone ? html`<${Empty} icon="info" title="These records are not kept any more">
			Of the newest 20 runs of a job they are, of older ones only the counts.<//>` :
			html`<${Empty} icon="ok" title="Nothing was refused or skipped" />`;

	return html`<div class="plan-head"><p class="prose">Refused records were sent and not taken; each later run tries them again by itself.
			Skipped ones were read and left out by a rule. What was delivered in part lacks what the reason names.</p>
			${sets.length > 0 && html`<${Button} need="operate" busy=${again.busy} onClick=${again.run}>Try the refused again now<//>`}</div>
		<${ErrorBox} error=${again.error} />
		<${Filters} of=${[{ name: 'what', label: 'What', choices: ['refused', 'skipped', ['without', 'delivered in part']] },
			{ name: 'record_set', label: 'Record set', choices: run.record_sets.map((s) => [s.name, words(s.name)]) }]} />
		<${Loaded} of=${list} show=${(d) => html`<${Table} of="Refused and skipped records" columns=${columns} rows=${d.items}
			busy=${list.loading} empty=${empty} />
			<${Pager} after=${query.after} next=${d.next} n=${d.items.length} what="records" />`} />`;
}

function Proofs({ run }) {
	const columns = [
		{ key: 'name', title: 'Read', main: true, cell: (p) => words(p.record_set || p.feed) },
		{ key: 'complete', title: 'Proof', cell: (p) => html`<${Status} of=${p.complete ? 'ok' : 'partial'}
			text=${p.complete ? 'complete' : 'not proven'} />` },
		{ key: 'records', title: 'Records', num: true }, { key: 'pages', title: 'Pages', num: true },
		{ key: 'files', title: 'Files', num: true },
		{ key: 'why', title: 'Why', wide: true, cell: (p) => p.why || html`<span class="none">all of it came, nothing twice</span>` },
	];

	return html`<p class="prose tab-intro">What is missing is retired or closed only after a read that is proven complete. What was not proven is left as it is.</p>
		<${Table} of="Proof of complete reads" columns=${columns} rows=${run.proofs} rowKey=${(p) => p.record_set || p.feed}
			empty="Nothing was read" />`;
}

function Held({ run }) {
	const approve = useAction(async () => {
		const yes = await question({ title: `Write what the guard holds back?`, danger: true, yes: 'Approve and run',
			text: html`<p>A new run of <b>${run.job}</b> reads the source again and writes all that differs, ${run.held ?
				html`these too: ${run.held.map((h) => `${plural(h.n, 'record')} of ${words(h.record_set).toLowerCase()}`).join(', ')}` : 'what the guard held back, too'}.</p>`,
			consent: 'I looked at the plan: these records are really gone' });

		if (yes) {
			const got = await ask.run(run.job, { approve: true });

			toastTask(got, 'Approved');
			if (got.task) {
				go(`/tasks/${got.task.id}`);
			}
		}
	});
	const plan = useAction(async () => {
		const got = await ask.plan(run.job);

		toastTask(got, 'Plan asked for');
		if (got.task) {
			go(`/tasks/${got.task.id}`);
		}
	});

	return html`<${Note} level="warning" title="The guard holds this run back" actions=${html`
		<${Button} need="operate" small busy=${plan.busy} onClick=${plan.run}>Make a plan to look at<//>
		<${Button} need="operate" small kind="danger" busy=${approve.busy} onClick=${approve.run}>Approve …<//>`}>
		${run.held ? html`<ul>${run.held.map((h) => html`<li>${words(h.record_set)}: ${plural(h.n, 'record')} of ${count(h.of)} would be retired,
			deleted or closed; the guard lets ${count(h.limit)} go</li>`)}</ul>` : html`<p>${run.error}</p>`}
		<${RoleNote} need="operate" what="Approving" /><//>
		<${ErrorBox} error=${approve.error || plan.error} />`;
}

function Live({ run, reload }) {
	const task = useGet(run.task ? `/tasks/${run.task}` : null);
	const progress = useProgress(`/runs/${run.id}/events`, task.data?.progress, false, reload);

	return html`<${Section} title="Progress" id="progress"><${Steps} progress=${progress} /><//>`;
}

function Actions({ run, reload }) {
	const act = useAction((fn) => fn());
	const asks = (fn) => () => act.run(fn);
	const cancel = asks(async () => {
		if (await question({ title: `Cancel run ${run.id}?`, yes: 'Cancel the run', no: 'Go on', danger: true,
			text: 'It stops behind what it has sent. Nothing is lost: the next run goes on from there.' })) {
			await ask.cancelRun(run.id);
			reload();
		}
	});
	const again = asks(async () => {
		const got = await ask.run(run.job);

		toastTask(got, `Run of ${run.job} asked for`);
		if (got.task) {
			go(`/tasks/${got.task.id}`);
		}
	});
	const undo = asks(async () => {
		const got = await ask.undo(run.id, false);

		if (got.task) {
			go(`/tasks/${got.task.id}`);
		} else {
			toastTask(got, 'Undo asked for');
		}
	});
	const running = run.status === 'running';
	const why = run.undo_of ? 'It is an undo itself' : run.undo?.possible ? '' : run.writes ?
		'What it changed is not kept any more, or was taken back' : 'It wrote nothing';

	return { error: act.error, buttons: html`${running && html`<${Button} need="operate" kind="danger" icon="stop" onClick=${cancel}>Cancel …<//>`}
		${!running && html`<${Button} need="operate" icon="undo" onClick=${undo} why=${why}>Undo: preview …<//>
		<${Button} need="operate" icon="runs" onClick=${again}>${['failed', 'partial', 'cancelled', 'dead'].includes(run.status) ?
			'Try again' : 'Run again'}<//>`}` };
}

function Run({ run, query, reload }) {
	const { error, buttons } = Actions({ run, reload });
	const refused = run.record_sets.reduce((n, s) => n + s.refused + s.skipped, 0);
	const unproven = run.proofs.filter((p) => !p.complete).length;

	return html`<${Page} title=${`Run ${run.id}`} crumbs=${[['Runs', '/runs'], [run.job, `/jobs/${encodeURIComponent(run.job)}`]]}
		sub=${html`<${Status} of=${run.status} /><a href=${`/jobs/${encodeURIComponent(run.job)}`}>${run.job}</a><${Env} of=${run.environment} />`}
		actions=${buttons}>
		<${ErrorBox} error=${error} />
		<${RoleNote} need="operate" what="Cancelling, repeating and undoing a run" />
		${run.status === 'guard' ? html`<${Held} run=${run} />` : run.error && html`<${Note}
			level=${run.status === 'failed' ? 'error' : 'warning'} title=${run.status === 'failed' ? 'It failed' : 'It did not end whole'}>${run.error}<//>`}
		<div class="card facts-card"><${Facts} of=${[['Began', html`<${Time} at=${run.started_at} full />`],
			['Ended', run.ended_at ? html`<${Time} at=${run.ended_at} full />` : 'under way'],
			['Took', run.ended_at ? duration(run.duration_ms) : undefined], ['Read', plural(run.read, 'record')],
			['Written', plural(run.writes, 'record')], ['Requests', count(run.requests)],
			['Asked by', run.asked_by || '–'], ['Takes back', run.undo_of ? html`<a href=${`/runs/${run.undo_of}`}>run ${run.undo_of}</a>` : undefined], ['Task', run.task ? html`<a href=${`/tasks/${run.task}`}>${run.task}</a>` : undefined],
			['Can be undone until', run.undo?.possible ? date(run.undo.until) : undefined]]} /></div>
		${run.status === 'running' ? html`<${Live} run=${run} reload=${reload} />` : html`<${Tabs} label="What is known of this run" clear=${['after', 'what', 'record_set']}
			tabs=${[{ key: 'counts', title: 'Counts', show: () => html`<${Counts} run=${run} />` },
				{ key: 'items', title: 'Refused and skipped', n: refused, show: () => html`<${Items} run=${run} query=${query} />` },
				{ key: 'proof', title: unproven ? `Proof: ${count(unproven)} not proven` : 'Proof', show: () => html`<${Proofs} run=${run} />` }]} />`}
	<//>`;
}

export default function View({ params, query }) {
	const id = Number(params.id);
	const got = useGet(`/runs/${params.id}`, { live: ['run', 'task'], wants: (d) => !d.id || d.id === id || d.run === id });

	return got.data ? html`<${Run} run=${got.data} query=${query} reload=${got.reload} />` :
		html`<${Page} title=${`Run ${params.id}`} crumbs=${[['Runs', '/runs']]}><${Loaded} of=${got} /><//>`;
}
