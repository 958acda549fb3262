// SPDX-License-Identifier: Apache-2.0
//
// The first page: is everything in step, and what needs a person?
import { html } from '../lib/html.js';
import { count, date, plural } from '../lib/format.js';
import { useGet } from '../lib/load.js';
import { Env, Status } from '../ui/status.js';
import { Button, RoleNote } from '../ui/button.js';
import { Empty, Loaded } from '../ui/states.js';
import { Icon } from '../ui/icon.js';
import { Page, Section } from '../ui/page.js';
import { Columns, Parts, Plot } from '../ui/plot.js';
import { Meter } from '../ui/progress.js';
import { Table } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { JobState, NextRun } from './parts/job-state.js';
import { TaskLine } from './parts/progress.js';

const SEVERITIES = [['critical', 'Critical'], ['high', 'High'], ['medium', 'Medium'], ['low', 'Low']];

function Verdict({ o }) {
	const all = o.jobs.length;
	const errors = o.notices.filter((n) => n.level === 'error').length;
	const step = o.behind === 0;

	return html`<div class=${`verdict verdict-${step ? errors ? 'warn' : 'ok' : 'warn'}`}>
		<${Icon} name=${step && !errors ? 'ok' : 'warning'} size=${26} />
		<div><p class="verdict-text">${step ? 'Everything is in step' :
			`${plural(o.behind, 'job')} of ${count(all)} ${o.behind === 1 ? 'is' : 'are'} behind`}</p>
			<p>${step ? all === 1 ? '1 job, as fresh as its schedule wants' : `${plural(all, 'job')}, each as fresh as its schedule wants` :
				o.jobs.filter((j) => j.problem).map((j, i) => html`${i > 0 && '; '}<a
					href=${`/jobs/${encodeURIComponent(j.name)}`}>${j.name}</a>: ${j.problem}`)}</p></div></div>`;
}

function Notices({ of: notices }) {
	return notices.length > 0 && html`<ul class="notices" aria-label="Warnings">${notices.map((n) => html`<li key=${n.id}
		class=${`notice notice-${n.level}`}><${Icon} name=${n.level} /><span class="notice-text">${n.text}</span>
		<span class="notice-end"><${Time} at=${n.since} rel />${n.link && html`<a href=${n.link}>Look<span
			class="hidden"> at: ${n.text}</span></a>`}</span></li>`)}</ul>`;
}

function Jobs({ o }) {
	const fresh = Object.fromEntries(o.freshness.map((f) => [f.job, f]));
	const columns = [
		{ key: 'name', title: 'Job', main: true, sort: true, cell: (j) => html`<a
			href=${`/jobs/${encodeURIComponent(j.name)}`}>${j.name}</a> <${Env} of=${j.environment} />` },
		{ key: 'state', title: 'Stands', cell: (j) => html`<${JobState} job=${j} />` },
		{ key: 'last', title: 'Last run', sort: (j) => j.last_run?.started_at, cell: (j) => j.last_run ? html`<a
			href=${`/runs/${j.last_run.id}`}><${Status} of=${j.last_run.status} /></a> <span class="dim-time"><${Time}
			at=${j.last_run.started_at} rel /></span>` : html`<span class="none">never</span>` },
		{ key: 'writes', title: 'Written', num: true, sort: (j) => j.last_run?.writes, cell: (j) => count(j.last_run?.writes) },
		{ key: 'fresh', title: 'Last complete', cell: (j) => html`<${Time} at=${fresh[j.name]?.last_complete_at} rel none="never" />` },
		{ key: 'next', title: 'Next run', sort: (j) => j.next_at, cell: (j) => html`<${NextRun} job=${j} rel />` },
	];

	return html`<${Section} title="Jobs" id="jobs" actions=${html`<a href="/jobs">All jobs</a>`}>
		<${Table} of="Jobs, with their last and next run" columns=${columns} rows=${o.jobs} /><//>`;
}

function Cves({ of: cves }) {
	const now = cves.by_severity;
	const parts = SEVERITIES.map(([key, name]) => ({ name, colour: `--sev-${key}`, n: now[key] || 0 }));
	const all = parts.reduce((n, p) => n + p.n, 0);

	return html`<${Section} title="Open CVEs" id="cves" sub=${all ? `${count(all)} on devices` : ''} class="card">
		${!all && !cves.over_time.length ? html`<p class="none">No job delivers CVEs yet.</p>` : html`
		<ul class="sums">${parts.map((p) => html`<li><span><i class=${`dot dot-${p.colour.slice(2)}`}></i>${p.name}</span>
			<b>${count(p.n)}</b></li>`)}</ul>
		<${Parts} parts=${parts} label="Open CVEs by severity" />
		${cves.over_time.length > 1 && html`<${CvesOverTime} points=${cves.over_time} />`}`}<//>`;
}

// Kept as long as the points are the same: a plot is not drawn anew without need.
let drawn = {};

function CvesOverTime({ points }) {
	const key = JSON.stringify([points.length, points[0], points.at(-1)]);

	if (drawn.key !== key) {
		drawn = { key, times: points.map((p) => p.at), series: [...SEVERITIES].reverse().map(([k, name]) =>
			({ name, colour: `--sev-${k}`, values: points.map((p) => p[k] ?? 0) })) };
	}
	return html`<${Plot} times=${drawn.times} series=${drawn.series} stacked
		label=${`Open CVEs by severity from ${date(points[0].at)} to ${date(points.at(-1).at)}`} height=${190} />`;
}

function Changes({ of: days }) {
	const parts = [['new', 'New', '--bar-new'], ['changed', 'Changed', '--bar-changed'],
		['closed', 'Closed', '--bar-closed'], ['retired', 'Retired', '--bar-retired'], ['refused', 'Refused', '--bad']];

	return html`<${Section} title="Changes per day" id="changes" sub="records written to ServiceNow" class="card">
		${days.length === 0 ? html`<p class="none">Nothing was written yet.</p>` :
			html`<${Columns} label="Changes per day" rows=${days.map((d) => ({ title: date(`${d.day}T12:00:00Z`),
				parts: parts.map(([k, name, colour]) => ({ name, colour, n: d[k] || 0 })) }))} />`}<//>`;
}

function Budgets({ of: budgets }) {
	return html`<${Section} title="Request budget" id="budget" sub="of this hour" class="card">
		${budgets.length === 0 ? html`<p class="none">No destination has a limit (requests_per_hour).</p>` :
			budgets.map((b) => html`<div class="budget" key=${b.connection}><p><span>${b.connection}</span>
				<span class="num">${count(b.used)} of ${count(b.of)}</span></p>
				<${Meter} used=${b.used} of=${b.of} label=${`Requests of ${b.connection}`} />
				<p class="fine">new from <${Time} at=${b.until} /></p></div>`)}<//>`;
}

function Outbox({ of: box }) {
	return html`<${Section} title="Alerts" id="outbox" sub="forwarded" class="card" actions=${box && html`<a href="/forwarding">Outbox</a>`}>
		${!box ? html`<p class="none">Nothing forwards alerts.</p>` : html`<ul class="sums sums-2">
			<li><span>Waiting</span><b>${count(box.waiting)}</b></li>
			<li><span>Set aside</span><b class=${box.failed ? 'ink-bad' : ''}>${count(box.failed)}</b></li></ul>
			<p class="fine">${box.oldest_at ? html`the oldest came <${Time} at=${box.oldest_at} rel />` : 'nothing waits'}</p>`}<//>`;
}

function First() {
	return html`<${Empty} icon="jobs" title="Nothing is set up yet">
		<p>A job delivers what a source of Microsoft Defender sees to a ServiceNow instance. It needs a connection to each.</p>
		<p class="state-actions"><${Button} need="configure" href="/connections">Add connections<//>
			<${Button} need="configure" kind="primary" href="/new-job">Make a job<//></p>
		<${RoleNote} need="configure" what="Adding connections and jobs" /><//>`;
}

function Body({ o }) {
	if (!o.jobs.length) {
		return html`<${Notices} of=${o.notices} /><${First} />`;
	}
	return html`<${Verdict} o=${o} /><${Notices} of=${o.notices} />
		${o.tasks.length > 0 && html`<${Section} title="Under way" id="now"><ul class="task-lines">
			${o.tasks.map((t) => html`<li key=${t.id}><${TaskLine} task=${t} /></li>`)}</ul><//>`}
		<${Jobs} o=${o} />
		<div class="tiles"><div class="tile-2"><${Cves} of=${o.open_cves} /></div>
			<div class="tile-1"><${Changes} of=${o.changes_per_day} /><${Budgets} of=${o.budgets} />
			<${Outbox} of=${o.outbox} /></div></div>`;
}

export default function Overview() {
	const got = useGet('/overview', { live: ['task', 'run', 'job', 'notice'] });

	return html`<${Page} title="Overview"><${Loaded} of=${got} what="Looking at all jobs"
		show=${(o) => html`<${Body} o=${o} />`} /><//>`;
}
