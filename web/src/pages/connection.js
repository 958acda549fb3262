// SPDX-License-Identifier: Apache-2.0
//
// One connection: its form, saving, testing, taking it away. Values that are
// settings are shown on a page of their own; saving keeps them.
import { html } from '../lib/html.js';
import { api, may, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { go, useLeaveGuard } from '../lib/router.js';
import { plural } from '../lib/format.js';
import { Button, RoleNote } from '../ui/button.js';
import { ask } from '../ui/dialog.js';
import { Facts, Page, Section } from '../ui/page.js';
import { ErrorBox, Loaded, Note } from '../ui/states.js';
import { Env } from '../ui/status.js';
import { toast, toldWaits } from '../ui/toast.js';
import { focusWrong, useConf } from '../conf/edit.js';
import { ConfForm } from '../conf/form.js';
import { sections } from '../conf/layout.js';
import { SaveBar } from '../conf/save-bar.js';
import { leave } from '../conf/section.js';
import { ConnectionNav, connectionAt } from '../conf/subnav.js';
import { TestPanel } from '../conf/test.js';
import { LastTest } from './connections.js';

function Summary({ of: c }) {
	return html`<${Facts} of=${[
		['Type', c.title],
		['Environments', html`<span class="envs">${c.environments.map((e) => html`<${Env} of=${e} /> `)}</span>`],
		['Jobs', c.jobs.length ? c.jobs.map((j, i) => html`${i > 0 && ', '}<a href=${`/jobs/${encodeURIComponent(j)}`}>${j}</a>`) : 'none'],
		['Last test', html`<${LastTest} of=${c.last_test} />`],
	]} />`;
}

function Remove({ of: c, etag }) {
	const act = useAction(async () => {
		if (!await ask({ title: `Remove ${c.name}?`, danger: true, yes: 'Remove', consent: 'I want to remove it',
			text: 'Its settings and mappings go with it. RecVer and what was delivered stay.' })) {
			return;
		}
		const data = await api.del(path`/connections/${c.name}`, { match: etag });

		if (!toldWaits(data, `Removing ${c.name}`)) {
			toast(`${c.name} was removed`);
			go('/connections', { force: true });
		}
	});

	return html`<${Section} title="Remove" id="remove"><${ErrorBox} error=${act.error} />
		<p class="conf-help">${c.jobs.length ? `It is used by ${plural(c.jobs.length, 'job')}: ${c.jobs.join(', ')}.` :
			'No job uses it.'}</p>
		<${Button} kind="danger" busy=${act.busy} onClick=${act.run} icon="trash"
			why=${c.jobs.length ? 'Remove its jobs first' : ''}>Remove this connection<//><//>`;
}

function Edit({ of: c, etag, type, saved }) {
	const conf = useConf(type, c.values, sections);
	const mine = may('configure');
	const settings = type.options.filter((o) => o.setting && c.values[o.key] !== undefined);
	const save = useAction(async () => {
		if (!conf.ok()) {
			focusWrong();
			return;
		}
		try {
			const data = await api.put(path`/connections/${c.name}`,
				{ type: c.type, values: conf.body() }, { match: etag });

			if (toldWaits(data, `Changes of ${c.name}`)) {
				conf.reset();
			} else {
				toast(`${c.name} is saved`);
			}
			saved();
		} catch (e) {
			if (conf.refused(e)) {
				focusWrong();
			}
			throw e;
		}
	});

	useLeaveGuard(conf.dirty, leave);
	return html`<form noValidate class="conf" onSubmit=${(e) => {
		e.preventDefault();
		save.run();
	}}>
		<${ConfForm} ...${conf.form} disabled=${!mine} />
		${settings.length > 0 && html`<${Note}>${plural(settings.length, 'setting')} of this connection${' '}
			${settings.length === 1 ? 'has' : 'have'} a value for both environments${' '}
			(${settings.map((o) => o.key).join(', ')}): see <a href=${connectionAt(c.name, '/settings')}>Settings</a>.<//>`}
		<${ErrorBox} error=${save.error} />
		${mine && html`<${SaveBar} dirty=${conf.dirty} discard=${conf.reset} busy=${save.busy} />`}
	</form>
	<${TestPanel} name=${c.name} type=${c.type} ok=${conf.ok} refused=${conf.refused}
		trial=${conf.dirty ? () => ({ name: c.name, type: c.type, values: conf.body() }) : null} />
	${mine && html`<${Remove} of=${c} etag=${etag} />`}`;
}

export default function Connection({ params }) {
	const got = useGet(path`/connections/${params.name}`);
	const types = useGet('/connection-types');

	return html`<${Page} title=${params.name} sub=${got.data?.alias} crumbs=${[['Connections', '/connections']]}>
		<${Loaded} of=${got} what="Reading the connection" show=${(c) => html`
			<${ConnectionNav} name=${c.name} role=${c.role} />
			<${Summary} of=${c} />
			<${RoleNote} need="configure" what="Changing a connection" />
			<${Loaded} of=${types} show=${({ items }) => html`<${Edit} key=${got.etag} of=${c} etag=${got.etag}
				type=${items.find((t) => t.type === c.type)} saved=${got.reload} />`} />`} /><//>`;
}
