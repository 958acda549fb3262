// SPDX-License-Identifier: Apache-2.0
//
// Custom mappings of a connection, as YAML: checked while they are written,
// tried on sample records before they are saved.
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { api, may, newKey, path } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { setQuery, useLeaveGuard } from '../lib/router.js';
import { isOver } from '../lib/tasks.js';
import { Button, RoleNote } from '../ui/button.js';
import { Consent, FormDialog } from '../ui/dialog.js';
import { CheckField, SelectField } from '../ui/form.js';
import { Page, Section } from '../ui/page.js';
import { Empty, ErrorBox, Loaded, Note } from '../ui/states.js';
import { toast, toldWaits } from '../ui/toast.js';
import { Changes } from '../conf/changes.js';
import { Editor } from '../conf/editor.js';
import { EXAMPLE, FUNCTIONS } from '../conf/functions.js';
import { Samples } from '../conf/samples.js';
import { SaveBar } from '../conf/save-bar.js';
import { leave } from '../conf/section.js';
import { ConnectionNav, connectionAt } from '../conf/subnav.js';
import { TaskView, useTask } from '../conf/task.js';

const CHECK_MS = 600;
const TRY_MS = 1800;

/** The preview of what stands there, a moment after the last key. */
function useCheck(where, text, etag) {
	const [seen, see] = useState(null);
	const [error, fail] = useState(null);

	useEffect(() => {
		if (!may('configure')) {
			return undefined;
		}
		let gone = false;
		const clock = setTimeout(() => api.put(`${where}?preview=1`, { yaml: text }, { match: etag }).then((p) => {
			if (!gone) {
				see({ ...p, text });
				fail(null);
			}
		}, (e) => gone || fail(e)), CHECK_MS);

		return () => {
			gone = true;
			clearTimeout(clock);
		};
	}, [where, text]);
	return { seen, error };
}

function Preview({ name, env, text, check, jobs, runs, bad }) {
	const [job, choose] = useState(jobs[0] || '');
	const [typing, setTyping] = useState(false);
	const [id, setId] = useState(null);
	const t = useTask(id);
	const shown = useRef(null);
	const begin = useAction(async () => {
		if (t.task && !isOver(t.task)) {
			await api.del(path`/tasks/${id}`).catch(() => {});
		}
		const asked = await api.task(path`/jobs/${job}/tries`, { connection: name, environment: env, mappings: text, sample: 3 }, newKey());

		shown.current = text;
		setId(asked.task?.id ?? null);
	});
	runs.current = () => !bad && job && begin.run();
	useEffect(() => {
		if (!typing || bad || check.seen?.text !== text || shown.current === text) {
			return undefined;
		}
		const clock = setTimeout(begin.run, TRY_MS);

		return () => clearTimeout(clock);
	}, [typing, text, check.seen]);
	if (!jobs.length) {
		return html`<${Section} title="On sample records" id="preview"><${Empty} icon="rules" title="There is no job to try them with">
			<p>Records are those of a job that reads this connection. <a href="/new-job">Make one</a></p><//><//>`;
	}
	return html`<${Section} title="On sample records" id="preview" sub="nothing is saved, nothing is written">
		<div class="filters">${jobs.length > 1 && html`<${SelectField} label="Records of job" value=${job} choices=${jobs} onInput=${choose} />`}
			<${Button} need="operate" icon="play" busy=${begin.busy} onClick=${begin.run} why=${bad ? 'There is a mistake in the text' : ''}
				title="Ctrl+Enter in the text">Preview<//>
			${may('operate') && html`<${CheckField} label="While I type" checked=${typing} onInput=${setTyping} />`}</div>
		<${ErrorBox} error=${begin.error} />
		${!id && html`<p class="conf-help">Reads ${job}’s records and shows what these mappings make of a few of them, before and after.</p>`}
		${id && shown.current !== text && t.output && html`<p class="fine">The text has changed since.</p>`}
		<${TaskView} of=${t} what="Reading records" show=${(out) => html`<${Samples} of=${out} />`} /><//>`;
}

function Save({ where, etag, text, env, onClose, done }) {
	const [agreed, agree] = useState(false);
	const [seen, see] = useState(null);
	const look = useAction(async () => see(await api.put(`${where}?preview=1`, { yaml: text }, { match: etag })));
	const save = useAction(async () => {
		const data = await api.put(where, { yaml: text, consent: true }, { match: etag });

		if (!toldWaits(data, 'Mappings')) {
			toast(`Mappings for ${env.toUpperCase()} are saved`);
		}
		done();
	});

	useEffect(() => {
		look.run();
	}, []);
	return html`<${FormDialog} wide title="What changes" yes="Save" onClose=${onClose} onSubmit=${save.run} busy=${save.busy}
		error=${save.error || look.error} why=${!seen ? 'The difference is not there yet' : seen.errors?.length ?
			'There is a mistake in the text' : agreed ? '' : 'Tick the box first'}>
		${seen && html`<${Changes} of=${seen} env=${env} />`}
		<${Consent} checked=${agreed} onChange=${agree}>It changes what jobs write, from their next run on.<//><//>`;
}

function Reference() {
	return html`<details class="conf-section conf-fold"><summary>Expressions</summary>
		<div class="functions">${FUNCTIONS.map(([title, list]) => html`<div><h3>${title}</h3><dl>${list.map(([f, what]) =>
			html`<div><dt><code>${f}</code></dt><dd>${what}</dd></div>`)}</dl></div>`)}</div>
		<p class="fine">A name is a field of the source record, a text stands in single quotes. All of it: muster-mappings(7).</p></details>`;
}

function Edit({ name, env, got, jobs, reload }) {
	const where = path`/connections/${name}/mappings/${env}`;
	const etag = got.etags?.[env];
	const [text, set] = useState(got.yaml);
	const [open, setOpen] = useState(false);
	const check = useCheck(where, text, etag);
	const runs = useRef(() => {});
	const mine = may('configure');
	const dirty = text !== got.yaml;
	const errors = check.seen?.text === text ? check.seen.errors || [] : [];

	useLeaveGuard(dirty, leave);
	return html`<div class="mapping">
		${!text && mine && html`<${Note} actions=${html`<${Button} small onClick=${() => set(EXAMPLE)}>Start with an example<//>`}>
			There are no custom mappings for ${env.toUpperCase()}.<//>`}
		<${Editor} label=${`Mappings for ${env.toUpperCase()}`} value=${text} onInput=${set} errors=${errors} readonly=${!mine}
			onRun=${() => runs.current()} />
		${check.error && html`<${ErrorBox} error=${check.error} />`}
		<${Reference} />
		${mine && html`<${SaveBar} dirty=${dirty} discard=${() => set(got.yaml)} onSave=${() => setOpen(true)} yes="Review and save"
			why=${errors.length ? 'There is a mistake in the text' : ''} />`}
		<${Preview} bad=${errors.length > 0} name=${name} env=${env} text=${text} check=${check} jobs=${jobs} runs=${runs} />
		${open && html`<${Save} where=${where} etag=${etag} text=${text} env=${env} onClose=${() => setOpen(false)} done=${() => {
			setOpen(false);
			reload();
		}} />`}</div>`;
}

export default function Mappings({ params, query }) {
	const env = query.env === 'prod' ? 'prod' : 'test';
	const c = useGet(path`/connections/${params.name}`);
	const got = useGet(path`/connections/${params.name}/mappings/${env}`);

	return html`<${Page} title=${`Mappings of ${params.name}`} crumbs=${[['Connections', '/connections'],
		[params.name, connectionAt(params.name)]]} intro="Columns in a way of your own: dropped, or made by an expression from the source record.">
		<${ConnectionNav} name=${params.name} role=${c.data?.role} />
		<div class="filters"><${SelectField} label="Environment" value=${env} choices=${[['test', 'TEST'], ['prod', 'PROD']]}
			onInput=${(v) => setQuery({ env: v === 'test' ? null : v })} /></div>
		<${RoleNote} need="configure" what="Changing mappings" />
		<${Loaded} of=${got} what="Reading the mappings" show=${(data) => html`<${Loaded} of=${c} show=${(conn) => html`
			<${Edit} key=${env + data.yaml} name=${params.name} env=${env} got=${data} jobs=${conn.jobs} reload=${got.reload} />`} />`} /><//>`;
}
