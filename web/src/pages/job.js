// SPDX-License-Identifier: Apache-2.0
//
// One job: how it stands, when it runs, what it delivered.
import { html, useState } from '../lib/html.js';
import { api, may, path } from '../lib/api.js';
import { when, words } from '../lib/format.js';
import { useAction, useGet, useList } from '../lib/load.js';
import { go } from '../lib/router.js';
import { isOver } from '../lib/tasks.js';
import { Button, RoleNote } from '../ui/button.js';
import { ask } from '../ui/dialog.js';
import { Env } from '../ui/status.js';
import { Empty, ErrorBox, Loaded, Note } from '../ui/states.js';
import { Facts, Page, Section } from '../ui/page.js';
import { Columns } from '../ui/plot.js';
import { Time } from '../ui/time.js';
import { toast } from '../ui/toast.js';
import { AskDialog, RunButton } from './parts/ask-run.js';
import { JobState, NextRun } from './parts/job-state.js';
import { TaskLine } from './parts/progress.js';
import { RunList } from './runs.js';

function Written({ job }) {
	const list = useList('/runs', { job: job.name, limit: 50 }, { live: ['run'] });
	const runs = (list.items || []).filter((r) => r.ended_at).reverse();

	return runs.length > 2 && html`<${Section} title="Written by its last runs" id="written" class="card">
		<${Columns} label="Records written by the last runs" height=${90} rows=${runs.map((r) => ({ title: `Run ${r.id}, ${when(r.started_at)}`,
			parts: [{ name: 'written', colour: '--accent', n: r.writes }] }))} /><//>`;
}

function Changing({ job, etag, reload }) {
	const act = useAction((fn) => fn());
	const [asking, setAsking] = useState(false);
	const tries = (fn) => () => act.run(fn);
	const pause = tries(async () => {
		const why = await ask({ title: `Pause ${job.name}?`, yes: 'Pause', why: 'Why',
			text: html`<p>It does not run by itself until somebody resumes it. A run that is under way ends as usual.</p>` });

		if (why) {
			await api.post(path`/jobs/${job.name}/pause`, { why });
			toast(`${job.name} is paused`);
			reload();
		}
	});
	const resume = tries(async () => {
		await api.post(path`/jobs/${job.name}/resume`);
		toast(`${job.name} runs by its schedule again`);
		reload();
	});
	const remove = tries(async () => {
		if (await ask({ title: `Delete job ${job.name}?`, danger: true, yes: 'Delete the job',
			text: html`<p>It runs no more. What it delivered stays in ServiceNow, and what muster knows of it stays in RecVer.</p>`,
			consent: `Delete ${job.name}` })) {
			await api.del(path`/jobs/${job.name}`, { match: etag });
			toast(`${job.name} is deleted`);
			go('/jobs');
		}
	});

	return { error: act.error, dialog: asking && html`<${AskDialog} job=${job} sets=${job.record_sets} onClose=${() => setAsking(false)} />`,
		buttons: html`<${RunButton} job=${job} kind="primary" />
			<${Button} need="operate" onClick=${() => setAsking(true)}>Plan, check …<//>
			${job.paused ? html`<${Button} need="operate" icon="play" onClick=${resume}>Resume<//>` :
				html`<${Button} need="operate" icon="pause" onClick=${pause}>Pause …<//>`}
			<${Button} need="configure" icon="edit" href=${path`/jobs/${job.name}/edit`}>Edit<//>
			<${Button} need="configure" icon="trash" kind="danger" why=${job.task ? 'It is under way' : ''} onClick=${remove}>Delete …<//>` };
}

function Job({ job, etag, query, reload }) {
	const { error, dialog, buttons } = Changing({ job, etag, reload });
	const task = useGet(job.task ? `/tasks/${job.task.id}` : null, { live: ['task'] });
	const list = (names, all) => names.length ? names.map(words).join(', ') : all;

	return html`<${Page} title=${job.name} crumbs=${[['Jobs', '/jobs']]} actions=${buttons}
		sub=${html`<${JobState} job=${job} /><${Env} of=${job.environment} />
			<span><a href=${path`/connections/${job.source}`}>${job.source}</a> → <a href=${path`/connections/${job.destination}`}>${job.destination}</a></span>`}>
		<${ErrorBox} error=${error} />${dialog}
		<${RoleNote} ...${may('operate') ? { need: 'configure', what: 'Changing a job' } : { need: 'operate', what: 'Running and pausing a job' }} />
		${job.problem && html`<${Note} level="warning" title="It is behind">${job.problem}<//>`}
		${job.paused && html`<${Note} title=${html`Paused by ${job.paused.by} <${Time} at=${job.paused.at} rel />`}>${job.paused.why}<//>`}
		${task.data && !isOver(task.data) && html`<${Section} title="Under way" id="now"><ul class="task-lines"><li><${TaskLine} task=${task.data} /></li></ul><//>`}
		<div class="card facts-card"><${Facts} of=${[['Schedule', job.schedule?.text || 'when asked'],
			['Time zone', job.schedule?.cron ? job.schedule.time_zone || 'the server’s' : undefined],
			['Windows', job.schedule?.windows?.length ? job.schedule.windows.join('; ') : undefined],
			['Next run', html`<${NextRun} job=${job} />`],
			['Record sets', list(job.record_sets, 'all of the source')], ['Relationships', list(job.relationships, 'all that the settings offer')],
			['Guard', `${job.values?.['guard.share'] || '30%'}, at least ${job.values?.['guard.count'] || 20} records`]]} /></div>
		<${Written} job=${job} />
		<${Section} title="Runs" id="runs"><${RunList} job=${job.name} q=${{ after: query.after }} empty=${html`<${Empty} icon="runs"
			title="It never ran"><p>A plan shows what the first run would write.</p><//>`} /><//><//>`;
}

export default function View({ params, query }) {
	const got = useGet(path`/jobs/${params.name}`, { live: ['job', 'run', 'task'] });

	return got.data ? html`<${Job} job=${got.data} etag=${got.etag} query=${query} reload=${got.reload} />` :
		html`<${Page} title=${params.name} crumbs=${[['Jobs', '/jobs']]}><${Loaded} of=${got} /><//>`;
}
