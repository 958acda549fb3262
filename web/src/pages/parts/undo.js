// SPDX-License-Identifier: Apache-2.0
//
// What an undo would take back, or took back, page by page; and the button that
// does it.
import { html } from '../../lib/html.js';
import { plural } from '../../lib/format.js';
import { useAction, useList } from '../../lib/load.js';
import { go } from '../../lib/router.js';
import { ask } from '../../lib/tasks.js';
import { Button, RoleNote } from '../../ui/button.js';
import { ask as question } from '../../ui/dialog.js';
import { Empty, ErrorBox, Loaded, Note } from '../../ui/states.js';
import { toastTask } from '../../ui/toast.js';
import { Pager } from '../../ui/table.js';
import { Change, Counts } from './plan.js';

const ORDER = ['restore', 'remove', 'retire', 'make again', 'nothing', 'refused'];

/** An undone column reads as any other change: from what is there to what was. */
function asChange(r) {
	return { record_set: r.record_set, action: r.action, key: r.group, table: r.table,
		why: r.why, fields: r.columns.map((c) => ({ column: c.column, before: c.now, after: c.then })) };
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
	const { record_set, action, after } = query;
	const list = useList(`/tasks/${task.id}/undo`, { record_set, action, after, limit: 50 });

	return html`<${Loaded} of=${list} what="Looking up records" show=${(u) => html`<${Ask} u=${u} task=${task} />
		${!u.kept && html`<${Note} level="warning" title="This list was too large to be kept whole">What you see is its beginning.<//>`}
		${u.refused > 0 && html`<${Note} level="warning" title=${`${plural(u.refused, 'record')} cannot be taken back`}>
			What somebody changed since stays as it is.<//>`}
		${!u.counts.length ? html`<${Empty} icon="ok" title="There is nothing to take back" />` : html`
		<${Counts} counts=${u.counts} query=${query} order=${ORDER} />
		<ul class=${list.loading ? 'changes busy' : 'changes'}>${u.items.map((r) => html`<${Change} key=${r.table + r.sys_id + r.action}
			change=${asChange(r)} />`)}</ul>
		<${Pager} after=${after} next=${u.next} n=${u.items.length} what="records" />`}`} />`;
}
