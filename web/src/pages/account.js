// SPDX-License-Identifier: Apache-2.0
//
// What one may do about oneself: password, sessions, tokens.
import { html, useState } from '../lib/html.js';
import { api, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { PasswordForm } from '../signin.js';
import { Button } from '../ui/button.js';
import { ask, Dialog } from '../ui/dialog.js';
import { Facts, Page, Section } from '../ui/page.js';
import { ErrorBox, Loaded } from '../ui/states.js';
import { Badge } from '../ui/status.js';
import { Table } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { toast } from '../ui/toast.js';
import { MakeToken, TokenTable } from '../conf/tokens.js';

const BROWSERS = [[/Edg\/(\d+)/, 'Edge'], [/OPR\/(\d+)/, 'Opera'], [/Firefox\/(\d+)/, 'Firefox'], [/Chrome\/(\d+)/, 'Chrome'], [/Version\/(\d+).*Safari/, 'Safari']];
const SYSTEMS = [[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']];

/** "Firefox 142 on Linux", as far as it can be told. */
function browserOf(agent) {
	const [, name] = BROWSERS.find(([p]) => p.test(agent)) || [];
	const [, system] = SYSTEMS.find(([p]) => p.test(agent)) || [];
	const version = name && agent.match(BROWSERS.find(([, n]) => n === name)[0])[1];

	return name ? `${name} ${version}${system ? ` on ${system}` : ''}` : agent || 'not known';
}

function Sessions() {
	const got = useGet('/me/sessions');
	const end = useAction(async (s) => {
		await api.del(path`/me/sessions/${s.id}`);
		toast('That session has ended');
		got.reload();
	});
	const others = useAction(async () => {
		if (await ask({ title: 'End all other sessions?', yes: 'End them', text: 'Wherever else you are signed in, you are signed out.' })) {
			await api.del('/me/sessions');
			got.reload();
		}
	});
	const columns = [
		{ key: 'agent', title: 'Browser', main: true, cell: (s) => html`<span title=${s.agent}>${browserOf(s.agent || '')}</span>${s.current && html` <${Badge} level="ok">this one<//>`}` },
		{ key: 'address', title: 'From' },
		{ key: 'created_at', title: 'Since', cell: (s) => html`<${Time} at=${s.created_at} />` },
		{ key: 'seen_at', title: 'Last seen', cell: (s) => html`<${Time} at=${s.seen_at} rel />` },
		{ key: 'end', title: '', label: 'End', cell: (s) => !s.current && html`<${Button} small onClick=${() => end.run(s)}
			aria-label=${`End the session from ${s.address}`}>End<//>` },
	];
	const n = got.data?.items.filter((s) => !s.current).length || 0;

	return html`<${Section} title="Sessions" id="sessions" actions=${n > 1 && html`<${Button} small busy=${others.busy} onClick=${others.run}>End all others<//>`}>
		<${ErrorBox} error=${end.error || others.error} />
		<${Loaded} of=${got} show=${({ items }) => html`<${Table} of="Your sessions" columns=${columns} rows=${items} empty="No sessions" />`} /><//>`;
}

function Tokens({ user }) {
	const got = useGet('/tokens');
	const [open, setOpen] = useState(false);

	return html`<${Section} title="Your tokens" id="tokens" actions=${html`<${Button} small icon="plus" onClick=${() => setOpen(true)}>New token<//>`}>
		<${Loaded} of=${got} show=${({ items }) => html`<${TokenTable} mine items=${items.filter((t) => t.user === user.name)} reload=${got.reload} />`} />
		${open && html`<${MakeToken} user=${user} reload=${got.reload} onClose=${() => setOpen(false)} />`}<//>`;
}

export default function Account({ user }) {
	const [changing, change] = useState(false);
	const local = user.sign_in !== 'oidc';

	return html`<${Page} title="Your account">
		<${Section} title="You" id="you" actions=${local && html`<${Button} small onClick=${() => change(true)}>Change password…<//>`}>
			<${Facts} of=${[['User', user.name], ['Full name', user.full_name || undefined], ['Role', user.role],
				['You may', user.may.join(', ')], ['Signs in with', local ? 'a password' : 'OpenID Connect: the password is changed there']]} /><//>
		<${Sessions} /><${Tokens} user=${user} />
		${changing && html`<${Dialog} title="Change password" onClose=${() => change(false)}><${PasswordForm} cancel=${() => change(false)} done=${() => {
			change(false);
			toast('Your password is changed; other sessions have ended');
		}} /><//>`}<//>`;
}
