// SPDX-License-Identifier: Apache-2.0
//
// A task that a page asked for, until its end: progress and checks as they
// come, then what it printed.
import { html, useCallback, useEffect, useRef, useState } from '../lib/html.js';
import { api, path } from '../lib/api.js';
import { onChange, stream } from '../lib/live.js';
import { useAction } from '../lib/load.js';
import { duration, words } from '../lib/format.js';
import { cancelNeeds, isOver } from '../lib/tasks.js';
import { Button } from '../ui/button.js';
import { Progress } from '../ui/progress.js';
import { ErrorBox, Loading, Note } from '../ui/states.js';

/** Stands for an output that a page would choke on. */
export const TOO_LARGE = { too_large: true };
const MOST_BYTES = 16e6;

/* Of the exit status of muster(1): done; some refused; the guard; something to do. */
const WELL = [0, 3, 6, 7];

const wentWell = (task) => task.state === 'done' && WELL.includes(task.exit_status ?? 0);

async function outputOf(id) {
	const text = await api.text(path`/tasks/${id}/output`);

	try {
		return text.trim() ? JSON.parse(text) : null;
	} catch {
		return text;
	}
}

/**
 * {task, progress, checks, output, error} of a task (id null: of none). output is
 * its JSON, or its text; null until it has ended.
 */
export function useTask(id) {
	const [state, set] = useState({});
	const turn = useRef(0);
	const put = useCallback((change) => set((s) => s.id === id ?
		{ ...s, ...typeof change === 'function' ? change(s) : change } : s), [id]);
	const look = useCallback(async () => {
		const mine = ++turn.current;

		try {
			const task = await api.get(path`/tasks/${id}`);
			const output = !isOver(task) || task.output_bytes === 0 ? null :
				task.output_bytes > MOST_BYTES ? TOO_LARGE : await outputOf(id);

			if (mine === turn.current) {
				put({ task, output, progress: task.progress, error: null });
			}
			return isOver(task);
		} catch (error) {
			if (mine === turn.current) {
				put({ error });
			}
			return false;
		}
	}, [id]);

	useEffect(() => {
		set({ id, checks: [] });
		if (!id) {
			return undefined;
		}
		let end = () => {};
		const deaf = onChange(['task'], (d) => (!d || d.id === id) && look());

		look().then((ended) => {
			if (!ended) {
				end = stream(path`/tasks/${id}/events`, {
					// Its end comes with what it printed, not before.
					task: (task) => task && (isOver(task) ? look() : put({ task })),
					progress: (progress) => put({ progress }),
					check: (c) => c && put((s) => ({ checks: [
						...s.checks.filter((x) => x.title !== c.title), c] })),
				}, { onAgain: look, onEnd: look });
			}
		});
		return () => {
			++turn.current;
			deaf();
			end();
		};
	}, [id]);
	return state.id === id ? { ...state, reload: look } : { id, checks: [] };
}

function Doing({ of: t, what }) {
	const p = t.progress;
	const text = p?.stage ? `${words(p.stage)} ${words(p.what || '')}`.trim() :
		t.task?.state === 'queued' ? 'Waits for its turn' :
			t.task?.state === 'waiting' ? 'Waits for a second person' : what;

	return html`<div class="doing" role="status"><p>${text}${p?.left_ms > 0 &&
		html` <span class="fine">${duration(p.left_ms)} left</span>`}</p>
		<${Progress} done=${p?.done} total=${p?.total} label=${what} text=${text} /></div>`;
}

/**
 * What there is to see of a task: that it is under way, why it failed, or
 * show(output). what: "Reading the CMDB"
 */
export function TaskView({ of: t, what = 'Working', show, quiet }) {
	const cancel = useAction(() => api.del(path`/tasks/${t.id}`));

	if (!t.id) {
		return null;
	}
	if (t.error && !t.task) {
		return html`<${ErrorBox} error=${t.error} retry=${t.reload} />`;
	}
	if (!t.task) {
		return html`<${Loading} />`;
	}
	if (!isOver(t.task)) {
		return html`<div class="task-view"><${Doing} of=${t} what=${what} />
			<div class="task-foot"><${Button} small need=${cancelNeeds(t.task)} busy=${cancel.busy} onClick=${cancel.run}>Cancel<//>
			<a href=${`/tasks/${t.id}`}>Task ${t.id}</a></div>
			<${ErrorBox} error=${cancel.error} /></div>`;
	}
	const failed = !wentWell(t.task);

	return html`${failed && (!quiet || t.task.state === 'cancelled') && html`<${Note}
		level=${t.task.state === 'cancelled' ? 'info' : 'error'}
		title=${t.task.state === 'cancelled' ? 'It was cancelled' : 'It did not work'}>
		<p>${t.task.error || 'Nothing is known of why.'} <a href=${`/tasks/${t.id}`}>Task ${t.id}</a></p><//>`}
		${(!failed || t.output) && show?.(t.output ?? null, t.task)}`;
}

/** The newest task that a list of tasks has for what is asked; null */
export async function lastTask(q, fits = () => true) {
	const list = await api.get(`/tasks?limit=20&${new URLSearchParams(q)}`);

	return list.items.find(fits) || null;
}
