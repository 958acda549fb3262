// SPDX-License-Identifier: Apache-2.0
//
// How a job stands, in one mark.
import { html } from '../../lib/html.js';
import { taskHref } from '../../lib/tasks.js';
import { Status } from '../../ui/status.js';
import { Time } from '../../ui/time.js';

export function JobState({ job: j }) {
	const run = j.task?.kind === 'run' ? j.task : null;

	return run ? html`<a href=${taskHref(run)}><${Status} of=${run.state} /></a>` : j.paused ? html`<${Status} of="paused" />` :
		j.problem ? html`<${Status} of="warning" text="behind" />` : !j.last_run ? html`<${Status} of="note" text="never ran" />` :
			html`<${Status} of="ok" text="in step" />`;
}

/** When it runs next, or why nobody can say. */
export function NextRun({ job: j, rel }) {
	return j.paused ? html`<span class="none">paused</span>` :
		html`<${Time} at=${j.next_at} rel=${rel} none=${j.schedule?.after ? `after ${j.schedule.after}` : 'not planned'} />`;
}
