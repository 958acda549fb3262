// SPDX-License-Identifier: Apache-2.0
//
// Why a record is as it is: source record, rules, desired record, RecVer, last
// write, next run; each column with the rule that made it.
import { html, useEffect, useState } from '../lib/html.js';
import { api, newKey, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { setQuery } from '../lib/router.js';
import { words } from '../lib/format.js';
import { Button } from '../ui/button.js';
import { SelectField, TextField } from '../ui/form.js';
import { Page } from '../ui/page.js';
import { Empty, ErrorBox, Loaded } from '../ui/states.js';
import { Status } from '../ui/status.js';
import { Time } from '../ui/time.js';
import { TaskView, useTask } from '../conf/task.js';
import { show } from '../conf/values.js';

const WHEN = { insert: 'on insert only', update: 'on update only', never: 'never sent' };

const text = (v) => v === null || v === undefined || v === '' ? html`<span class="none">empty</span>` :
	typeof v === 'object' ? html`<code>${JSON.stringify(v)}</code>` : String(v);

function Source({ of: r }) {
	const rows = Object.entries(r.source || {});
	const filled = rows.filter(([, v]) => v !== null && v !== '' && !(Array.isArray(v) && !v.length));
	const [all, show] = useState(false);

	return html`<details class="link" open><summary>Source record <span class="fine">${r.feed || ''}</span></summary>
		${r.shown === false ? html`<p>The source does not show it now.</p>` : html`<table class="pairs"><caption class="hidden">Fields of the source record</caption><colgroup><col class="pairs-key" /><col /></colgroup>
			<tbody>${(all ? rows : filled).map(([k, v]) => html`<tr><th scope="row"><code>${k}</code></th><td>${text(v)}</td></tr>`)}</tbody></table>
		${rows.length > filled.length && html`<p><button type="button" class="btn-link" onClick=${() => show(!all)}>${all ?
			'Only fields that have a value' : `${rows.length - filled.length} empty fields, too`}</button></p>`}`}</details>`;
}

function Desired({ of: r, rules, connection }) {
	const of = (id) => rules.get(id);

	return html`<details class="link" open><summary>Desired record <span class="fine">${r.table || ''}</span></summary>
		${!r.desired?.length ? html`<p>None: ${r.filter && r.filter !== 'kept' ? r.filter : 'the rules make nothing of it'}.</p>` :
		html`<table class="pairs pairs-3"><caption class="hidden">Columns with the rule that makes each</caption>
			<thead><tr><th scope="col">Column</th><th scope="col">Value</th><th scope="col">Rule</th></tr></thead>
			<tbody>${r.desired.map((d) => html`<tr><th scope="row"><code>${d.column}</code></th><td>${text(d.value)}</td>
				<td><a href=${`/connections/${encodeURIComponent(connection)}/rules?q=${encodeURIComponent(d.rule)}`}
					title=${of(d.rule)?.default || ''}>${of(d.rule)?.title || d.rule}</a>${WHEN[d.when] &&
					html` <span class="fine">${WHEN[d.when]}</span>`}${d.volatile && html` <span class="fine">never a reason to write</span>`}${
					(d.settings || []).map((s) => html` <span class="fine"><code>${s.key}</code> ${show(s.value)}</span>`)}</td></tr>`)}</tbody></table>`}</details>`;
}

function Chain({ of: r, rules, connection }) {
	const sent = r.recver || {};
	const last = r.last_write;

	return html`<article class="chain" aria-label=${`${r.record_set} ${r.key}`}><header class="chain-head">
			<h2>${r.desired?.find((d) => d.column === 'name')?.value || r.key}</h2>
			<span class="fine">${words(r.record_set)} <code>${r.key}</code></span></header>
		<ol class="links"><li><${Source} of=${r} /></li>
			<li><div class="link"><p class="link-title">Filter</p><p>${r.filter === 'kept' ? html`<${Status} of="ok" text="kept: it is delivered" />` :
				html`<${Status} of="skipped" text=${r.filter || 'not known'} />`}${r.why && html` <span class="fine">${r.why}</span>`}</p></div></li>
			<li><${Desired} of=${r} rules=${rules} connection=${connection} /></li>
			<li><div class="link"><p class="link-title">RecVer</p><p>${!sent.known ? 'It was never delivered.' : sent.same ?
				html`<${Status} of="ok" text="delivered exactly as it is" />` : html`<${Status} of="warning" text="delivered, but with other values" />`}
				${sent.sys_id && html` <span class="fine">sys_id <code>${sent.sys_id}</code></span>`}</p></div></li>
			<li><div class="link"><p class="link-title">Last write</p><p>${last ? html`${last.action} in <a href=${`/runs/${last.run}`}>run ${last.run}</a>,${' '}
				<${Time} at=${last.at} full /> <span class="fine">request <code>${last.request_id}</code></span>` :
				html`<span class="none">none that is known of</span>`}</p></div></li>
			<li><div class="link"><p class="link-title">Next run</p><p class="link-next">${r.next_run}</p></div></li></ol></article>`;
}

function Found({ of: records, connection }) {
	const rules = useGet(connection && path`/connections/${connection}/rules`);
	const by = new Map((rules.data?.rules || []).map((x) => [x.id, x]));

	return !Array.isArray(records) || !records.length ? html`<${Empty} icon="explain" title="No record is called so">
		<p>Try a device id, the whole name of a device, a CVE id, or a package.</p><//>` :
		records.map((r) => html`<${Chain} key=${r.record_set + r.key} of=${r} rules=${by} connection=${connection} />`);
}

function Form({ jobs, query }) {
	const [f, set] = useState({ job: query.job || jobs[0].name, key: query.key || '', record_set: query.record_set || '' });
	const job = jobs.find((j) => j.name === f.job);
	const id = Number(query.task) || null;
	const t = useTask(id);
	const begin = useAction(async () => {
		const { task } = await api.task(path`/jobs/${f.job}/explanations`, { key: f.key.trim(), record_set: f.record_set || null }, newKey());

		setQuery({ job: f.job, key: f.key.trim(), record_set: f.record_set, task: task?.id });
	});
	const put = (key) => (v) => set((s) => ({ ...s, [key]: v }));
	const sets = job?.record_sets || [];

	useEffect(() => {
		if (query.key && query.job && !id) {
			begin.run();
		}
	}, []);
	return html`<form class="filters" role="search" onSubmit=${(e) => {
			e.preventDefault();
			if (f.key.trim()) {
				begin.run();
			}
		}}>
			<${SelectField} label="Job" value=${f.job} choices=${jobs.map((j) => j.name)} onInput=${put('job')} />
			<${TextField} label="Record" type="search" value=${f.key} onInput=${put('key')} maxlength="200" autofocus
				placeholder="device, CVE, package, key" />
			${sets.length > 0 && html`<${SelectField} label="Record set" value=${f.record_set} none="any" choices=${sets} onInput=${put('record_set')} />`}
			<${Button} type="submit" kind="primary" busy=${begin.busy} why=${f.key.trim() ? '' : 'Say which record'}>Explain<//></form>
		<${ErrorBox} error=${begin.error} />
		${!id && html`<p class="conf-help">It reads the source anew, so a large one takes a while; nothing is written.</p>`}
		<${TaskView} of=${t} what="Reading the source" show=${(out) => html`<${Found} of=${out} connection=${job?.source} />`} />`;
}

export default function Explain({ query }) {
	const jobs = useGet('/jobs');

	return html`<${Page} title="Explain a record" intro="From the source record through the rules to what ServiceNow was given, column by column.">
		<${Loaded} of=${jobs} what="Reading the jobs" show=${({ items }) => items.length ? html`<${Form} jobs=${items} query=${query} />` :
			html`<${Empty} icon="jobs" title="There is no job yet"><p>Records are explained as a job makes them. <a href="/new-job">Make a job</a></p><//>`} /><//>`;
}
