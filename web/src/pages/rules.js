// SPDX-License-Identifier: Apache-2.0
//
// The rules that make records of a connection, and what overrides them.
import { html } from '../lib/html.js';
import { path } from '../lib/api.js';
import { useGet } from '../lib/load.js';
import { setQuery } from '../lib/router.js';
import { plural, words } from '../lib/format.js';
import { CheckField, TextField } from '../ui/form.js';
import { Page, Section } from '../ui/page.js';
import { Empty, Loaded } from '../ui/states.js';
import { Badge, Env } from '../ui/status.js';
import { shownValue } from '../conf/setting.js';
import { ConnectionNav, connectionAt } from '../conf/subnav.js';

const differs = (s, env) => s[env] && s[env].from !== 'default';

/** The environments in which something but the default is in force. */
const where = (s) => ['test', 'prod'].filter((env) => differs(s, env));

function Setting({ of: s, name }) {
	const envs = where(s);

	return html`<li class=${envs.length ? 'rule-set on' : 'rule-set'}><a href=${`${connectionAt(name, '/settings')}?find=${s.key}`}>
			${words(s.key)}</a> <code>${s.key}</code>
		${envs.length ? envs.map((env) => html` <span class="rule-force"><${Env} of=${env} /> <span class="setting-value">${
			shownValue(s, s[env].in_force)}</span>${s[env].from === 'connection' && html` <span class="fine">from the connection</span>`}</span>`) :
			html` <span class="fine">default: <span class="setting-value">${shownValue(s, s.default)}</span></span>`}</li>`;
}

function Rule({ of: r, name }) {
	const envs = ['test', 'prod'].filter((env) => r.settings.some((s) => differs(s, env)));

	return html`<li class="rule"><div class="rule-head"><h2>${r.title}</h2> <code>${r.id}</code>
			${envs.length > 0 && html` <${Badge} level="warn">overridden in ${envs.map((e) => e.toUpperCase()).join(' and ')}<//>`}</div>
		<p>${r.default}</p>
		${r.settings.length > 0 && html`<ul class="rule-sets">${r.settings.map((s) => html`<${Setting} key=${s.key} of=${s} name=${name} />`)}</ul>`}</li>`;
}

function Mappings({ of: by, name }) {
	const rows = ['test', 'prod'].flatMap((env) => (by?.[env] || []).map((m) => ({ env, ...m })));

	return html`<${Section} title="Custom mappings" id="mappings" sub=${rows.length ? plural(rows.length, 'column') : ''}>
		${rows.length ? html`<ul class="rules">${rows.map((m) => html`<li class="rule-set on" key=${m.env + m.column}><${Env} of=${m.env} />
			<a href=${`${connectionAt(name, '/mappings')}?env=${m.env}`}><code>${m.column.replace(/^mappings\./, '')}</code></a> <code class="fine">${m.text}</code></li>`)}</ul>` :
			html`<p class="conf-help">None. A custom mapping makes a column in a way of your own:${' '}
				<a href=${connectionAt(name, '/mappings')}>Mappings</a>.</p>`}<//>`;
}

export default function Rules({ params, query }) {
	const got = useGet(path`/connections/${params.name}/rules`);
	const c = useGet(path`/connections/${params.name}`);
	const text = (query.q || '').toLowerCase();
	const own = query.own === '1';
	const put = (change) => setQuery(change, { replace: true });

	return html`<${Page} title=${`Rules of ${params.name}`} sub=${got.data?.title} crumbs=${[['Connections', '/connections'],
		[params.name, connectionAt(params.name)]]}
		intro="What becomes of each record. A rule holds as it stands here unless a setting or a mapping overrides it.">
		<${ConnectionNav} name=${params.name} role=${c.data?.role} />
		<${Loaded} of=${got} what="Reading the rules" show=${(data) => {
			const seen = data.rules.filter((r) => (!text || JSON.stringify([r.id, r.title, r.default,
				r.settings.map((s) => [s.key, s.help])]).toLowerCase().includes(text)) &&
				(!own || r.settings.some((s) => where(s).length)));

			return html`<div class="filters" role="search"><${TextField} label="Find a rule" type="search" value=${query.q || ''}
					onInput=${(q) => put({ q })} placeholder="title, id, setting" />
				<${CheckField} label="Only overridden" checked=${own} onInput=${(v) => put({ own: v ? '1' : null })} />
				<p class="fine" role="status">${plural(seen.length, 'rule')}</p></div>
			${seen.length ? html`<ul class="rules">${seen.map((r) => html`<${Rule} key=${r.id} of=${r} name=${params.name} />`)}</ul>` :
				html`<${Empty} icon="rules" title=${own && !text ? 'No rule is overridden' : 'No rule is like that'} />`}
			${c.data?.role !== 'destination' && html`<${Mappings} of=${data.mappings} name=${params.name} />`}`;
		}} /><//>`;
}
