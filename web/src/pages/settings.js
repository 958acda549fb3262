// SPDX-License-Identifier: Apache-2.0
//
// The settings of a connection: each beside its default, for TEST and for PROD;
// nothing is saved before the difference was seen.
import { html, useMemo, useRef, useState } from '../lib/html.js';
import { api, may, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { useLeaveGuard } from '../lib/router.js';
import { plural, words } from '../lib/format.js';
import { Button, RoleNote } from '../ui/button.js';
import { Consent, FormDialog } from '../ui/dialog.js';
import { CheckField, TextField } from '../ui/form.js';
import { Page } from '../ui/page.js';
import { Empty, ErrorBox, Loaded, Loading } from '../ui/states.js';
import { Env } from '../ui/status.js';
import { toast, toldWaits } from '../ui/toast.js';
import { Changes } from '../conf/changes.js';
import { sentence, tidy } from '../conf/field.js';
import { Promote, Undo } from '../conf/promote.js';
import { SaveBar } from '../conf/save-bar.js';
import { leave } from '../conf/section.js';
import { SettingsLog } from '../conf/settings-log.js';
import { SettingIn, settingWrong, shownValue } from '../conf/setting.js';
import { ConnectionNav } from '../conf/subnav.js';
import { same } from '../conf/values.js';

/** {key: {override, value}} of an environment, as it is stored. */
const ownOf = (items, env) => Object.fromEntries(items.filter((s) => s[env] && (s[env].override ||
	s[env].value !== null)).map((s) => [s.key, { override: s[env].override, value: s[env].value }]));

function groups(items, titles) {
	const by = new Map();

	for (const s of items) {
		by.set(s.rule, [...by.get(s.rule) || [], s]);
	}
	return [...by].map(([rule, settings]) => ({ rule, settings,
		title: titles.get(rule)?.title || words(rule.replace(/^.*\./, '')), about: titles.get(rule)?.default }));
}

function Filter({ q, set, n }) {
	return html`<div class="filters" role="search"><${TextField} label="Find a setting" type="search" value=${q.text}
			onInput=${(text) => set({ ...q, text })} placeholder="name, help, value" />
		<${CheckField} label="Only overridden" checked=${q.own} onInput=${(own) => set({ ...q, own })} />
		<${CheckField} label="Only where TEST and PROD differ" checked=${q.differ} onInput=${(differ) => set({ ...q, differ })} />
		<p class="fine" role="status">${plural(n, 'setting')}</p></div>`;
}

function Row({ setting: s, envs, now, before, put, disabled }) {
	return html`<li class="setting" id=${`s-${s.key}`}><div class="setting-head"><h3>${words(s.key)}</h3><code>${s.key}</code>
			<p class="field-help">${sentence(s.help || '')}</p>
			<p class="fine">Default: <span class="setting-value">${shownValue(s, s.default)}</span>${s.min !== null && s.max !== null &&
			['int', 'decimal'].includes(s.kind) ? `, from ${s.min} to ${s.max}` : ''}</p></div>
		${envs.map((env) => html`<div class="setting-env"><${Env} of=${env} />
			<${SettingIn} setting=${s} env=${env} own=${now[env][s.key]} disabled=${disabled}
				changed=${!same(now[env][s.key], before[env][s.key])}
				onInput=${(v) => put(env, s.key, v)} /></div>`)}</li>`;
}

function Review({ of: c, envs, now, etags, onClose, done }) {
	const [agreed, agree] = useState(false);
	const [seen, see] = useState(null);
	const where = (env, more = '') => path`/connections/${c.name}/settings/${env}` + more;
	const look = useAction(async () => see(Object.fromEntries(await Promise.all(envs.map(async (env) =>
		[env, await api.put(where(env, '?preview=1'), { values: tidySet(now[env]) }, { match: etags[env] })])))));

	useMemo(() => queueMicrotask(look.run), []);
	const saved = useRef(new Set());
	const close = () => (saved.current.size ? done : onClose)();
	const save = useAction(async () => {
		// What was saved is not sent again when the other one was refused.
		for (const env of envs.filter((e) => !saved.current.has(e))) {
			const data = await api.put(where(env), { values: tidySet(now[env]), consent: true }, { match: etags[env] });

			if (!toldWaits(data, `Settings for ${env.toUpperCase()}`)) {
				toast(`Settings of ${c.name} for ${env.toUpperCase()} are saved`);
			}
			saved.current.add(env);
		}
		done();
	});
	const bad = seen && envs.some((e) => seen[e].errors?.length);

	return html`<${FormDialog} wide title="What changes" yes="Save" onClose=${close} onSubmit=${save.run}
		busy=${save.busy} error=${save.error || look.error}
		why=${!seen ? 'The difference is not there yet' : bad ? 'It cannot be saved like this' : agreed ? '' : 'Tick the box first'}>
		${seen ? envs.map((env) => html`<${Changes} key=${env} env=${env} of=${seen[env]} />`) :
			!look.error && html`<${Loading} what="Comparing" />`}
		<${Consent} checked=${agreed} onChange=${agree}>It changes what jobs write, from their next run on.<//><//>`;
}

const tidySet = (set) => Object.fromEntries(Object.entries(set).map(([k, v]) =>
	[k, { override: v.override, value: tidy({ v: v.value }).v }]));

function Editor({ of: c, got, titles, reload, find }) {
	const { items, environments, etags } = got;
	const envs = (environments || ['test', 'prod']).filter((e) => ['test', 'prod'].includes(e));
	const before = useMemo(() => Object.fromEntries(envs.map((e) => [e, ownOf(items, e)])), [got]);
	const [now, set] = useState(before);
	const [q, setQ] = useState({ text: find, own: false, differ: false });
	const [open, setOpen] = useState('');
	const mine = may('configure');
	const put = (env, key, v) => set((all) => {
		const { [key]: gone, ...rest } = all[env];

		return { ...all, [env]: v === undefined ? rest : { ...rest, [key]: v } };
	});
	const changed = envs.filter((e) => !same(sorted(now[e]), sorted(before[e])));
	const n = envs.flatMap((e) => items.filter((s) => !same(now[e][s.key], before[e][s.key]))).length;
	const bad = envs.some((e) => items.some((s) => settingWrong(s, now[e][s.key])));
	const text = q.text.trim().toLowerCase();
	const seen = items.filter((s) => (!text || `${s.key} ${words(s.key)} ${s.help} ${s.rule} ${envs.map((e) =>
		shownValue(s, now[e][s.key]?.value)).join(' ')}`.toLowerCase().includes(text)) &&
		(!q.own || envs.some((e) => now[e][s.key]?.override)) &&
		(!q.differ || envs.length > 1 && !same(force(s, now.test), force(s, now.prod))));

	useLeaveGuard(n > 0, leave);
	return html`<${Filter} q=${q} set=${setQ} n=${seen.length} />
		${!seen.length && html`<${Empty} icon="settings" title=${items.length ? 'No setting is like that' :
			'This connection has no settings'} />`}
		${groups(seen, titles).map((g) => html`<section class="setting-group" key=${g.rule}>
			<h2>${g.title} <code>${g.rule}</code></h2>${g.about && html`<p class="conf-help">${g.about}</p>`}
			<ul>${g.settings.map((s) => html`<${Row} key=${s.key} setting=${s} envs=${envs} now=${now} before=${before}
				put=${put} disabled=${!mine} />`)}</ul></section>`)}
		${mine && html`<${SaveBar} dirty=${n > 0} state=${`${plural(n, 'change')} not saved`} discard=${() => set(before)}
			onSave=${() => setOpen('review')} yes="Review and save" why=${bad ? 'Something is wrong: see the fields' : ''}>
			${(envs.length > 1 || c.role === 'destination' && envs[0] === 'test') && html`<${Button} onClick=${() => setOpen('promote')}
				why=${n ? 'Save or discard the changes first' : ''}>Promote TEST → PROD<//>`}
			${envs.includes('prod') && html`<${Button} icon="undo" onClick=${() => setOpen('undo')}
				why=${n ? 'Save or discard the changes first' : ''}>Undo promotion …<//>`}
			<//>`}
		${open === 'review' && html`<${Review} of=${c} envs=${changed} now=${now} etags=${etags}
			onClose=${() => setOpen('')} done=${reload} />`}
		${open === 'undo' && html`<${Undo} of=${c} onClose=${() => setOpen('')} done=${reload} />`}
		${open === 'promote' && html`<${Promote} of=${c} onClose=${() => setOpen('')} done=${reload} />`}`;
}

const sorted = (o) => Object.fromEntries(Object.entries(o).sort(([a], [b]) => a < b ? -1 : 1));
const force = (s, set) => set?.[s.key]?.override ? set[s.key].value : s.connection ?? s.default;

export default function Settings({ params, query }) {
	const c = useGet(path`/connections/${params.name}`);
	const got = useGet(path`/connections/${params.name}/settings`);
	const rules = useGet(path`/connections/${params.name}/rules`);
	const titles = useMemo(() => new Map((rules.data?.rules || []).map((r) => [r.id, r])), [rules.data]);
	const [turn, again] = useState(0);
	const [log, setLog] = useState(false);

	return html`<${Page} title=${`Settings of ${params.name}`} actions=${html`<${Button} icon="audit" why=${c.data ? '' : 'It is not loaded yet'}
			onClick=${() => setLog(true)}>Who changed what<//>`} crumbs=${[['Connections', '/connections'],
		[params.name, `/connections/${encodeURIComponent(params.name)}`]]}
		intro="A setting overrides one rule, for TEST and for PROD. Without an override the default counts.">
		<${ConnectionNav} name=${params.name} role=${c.data?.role} />
		<${RoleNote} need="configure" what="Changing settings" />
		<${Loaded} of=${got} what="Reading the settings" show=${(data) => c.data ? html`<${Editor} key=${`${turn}`}
			of=${c.data} got=${data} titles=${titles} find=${query.find || ''} reload=${async () => {
				await got.reload();
				again(turn + 1);
			}} />` : html`<${ErrorBox} error=${c.error} retry=${c.reload} />`} />
		${log && html`<${SettingsLog} of=${c.data} onClose=${() => setLog(false)} />`}<//>`;
}
