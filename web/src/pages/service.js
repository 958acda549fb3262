// SPDX-License-Identifier: Apache-2.0
//
// The service itself: its settings, nodes, secrets, certificates.
import { html, useMemo, useState } from '../lib/html.js';
import { api, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { useLeaveGuard } from '../lib/router.js';
import { count } from '../lib/format.js';
import { Button } from '../ui/button.js';
import { ask, FormDialog } from '../ui/dialog.js';
import { TextField } from '../ui/form.js';
import { Page } from '../ui/page.js';
import { Empty, ErrorBox, Loaded } from '../ui/states.js';
import { Status } from '../ui/status.js';
import { Table } from '../ui/table.js';
import { Tabs } from '../ui/tabs.js';
import { Time } from '../ui/time.js';
import { toast, toastTask } from '../ui/toast.js';
import { focusWrong, useConf } from '../conf/edit.js';
import { ConfForm } from '../conf/form.js';
import { connectionAt } from '../conf/subnav.js';
import { leave } from './connection.js';

/** Sections by what stands before the dot; words for those that are known. */
const TITLES = { '': 'Service', oidc: 'OpenID Connect', password: 'Passwords', session: 'Sessions', tls: 'TLS', notify: 'Notices' };

function cut(type, options) {
	const groups = new Map();

	for (const o of options) {
		const g = o.key.includes('.') ? o.key.split('.')[0] : '';

		groups.set(g, [...groups.get(g) || [], o.key]);
	}
	return [...groups].map(([g, keys]) => ({ id: g || 'service', title: TITLES[g] || g[0].toUpperCase() + g.slice(1).replace(/_/g, ' '), keys }));
}

function Form({ of: data, etag, reload }) {
	const type = useMemo(() => ({ type: 'service', options: data.options }), [data]);
	const conf = useConf(type, data.values, cut);
	const save = useAction(async () => {
		if (!conf.ok()) {
			focusWrong();
			return;
		}
		try {
			const out = await api.put('/service', { values: conf.body() }, { match: etag });

			if (out?.what !== undefined) {
				toastTask({ approval: out }, 'Settings of the service');
			} else {
				toast('Saved. Where it listens and its certificate count from the next start on');
			}
			reload();
		} catch (e) {
			if (conf.refused(e)) {
				focusWrong();
			}
			throw e;
		}
	});

	useLeaveGuard(conf.dirty, leave);
	return html`<form noValidate class="conf" onSubmit=${(e) => {
		e.preventDefault();
		save.run();
	}}><${ConfForm} ...${conf.form} /><${ErrorBox} error=${save.error} />
		<div class="form-foot form-foot-stay"><span class="fine" role="status">${conf.dirty ? 'Not saved yet' : 'As it is stored'}</span>
			<${Button} why=${conf.dirty ? '' : 'There is nothing to discard'} onClick=${conf.reset}>Discard<//>
			<${Button} type="submit" kind="primary" busy=${save.busy} why=${conf.dirty ? '' : 'There is nothing to save'}>Save<//></div></form>`;
}

function Settings() {
	const got = useGet('/service');

	return html`<${Loaded} of=${got} what="Reading the settings" show=${(data) => html`<${Form} key=${got.etag + JSON.stringify(data.values)} of=${data} etag=${got.etag} reload=${got.reload} />`} />`;
}

const NODES = [
	{ key: 'name', title: 'Node', main: true },
	{ key: 'state', title: 'State', cell: (n) => html`<${Status} of=${n.state === 'alive' ? 'active' : 'failed'} text=${n.state === 'alive' ? 'alive' : 'gone'} />` },
	{ key: 'version', title: 'Version' },
	{ key: 'tasks', title: 'Tasks', num: true },
	{ key: 'leases', title: 'Holds', cell: (n) => n.leases?.length ? n.leases.join(', ') : html`<span class="none">nothing</span>` },
	{ key: 'started_at', title: 'Since', cell: (n) => html`<${Time} at=${n.started_at} />` },
	{ key: 'seen_at', title: 'Last heard of', cell: (n) => html`<${Time} at=${n.seen_at} rel />` },
];

function Nodes() {
	const got = useGet('/nodes', { live: ['task'] });

	return html`<${Loaded} of=${got} what="Looking for nodes" show=${({ items }) => html`<${Table} of="Nodes" columns=${NODES} rows=${items} rowKey=${(n) => n.name} empty="No node has been heard of" />`} />`;
}

function PutSecret({ name: known, onClose, done }) {
	const [f, set] = useState({ name: known || '', value: '' });
	const save = useAction(async () => {
		await api.put(path`/secrets/${f.name.trim()}`, { value: f.value });
		toast(`The secret ${f.name} is sealed`);
		done();
	});

	return html`<${FormDialog} title=${known ? `Replace ${known}` : 'Seal a secret'} yes="Seal" onClose=${onClose} onSubmit=${save.run} busy=${save.busy} error=${save.error}
		why=${!f.name.trim() ? 'Say how it is called' : f.value ? '' : 'Enter the secret'}>
		<p class="prose">It is encrypted in the state store with a key that is not in it, and never shown again.</p>
		${!known && html`<${TextField} label="Name" mono value=${f.name} onInput=${(name) => set({ ...f, name })} maxlength="63" autofocus
			help="Options refer to it as sealed:NAME." />`}
		<${TextField} label="Secret" type="password" autocomplete="new-password" value=${f.value} onInput=${(value) => set({ ...f, value })} /><//>`;
}

const users = (names) => names?.length ? names.map((n, i) => html`${i > 0 && ', '}<a href=${connectionAt(n)}>${n}</a>`) : html`<span class="none">nothing</span>`;

function Secrets() {
	const got = useGet('/secrets');
	const [open, setOpen] = useState(null);
	const act = useAction(async (s) => {
		if (await ask({ title: `Remove the secret ${s.name}?`, danger: true, yes: 'Remove', consent: s.used_by?.length ? `${s.used_by.join(', ')} will not sign in any more` : undefined,
			text: 'It cannot be brought back.' })) {
			await api.del(path`/secrets/${s.name}`);
			toast(`The secret ${s.name} is gone`);
			got.reload();
		}
	});
	const columns = [
		{ key: 'name', title: 'Secret', main: true, sort: true, cell: (s) => html`<code>sealed:${s.name}</code>` },
		{ key: 'used_by', title: 'Used by', cell: (s) => users(s.used_by) },
		{ key: 'changed_at', title: 'Changed', sort: true, cell: (s) => html`<${Time} at=${s.changed_at} />` },
		{ key: 'act', title: '', cell: (s) => html`<span class="row-acts"><${Button} small aria-label=${`Replace ${s.name}`} onClick=${() => setOpen({ name: s.name })}>Replace<//>
			<${Button} small kind="danger" aria-label=${`Remove ${s.name}`} onClick=${() => act.run(s)}>Remove<//></span>` },
	];

	return html`<div class="tab-actions"><p class="conf-help">Write-only: what is sealed here is read by connections and never shown.</p>
		<${Button} icon="plus" onClick=${() => setOpen({})}>Seal a secret<//></div><${ErrorBox} error=${act.error} />
		<${Loaded} of=${got} what="Reading the secrets" show=${({ items }) => html`<${Table} of="Sealed secrets" columns=${columns} rows=${items} rowKey=${(s) => s.name}
			empty=${html`<${Empty} icon="lock" title="No sealed secrets"><p>Secrets may be in the environment, in files, or sealed here.</p><//>`} />`} />
		${open && html`<${PutSecret} name=${open.name} onClose=${() => setOpen(null)} done=${() => {
			setOpen(null);
			got.reload();
		}} />`}`;
}

const CERTIFICATES = [
	{ key: 'subject', title: 'Subject', main: true, sort: true },
	{ key: 'where', title: 'Where', wide: true, cell: (c) => html`${c.location && html`${c.location} / ${c.store} `}<code class="fine">${c.path}</code>` },
	{ key: 'valid_to', title: 'Ends', sort: true, cell: (c) => html`<${Time} at=${c.valid_to} />` },
	{ key: 'warning', title: 'State', cell: (c) => html`<${Status} of=${c.warning ? 'warning' : 'ok'} text=${c.warning || 'valid'} />` },
	{ key: 'used_by', title: 'Used by', cell: (c) => users(c.used_by) },
	{ key: 'thumbprint', title: 'Thumbprint', hide: true, cell: (c) => html`<code class="fine" title=${c.thumbprint}>${String(c.thumbprint).slice(0, 12)}…</code>` },
];

function Certificates() {
	const got = useGet('/certificates');

	return html`<${Loaded} of=${got} what="Reading the certificates" show=${({ items }) => html`<${Table} of="Certificates" columns=${CERTIFICATES} rows=${items}
		rowKey=${(c) => c.thumbprint + c.path} empty=${html`<${Empty} icon="lock" title="No certificates"><p>Those of the stores and of connections are listed here.</p><//>`} />
		<p class="pager-all">${count(items.length)} certificates</p>`} />`;
}

export default function Service() {
	return html`<${Page} title="Service"><${Tabs} label="Of the service" tabs=${[
		{ key: 'settings', title: 'Settings', show: () => html`<${Settings} />` },
		{ key: 'nodes', title: 'Nodes', show: () => html`<${Nodes} />` },
		{ key: 'secrets', title: 'Secrets', show: () => html`<${Secrets} />` },
		{ key: 'certificates', title: 'Certificates', show: () => html`<${Certificates} />` },
	]} /><//>`;
}
