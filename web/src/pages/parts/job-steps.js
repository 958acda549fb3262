// SPDX-License-Identifier: Apache-2.0
//
// The steps of the wizard of a job. f: the form (job-values.js); put: changes it.
import { html } from '../../lib/html.js';
import { count, plural, words } from '../../lib/format.js';
import { CheckField, RadioField, SelectField, TextArea, TextField } from '../../ui/form.js';
import { Empty, Loaded } from '../../ui/states.js';
import { Facts } from '../../ui/page.js';
import { Button } from '../../ui/button.js';
import { Env } from '../../ui/status.js';
import { rechosen } from './job-values.js';

const upper = (e) => e.toUpperCase();

/** Step 1: name, environment, and the connections that go with it. */
export function Ends({ f, put, connections, old }) {
	const fits = (c) => !f.env || c.environments.includes(f.env) ? '' : `is for ${c.environments.map(upper).join(' and ')} alone`;
	const of = (role) => connections.filter((c) => c.role === role);
	const radios = (role, title) => of(role).length ? html`<${RadioField} label=${title} value=${f[role]}
		onInput=${(v) => put({ [role]: v, ...role === 'source' && v !== f.source ? { record_sets: null, relationships: null, asset_types: null } : {} })}
		choices=${of(role).map((c) => [c.name, html`${c.name} ${c.environments.map((e) => html`<${Env} of=${e} /> `)}`,
			[c.title, c.alias].filter(Boolean).join(', '), fits(c)])} />` :
		html`<${Empty} icon="connections" title=${`There is no ${role} yet`}><${Button} need="configure" small href=${`/new-connection?role=${role}`}>Add one<//><//>`;
	const choose = (env) => put({ env, ...f.source && !of('source').find((c) => c.name === f.source)?.environments.includes(env) && env && { source: '' },
		...f.destination && !of('destination').find((c) => c.name === f.destination)?.environments.includes(env) && env && { destination: '' } });

	return html`<div class="wizard-pair">
			<${TextField} label="Name" value=${f.name} onInput=${(name) => put({ name })} disabled=${old} required maxlength="64"
				help=${old ? 'it is what runs and RecVer know the job by' : 'letters, digits, and _ . - within; it stays'} />
			<${SelectField} label="Environment" value=${f.env} none="TEST and PROD" choices=${[['test', 'TEST'], ['prod', 'PROD']]}
				onInput=${choose} help="connections of the other one alone cannot be chosen" /></div>
		<div class="wizard-pair">${radios('source', 'From')}${radios('destination', 'To')}</div>`;
}

/** Several of a list; null is all, whatever is added later. */
function Several({ title, all, value, onInput, items, note }) {
	const allowed = items.filter((s) => !s.why).map((s) => s.name);
	const now = value || allowed;

	return html`<fieldset class="radios"><legend class="field-label">${title}</legend>
		<${CheckField} label=${all} checked=${value === null} onInput=${(on) => onInput(on ? null : allowed)} />
		${value !== null && html`<div class="several">${items.map((s) => html`<${CheckField} key=${s.name} label=${s.title || words(s.name)}
			help=${[s.help, s.needs?.length && `comes with ${s.needs.map((n) => words(n).toLowerCase()).join(' and ')}`].filter(Boolean).join('; ')}
			why=${s.why ? `cannot be chosen: ${s.why}` : ''} checked=${!s.why && now.includes(s.name)}
			onInput=${(on) => onInput(on ? [...now, s.name] : now.filter((n) => n !== s.name))} />`)}</div>`}
		${value === null && html`<p class="field-help several">${items.filter((s) => !s.why).map((s) => s.title || words(s.name)).join(', ')}</p>`}
		${note}</fieldset>`;
}

/** Step 2 */
export function Choices({ f, put, choices }) {
	return html`<${Loaded} of=${choices} what="Looking up what it may deliver" show=${(c) => html`
		<${Several} title="Record sets" all="All of the source, later ones too" value=${f.record_sets} items=${c.record_sets}
			onInput=${(v) => put({ record_sets: v && rechosen(f.record_sets || [], v, c.record_sets) })} />
		${c.asset_types?.length > 0 && html`<${Several} title="Asset types" all="All that the source's settings take"
			value=${f.asset_types} items=${c.asset_types} onInput=${(asset_types) => put({ asset_types })} />`}`} />`;
}

/** Step 3: only those that the settings of the source allow. */
export function Relationships({ f, put, choices, connections }) {
	const type = connections.find((c) => c.name === f.source)?.title;

	return html`<${Loaded} of=${choices} show=${(c) => !c.relationships.length ? html`<${Empty} icon="rules"
			title="There are no relationships to choose"><p>${type || 'The source'} offers none.</p><//>` :
		html`<${Several} title="Relationships" all="All that the source's settings offer" value=${f.relationships}
			items=${c.relationships} onInput=${(relationships) => put({ relationships })}
			note=${c.relationships.some((r) => r.why) && html`<p class="field-help">What the settings do not allow is changed at
				<a href=${`/connections/${encodeURIComponent(f.source)}/settings`}>${' '}the settings of ${f.source}</a>.</p>`} />`} />`;
}

const PRESETS = [['@hourly', 'every hour'], ['0 */4 * * *', 'every four hours'], ['0 2 * * *', 'every day at 02:00'],
	['0 2 * * Mon-Fri', 'Monday to Friday at 02:00'], ['0 3 * * Sun', 'Sundays at 03:00']];

function zones() {
	try {
		return Intl.supportedValuesOf('timeZone');
	} catch {
		return ['UTC'];
	}
}

/** Step 4 */
export function Schedule({ f, put, jobs, error }) {
	const text = (key) => (v) => put({ [key]: v });
	const wrong = (key) => error?.of?.(`/values/schedule.${key}`) || error?.of?.(`/values/guard.${key}`) || '';
	const others = jobs.filter((j) => j.name !== f.name).map((j) => j.name);

	return html`<${RadioField} label="When it runs" value=${f.when} onInput=${text('when')} choices=${[
			['cron', 'At certain times', 'five fields as in crontab(5), or @daily and the like'],
			['every', 'At an interval', 'counted from the start of the last run'],
			['after', 'After another job', 'when a run of it has ended well', others.length ? '' : 'there is no other job'],
			['default', 'As its source connection says', 'its options sync and sync_frequency; nothing set there: only when somebody asks']]} />
		${f.when === 'cron' && html`<div class="wizard-pair"><${TextField} label="Times" value=${f.cron} onInput=${text('cron')} mono required
				error=${wrong('cron')} help="minute, hour, day of month, month, day of week" placeholder="0 2 * * *" />
			<${SelectField} label="Often used" value=${PRESETS.some(([v]) => v === f.cron) ? f.cron : ''} none="choose …" choices=${PRESETS}
				onInput=${(v) => v && put({ cron: v })} /></div>`}
		${f.when === 'every' && html`<${TextField} label="Interval" value=${f.every} onInput=${text('every')} mono required placeholder="30m"
			error=${wrong('every')} help="for example 30m, 8h, 1d" />`}
		${f.when === 'after' && html`<${SelectField} label="After" value=${f.after} none="choose a job …" choices=${others}
			onInput=${text('after')} required error=${wrong('after')} />`}
		<details class="more" open=${Boolean(f.time_zone || f.windows.length || f.jitter || f.share || f.count)}><summary>Time zone, windows, missed runs, guard</summary>
			<div class="wizard-pair">
			<${TextField} label="Time zone" value=${f.time_zone} onInput=${text('time_zone')} list="zones" error=${wrong('time_zone')}
				help="IANA name, for example Europe/Berlin; the server's when left out" />
			<datalist id="zones">${zones().map((z) => html`<option value=${z}></option>`)}</datalist>
			<${TextArea} label="Windows" rows=${2} mono value=${f.windows.join('\n')} error=${wrong('windows')}
				onInput=${(v) => put({ windows: v.split('\n').map((x) => x.trimStart()).filter((x, i, l) => x || i === l.length - 1) })}
				help="when it may begin and write, one per line: Mon-Fri 22:00-06:00; always when left out" />
			<${TextField} label="Jitter" value=${f.jitter} onInput=${text('jitter')} mono placeholder="0" error=${wrong('jitter')}
				help="begins up to so much later, so that jobs do not all begin at once: 5m" />
			<${SelectField} label="A run that was missed" value=${f.missed} none="is caught up once (default)" onInput=${text('missed')}
				choices=${[['once', 'is caught up once'], ['skip', 'is left out']]} />
			<${TextField} label="Guard: share" value=${f.share} onInput=${text('share')} mono placeholder="30%" error=${wrong('share')}
				help="a run that would retire, delete or close more of a record set waits for approval" />
			<${TextField} label="Guard: count" value=${f.count} onInput=${text('count')} mono placeholder="20" inputmode="numeric" error=${wrong('count')}
				help="it never holds this many records or fewer" /></div></details>`;
}

/** Step 5 */
export function Review({ f, choices, connections }) {
	const env = choices.data?.environment || f.env;
	const list = (v, all) => v === null ? all : v.length ? v.map(words).join(', ') : 'none';
	const when = { cron: `at ${f.cron}`, every: `every ${f.every}`, after: `after ${f.after}`, default: 'as its source connection says' }[f.when];
	const title = (name) => connections.find((c) => c.name === name)?.title;

	return html`<div class="card facts-card"><${Facts} of=${[['Job', html`${f.name} <${Env} of=${env} />`],
		['From', html`${f.source} <span class="fine">${title(f.source)}</span>`], ['To', html`${f.destination} <span class="fine">${title(f.destination)}</span>`],
		['Record sets', list(f.record_sets, `all of the source (${count(choices.data?.record_sets.length)})`)],
		['Asset types', f.asset_types && list(f.asset_types)],
		['Relationships', list(f.relationships, 'all that the settings offer')], ['Runs', when],
		['Windows', f.windows.length ? f.windows.join('; ') : undefined], ['Time zone', f.time_zone || undefined],
		['Guard', `${f.share || '30%'}, at least ${plural(Number(f.count || 20), 'record')}`]]} /></div>
		<p class="prose tab-intro">A first plan reads the source and shows what a run would write, field by field. It writes nothing.</p>`;
}
