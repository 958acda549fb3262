// SPDX-License-Identifier: Apache-2.0
//
// Users: adding, roles, locking, one-time passwords.
import { html, useState } from '../lib/html.js';
import { api, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { Button } from '../ui/button.js';
import { ask, Dialog, FormDialog } from '../ui/dialog.js';
import { CheckField, RadioField, TextField } from '../ui/form.js';
import { Page } from '../ui/page.js';
import { Loaded } from '../ui/states.js';
import { Status } from '../ui/status.js';
import { Table } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { toast, toldWaits } from '../ui/toast.js';
import { Once } from '../conf/once.js';
import { SubNav } from '../conf/subnav.js';

export const PEOPLE = [['/users', 'Users'], ['/tokens', 'Tokens']];

const ROLES = [
	['viewer', 'Viewer', 'looks at everything but audit, users and tokens of others'],
	['operator', 'Operator', 'also runs, plans, checks, approves, undoes, tests, pauses'],
	['administrator', 'Administrator', 'also connections, jobs, settings, secrets, users, the service'],
	['auditor', 'Auditor', 'looks at everything, audit included; changes nothing'],
];

/** Says that it is done, or that a second person must approve it first. */
function told(data, what, text) {
	if (!toldWaits(data, what)) {
		toast(text);
	}
}

function Add({ onClose, done }) {
	const [f, set] = useState({ name: '', full_name: '', role: 'viewer' });
	const put = (key) => (v) => set((s) => ({ ...s, [key]: v }));
	const save = useAction(async () => {
		const got = await api.post('/users', f);

		done(toldWaits(got, `Adding ${f.name}`) ? null : got);
	});

	return html`<${FormDialog} title="Add a user" yes="Add" onClose=${onClose} onSubmit=${save.run} busy=${save.busy} error=${save.error}
		why=${f.name.trim() ? '' : 'Say how the user is called'}>
		<${TextField} label="User name" required value=${f.name} onInput=${put('name')} maxlength="64" autofocus
			help="A one-time password is shown next. Who signs in with OpenID Connect is added at the first sign-in." error=${save.error?.of?.('/name')} />
		<${TextField} label="Full name" value=${f.full_name} onInput=${put('full_name')} maxlength="120" />
		<${RadioField} label="Role" value=${f.role} choices=${ROLES} onInput=${put('role')} /><//>`;
}

function Edit({ of: u, onClose, done }) {
	const [f, set] = useState({ full_name: u.full_name, role: u.role, disabled: u.state === 'disabled' });
	const put = (key) => (v) => set((s) => ({ ...s, [key]: v }));
	const save = useAction(async () => {
		told(await api.put(path`/users/${u.name}`, f), `Changes of ${u.name}`, `${u.name} is saved`);
		done();
	});
	const act = useAction(async (fn) => fn());
	const remove = () => act.run(async () => {
		if (await ask({ title: `Remove ${u.name}?`, danger: true, yes: 'Remove', text: 'Sessions and tokens of this user end at once. What the audit has of them stays.' })) {
			told(await api.del(path`/users/${u.name}`), `Removing ${u.name}`, `${u.name} was removed`);
			done();
		}
	});
	const password = () => act.run(async () => {
		if (await ask({ title: `New password for ${u.name}?`, yes: 'Make one', text: 'The old one ends at once, with all sessions. The new one is shown once, and must be changed when it is used.' })) {
			const got = await api.post(path`/users/${u.name}/password`);

			done(toldWaits(got, `A new password for ${u.name}`) ? null : { ...u, ...got });
		}
	});
	const unlock = () => act.run(async () => {
		told(await api.put(path`/users/${u.name}`, { full_name: u.full_name, role: u.role, disabled: false, unlock: true }),
			`Unlocking ${u.name}`, `${u.name} is unlocked`);
		done();
	});

	return html`<${FormDialog} title=${u.name} onClose=${onClose} onSubmit=${save.run} busy=${save.busy} error=${save.error || act.error}>
		<${TextField} label="Full name" value=${f.full_name} onInput=${put('full_name')} maxlength="120" />
		<${RadioField} label="Role" value=${f.role} choices=${ROLES} onInput=${put('role')} />
		<${CheckField} label="Disabled" checked=${f.disabled} onInput=${put('disabled')} help="Cannot sign in; sessions and tokens end." />
		<div class="user-acts">${u.state === 'locked' && html`<${Button} icon="lock" busy=${act.busy} onClick=${unlock}>Unlock<//>`}
			${u.sign_in === 'password' && html`<${Button} busy=${act.busy} onClick=${password}>New one-time password…<//>`}
			<${Button} kind="danger" icon="trash" busy=${act.busy} onClick=${remove}>Remove…<//></div><//>`;
}

const STATE = { active: 'active', locked: 'locked', disabled: 'disabled' };

export default function Users({ user }) {
	const got = useGet('/users');
	const [open, setOpen] = useState(null);
	const [once, show] = useState(null);
	const done = (u) => {
		setOpen(null);
		got.reload();
		if (u?.password) {
			show(u);
		}
	};
	const columns = [
		{ key: 'name', title: 'User', main: true, sort: true, cell: (u) => html`<button type="button" class="btn-link" onClick=${() =>
			setOpen({ edit: u })}>${u.name}</button>${u.name === user.name && html` <span class="fine">you</span>`}` },
		{ key: 'full_name', title: 'Full name', sort: true },
		{ key: 'role', title: 'Role', sort: true },
		{ key: 'state', title: 'State', sort: true, cell: (u) => html`<${Status} of=${STATE[u.state] || u.state} />${u.must_change &&
			html` <span class="fine">must change the password</span>`}` },
		{ key: 'sign_in', title: 'Signs in with', cell: (u) => u.sign_in === 'oidc' ? 'OpenID Connect' : 'password' },
		{ key: 'last_sign_in_at', title: 'Last sign-in', sort: true, cell: (u) => html`<${Time} at=${u.last_sign_in_at} rel none="never" />` },
	];

	return html`<${Page} title="Users and tokens" actions=${html`<${Button} kind="primary" icon="plus" onClick=${() => setOpen({ add: true })}>Add a user<//>`}>
		<${SubNav} label="People" links=${PEOPLE} />
		<${Loaded} of=${got} what="Reading the users" show=${({ items }) => html`<${Table} of="Users" columns=${columns} rows=${items}
			rowKey=${(u) => u.name} sortBy=${{ key: 'name' }} empty="There are no users" />`} />
		${open?.add && html`<${Add} onClose=${() => setOpen(null)} done=${done} />`}
		${open?.edit && html`<${Edit} of=${open.edit} onClose=${() => setOpen(null)} done=${done} />`}
		${once && html`<${Dialog} title=${`One-time password of ${once.name}`} onClose=${() => show(null)}
			actions=${html`<${Button} kind="primary" onClick=${() => show(null)}>I have it<//>`}>
			<${Once} label="Password" value=${once.password} what="It is shown this once, and must be changed at the first sign-in." /><//>`}<//>`;
}
