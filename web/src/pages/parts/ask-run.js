// SPDX-License-Identifier: Apache-2.0
//
// Asking for a run, a plan or a check of a job.
import { html, useEffect, useState } from '../../lib/html.js';
import { words } from '../../lib/format.js';
import { useAction } from '../../lib/load.js';
import { go } from '../../lib/router.js';
import { ask } from '../../lib/tasks.js';
import { Button } from '../../ui/button.js';
import { FormDialog, ask as question } from '../../ui/dialog.js';
import { CheckField, RadioField, TextField } from '../../ui/form.js';
import { toast, toastTask } from '../../ui/toast.js';

/** Why a job cannot be run right now; '': it can. */
function whyNot(job) {
	return job.task?.kind === 'run' ? `A run of it is ${job.task.state} already` : '';
}

/** Runs it now; for PROD it asks before. */
export function RunButton({ job, small, kind }) {
	const run = useAction(async () => {
		if (job.environment === 'prod' && !await question({ title: `Run ${job.name} now?`, yes: 'Run now',
			text: html`<p>It writes to <b>${job.destination}</b> (PROD) what differs from what ${job.source} shows.</p>` })) {
			return;
		}
		toastTask(await ask.run(job.name), `Run of ${job.name} asked for`);
	});

	useEffect(() => {
		if (run.error) {
			toast(`${job.name}: ${run.error.message}`, { level: 'error' });
		}
	}, [run.error]);
	return html`<${Button} need="operate" small=${small} kind=${kind} icon="play" why=${whyNot(job)} busy=${run.busy}
		onClick=${run.run} aria-label=${`Run now: ${job.name}`}>Run now<//>`;
}

/** All that a run or a plan can be told. sets: record sets of the job */
export function AskDialog({ job, sets, onClose }) {
	const [f, set] = useState({ kind: 'plan', full: false, record_sets: [], device: '', limit: '' });
	const put = (key) => (v) => set((s) => ({ ...s, [key]: v }));
	const bad = f.limit && !/^[1-9][0-9]*$/.test(f.limit);
	const send = useAction(async () => {
		const got = await ask[f.kind](job.name, {
			...f.kind !== 'check' && f.full && { full: true },
			...f.record_sets.length > 0 && { record_sets: f.record_sets },
			...f.device && { devices: [f.device] }, ...f.kind !== 'check' && f.limit && { limit: Number(f.limit) } });

		toastTask(got, 'Asked for');
		onClose();
		if (got.task) {
			go(`/tasks/${got.task.id}`);
		}
	});

	return html`<${FormDialog} title=${`Ask ${job.name} for`} onClose=${onClose} onSubmit=${send.run} busy=${send.busy}
		error=${send.error} yes=${{ run: 'Run', plan: 'Make a plan', check: 'Check' }[f.kind]} why=${bad ? 'The number of records is no number' : ''}>
		<${RadioField} label="What" value=${f.kind} onInput=${put('kind')} choices=${[
			['plan', 'Plan', 'shows what a run would write; writes nothing'],
			['check', 'Check', 'compares what was delivered with what ServiceNow holds now; writes nothing'],
			['run', 'Run', `writes to ${job.destination}`, whyNot(job)]]} />
		${sets.length > 0 && html`<fieldset class="radios"><legend class="field-label">Record sets</legend>
			${sets.map((s) => html`<${CheckField} key=${s} label=${words(s)} checked=${f.record_sets.includes(s)}
				onInput=${(on) => put('record_sets')(on ? [...f.record_sets, s] : f.record_sets.filter((x) => x !== s))} />`)}
			<p class="field-help">none ticked: all of the job</p></fieldset>`}
		<${TextField} label="One device only" value=${f.device} onInput=${put('device')} mono
			help="its id; such a run never takes anything for gone" />
		${f.kind !== 'check' && html`<${TextField} label="At most so many records" value=${f.limit} onInput=${put('limit')}
			inputmode="numeric" mono error=${bad ? 'a number from 1' : ''} />
		<${CheckField} label="All of it again" checked=${f.full} onInput=${put('full')}
			help="sends every record, whether it was delivered before or not" />`}<//>`;
}
