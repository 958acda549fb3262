// SPDX-License-Identifier: Apache-2.0
//
// All API tokens, of everybody.
import { html, useState } from '../lib/html.js';
import { useGet } from '../lib/load.js';
import { Button } from '../ui/button.js';
import { Page } from '../ui/page.js';
import { Loaded } from '../ui/states.js';
import { SubNav } from '../conf/subnav.js';
import { MakeToken, TokenTable } from '../conf/tokens.js';
import { PEOPLE } from './users.js';

export default function Tokens({ user }) {
	const got = useGet('/tokens');
	const [open, setOpen] = useState(false);

	return html`<${Page} title="Users and tokens" actions=${html`<${Button} kind="primary" icon="plus" onClick=${() => setOpen(true)}>New token<//>`}>
		<${SubNav} label="People" links=${PEOPLE} />
		<${Loaded} of=${got} what="Reading the tokens" show=${({ items }) => html`<${TokenTable} items=${items} reload=${got.reload} />`} />
		${open && html`<${MakeToken} user=${user} reload=${got.reload} onClose=${() => setOpen(false)} />`}<//>`;
}
