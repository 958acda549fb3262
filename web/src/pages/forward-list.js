// SPDX-License-Identifier: Apache-2.0
//
// Rules, actions, receivers or windows of forwarding.
import { html } from '../lib/html.js';
import { useGet } from '../lib/load.js';
import { Button, RoleNote } from '../ui/button.js';
import { Page } from '../ui/page.js';
import { Empty, Loaded } from '../ui/states.js';
import { Status } from '../ui/status.js';
import { Table } from '../ui/table.js';
import { SectionForm } from '../conf/section.js';
import { ForwardNav, KINDS, gist, typeTitle } from '../conf/forward.js';

export default function ForwardList({ params }) {
	const kind = params.kind;
	const k = Object.hasOwn(KINDS, kind) ? KINDS[kind] : null;
	const got = useGet(k ? `/forward/${kind}` : null);

	if (kind === 'outbox') {
		return html`<${Page} title="Forwarding"><${ForwardNav} /><p class="conf-help">How much is kept of alerts, and when what failed is tried again.</p>
			<${RoleNote} need="configure" what="Changing forwarding" /><${SectionForm} where="/forward/outbox" what="The outbox" /><//>`;
	}
	if (!k) {
		return html`<${Page} title="Nothing here"><${Empty} icon="explain" title="There is no page at this address" /><//>`;
	}
	const columns = [
		{ key: 'name', title: 'Name', main: true, sort: true, cell: (x) => html`<a href=${`/forwarding/${kind}/${encodeURIComponent(x.name)}`}>${x.name}</a>` },
		...['actions', 'receivers'].includes(kind) ? [{ key: 'type', title: 'Type', sort: true, cell: (x) => typeTitle(x.type) }] : [],
		{ key: 'gist', title: 'In short', wide: true, cell: (x) => gist(kind, x) },
		...kind === 'actions' ? [] : [{ key: 'enabled', title: 'State', cell: (x) => html`<${Status} of=${x.enabled === false ? 'disabled' : 'active'} />` }],
	];

	return html`<${Page} title="Forwarding" actions=${html`<${Button} need="configure" kind="primary" icon="plus" href=${`/new-forwarding/${kind}`}>Add ${k.one === 'action' ? 'an' : 'a'} ${k.one}<//>`}>
		<${ForwardNav} /><p class="conf-help">${k.about}</p><${RoleNote} need="configure" what="Changing forwarding" />
		<${Loaded} of=${got} what="Reading" show=${({ items }) => html`<${Table} of=${k.title} columns=${columns} rows=${items} rowKey=${(x) => x.name}
			sortBy=${{ key: 'name' }} empty=${html`<${Empty} icon=${k.icon} title=${`No ${k.title.toLowerCase()} yet`}><p>${k.about}</p><//>`} />`} /><//>`;
}
