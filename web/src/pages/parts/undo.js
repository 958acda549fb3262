// SPDX-License-Identifier: Apache-2.0
//
// What an undo would take back, or took back; and the button that does it.
import { html } from '../../lib/html.js';
import { count, plural } from '../../lib/format.js';
import { useAction } from '../../lib/load.js';
import { go } from '../../lib/router.js';
import { ask } from '../../lib/tasks.js';
import { Button, RoleNote } from '../../ui/button.js';
import { ask as question } from '../../ui/dialog.js';
import { Empty, ErrorBox, Loaded, Note } from '../../ui/states.js';
import { Filters } from '../../ui/filter.js';
import { toastTask } from '../../ui/toast.js';
import { ACTIONS } from '../../lib/tasks.js';
import { Change } from './plan.js';
import { useOutputJson } from './output.js';

const SHOWN = 200;

/** An undone column reads as any other change: from what is there to what was. */
function asChange(r) {
	return { record_set: r.record_set, action: r.action, key: r.group, table: r.table,
		fields: r.columns.map((c) => ({ column: c.column, before: c.now, after: c.then })) };
}

function Ask({ u, task }) {
	const write = useAction(async () => {
		const yes = await question({ title: `Undo run ${u.run}?`, danger: true, yes: 'Undo it',
			text: html`<p>${plural(u.to_undo, 'record')} become what they were before run ${u.run}. The next run of <b>${u.job}</b> delivers
				again what still differs: change the settings or pause the job first.</p>`,
			consent: `I looked at what is taken back` });

		if (yes) {
			const got = await ask.undo(u.run, true);

			toastTask(got, `Undo of run ${u.run} asked for`);
			if (got.task) {
				go(`/tasks/${got.task.id}`);
			}
		}
	});
	const wrote = task.argv.includes('--yes');

	return wrote ? null : html`<div class="plan-head"><p>Nothing was written: this is what would be taken back.</p>
		<${Button} need="operate" kind="danger" icon="undo" busy=${write.busy} onClick=${write.run}
			why=${u.to_undo ? '' : 'There is nothing to take back'}>Undo ${plural(u.to_undo, 'record')} …<//>
		<${RoleNote} need="operate" what="Undoing" /></div><${ErrorBox} error=${write.error} />`;
}

export function UndoView({ task, query }) {
	const got = useOutputJson(task);

	return html`<${Loaded} of=${got} show=${(u) => {
		const some = u.records.filter((r) => !query.action || r.action === query.action);
		const kinds = [...new Set(u.records.map((r) => r.action))];

		return html`<${Ask} u=${u} task=${task} />
			${u.refused > 0 && html`<${Note} level="warning" title=${`${plural(u.refused, 'record')} cannot be taken back`}>
				What somebody changed since stays as it is.<//>`}
			${!u.records.length ? html`<${Empty} icon="ok" title="There is nothing to take back" />` : html`
			<${Filters} of=${[{ name: 'action', label: 'What', choices: kinds.map((k) => [k, `${ACTIONS[k]?.[0] || k} (${count(u.records.filter((r) => r.action === k).length)})`]) }]} />
			<ul class="changes">${some.slice(0, SHOWN).map((r) => html`<${Change} change=${asChange(r)} />
				${r.why && html`<li class="change-why">${r.why}</li>`}`)}</ul>
			${some.length > SHOWN && html`<p class="fine">The first ${SHOWN} of ${count(some.length)}; all of them are in Output.</p>`}`}`;
	}} />`;
}
