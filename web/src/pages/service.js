// SPDX-License-Identifier: Apache-2.0
//
// The service itself: its settings, nodes, secrets, certificates.
import { html, useState } from '../lib/html.js';
import { api, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { Button } from '../ui/button.js';
import { ask, FormDialog } from '../ui/dialog.js';
import { TextField } from '../ui/form.js';
import { Page } from '../ui/page.js';
import { Empty, ErrorBox, Loaded } from '../ui/states.js';
import { Status } from '../ui/status.js';
import { Table } from '../ui/table.js';
import { Tabs } from '../ui/tabs.js';
import { Time } from '../ui/time.js';
import { toast } from '../ui/toast.js';
import { SectionForm } from '../conf/section.js';
import { connectionAt } from '../conf/subnav.js';

const lease = (l) => html`<div>${l.name === '@forward' ? 'forwarding' : l.run ? html`<a href=${`/runs/${l.run}`}>${l.name}</a>` : l.name} <span class="fine">token ${l.token}, until <${Time} at=${l.until} /></span></div>`;

const NODES = [
	{ key: 'name', title: 'Node', main: true },
	{ key: 'state', title: 'State', cell: (n) => html`<${Status} of=${n.state === 'alive' ? 'active' : 'failed'} text=${n.state === 'alive' ? 'alive' : 'gone'} />` },
	{ key: 'version', title: 'Version' },
	{ key: 'tasks', title: 'Tasks', num: true },
	{ key: 'leases', title: 'Holds', wide: true, cell: (n) => n.leases?.length ? n.leases.map(lease) : html`<span class="none">nothing</span>` },
	{ key: 'address', title: 'Address' },
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
	{ key: 'subject', title: 'Subject', main: true, sort: true, cell: (c) => c.subject || html`<span class="none">it is not there</span>` },
	{ key: 'where', title: 'Where', wide: true, cell: (c) => html`${c.location && html`${c.location} / ${c.store} `}<code class="fine">${c.path}</code>` },
	{ key: 'private_key', title: 'Private key', cell: (c) => c.private_key ? 'is there' : html`<span class="none">none</span>` },
	{ key: 'valid_to', title: 'Ends', sort: true, cell: (c) => html`<${Time} at=${c.valid_to} />` },
	{ key: 'warning', title: 'State', cell: (c) => html`<${Status} of=${c.warning ? 'warning' : 'ok'} text=${c.warning || 'valid'} />` },
	{ key: 'used_by', title: 'Used by', cell: (c) => users(c.connections) },
	{ key: 'thumbprint', title: 'Thumbprint', hide: true, cell: (c) => html`<code class="fine" title=${c.thumbprint}>${String(c.thumbprint).slice(0, 12)}…</code>` },
];

function Certificates() {
	const got = useGet('/certificates');

	return html`<${Loaded} of=${got} what="Reading the certificates" show=${({ items }) => html`<${Table} of="Certificates" columns=${CERTIFICATES} rows=${items}
		rowKey=${(c) => c.thumbprint + c.path} empty=${html`<${Empty} icon="lock" title="No certificates"><p>Those of the stores and of connections are listed here.</p><//>`} />`} />`;
}

export default function Service() {
	return html`<${Page} title="Service"><${Tabs} label="Of the service" tabs=${[
		{ key: 'settings', title: 'Settings', show: () => html`<${SectionForm} where="/service" what="Settings of the service"
			said="Saved. Where it listens and its certificate count from the next start on" />` },
		{ key: 'proxy', title: 'Proxy', show: () => html`<p class="conf-help">For all connections that do not say their own.</p>
			<${SectionForm} where="/proxy" what="The proxy" />` },
		{ key: 'nodes', title: 'Nodes', show: () => html`<${Nodes} />` },
		{ key: 'secrets', title: 'Secrets', show: () => html`<${Secrets} />` },
		{ key: 'certificates', title: 'Certificates', show: () => html`<${Certificates} />` },
	]} /><//>`;
}
