// SPDX-License-Identifier: Apache-2.0
//
// The whole TEST set becomes that of PROD, and is taken back: the difference
// first, what PROD's jobs would then write if asked for, consent, then it is done.
import { html, useEffect, useState } from '../lib/html.js';
import { api, path, request } from '../lib/api.js';
import { useAction, useGet } from '../lib/load.js';
import { Consent, FormDialog } from '../ui/dialog.js';
import { SelectField } from '../ui/form.js';
import { ErrorBox, Loading } from '../ui/states.js';
import { toast, toldWaits } from '../ui/toast.js';
import { Changes, TryJobs } from './changes.js';

/** What it would change, with the entity tag of PROD's set that this counts for: {data, etag} or {error} */
async function look(where, body) {
	try {
		const { data, etag } = await request('POST', `${where}?preview=1`, { body });

		return { data, etag };
	} catch (error) {
		return { error };
	}
}

function Preview({ of: seen, body }) {
	if (seen.error) {
		return html`<${ErrorBox} error=${seen.error} />`;
	}
	return seen.data ? html`<${Changes} of=${seen.data} env="prod" />
		${seen.data.changes.length > 0 && html`<${TryJobs} jobs=${seen.data.jobs} body=${body} />`}` :
		html`<${Loading} what="Comparing TEST with PROD" />`;
}

/** c: the connection; a destination has one environment: then to another one */
export function Promote({ of: c, onClose, done }) {
	const other = c.role === 'destination';
	const all = useGet(other ? '/connections' : null);
	const to = (all.data?.items || []).filter((x) => x.type === c.type && x.name !== c.name &&
		x.environments.includes('prod')).map((x) => x.name);
	const [chosen, choose] = useState('');
	const target = other ? chosen || to[0] : null;
	const ready = !other || Boolean(target);
	const [agreed, agree] = useState(false);
	const [seen, see] = useState({});
	const body = { ...target ? { to: target } : {} };

	useEffect(() => {
		let gone = false;

		see({});
		agree(false);
		if (ready) {
			look(path`/connections/${c.name}/settings/promote`, body).then((s) => gone || see(s));
		}
		return () => {
			gone = true;
		};
	}, [target, ready]);
	const save = useAction(async () => {
		const data = await api.post(path`/connections/${c.name}/settings/promote`, { ...body, consent: true }, { match: seen.etag });

		if (!toldWaits(data, 'Promoting')) {
			toast(`TEST's settings of ${c.name} are now PROD's`);
		}
		done();
	});

	return html`<${FormDialog} wide title=${`Promote ${c.name}: TEST → PROD`} yes="Promote" onClose=${onClose}
		onSubmit=${save.run} busy=${save.busy} error=${save.error}
		why=${!ready ? 'Choose where to' : !seen.data ? 'The difference is not there yet' : !seen.data.changes.length ?
			'Nothing differs' : agreed ? '' : 'Tick the box first'}>
		${other && (to.length ? html`<${SelectField} label="To" value=${target} choices=${to} onInput=${choose} />` :
			all.data && html`<p>There is no other ${c.title} connection for PROD to promote to.</p>`)}
		${ready && html`<${Preview} of=${seen} body=${{ connection: target || c.name, from: c.name, environment: 'prod', promote: true }} />`}
		${seen.data?.changes.length > 0 && html`<${Consent} checked=${agreed} onChange=${agree}>
			The whole TEST set, settings and mappings, replaces that of PROD${target ? ` on ${target}` : ''}.
			PROD's jobs work with it from their next run on.<//>`}<//>`;
}

/** What the last promotion made is taken back, if nothing was changed since. */
export function Undo({ of: c, onClose, done }) {
	const where = path`/connections/${c.name}/settings/undo`;
	const [agreed, agree] = useState(false);
	const [seen, see] = useState({});

	useEffect(() => {
		look(where, {}).then(see);
	}, []);
	const save = useAction(async () => {
		if (!toldWaits(await api.post(where, { consent: true }, { match: seen.etag }), 'Taking the promotion back')) {
			toast(`PROD's settings of ${c.name} are what they were before the promotion`);
		}
		done();
	});

	return html`<${FormDialog} wide title=${`Take back the last promotion to ${c.name}`} yes="Take it back" danger onClose=${onClose}
		onSubmit=${save.run} busy=${save.busy} error=${save.error}
		why=${!seen.data ? 'There is nothing to take back yet' : agreed ? '' : 'Tick the box first'}>
		${seen.error ? html`<${ErrorBox} error=${seen.error} title=${seen.error.code === 'not_found' ? 'There is nothing to take back' : undefined} />` :
			seen.data ? html`<${Changes} of=${seen.data} env="prod" />
				<${Consent} checked=${agreed} onChange=${agree}>PROD's set becomes what it was before. PROD's jobs work with it from their next run on.<//>` :
				html`<${Loading} what="Looking for the last promotion" />`}<//>`;
}
