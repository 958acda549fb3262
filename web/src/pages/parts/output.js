// SPDX-License-Identifier: Apache-2.0
//
// What a command printed, as it printed it; JSON with room to read it.
import { html, useEffect, useMemo, useState } from '../../lib/html.js';
import { api } from '../../lib/api.js';
import { useAction } from '../../lib/load.js';
import { bytes } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { Empty, ErrorBox, Loading, Note } from '../../ui/states.js';

const SHOWN = 200000;

function pretty(text) {
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
}

/** The output of a task (part "output") or its log, as text: {text, error, reload} */
function useOutput(task, part = 'output') {
	const [text, set] = useState(null);
	const load = useAction(async () => set(await api.text(`/tasks/${task.id}/${part}`)));

	useEffect(() => {
		load.run();
	}, [task.id, part]);
	return { text, error: load.error, reload: load.run };
}

/** As JSON; what is none is an error to show. */
export function useOutputJson(task) {
	const got = useOutput(task);

	return useMemo(() => {
		if (got.text === null) {
			return { error: got.error, reload: got.reload };
		}
		try {
			return { data: JSON.parse(got.text), reload: got.reload };
		} catch {
			return { reload: got.reload, error: { code: 'internal', message: got.text.trim() ?
				'what the command printed is no JSON: see Output' : 'the command printed nothing: see Log' } };
		}
	}, [got.text, got.error]);
}

export function Output({ task, part }) {
	const { text, error, reload } = useOutput(task, part);
	const nice = useMemo(() => text && pretty(text), [text]);

	if (error) {
		return html`<${ErrorBox} error=${error} retry=${reload} />`;
	}
	if (text === null) {
		return html`<${Loading} />`;
	}
	if (!nice) {
		return html`<${Empty} title=${part === 'log' ? 'The log is empty: nothing was worth a word' : 'It printed nothing, or it is not kept any more'} />`;
	}
	return html`${nice.length > SHOWN && html`<${Note}>Only the first ${bytes(SHOWN)} are shown.<//>`}
		<p class="output-tools"><${Button} small icon="download" href=${`/api/v1/tasks/${task.id}/${part}`}
			download=${`task-${task.id}-${part}.txt`}>Download<//></p>
		<pre class="output" tabindex="0" aria-label=${part === 'log' ? 'Log' : 'Output'}>${nice.slice(0, SHOWN)}</pre>`;
}
