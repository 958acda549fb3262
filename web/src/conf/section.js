// SPDX-License-Identifier: Apache-2.0
//
// A section of the configuration of which there is one: service, proxy, outbox.
import { html, useMemo } from '../lib/html.js';
import { api, may } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { useLeaveGuard } from '../lib/router.js';
import { ask } from '../ui/dialog.js';
import { ErrorBox, Loaded } from '../ui/states.js';
import { toast, toldWaits } from '../ui/toast.js';
import { focusWrong, useConf } from './edit.js';
import { ConfForm } from './form.js';
import { SaveBar } from './save-bar.js';

/** Asks before a page with changes is left. */
export const leave = () => ask({ title: 'Leave without saving?', yes: 'Leave', no: 'Stay',
	danger: true, text: 'What you changed here is not saved yet.' });

const TITLES = { oidc: 'OpenID Connect', password: 'Passwords', session: 'Sessions', tls: 'TLS', notify: 'Notices' };

/** Sections by what stands before the dot. */
function cut(type, options) {
	const groups = new Map();

	for (const o of options) {
		const g = o.key.includes('.') ? o.key.split('.')[0] : '';

		groups.set(g, [...groups.get(g) || [], o.key]);
	}
	return [...groups].map(([g, keys]) => ({ id: g || 'main', keys, title: TITLES[g] ||
		(g ? g[0].toUpperCase() + g.slice(1).replace(/_/g, ' ') : type) }));
}

function Form({ where, what, said, of: data, etag, reload, need }) {
	const type = useMemo(() => ({ type: what, options: data.options }), [data]);
	const conf = useConf(type, data.values, cut);
	const mine = may(need);
	const save = useAction(async () => {
		if (!conf.ok()) {
			focusWrong();
			return;
		}
		try {
			const out = await api.put(where, { values: conf.body() }, { match: etag });

			if (toldWaits(out, what)) {
				conf.reset();
			} else {
				toast(said || `${what}: saved`);
			}
			reload();
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
	}}><${ConfForm} ...${conf.form} disabled=${!mine} /><${ErrorBox} error=${save.error} />
		${mine && html`<${SaveBar} dirty=${conf.dirty} discard=${conf.reset} busy=${save.busy} />`}</form>`;
}

/** where: "/service"; what: its title; said: what is told when it is saved */
export function SectionForm({ where, what, said, need = 'configure' }) {
	const got = useGet(where);

	return html`<${Loaded} of=${got} what="Reading the settings" show=${(data) => html`<${Form} key=${got.etag + JSON.stringify(data.values)}
		where=${where} what=${what} said=${said} need=${need} of=${data} etag=${got.etag} reload=${got.reload} />`} />`;
}
