// SPDX-License-Identifier: Apache-2.0
//
// Alerts on their way: what waits, what was refused, sending it again.
import { html, useState } from '../lib/html.js';
import { api, may, newKey, path } from '../lib/api.js';
import { useAction, useGet, useList } from '../lib/load.js';
import { setQuery } from '../lib/router.js';
import { count, plural } from '../lib/format.js';
import { Button, RoleNote } from '../ui/button.js';
import { ask, Dialog } from '../ui/dialog.js';
import { SelectField } from '../ui/form.js';
import { Facts, Page, Section } from '../ui/page.js';
import { Empty, ErrorBox, Loaded, Loading, Note } from '../ui/states.js';
import { Badge, Status } from '../ui/status.js';
import { Pager, Table } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { toast, toastTask } from '../ui/toast.js';
import { ForwardNav } from '../conf/forward.js';

const STATES = { waiting: ['queued', 'waits'], sent: ['running', 'sent, not answered'], later: ['queued', 'tried again later'],
	aside: ['failed', 'failed: set aside'], done: ['done', 'delivered'], dropped: ['cancelled', 'dropped'] };

const AlertState = ({ of: a }) => html`<${Status} of=${STATES[a.state]?.[0] || a.state} text=${STATES[a.state]?.[1]} />${a.in_doubt &&
	html` <${Badge} level="warn" title="Whether it arrived is not known; it is looked up before it is sent again">in doubt<//>`}`;

function StatusPart({ of: s }) {
	const sum = (key) => s.actions.reduce((n, a) => n + (a[key] || 0), 0);

	return html`${s.problem && html`<${Note} level="error" title="The configuration of forwarding cannot be used">${s.problem}<//>`}<div class="card forward-status"><${Facts} of=${[
			['Forwarding', s.running ? html`<${Status} of="running" text=${s.holder || s.node ? `runs: ${s.holder || s.node}` : 'runs'} />` :
				html`<${Status} of="disabled" text="does not run" />`],
			['Waiting', count(sum('waiting') + sum('later'))], ['Failed', sum('aside') ? html`<${Status} of="failed" text=${count(sum('aside'))} />` : '0'],
			['Not readable', count(s.unread)], ['Rules', s.rules.length ? html`<a href="/forwarding/rules">${count(s.rules.length)}</a>` : html`<a href="/forwarding/rules">none yet</a>`]]} />
		${s.received.length > 0 && html`<details class="conf-fold"><summary>What came in</summary><ul class="received">${s.received.map((r) =>
			html`<li><span>${r.from}: ${r.what}</span> <b class="num">${count(r.alerts)}</b></li>`)}</ul></details>`}</div>`;
}

/** Retrying and dropping, with what they say. */
function useActs(reload) {
	return useAction(async (what, a) => {
		if (what === 'drop' && !await ask({ title: `Drop alert ${a.id}?`, danger: true, yes: 'Drop it', consent: 'I know that it is not delivered',
			text: `${a.action} will not get it, and it is not tried again.` })) {
			return false;
		}
		if (what === 'retry') {
			toastTask(await api.task(path`/forward/alerts/${a.id}/retry`, {}, newKey()), `Alert ${a.id} is sent again`);
		} else {
			await api.post(path`/forward/alerts/${a.id}/drop`);
			toast(`Alert ${a.id} was dropped`);
		}
		reload();
		return true;
	});
}

const open = (a) => !['done', 'dropped'].includes(a.state);

function Alert({ id, onClose, acts }) {
	const got = useGet(path`/forward/alerts/${id}`);
	const pretty = (text) => {
		try {
			return JSON.stringify(JSON.parse(text), null, 2);
		} catch {
			return text;
		}
	};

	return html`<${Dialog} wide title=${`Alert ${id}`} onClose=${onClose}>${got.error ? html`<${ErrorBox} error=${got.error} retry=${got.reload} />` :
		!got.data ? html`<${Loading} />` : html`<${Facts} of=${[['State', html`<${AlertState} of=${got.data} />`], ['Action', got.data.action],
			['Rule', got.data.rule], ['Source', got.data.source], ['Tries', count(got.data.tries)], ['Accepted', html`<${Time} at=${got.data.accepted_at} full />`],
			['Last change', html`<${Time} at=${got.data.changed_at} full />`], ['At the far end', got.data.remote ? html`<code>${got.data.remote}</code>` : undefined]]} />
		${got.data.why && html`<${Note} level=${got.data.state === 'aside' ? 'error' : 'info'}>${got.data.why}<//>`}
		<pre class="alert-text" tabindex="0" aria-label="The alert as it came">${pretty(got.data.alert || '')}</pre>
		${open(got.data) && may('operate') && html`<div class="dialog-foot"><${Button} kind="danger" onClick=${async () =>
				await acts.run('drop', got.data) && onClose()}>Drop…<//>
			<${Button} kind="primary" busy=${acts.busy} onClick=${async () => await acts.run('retry', got.data) && onClose()}>Send again<//></div>`}`}<//>`;
}

function Outbox({ query, actions }) {
	const got = useList('/forward/alerts', { state: query.state, action: query.action, after: query.after });
	const [shown, show] = useState(null);
	const acts = useActs(got.reload);
	const columns = [
		{ key: 'id', title: 'Alert', main: true, cell: (a) => html`<button type="button" class="btn-link" onClick=${() => show(a.id)}
			aria-label=${`Alert ${a.id}: show`}>${a.id}</button> <span class="fine nowrap">${a.key}</span>` },
		{ key: 'state', title: 'State', cell: (a) => html`<${AlertState} of=${a} />` },
		{ key: 'action', title: 'Action', cell: (a) => html`${a.action} <span class="fine nowrap">${a.op}, rule ${a.rule}</span>` },
		{ key: 'tries', title: 'Tries', num: true },
		{ key: 'changed_at', title: 'Last change', cell: (a) => html`<${Time} at=${a.changed_at} rel />` },
		{ key: 'why', title: 'Why', wide: true, cell: (a) => a.why || html`<span class="none">–</span>` },
		...may('operate') ? [{ key: 'act', title: '', cell: (a) => open(a) && html`<span class="row-acts"><${Button} small busy=${acts.busy}
			aria-label=${`Retry alert ${a.id}`} onClick=${() => acts.run('retry', a)}>Retry<//>
			<${Button} small kind="danger" aria-label=${`Drop alert ${a.id}`} onClick=${() => acts.run('drop', a)}>Drop<//></span>` }] : [],
	];
	const filtered = query.state || query.action;

	return html`<${Section} title="Outbox" id="outbox"><div class="filters">
			<${SelectField} label="State" value=${query.state || ''} none="all" choices=${Object.entries(STATES).map(([k, v]) => [k, v[1]])}
				onInput=${(state) => setQuery({ state, after: null })} />
			<${SelectField} label="Action" value=${query.action || ''} none="all" choices=${actions.map((a) => a.action)}
				onInput=${(action) => setQuery({ action, after: null })} /></div>
		<${ErrorBox} error=${acts.error} />
		<${Loaded} of=${got} what="Reading the outbox" show=${({ items, next }) => html`<${Table} of="Alerts and where they are" columns=${columns} rows=${items} busy=${got.loading}
			empty=${html`<${Empty} icon="forwarding" title=${filtered ? 'No alert is like that' : 'No alert has come yet'}>
				${!filtered && html`<p>Alerts of Defender for IoT come here when a <a href="/forwarding/rules">rule</a> takes them.</p>`}<//>`} />
			<${Pager} after=${query.after} next=${next} n=${items.length} what="deliveries" />`} />
		${shown && html`<${Alert} id=${shown} acts=${acts} onClose=${() => show(null)} />`}<//>`;
}

export default function Forwarding({ query }) {
	const got = useGet('/forward/status', { live: ['task', 'notice'] });
	const aside = got.data?.actions.reduce((n, a) => n + (a.aside || 0), 0) || 0;

	return html`<${Page} title="Forwarding" intro="Alerts of Defender for IoT, delivered as they come. One that was accepted is on disk until the far end has it.">
		<${ForwardNav} /><${RoleNote} need="operate" what="Sending again and dropping" />
		<${Loaded} of=${got} what="Looking at forwarding" show=${(s) => html`${aside > 0 && !query.state && html`<${Note} level="error"
				title=${`${plural(aside, 'delivery', 'deliveries')} failed`} actions=${html`<${Button} small onClick=${() => setQuery({ state: 'aside' })}>Show<//>`}>
				They are set aside: look at why, then send them again or drop them.<//>`}
			<${StatusPart} of=${s} /><${Outbox} query=${query} actions=${s.actions} />`} /><//>`;
}
