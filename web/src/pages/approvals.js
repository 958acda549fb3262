// SPDX-License-Identifier: Apache-2.0
//
// What waits for a second person, and what became of the rest.
import { html, useState } from '../lib/html.js';
import { ApiError, api, may, me, path } from '../lib/api.js';
import { useList } from '../lib/load.js';
import { Button, ROLE_OF } from '../ui/button.js';
import { ask, Dialog } from '../ui/dialog.js';
import { Empty, ErrorBox, Loaded } from '../ui/states.js';
import { Page, Section } from '../ui/page.js';
import { Pager, Table } from '../ui/table.js';
import { Status } from '../ui/status.js';
import { Time } from '../ui/time.js';
import { toast } from '../ui/toast.js';
import { Once } from '../conf/once.js';

function Request({ of: r }) {
	const body = JSON.stringify(r.body ?? {}, null, 2);

	return html`<p class="fine"><code>${r.method} ${r.path}</code></p>
		${body !== '{}' && html`<pre class="output output-small" tabindex="0" aria-label="What is sent">${body}</pre>`}`;
}

function Waiting({ approval: a, reload, show }) {
	const [error, setError] = useState(null);
	const user = me.get();
	const why = a.asked_by === user.name ? 'You asked for this: somebody else must decide' :
		!may(a.needs, user) ? `Deciding needs the role ${ROLE_OF[a.needs] || a.needs}; you are ${user.role}` : '';
	const decide = (word, q) => async () => {
		const said = await ask(q);

		if (!said) {
			return;
		}
		setError(null);
		try {
			const got = await api.post(path`/approvals/${a.id}/${word}`, word === 'reject' ? { why: said } : {});

			if (got?.status >= 400) {
				throw new ApiError(got.status, 'invalid', `It is approved, but could not be carried out: ${got.result?.detail || got.status}`);
			}
			// A new user's password, a token: the server says it this once, to whoever approved.
			if (got?.result?.password || got?.result?.token) {
				show({ title: a.what, value: got.result.password || got.result.token });
			}
			toast(word === 'reject' ? 'Rejected' : 'Approved', { href: a.task && word === 'approve' ? `/tasks/${a.task}` : undefined });
		} catch (e) {
			setError(e);
		}
		reload();
	};

	return html`<li class="card approval"><div class="approval-head"><h3>${a.what}</h3>
			<span class="fine">asked by <b>${a.asked_by}</b> <${Time} at=${a.asked_at} rel />, ends <${Time} at=${a.expires_at} rel /></span></div>
		<${ErrorBox} error=${error} />
		${a.request && html`<details><summary>What exactly is done</summary><${Request} of=${a.request} /></details>`}
		${why ? html`<p class="role-note">${why}.</p>` : html`<div class="approval-foot">
			<${Button} onClick=${decide('reject', { title: `Reject: ${a.what}?`, text: html`<p>${a.asked_by} reads your reason.</p>`, why: 'Why', yes: 'Reject', danger: true })}>Reject …<//>
			<${Button} kind="primary" onClick=${decide('approve', { title: `Approve: ${a.what}?`, yes: 'Approve',
				text: html`<p>It is carried out at once, in the name of ${a.asked_by} and you.</p>` })}>Approve …<//></div>`}</li>`;
}

const COLUMNS = [
	{ key: 'what', title: 'What', main: true, cell: (a) => a.task ? html`<a href=${`/tasks/${a.task}`}>${a.what}</a>` : a.what },
	{ key: 'state', title: 'Decision', cell: (a) => html`<${Status} of=${a.state} />` },
	{ key: 'asked_by', title: 'Asked by' }, { key: 'decided_by', title: 'Decided by' },
	{ key: 'decided_at', title: 'When', cell: (a) => html`<${Time} at=${a.decided_at || a.asked_at} />` },
	{ key: 'why', title: 'Why', wide: true },
];

export default function Approvals({ query }) {
	const waiting = useList('/approvals', { state: 'waiting', limit: 100 }, { live: ['approval', 'task'] });
	const [once, show] = useState(null);
	const all = useList('/approvals', { after: query.after, limit: 50 }, { live: ['approval', 'task'] });

	return html`<${Page} title="Approvals" intro="What touches PROD can wait for a second person, who may do the same (section service, option approval).">
		<${Section} title="Waiting" id="waiting"><${Loaded} of=${waiting} show=${(d) => d.items.length ?
			html`<ul class="approvals">${d.items.map((a) => html`<${Waiting} key=${a.id} approval=${a} reload=${waiting.reload} show=${show} />`)}</ul>` :
			html`<${Empty} icon="approvals" title="Nothing waits for approval" />`} /><//>
		<${Section} title="Decided" id="decided"><${Loaded} of=${all} show=${(d) => {
			const items = d.items.filter((a) => a.state !== 'waiting');

			return html`<${Table} of="Decisions, newest first" columns=${COLUMNS} rows=${items} empty="Nothing was decided yet" />
				<${Pager} after=${query.after} next=${d.next} n=${items.length} what="decisions" />`;
		}} /><//>
		${once && html`<${Dialog} title=${once.title} onClose=${() => show(null)} actions=${html`<${Button} kind="primary"
			onClick=${() => show(null)}>I have it<//>`}><${Once} label="Secret" value=${once.value}
			what="It is shown this once: give it to the one it is for." /><//>`}<//>`;
}
