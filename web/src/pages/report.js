// SPDX-License-Identifier: Apache-2.0
//
// One report of one job: made anew on demand, the newest one until then.
import { html, useEffect, useMemo, useState } from '../lib/html.js';
import { api, newKey, path, query as words } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { setQuery } from '../lib/router.js';
import { count, plural } from '../lib/format.js';
import { isOver } from '../lib/tasks.js';
import { Button } from '../ui/button.js';
import { SelectField, TextField } from '../ui/form.js';
import { Page, Section } from '../ui/page.js';
import { Empty, ErrorBox, Loaded, Note } from '../ui/states.js';
import { Table } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { Bars } from '../conf/bars.js';
import { sentence } from '../conf/field.js';
import { columnTitle, plotOf } from '../conf/report-plots.js';
import { TOO_LARGE, TaskView, lastTask, useTask } from '../conf/task.js';

const STEP = 50;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

function cell(v) {
	return v === null || v === undefined || v === '' ? html`<span class="none">–</span>` :
		typeof v === 'number' ? Number.isInteger(v) ? count(v) : v : TIME.test(v) ? html`<${Time} at=${v} />` : String(v);
}

const file = (task, format, section) => `/api/v1/tasks/${task}/report${words({ format, section })}`;

function Files({ task, section }) {
	return html`<span class="files"><${Button} small icon="download" href=${file(task, 'csv', section)} download target="_self"
			aria-label=${section ? `CSV of ${section}` : 'CSV'}>CSV<//>
		<${Button} small icon="download" href=${file(task, 'xlsx', section)} download target="_self"
			aria-label=${section ? `XLSX of ${section}` : 'XLSX'}>XLSX<//></span>`;
}

function Part({ report, name, of: s, task }) {
	const [n, more] = useState(STEP);
	const plot = useMemo(() => plotOf(report, name, s.rows), [s]);
	const columns = useMemo(() => {
		const keys = Object.keys(s.rows[0] || {});
		const filled = keys.filter((k) => s.rows.some((r) => r[k] !== null && r[k] !== ''));

		const titles = new Map((s.columns || []).map((c) => [c.name, c.title]));

		return filled.map((key, i) => ({ key, title: titles.get(key) || columnTitle(key), sort: true, main: i === 0,
			num: s.rows.some((r) => typeof r[key] === 'number'), wide: key === 'reason', cell: (r) => cell(r[key]) }));
	}, [s]);
	const shown = s.rows.slice(0, n);

	return html`<${Section} title=${s.title} id=${name} sub=${s.total > s.rows.length ?
			`${count(s.rows.length)} of ${plural(s.total, 'row')}` : s.total ? plural(s.total, 'row') : ''}
		actions=${s.rows.length > 0 && html`<${Files} task=${task} section=${name} />`}>
		${plot && html`<div class="card"><${Bars} ...${plot} label=${s.title} /></div>`}
		${s.rows.length ? html`<${Table} of=${s.title} columns=${columns} rows=${shown} rowKey=${(r) => JSON.stringify(r)} />` :
			html`<p class="none">Nothing.</p>`}
		${s.rows.length > n && html`<p class="more"><${Button} small onClick=${() => more(n + 4 * STEP)}>Show more<//>
			<span class="fine">${' '}${count(n)} of ${count(s.rows.length)} are shown; the files have all.</span></p>`}<//>`;
}

function Whole({ of: r, task }) {
	if (r === TOO_LARGE) {
		return html`<${Note} level="warning" title="Too large to be shown here" actions=${html`<${Files} task=${task} />`}>
			The report is there as a file.<//>`;
	}
	if (!r?.sections) {
		return html`<${Note} level="error">This task left no report behind.<//>`;
	}
	return html`<div class="report-head"><p>Job <a href=${`/jobs/${encodeURIComponent(r.job)}`}>${r.job}</a>, made <${Time} at=${r.made_at} full /></p>
			<${Files} task=${task} /></div>
		${!r.complete && html`<${Note} level="warning" title="It may be incomplete"><ul>${r.notes.filter((n) => n.incomplete).map((n) =>
			html`<li>${n.text}</li>`)}</ul><//>`}
		${r.notes.filter((n) => !n.incomplete).map((n) => html`<${Note}>${n.text}<//>`)}
		${Object.entries(r.sections).map(([name, s]) => html`<${Part} key=${name} report=${r.report} name=${name} of=${s} task=${task} />`)}`;
}

function Make({ kind, jobs, query }) {
	const job = jobs.find((j) => j.name === query.job)?.name || jobs[0].name;
	const id = Number(query.task) || null;
	const [f, set] = useState({});
	const [looked, look] = useState(false);
	const t = useTask(id);
	const begin = useAction(async () => {
		const { task } = await api.task(path`/jobs/${job}/reports`, { report: kind.name, ...f }, newKey());

		setQuery({ job, task: task?.id }, { replace: true });
	});
	const busy = begin.busy || id && t.task && !isOver(t.task);

	useEffect(() => {
		let gone = false;

		look(false);
		if (!id) {
			lastTask({ kind: 'report', job, state: 'done' }, (x) => x.argv?.includes(kind.name)).then((x) => {
				if (!gone) {
					look(true);
					if (x) {
						setQuery({ job, task: x.id }, { replace: true });
					}
				}
			}, () => gone || look(true));
		}
		return () => {
			gone = true;
		};
	}, [job, kind.name]);
	return html`<form class="filters" onSubmit=${(e) => {
			e.preventDefault();
			begin.run();
		}}><${SelectField} label="Job" value=${job} choices=${jobs.map((j) => j.name)} onInput=${(v) => setQuery({ job: v, task: null }, { replace: true })} />
			${kind.options.map((o) => html`<${TextField} key=${o.key} label=${columnTitle(o.key)} inputmode="numeric" placeholder=${o.default}
				value=${f[o.key]} help=${o.help} onInput=${(v) => set((s) => ({ ...s, [o.key]: v === '' ? undefined : Number(v) || v }))} />`)}
			<${Button} type="submit" kind="primary" icon="play" busy=${busy}>Make the report<//></form>
		<${ErrorBox} error=${begin.error} />
		${!id && looked && html`<${Empty} icon="reports" title="Not made yet"><p>${sentence(kind.help)}</p><//>`}
		<${TaskView} of=${t} what="Making the report" show=${(out) => html`<${Whole} of=${out} task=${id} />`} />`;
}

export default function Report({ params, query }) {
	const kinds = useGet('/reports');
	const jobs = useGet('/jobs');
	const kind = kinds.data?.items.find((k) => k.name === params.name);

	return html`<${Page} title=${kind?.title || 'Report'} crumbs=${[['Reports', '/reports']]}>
		<${Loaded} of=${kinds} show=${() => !kind ? html`<${Empty} icon="reports" title=${`There is no report ${params.name}`} />` :
			html`<${Loaded} of=${jobs} show=${({ items }) => items.length ? html`<${Make} key=${kind.name} kind=${kind} jobs=${items} query=${query} />` :
				html`<${Empty} icon="jobs" title="There is no job yet"><p>A report is of a job. <a href="/new-job">Make a job</a></p><//>`} />`} /><//>`;
}
