// SPDX-License-Identifier: Apache-2.0
//
// Who changed what: filtered, with before and after, and the chain of hashes
// gone through.
import { html, useState } from '../lib/html.js';
import { api } from '../lib/api.js';
import { useAction, useList } from '../lib/load.js';
import { setQuery } from '../lib/router.js';
import { count } from '../lib/format.js';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { SelectField, TextField } from '../ui/form.js';
import { Facts, Page } from '../ui/page.js';
import { Empty, ErrorBox, Loaded, Note } from '../ui/states.js';
import { Pager, Table } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { Lines } from '../conf/lines.js';

const KINDS = ['connection', 'job', 'settings', 'forward_rule', 'forward_action', 'forward_receiver', 'exclusion_window',
	'secret', 'user', 'token', 'session', 'service', 'run', 'task', 'approval', 'recver'];

function Verify() {
	const [head, setHead] = useState('');
	const verify = useAction(() => api.post('/audit/verify', head.trim() ? { head: head.trim() } : {}));
	const [seen, see] = useState(null);

	return html`<form noValidate class="audit-verify" onSubmit=${async (e) => {
			e.preventDefault();
			see(await verify.run() || null);
		}}><div class="filters"><${TextField} label="A hash that was kept" mono value=${head} onInput=${setHead} maxlength="64"
				placeholder="from an earlier verification; may be empty" />
			<${Button} type="submit" icon="approvals" busy=${verify.busy}>Verify the chain<//></div>
		<${ErrorBox} error=${verify.error} />
		${seen && (seen.ok ? html`<${Note} level="ok" title=${`All ${count(seen.entries)} entries fit`}><p>Newest hash:
				<code>${' '}${seen.head}</code></p><p class="fine">Keep it elsewhere: only a copy outside proves later that the end was not cut off.</p><//>` :
			html`<${Note} level="error" title=${`The chain is broken at entry ${seen.problem?.id}`}><p>${seen.problem?.text}</p>
				<p>Somebody changed or removed entries outside of muster: compare with a backup and with hashes that were kept elsewhere.</p><//>`)}</form>`;
}

function Entry({ of: e, onClose }) {
	return html`<${Dialog} wide title=${`Entry ${e.id}`} onClose=${onClose}>
		<${Facts} of=${[['When', html`<${Time} at=${e.at} full />`], ['Who', e.user], ['By', e.via], ['From', e.address || undefined],
			['What', `${e.what} ${e.kind} ${e.name}`]]} />
		<${Lines} before=${e.before} after=${e.after} />
		<p class="fine">Hash <code>${e.hash}</code></p><//>`;
}

function Filters({ query }) {
	const [f, set] = useState({ name: query.name || '', user: query.user || '', kind: query.kind || '', since: query.since || '', until: query.until || '' });
	const put = (key) => (v) => set((s) => ({ ...s, [key]: v }));

	return html`<form class="filters" role="search" onSubmit=${(e) => {
		e.preventDefault();
		setQuery({ ...f, after: null });
	}}><${SelectField} label="Kind" value=${f.kind} none="all" choices=${KINDS.map((k) => [k, k.replace(/_/g, ' ')])} onInput=${put('kind')} />
		<${TextField} label="Name" value=${f.name} onInput=${put('name')} placeholder="defender/test" />
		<${TextField} label="User" value=${f.user} onInput=${put('user')} />
		<${TextField} label="From" type="date" value=${f.since} onInput=${put('since')} />
		<${TextField} label="To" type="date" value=${f.until} onInput=${put('until')} />
		<${Button} type="submit">Filter<//></form>`;
}

const day = (d, end) => d ? new Date(`${d}T${end ? '23:59:59.999' : '00:00:00.000'}`).toISOString() : null;

export default function Audit({ query }) {
	const got = useList('/audit', { kind: query.kind, name: query.name, user: query.user, since: day(query.since),
		until: day(query.until, true), after: query.after });
	const [open, setOpen] = useState(null);
	const columns = [
		{ key: 'id', title: 'Entry', cell: (e) => html`<button type="button" class="btn-link" onClick=${() => setOpen(e)}
			aria-label=${`Entry ${e.id}: show`}>${e.id}</button>` },
		{ key: 'at', title: 'When', cell: (e) => html`<${Time} at=${e.at} />` },
		{ key: 'user', title: 'Who', cell: (e) => html`${e.user} <span class="fine">${e.via}${e.address ? `, ${e.address}` : ''}</span>` },
		{ key: 'what', title: 'What', main: true, cell: (e) => html`${e.what} ${String(e.kind).replace(/_/g, ' ')} <code>${e.name}</code>` },
		{ key: 'hash', title: 'Hash', hide: true, cell: (e) => html`<code class="fine" title=${e.hash}>${String(e.hash).slice(0, 12)}…</code>` },
	];

	return html`<${Page} title="Audit" intro="Every change, in a chain: each entry holds the hash of the one before it.">
		<${Verify} /><${Filters} key=${JSON.stringify([query.kind, query.name, query.user])} query=${query} />
		<${Loaded} of=${got} what="Reading the audit" show=${({ items, next }) => html`<${Table} of="Audit entries" columns=${columns} rows=${items}
			busy=${got.loading} empty=${html`<${Empty} icon="audit" title=${query.kind || query.name || query.user || query.since || query.until ?
				'No entry is like that' : 'No entries yet'} />`} /><${Pager} after=${query.after} next=${next} n=${items.length} what="entries" />`} />
		${open && html`<${Entry} of=${open} onClose=${() => setOpen(null)} />`}<//>`;
}
