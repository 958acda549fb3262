// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events that come back by themselves. A page that nobody looks at
// holds no connection: browsers allow few of them to one server.
import { api } from './api.js';
import { store } from './store.js';

const BASE = '/api/v1';
const WAITS_MS = [500, 1000, 2000, 5000, 10000];

/** "on", "lost" (trying again), "off": how the stream of all changes is. */
export const liveState = store('off');

/**
 * Opens a stream. handlers: {event: fn(data)}; onState is told "on" and "lost";
 * onAgain each time that it is there again after a loss, for pages to look anew;
 * onEnd when there will be no more; onRefused when the server answers something
 * else. Returns what ends it.
 */
export function stream(where, handlers, { onState, onAgain, onEnd, onRefused } = {}) {
	let source = null;
	let clock = 0;
	let tries = 0;
	let ended = false;
	let lost = false;
	let last = '';

	function close() {
		clearTimeout(clock);
		source?.close();
		source = null;
	}
	function end() {
		ended = true;
		document.removeEventListener('visibilitychange', look);
		close();
	}
	function take(fn) {
		return (e) => {
			last = e.lastEventId || last;
			try {
				fn(e.data ? JSON.parse(e.data) : null);
			} catch (err) {
				console.error('event', where, err);
			}
		};
	}
	function open() {
		close();
		if (ended || document.hidden) {
			return;
		}
		// A new EventSource cannot send Last-Event-ID: pages look anew.
		source = new EventSource(BASE + where);
		source.onopen = () => {
			tries = 0;
			onState?.('on');
			if (lost) {
				lost = false;
				onAgain?.();
			}
		};
		source.onerror = () => {
			lost = true;
			onState?.('lost');
			if (source?.readyState === EventSource.CLOSED) {
				onRefused?.();
				clock = setTimeout(open,
					WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)]);
			}
		};
		for (const [name, fn] of Object.entries(handlers)) {
			source.addEventListener(name, take(fn));
		}
		source.addEventListener('end', () => {
			end();
			onEnd?.();
		});
	}
	function look() {
		if (document.hidden) {
			lost = true;
			close();
		} else if (!source) {
			tries = 0;
			open();
		}
	}
	document.addEventListener('visibilitychange', look);
	open();
	return end;
}

const heard = new Map();
let stop = null;

function tell(kind, data) {
	heard.get(kind)?.forEach((fn) => fn(data));
}

/** The stream of all changes, for as long as somebody is signed in. */
export function startLive() {
	stopLive();
	const kinds = ['task', 'run', 'job', 'notice', 'approval'];

	stop = stream('/events',
		Object.fromEntries(kinds.map((k) => [k, (d) => tell(k, d)])), {
			onState: (s) => liveState.set(s),
			onAgain: () => kinds.forEach((k) => tell(k, null)),
			// Has the session ended? Then the sign-in page comes by itself.
			onRefused: () => api.get('/me').catch(() => {}),
		});
}

export function stopLive() {
	stop?.();
	stop = null;
	liveState.set('off');
}

/** Hears of changes of kinds ("run", "task" …); returns what ends it. */
export function onChange(kinds, fn) {
	for (const k of kinds) {
		heard.set(k, (heard.get(k) || new Set()).add(fn));
	}
	return () => kinds.forEach((k) => heard.get(k).delete(fn));
}
