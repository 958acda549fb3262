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
import { toastTask } from '../../ui/toast.js';
import { ACTIONS } from '../../lib/tasks.js';
import { Change, Counts } from './plan.js';
import { useOutputJson } from './output.js';

const SHOWN = 200;
const ORDER = ['restore', 'remove', 'retire', 'make again', 'nothing', 'refused'];

/** An undone column reads as any other change: from what is there to what was. */
function asChange(r) {
	return { record_set: r.record_set, action: r.action, key: r.group, table: r.table,
		why: r.why, fields: r.columns.map((c) => ({ column: c.column, before: c.now, after: c.then })) };
}

function tally(records) {
	const all = new Map();

	for (const r of records) {
		const key = `${r.record_set} ${r.action}`;
		const c = all.get(key) || { record_set: r.record_set, action: r.action, n: 0, held: 0 };

		c.n++;
		all.set(key, c);
	}
	return [...all.values()];
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
		const some = u.records.filter((r) => (!query.action || r.action === query.action) &&
			(!query.record_set || r.record_set === query.record_set));

		return html`<${Ask} u=${u} task=${task} />
			${u.refused > 0 && html`<${Note} level="warning" title=${`${plural(u.refused, 'record')} cannot be taken back`}>
				What somebody changed since stays as it is.<//>`}
			${!u.records.length ? html`<${Empty} icon="ok" title="There is nothing to take back" />` : html`
			<${Counts} counts=${tally(u.records)} query=${query} order=${ORDER} />
			<ul class="changes">${some.slice(0, SHOWN).map((r) => html`<${Change} change=${asChange(r)} />`)}</ul>
			${some.length > SHOWN && html`<p class="fine">The first ${SHOWN} of ${count(some.length)}; all of them are in Output.</p>`}`}`;
	}} />`;
}
