// SPDX-License-Identifier: Apache-2.0
//
// Who changed which settings of a connection, newest first, page by page.
import { html, useState } from '../lib/html.js';
import { path } from '../lib/api.js';
import { useList } from '../lib/load.js';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { Diff } from '../ui/diff.js';
import { Empty, Loaded } from '../ui/states.js';
import { Env } from '../ui/status.js';
import { Time } from '../ui/time.js';
import { stored } from './changes.js';

const WHAT = { set: 'changed', unset: 'changed', promote: 'promoted from TEST', undo: 'took the promotion back', apply: 'applied a file' };

function Entry({ of: e }) {
	return html`<li class="past"><p><${Env} of=${e.environment} /> <b>${e.user}</b> ${WHAT[e.what] || e.what}${' '}
			<span class="fine"><${Time} at=${e.at} full /> by ${e.via || 'cli'}, entry ${e.id}</span></p>
		${e.changes.length ? html`<${Diff} bare fields=${e.changes.map((c) => ({ column: c.key, before: stored(c.before), after: stored(c.after, c.kept) }))}
			of=${`What entry ${e.id} changed`} />` : html`<p class="none">No setting differs.</p>`}</li>`;
}

export function SettingsLog({ of: c, onClose }) {
	const [after, turn] = useState(null);
	const list = useList(path`/connections/${c.name}/settings/log`, { after, limit: 20 });

	return html`<${Dialog} wide title=${`Who changed settings of ${c.name}`} onClose=${onClose} actions=${html`
			${after && html`<${Button} onClick=${() => turn(null)}>Newest<//>`}
			${list.next && html`<${Button} onClick=${() => turn(list.next)}>Older<//>`}
			<${Button} kind="primary" onClick=${onClose}>Close<//>`}>
		<${Loaded} of=${list} what="Reading the log" show=${({ items }) => items.length ?
			html`<ul class="pasts">${items.map((e) => html`<${Entry} key=${e.id} of=${e} />`)}</ul>` :
			html`<${Empty} icon="audit" title="Nobody changed a setting yet" />`} /><//>`;
}
