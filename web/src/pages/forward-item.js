// SPDX-License-Identifier: Apache-2.0
//
// One rule, action, receiver or window of forwarding: its form; testing a rule.
import { html, useMemo, useState } from '../lib/html.js';
import { api, may, newKey, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { go, setQuery, useLeaveGuard } from '../lib/router.js';
import { Button, RoleNote } from '../ui/button.js';
import { ask } from '../ui/dialog.js';
import { CheckField, TextField } from '../ui/form.js';
import { Page, Section } from '../ui/page.js';
import { Empty, ErrorBox, Loaded } from '../ui/states.js';
import { toast, toastTask, toldWaits } from '../ui/toast.js';
import { Checks } from '../conf/checks.js';
import { focusWrong, useConf } from '../conf/edit.js';
import { ConfForm } from '../conf/form.js';
import { KINDS, cutFor, typeTitle, withNames } from '../conf/forward.js';
import { SaveBar } from '../conf/save-bar.js';
import { leave } from '../conf/section.js';
import { TaskView, useTask } from '../conf/task.js';
import { nameWrong } from '../conf/values.js';

function Test({ rule, dirty }) {
	const [id, setId] = useState(null);
	const [dry, setDry] = useState(true);
	const t = useTask(id);
	const begin = useAction(async () => {
		const got = await api.task('/forward/tests', { rule, dry_run: dry }, newKey());

		if (got.approval) {
			toastTask(got, 'Testing');
		}
		setId(got.task?.id ?? null);
	});

	return html`<${Section} title="Test" id="test" actions=${html`<${Button} need="operate" icon="play" busy=${begin.busy} onClick=${begin.run}
			why=${dirty ? 'Save or discard the changes first' : ''}>Test this rule<//>`}>
		${may('operate') && html`<${CheckField} label="Only look: send no test alert" checked=${dry} onInput=${setDry}
			help=${dry ? '' : 'A test alert that says so goes to every action of the rule.'} />`}
		<${ErrorBox} error=${begin.error} /><${TaskView} of=${t} what="Testing" quiet=${t.output?.checks} /><${Checks} of=${t} /><//>`;
}

function Form({ kind, type, item, etag, done }) {
	const cut = useMemo(() => cutFor(kind), [kind]);
	const conf = useConf(type, item?.values || {}, cut);
	const [name, setName] = useState(item?.name || '');
	const [tried, setTried] = useState(false);
	const mine = may('configure');
	const bad = nameWrong(name);
	const where = path`/forward/${kind}/${name}`;
	const save = useAction(async () => {
		setTried(true);
		if (!conf.ok() || bad) {
			focusWrong();
			return;
		}
		try {
			const data = await api.put(where, { type: type.type, values: conf.body() }, item ? { match: etag } : { fresh: true });

			const waits = toldWaits(data, `Changes of ${name}`);

			if (waits) {
				conf.reset();
			} else {
				toast(`${name} is saved`);
			}
			done(name, waits);
		} catch (e) {
			if (conf.refused(e)) {
				focusWrong();
			}
			throw e;
		}
	});
	const remove = useAction(async () => {
		if (await ask({ title: `Remove ${name}?`, danger: true, yes: 'Remove', text: kind === 'actions' ?
			'Rules that name it must not be there any more.' : 'What it took before goes on its way.' })) {
			await api.del(where, { match: etag });
			toast(`${name} was removed`);
			go(`/forwarding/${kind}`, { force: true });
		}
	});
	const dirty = conf.dirty || !item && Boolean(name);

	useLeaveGuard(dirty, leave);
	return html`<form noValidate class="conf" onSubmit=${(e) => {
		e.preventDefault();
		save.run();
	}}>
		${!item && html`<fieldset class="conf-section"><legend>New ${KINDS[kind].one}</legend><${TextField} label="Name" required mono value=${name}
			onInput=${setName} maxlength="63" error=${tried && bad || ''} /></fieldset>`}
		<${ConfForm} ...${conf.form} disabled=${!mine} />
		<${ErrorBox} error=${save.error || remove.error} />
		${mine && (item ? html`<${SaveBar} dirty=${dirty} discard=${conf.reset} busy=${save.busy}>
			<${Button} kind="danger" icon="trash" busy=${remove.busy} onClick=${remove.run}>Remove…<//><//>` :
			html`<div class="form-foot form-foot-stay"><${Button} href=${`/forwarding/${kind}`}>Cancel<//>
				<${Button} type="submit" kind="primary" busy=${save.busy}>Save<//></div>`)}</form>
		${item && kind === 'rules' && html`<${Test} rule=${item.name} dirty=${dirty} />`}`;
}

function Choose({ types, kind }) {
	return html`<ul class="choices">${types.map((t) => html`<li><a class="choice" href=${`/new-forwarding/${kind}?type=${t.type}`} onClick=${(e) => {
		e.preventDefault();
		setQuery({ type: t.type });
	}}><strong>${typeTitle(t.type)}</strong><span>${t.type}</span></a></li>`)}</ul>`;
}

export default function ForwardItem({ params, query }) {
	const { kind, name } = params;
	const k = Object.hasOwn(KINDS, kind) ? KINDS[kind] : null;
	const forms = useGet(k && '/forward/forms');
	const item = useGet(name && k ? path`/forward/${kind}/${name}` : null);
	const connections = useGet(k && '/connections');
	const actions = useGet(k && '/forward/actions');

	if (!k) {
		return html`<${Page} title="Nothing here"><${Empty} icon="explain" title="There is no page at this address" /><//>`;
	}
	const ready = forms.data && connections.data && actions.data;
	const wait = [forms, connections, actions].find((g) => !g.data) || forms;
	const types = forms.data?.[kind] || [];
	const wanted = name ? item.data?.type : types.length === 1 ? types[0].type : query.type;
	const found = types.find((t) => t.type === wanted) || (name && item.data && types.length === 1 ? types[0] : null);
	const draw = () => !found ? html`<${Choose} types=${types} kind=${kind} />` : html`<${Form} key=${`${found.type}${item.etag}`} kind=${kind} item=${item.data} etag=${item.etag}
		type=${withNames(kind, found, { connections: connections.data.items, actions: actions.data.items }, item.data?.values || {})}
		done=${(n, waits) => name ? item.reload() : go(`/forwarding/${kind}${waits ? '' : `/${encodeURIComponent(n)}`}`, { force: true })} />`;

	return html`<${Page} title=${name || `New ${k.one}`} sub=${found?.type ? typeTitle(found.type) : ''} crumbs=${[['Forwarding', '/forwarding'], [k.title, `/forwarding/${kind}`]]}>
		<${RoleNote} need="configure" what="Changing forwarding" />
		${!ready ? html`<${Loaded} of=${wait} show=${() => null} />` : name ? html`<${Loaded} of=${item} show=${draw} />` : draw()}<//>`;
}
