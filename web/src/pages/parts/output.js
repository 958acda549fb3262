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
// What is larger is not fetched to show its beginning.
const MOST = 4e6;

function pretty(text) {
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
}

/** The output of a task (part "output") or its log, as text; task null: none. {text, error, reload} */
function useOutput(task, part = 'output') {
	const [text, set] = useState(null);
	const load = useAction(async () => set(await api.text(`/tasks/${task.id}/${part}`)));

	useEffect(() => {
		if (task) {
			load.run();
		}
	}, [task?.id, part]);
	return { text, error: load.error, reload: load.run };
}

export function Output({ task, part }) {
	const large = part === 'output' && task.output_bytes > MOST;
	const { text, error, reload } = useOutput(large ? null : task, part);
	const nice = useMemo(() => text && pretty(text), [text]);

	const download = html`<p class="output-tools"><${Button} small icon="download" href=${`/api/v1/tasks/${task.id}/${part}`}
		download=${`task-${task.id}-${part}.txt`}>Download<//></p>`;

	if (large) {
		return html`<${Note} title="Too large to be shown here">It has ${bytes(task.output_bytes)}.<//>${download}`;
	}
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
		${download}<pre class="output" tabindex="0" aria-label=${part === 'log' ? 'Log' : 'Output'}>${nice.slice(0, SHOWN)}</pre>`;
}
