// SPDX-License-Identifier: Apache-2.0
//
// Making a job, and changing one: its two ends, what it delivers, when, and a
// first plan before anything is written.
import { cls, html, useState } from '../lib/html.js';
import { path, request } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { go, setQuery, useLeaveGuard } from '../lib/router.js';
import { ask as askTask, isOver } from '../lib/tasks.js';
import { Button } from '../ui/button.js';
import { ask } from '../ui/dialog.js';
import { ErrorBox, Loaded, Loading, Note } from '../ui/states.js';
import { Page, Section } from '../ui/page.js';
import { toast, toldWaits } from '../ui/toast.js';
import { PlanView } from './parts/plan.js';
import { Steps, useProgress } from './parts/progress.js';
import { Choices, Ends, Relationships, Review, Schedule } from './parts/job-steps.js';
import { fromJob, toValues, whyStep } from './parts/job-values.js';

const STEPS = [['ends', 'Connections'], ['sets', 'Selections'], ['relationships', 'Relationships'],
	['schedule', 'Schedule'], ['review', 'Review']];

function Stepper({ at, reached, choose }) {
	return html`<nav aria-label="Steps"><ol class="stepper">${STEPS.map(([key, title], i) => html`<li>${i <= reached ?
		html`<button type="button" class=${cls({ done: i < reached && i !== at })} aria-current=${i === at ? 'step' : undefined}
			onClick=${() => choose(i)}>${title}</button>` : html`<span>${title}</span>`}</li>`)}</ol></nav>`;
}

/** The first plan of a job that was just saved, as it is made. */
function FirstPlan({ id, query }) {
	const got = useGet(`/tasks/${id}`, { live: ['task'], wants: (d) => !d.id || d.id === id });
	const progress = useProgress(`/tasks/${id}/events`, got.data?.progress, isOver(got.data), got.reload);

	return html`<${Section} title="First plan" id="plan" sub=${html`<a href=${`/tasks/${id}`}>task ${id}</a>`}>
		<${Loaded} of=${got} show=${(t) => t.state === 'done' && [0, 7].includes(t.exit_status) ?
			html`<${PlanView} task=${t} query=${query} readOnly />` : isOver(t) ?
				html`<${Note} level="error" title="The plan could not be made">${t.error || html`See its <a href=${`/tasks/${t.id}?tab=log`}>log</a>.`}<//>` :
				html`<${Steps} progress=${progress} />`} /><//>`;
}

/** What is wrong with fields goes to the step that has them. */
function stepOf(error) {
	const keys = (error?.errors || []).map((e) => e.pointer);

	return keys.some((k) => /source|destination|name/.test(k)) ? 0 : keys.some((k) => /record_sets|asset/.test(k)) ? 1 :
		keys.some((k) => /relationships/.test(k)) ? 2 : keys.some((k) => /schedule|guard/.test(k)) ? 3 : -1;
}

function Wizard({ job, etag, connections, jobs, query }) {
	const old = Boolean(job);
	const [f, set] = useState(() => fromJob(job));
	const [dirty, setDirty] = useState(false);
	const [saved, setSaved] = useState(null);
	const at = Math.max(0, STEPS.findIndex(([k]) => k === (query.step || 'ends')));
	const choices = useGet(f.source && f.destination ?
		`/job-choices?source=${encodeURIComponent(f.source)}&destination=${encodeURIComponent(f.destination)}` : null);
	const put = (change) => {
		setDirty(true);
		set((s) => ({ ...s, ...change }));
	};
	const step = (i) => setQuery({ step: i ? STEPS[i][0] : null, ...i < 4 && { record_set: null, action: null, q: null, after: null } });
	const whys = STEPS.map(([key]) => whyStep(key, f, { jobs, old, choices: choices.data }));
	const first = whys.findIndex(Boolean);
	const reached = first < 0 ? STEPS.length - 1 : first;
	const save = useAction(async (planned) => {
		const values = toValues(f, job?.values, choices.data);

		// A first plan is looked at before the schedule begins.
		if (planned && !old) {
			values['schedule.paused'] = 'yes';
		}
		const got = await request('PUT', path`/jobs/${f.name}`, { body: { values }, match: saved?.etag || etag });
		const task = planned && await askTask.plan(f.name);

		setDirty(false);
		if (toldWaits(got.data, `Job ${f.name}`)) {
			go('/jobs', { force: true });
			return;
		}
		setSaved({ etag: got.etag, plan: task?.task?.id, paused: values['schedule.paused'] === 'yes' });
		if (!planned) {
			toast(`${f.name} is saved`);
			go(path`/jobs/${f.name}`, { force: true });
		}
	});

	useLeaveGuard(dirty, () => ask({ title: 'Leave without saving?', text: 'What you entered here is lost.', yes: 'Leave', no: 'Stay', danger: true }));
	if (at > reached && choices.loading) {
		return html`<${Loading} />`;
	}
	if (at > reached) {
		setTimeout(() => setQuery({ step: reached ? STEPS[reached][0] : null }, { replace: true }));
		return html`<${Loading} />`;
	}
	const View = [Ends, Choices, Relationships, Schedule, Review][at];
	const wrong = save.error && stepOf(save.error);

	return html`<${Stepper} at=${at} reached=${reached} choose=${step} />
		<div class="wizard"><${ErrorBox} error=${save.error} />
			${wrong >= 0 && wrong !== null && wrong !== false && wrong !== at && html`<p class="tab-intro"><button type="button"
				class="btn-link" onClick=${() => step(wrong)}>To ${STEPS[wrong][1]}</button></p>`}
			<form noValidate onSubmit=${(e) => {
				e.preventDefault();
				if (!whys[at] && at < 4) {
					step(at + 1);
				}
			}}>
			<${View} f=${f} put=${put} connections=${connections} jobs=${jobs} choices=${choices} old=${old} error=${save.error} />
			<div class="form-foot"><span>${at > 0 && html`<${Button} icon="left" onClick=${() => step(at - 1)}>Back<//>`}</span>
				${at < 4 ? html`<${Button} type="submit" kind="primary" why=${whys[at]}>Next<//>` : html`<span class="wizard-ends">
					<${Button} busy=${save.busy} onClick=${() => save.run(true)} why=${saved?.plan && !dirty ? 'The plan is below' : ''}>${old ?
						'Save and make a plan' : 'Save paused, make a first plan'}<//>
					<${Button} kind="primary" busy=${save.busy} onClick=${() => save.run(false)}>${saved?.paused ? 'Start its schedule' : 'Save'}<//></span>`}</div>
			</form></div>
		${saved?.plan && at === 4 && html`<${FirstPlan} id=${saved.plan} query=${query} />`}`;
}

export default function View({ params, query }) {
	const old = params.name;
	const job = useGet(old ? path`/jobs/${old}` : null);
	const connections = useGet('/connections');
	const jobs = useGet('/jobs');
	const all = { data: (!old || job.data) && connections.data && jobs.data ? {} : undefined,
		error: job.error || connections.error || jobs.error,
		reload: () => [job, connections, jobs].forEach((g) => g.error && g.reload()) };

	return html`<${Page} title=${old ? `Edit ${old}` : 'New job'} crumbs=${[['Jobs', '/jobs'], ...old ? [[old, path`/jobs/${old}`]] : []]}>
		<${Loaded} of=${all} show=${() => html`<${Wizard} job=${job.data} etag=${job.etag} connections=${connections.data.items}
			jobs=${jobs.data.items} query=${query} />`} /><//>`;
}
