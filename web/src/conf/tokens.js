// SPDX-License-Identifier: Apache-2.0
//
// API tokens: making one, shown once; what there are; ending one.
import { html, useState } from '../lib/html.js';
import { api, path } from '../lib/api.js';
import { useAction } from '../lib/load.js';
import { Button } from '../ui/button.js';
import { ask, Dialog, FormDialog } from '../ui/dialog.js';
import { SelectField, TextField } from '../ui/form.js';
import { Empty } from '../ui/states.js';
import { Status } from '../ui/status.js';
import { Table } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { toast } from '../ui/toast.js';
import { WordsField } from './field.js';
import { Once } from './once.js';

const DAY = 86400000;
const ENDS = [['30', 'in 30 days'], ['90', 'in 90 days'], ['365', 'in a year'], ['date', 'on a date …'], ['never', 'never']];

const SCOPES = { read: 'look', operate: 'run, plan, approve, test', configure: 'connections, jobs, settings',
	administer: 'users, tokens, the service', audit: 'the audit' };

function ends(f) {
	return f.ends === 'never' ? null : f.ends === 'date' ? f.date && new Date(`${f.date}T23:59:59`).toISOString() :
		new Date(Date.now() + Number(f.ends) * DAY).toISOString();
}

/** may: the scopes that the one who asks has */
function NewToken({ may, onClose, done }) {
	const [f, set] = useState({ name: '', scopes: ['read'], ends: '90', date: '' });
	const put = (key) => (v) => set((s) => ({ ...s, [key]: v }));
	const save = useAction(async () => done(await api.post('/tokens', { name: f.name.trim(), scopes: f.scopes, expires_at: ends(f), user: null })));

	return html`<${FormDialog} title="New token" yes="Make it" onClose=${onClose} onSubmit=${save.run} busy=${save.busy} error=${save.error}
		why=${!f.name.trim() ? 'Say what it is for' : !f.scopes?.length ? 'Choose what it may' : f.ends === 'date' && !f.date ? 'Choose the date' : ''}>
		<${TextField} label="Name" required value=${f.name} onInput=${put('name')} maxlength="64" autofocus help="What it is for: ci, grafana." />
		<${WordsField} label="It may" choices=${may} value=${f.scopes} onInput=${put('scopes')}
			help=${(f.scopes || []).map((s) => `${s}: ${SCOPES[s]}`).join('; ')} />
		<${SelectField} label="It ends" value=${f.ends} choices=${ENDS} onInput=${put('ends')}
			help=${f.ends === 'never' ? 'One that never ends is a risk for as long as it is kept: take a date if you can.' : ''} />
		${f.ends === 'date' && html`<${TextField} label="Last day" type="date" value=${f.date} onInput=${put('date')} />`}<//>`;
}

function state(t) {
	const left = t.expires_at ? new Date(t.expires_at) - Date.now() : Infinity;

	return left <= 0 ? html`<${Status} of="expired" text="has ended" />` : left < 14 * DAY ? html`<${Status} of="warning" text="ends soon" />` :
		html`<${Status} of="active" />`;
}

/** got: useGet() of tokens; mine: only whose they are is left out */
export function TokenTable({ items, reload, mine }) {
	const act = useAction(async (t) => {
		if (await ask({ title: `End the token ${t.name}?`, danger: true, yes: 'End it', text: `What uses it is refused from then on. It cannot be taken back.` })) {
			await api.del(path`/tokens/${t.id}`);
			toast(`Token ${t.name} has ended`);
			reload();
		}
	});
	const columns = [
		{ key: 'name', title: 'Token', main: true, sort: true },
		...mine ? [] : [{ key: 'user', title: 'User', sort: true }],
		{ key: 'scopes', title: 'May', cell: (t) => t.scopes.join(', ') },
		{ key: 'state', title: 'State', cell: state },
		{ key: 'expires_at', title: 'Ends', sort: true, cell: (t) => html`<${Time} at=${t.expires_at} none="never" />` },
		{ key: 'last_used_at', title: 'Last used', sort: true, cell: (t) => html`<${Time} at=${t.last_used_at} rel none="never" />` },
		{ key: 'end', title: '', label: 'End', cell: (t) => html`<${Button} small kind="danger" onClick=${() => act.run(t)}
			aria-label=${`End token ${t.name}`}>End<//>` },
	];

	return html`${act.error && html`<p class="field-error" role="alert">${act.error.message}</p>`}<${Table} of="Tokens" columns=${columns} rows=${items}
		empty=${html`<${Empty} icon="lock" title="No tokens"><p>A token lets a program use the API in your name, as far as its scopes go.</p><//>`} />`;
}

/** The dialog that shows a new token; token: the answer to POST /tokens */
function TokenOnce({ token, onClose }) {
	return html`<${Dialog} title=${`Token ${token.name}`} onClose=${onClose} actions=${html`<${Button} kind="primary" onClick=${onClose}>I have it<//>`}>
		<${Once} label="Token" value=${token.token} what="It is shown this once: store it where the program reads it." /><//>`;
}

/** Making one, from the form to its being shown; onClose: it is made, or not. */
export function MakeToken({ user, onClose, reload }) {
	const [once, show] = useState(null);

	return once ? html`<${TokenOnce} token=${once} onClose=${onClose} />` :
		html`<${NewToken} may=${user.may} onClose=${onClose} done=${(t) => {
			reload();
			show(t);
		}} />`;
}
