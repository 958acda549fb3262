// SPDX-License-Identifier: Apache-2.0
//
// Before one is in: signing in, and a password that must be changed first.
import { html, useEffect, useState } from './lib/html.js';
import { api, lookWho, me, signOut, signOutAt } from './lib/api.js';
import { useAction, useGet } from './lib/load.js';
import { here } from './lib/router.js';
import { useStore } from './lib/store.js';
import { Button } from './ui/button.js';
import { TextField } from './ui/form.js';
import { ErrorBox, Note } from './ui/states.js';
import { Brand } from './ui/brand.js';

function Alone({ title, children, foot }) {
	useEffect(() => {
		document.title = `${title} · muster`;
	}, [title]);
	return html`<main class="alone"><div class="card">
		<${Brand} /><h1>${title}</h1>${children}</div>
		${foot && html`<p class="fine alone-foot">${foot}</p>`}</main>`;
}

// Of the libraries that are built in.
const LICENCES = new URL('../vendor/licences.txt', import.meta.url).pathname;

// Why one comes back from the identity provider without being in.
const REFUSED = {
	denied: 'The identity provider did not let you in.',
	no_role: 'You are known, but none of your groups has a role in muster: ask an administrator.',
	expired: 'Signing in took too long: try again.',
	unavailable: 'The identity provider does not answer: try again in a while, or sign in with a password.',
	failed: 'Signing in at the identity provider failed; the log of muster says why.',
};

export function SignIn() {
	const root = useGet('/');
	const [user, setUser] = useState('');
	const [password, setPassword] = useState('');
	const enter = useAction(async () => {
		await api.post('/session', { user, password });
		await lookWho();
	});
	const ways = root.data?.sign_in || ['password'];
	const elsewhere = useStore(signOutAt);
	const back = here.get().query.sign_in_error;
	const to = encodeURIComponent(here.get().path);

	return html`<${Alone} title="Sign in" foot=${root.data && html`muster ${root.data.version}${root.data.node ?
		` on ${root.data.node}` : ''} · <a href=${LICENCES}>Licences</a>`}>
		${back && html`<${Note} level="error">${Object.hasOwn(REFUSED, back) ? REFUSED[back] : REFUSED.failed}<//>`}
		${elsewhere && html`<${Note} level="ok" title="You are signed out of muster">
			${root.data?.oidc_name || 'The identity provider'} still knows you:${' '}
			<a href=${elsewhere} target="_self" rel="noreferrer">sign out there, too</a>.<//>`}
		${root.error && html`<${ErrorBox} error=${root.error} retry=${root.reload} />`}
		${ways.includes('oidc') && html`<a class="btn btn-primary btn-full"
			href=${`/api/v1/oidc/start?to=${to}`} target="_self">
			<span>Sign in with ${root.data?.oidc_name || 'OpenID Connect'}</span></a>
			${ways.includes('password') && html`<p class="or"><span>or with a password</span></p>`}`}
		${ways.includes('password') && html`<form noValidate onSubmit=${(e) => {
			e.preventDefault();
			enter.run();
		}}>
			<${TextField} label="User" value=${user} onInput=${setUser} autocomplete="username"
				autofocus=${!ways.includes('oidc')} maxlength="64" />
			<${TextField} label="Password" type="password" value=${password} onInput=${setPassword}
				autocomplete="current-password" maxlength="256" />
			<${ErrorBox} error=${enter.error} title=${enter.error?.status === 401 ?
				'That user and password do not fit' : undefined} />
			<${Button} type="submit" kind=${ways.includes('oidc') ? undefined : 'primary'}
				class="btn-full" busy=${enter.busy} why=${user && password ? '' :
				'Type your user name and password first'}>Sign in<//>
		</form>`}<//>`;
}

/** The rules stand in the answer of the server; here is only what can be seen at once. */
export function PasswordForm({ done, cancel }) {
	const [f, set] = useState({ old: '', next: '', again: '' });
	const change = useAction(async () => {
		await api.put('/me/password', { current: f.old, password: f.next });
		await lookWho();
		done?.();
	});
	const put = (key) => (v) => set((s) => ({ ...s, [key]: v }));
	const differ = f.again && f.next !== f.again;
	const why = !f.old || !f.next || !f.again ? 'Fill in all three first' :
		differ ? 'The two new passwords differ' : '';

	return html`<form noValidate onSubmit=${(e) => {
		e.preventDefault();
		if (!why) {
			change.run();
		}
	}}>
		<input type="text" hidden readonly autocomplete="username" value=${me.get()?.name} />
		<${TextField} label="Current password" type="password" value=${f.old} onInput=${put('old')}
			autocomplete="current-password" error=${change.error?.of?.('/current')} />
		<${TextField} label="New password" type="password" value=${f.next} onInput=${put('next')}
			autocomplete="new-password" error=${change.error?.of?.('/password')}
			help="At least 12 characters; a sentence is good, and easier to type than signs" />
		<${TextField} label="New password again" type="password" value=${f.again}
			onInput=${put('again')} autocomplete="new-password"
			error=${differ ? 'This is not the same' : ''} />
		<${ErrorBox} error=${change.error} />
		<div class="form-foot">${cancel && html`<${Button} onClick=${cancel}>Cancel<//>`}
			<${Button} type="submit" kind="primary" busy=${change.busy} why=${why}>Change password<//></div>
	</form>`;
}

export function MustChange({ user }) {
	const leave = useAction(signOut);

	return html`<${Alone} title="Choose a password"
		foot=${html`Signed in as ${user.name}. <button type="button" class="btn-link"
			onClick=${leave.run}>Sign out</button>`}>
		<p class="prose">The password that you came in with was made for one time. Choose your own before you go on.</p>
		<${PasswordForm} /><//>`;
}
