// SPDX-License-Identifier: Apache-2.0
//
// Set-up checks of a task, as they come and when it has ended.
import { html } from '../../lib/html.js';
import { Checks as List } from '../../conf/checks.js';
import { useTask } from '../../conf/task.js';
import { ErrorBox, Loading } from '../../ui/states.js';

export function Checks({ task }) {
	const t = useTask(task.id);

	return t.error ? html`<${ErrorBox} error=${t.error} />` : t.task ? html`<${List} of=${t} />` : html`<${Loading} />`;
}
