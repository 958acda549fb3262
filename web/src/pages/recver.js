// SPDX-License-Identifier: Apache-2.0
//
// RecVer of each source connection: how large it is, what is in it, looking at
// every row, forgetting it.
import { html, useState } from '../lib/html.js';
import { api, newKey, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { bytes, count, plural, when, words } from '../lib/format.js';
import { isOver } from '../lib/tasks.js';
import { Button, RoleNote } from '../ui/button.js';
import { FormDialog } from '../ui/dialog.js';
import { SelectField, TextField } from '../ui/form.js';
import { Facts, Page, Section } from '../ui/page.js';
import { Empty, ErrorBox, Loaded, Note } from '../ui/states.js';
import { Table } from '../ui/table.js';
import { toastTask } from '../ui/toast.js';
import { connectionAt } from '../conf/subnav.js';
import { TaskView, useTask } from '../conf/task.js';

const COLUMNS = [
	{ key: 'name', title: 'Record set', main: true, cell: (s) => words(s.name) },
	{ key: 'groups', title: 'Groups', num: true },
	{ key: 'members', title: 'Members', num: true },
	{ key: 'dirty', title: 'Dirty', num: true },
	{ key: 'pending', title: 'Pending', num: true },
];

const DOING = { verify: 'Looking at every row', stats: 'Counting', reset: 'Forgetting' };

function Verified({ of: out }) {
	return out && typeof out === 'object' ? html`<${Note} level=${out.wrong ? 'error' : 'ok'} title=${out.wrong ?
		`${plural(out.wrong, 'row')} wrong` : 'Every row is as it should be'}><p>${plural(out.groups, 'group')}, ${plural(out.members, 'member')}${' '}
		in ${plural(out.record_sets, 'record set')}${out.notes ? `, ${plural(out.notes, 'note')}` : ''}.</p>
		${out.findings?.length > 0 && html`<ul>${out.findings.map((f) => html`<li>${typeof f === 'string' ? f : f.text || JSON.stringify(f)}</li>`)}</ul>`}<//>` :
		html`<${Note} level="ok">It has ended.<//>`;
}

function Reset({ of: r, onClose, asked }) {
	const [f, set] = useState({ target: '', record_set: '', consent: '' });
	const put = (key) => (v) => set((s) => ({ ...s, [key]: v }));
	const sets = [...new Set(r.targets.filter((t) => !f.target || t.destination === f.target)
		.flatMap((t) => t.record_sets.map((s) => s.name)))];
	const act = useAction(async () => {
		const got = await api.task(path`/recver/${r.connection}/reset`, { target: f.target || null,
			record_set: f.record_set || null, consent: f.consent }, newKey());

		if (got.approval) {
			toastTask(got, 'Resetting RecVer');
		}
		asked(got.task?.id);
	});

	return html`<${FormDialog} title=${`Reset RecVer of ${r.connection}?`} danger yes="Reset" onClose=${onClose} onSubmit=${act.run}
		busy=${act.busy} error=${act.error} why=${f.consent === r.connection ? '' : 'Type the name of the connection first'}>
		<p class="prose">It forgets what was delivered. Nothing changes in ServiceNow; the next run looks every record up there
			and writes what differs, which takes as long as a first load.</p>
		<${SelectField} label="Destination" value=${f.target} none="all" choices=${r.targets.map((t) => t.destination)} onInput=${put('target')} />
		<${SelectField} label="Record set" value=${f.record_set} none="all" choices=${sets} onInput=${put('record_set')} />
		<${TextField} label=${`Type ${r.connection} to go on`} mono value=${f.consent} onInput=${put('consent')} /><//>`;
}

function One({ of: r, reload }) {
	const [resetting, reset] = useState(false);
	const [id, setId] = useState(null);
	const [what, setWhat] = useState('');
	const t = useTask(id);
	const verify = useAction(async () => {
		const { task } = await api.task(path`/recver/${r.connection}/verify`, {}, newKey());

		setWhat('verify');
		setId(task?.id ?? null);
	});
	const tally = useAction(async () => {
		const { task } = await api.task(path`/recver/${r.connection}/stats`, {}, newKey());

		setWhat('stats');
		setId(task?.id ?? null);
	});
	const busy = verify.busy || tally.busy || id && !isOver(t.task);
	// A run holds the file of SQLite: nothing is wrong with it.
	const inUse = / is in use by /.test(r.error || '');
	const known = !r.error && (r.type === 'sqlite' || Boolean(r.counted_at));
	const all = r.targets.flatMap((x) => x.record_sets);
	const sum = (key) => all.reduce((n, s) => n + (s[key] || 0), 0);

	return html`<${Section} title=${r.connection} id=${`recver-${r.connection}`} sub=${html`<a href=${connectionAt(r.connection)}>Connection</a>`}
		actions=${html`${r.type !== 'sqlite' && html`<${Button} small need="operate" busy=${busy} onClick=${tally.run}>Count<//>`}
			<${Button} small need="operate" busy=${busy} onClick=${verify.run}>Verify<//>
			<${Button} small need="administer" kind="danger" why=${inUse ? 'It is in use right now' : r.error ? 'It cannot be reached' : ''} onClick=${() => reset(true)}>Reset…<//>`}>
		<${Facts} of=${[['Database', r.type], ['Place', r.place], ['Size', bytes(r.bytes)],
			known && ['Groups', count(sum('groups'))], known && ['Members', count(sum('members'))], r.counted_at && ['Counted', when(r.counted_at)]].filter(Boolean)} />
		${inUse ? html`<${Note} title="It is in use right now">What is in it is shown when that has ended.${' '}
			<span class="fine">${r.error}</span><//>` : r.error && html`<${Note} level="error" title="It cannot be read">${r.error}<//>`}
		<${ErrorBox} error=${verify.error || tally.error} />
		<${TaskView} of=${t} what=${DOING[what]} show=${(out) => what === 'verify' ?
			html`<${Verified} of=${out} />` : what === 'stats' ? null : html`<${Note} level="ok">Reset. The next run looks every record up.<//>`} />
		${r.targets.map((target) => html`<div class="recver-target" key=${target.destination}><h3>To ${target.destination}${target.jobs.length > 0 &&
				html` <span class="fine">${plural(target.jobs.length, 'job')}: ${target.jobs.join(', ')}</span>`}</h3>
			<${Table} of=${`RecVer of ${r.connection} for ${target.destination}`} columns=${COLUMNS} rows=${target.record_sets} rowKey=${(s) => s.name}
				empty="Nothing was delivered yet" /></div>`)}
		${!r.targets.length && !r.error && html`<p class="none">${r.type === 'sqlite' || r.counted_at ? 'Nothing was delivered yet.' :
			'It is on a server, and was not counted yet.'}</p>`}
		${resetting && html`<${Reset} of=${r} onClose=${() => reset(false)} asked=${(task) => {
			reset(false);
			setWhat('reset');
			setId(task ?? null);
			reload();
		}} />`}<//>`;
}

export default function RecVer() {
	const got = useGet('/recver', { live: ['task'], wants: (t) => t.kind === 'recver' && t.state === 'done' });

	return html`<${Page} title="RecVer" intro="Checksums of what was delivered, one database for each source. Dirty groups are compared again by the next run, pending ones looked up.">
		<${RoleNote} need="administer" what="Resetting" />
		<${Loaded} of=${got} what="Reading RecVer" show=${({ items }) => items.length ? items.map((r) => html`<${One} key=${r.connection} of=${r} reload=${got.reload} />`) :
			html`<${Empty} icon="recver" title="No RecVer yet"><p>It is made by the first run of a source. <a href="/connections">Connections</a></p><//>`} /><//>`;
}
