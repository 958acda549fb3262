// SPDX-License-Identifier: Apache-2.0
//
// A new connection: its type, then the form of it.
import { html, useState } from '../lib/html.js';
import { api, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { go, setQuery, useLeaveGuard } from '../lib/router.js';
import { Button } from '../ui/button.js';
import { TextField } from '../ui/form.js';
import { Page } from '../ui/page.js';
import { ErrorBox, Loaded } from '../ui/states.js';
import { toast, toldWaits } from '../ui/toast.js';
import { focusWrong, useConf } from '../conf/edit.js';
import { ConfForm } from '../conf/form.js';
import { sections } from '../conf/layout.js';
import { leave } from '../conf/section.js';
import { connectionAt } from '../conf/subnav.js';
import { TestPanel } from '../conf/test.js';
import { nameWrong } from '../conf/values.js';

const ABOUT = {
	endpoint: 'Devices, installed software, CVEs, and which CVE is on which device.',
	cloudapps: 'Business applications and, where allowed, the people who use them.',
	iot: 'Sensors, OT devices, connections, CVEs and alerts, from a console or a sensor.',
	servicenow: 'The CMDB that is kept true.',
};

function Choose({ types, role }) {
	return html`<ul class="choices">${types.filter((t) => !role || t.role === role).map((t) => html`<li>
		<a class="choice" href=${`/new-connection?type=${t.type}`} onClick=${(e) => {
			e.preventDefault();
			setQuery({ type: t.type });
		}}><strong>${t.title}</strong><span>${ABOUT[t.type] || t.type}</span></a></li>`)}</ul>`;
}

function Form({ type }) {
	const [name, setName] = useState('');
	const [tried, setTried] = useState(false);
	const conf = useConf(type, {}, sections);
	const bad = nameWrong(name);
	const ok = () => {
		setTried(true);
		if (!conf.ok() || bad) {
			focusWrong();
			return false;
		}
		return true;
	};
	const refused = (e) => conf.refused(e) && focusWrong();
	const save = useAction(async () => {
		if (!ok()) {
			return;
		}
		try {
			const data = await api.put(path`/connections/${name}`,
				{ type: type.type, values: conf.body() }, { fresh: true });

			const waits = toldWaits(data, `Connection ${name}`);

			if (!waits) {
				toast(`${name} is saved`);
			}
			go(waits ? '/connections' : connectionAt(name), { force: true });
		} catch (e) {
			refused(e);
			throw e;
		}
	});

	useLeaveGuard(conf.dirty || Boolean(name), leave);
	return html`<form noValidate class="conf" onSubmit=${(e) => {
		e.preventDefault();
		save.run();
	}}>
		<${ConfForm} ...${conf.form} lead=${html`<${TextField} label="Name" required mono value=${name} onInput=${setName} maxlength="63"
			help="How jobs, logs and commands call it. It stays: the alias can change."
			error=${tried && bad || save.error?.of?.('/name') || ''} />`} />
		<${ErrorBox} error=${save.error} />
		<div class="form-foot form-foot-stay"><${Button} href="/connections">Cancel<//>
			<${Button} type="submit" kind="primary" busy=${save.busy}>Save<//></div>
	</form>
	<${TestPanel} name=${null} type=${type.type} ok=${ok} refused=${refused}
		trial=${() => ({ name, type: type.type, values: conf.body() })} />`;
}

export default function NewConnection({ query }) {
	const types = useGet('/connection-types');

	const title = types.data?.items.find((t) => t.type === query.type)?.title;

	return html`<${Page} title=${query.role ? `New ${query.role}` : 'New connection'} sub=${title}
		crumbs=${[['Connections', '/connections']]}>
		<${Loaded} of=${types} show=${({ items }) => {
			const type = items.find((t) => t.type === query.type);

			return type ? html`<${Form} key=${type.type} type=${type} />` :
				html`<${Choose} types=${items} role=${query.role} />`;
		}} /><//>`;
}
