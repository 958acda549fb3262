// SPDX-License-Identifier: Apache-2.0
//
// Testing a connection, or setting it up: the buttons and the list of checks.
import { html } from '../lib/html.js';
import { api, may, newKey, path } from '../lib/api.js';
import { useAction } from '../lib/load.js';
import { setQuery, useHere } from '../lib/router.js';
import { isOver } from '../lib/tasks.js';
import { Button } from '../ui/button.js';
import { ask } from '../ui/dialog.js';
import { Section } from '../ui/page.js';
import { ErrorBox } from '../ui/states.js';
import { toastTask } from '../ui/toast.js';
import { Checks } from './checks.js';
import { TaskView, useTask } from './task.js';

const SETUP = {
	servicenow: 'It makes what is missing in the instance: choices, relation types. Tables come by the update set. It says what it made.',
	other: 'It makes what is missing at the RecVer database: login, database, tables and the least rights. In Microsoft’s systems nothing is changed.',
};

/**
 * name: of a stored connection, null: it is new; trial(): what is tried when the
 * form differs from what is stored, null: it does not; ok(): may it be sent?
 */
export function TestPanel({ name, type, trial, ok = () => true, refused }) {
	const { query } = useHere();
	const id = Number(query.check) || null;
	const t = useTask(id);
	const begin = useAction(async (where, body) => {
		try {
			const asked = await api.task(where, body, newKey());

			if (asked.task) {
				setQuery({ check: asked.task.id }, { replace: true });
			} else {
				toastTask(asked, 'Set-up');
			}
		} catch (e) {
			refused?.(e);
			throw e;
		}
	});
	const changed = Boolean(trial);
	const test = () => ok() && (changed ? begin.run('/connections/trial?test=1', trial()) :
		begin.run(path`/connections/${name}/tests`, {}));
	const setup = async () => await ask({ title: `Set up ${name}?`, yes: 'Set up',
		text: SETUP[type] || SETUP.other }) && begin.run(path`/connections/${name}/setups`, {});
	const running = t.task && !isOver(t.task);

	return html`<${Section} title="Setup & Test" id="test" sub=${changed && name ? 'tries what the form says now' : null}
		actions=${html`<${Button} need=${changed ? 'configure' : 'operate'} icon="play" busy=${begin.busy || running}
				onClick=${test}>Test<//>
			<${Button} need="configure" busy=${begin.busy || running} onClick=${setup}
				why=${!name ? 'Save it first' : changed ? 'Save or discard the changes first' : ''}>Setup & Test<//>`}>
		<${ErrorBox} error=${begin.error} />
		${!id && html`<p class="conf-help">${may('operate') ?
			'Looks at everything on the way: address, sign-in, permissions, tables, RecVer. A test changes nothing.' :
			'An operator can test this connection here.'}</p>`}
		<${TaskView} of=${t} what="Checking" quiet=${t.output?.checks} />
		<${Checks} of=${t} /><//>`;
}
