// SPDX-License-Identifier: Apache-2.0
//
// Addresses: the browser's history, patterns with :parts, and links that need
// no reload. What a page must not lose asks before it is left.
import { useEffect } from './html.js';
import { store, useStore } from './store.js';

function read() {
	return {
		path: location.pathname,
		query: Object.fromEntries(new URLSearchParams(location.search)),
		url: location.pathname + location.search,
	};
}

export const here = store(read());
const guards = new Set();

/** May the page be left? Asks, where there is something to lose. */
async function mayLeave() {
	for (const ask of guards) {
		if (!await ask()) {
			return false;
		}
	}
	return true;
}

/** Goes there; replace: without a step to come back to. */
export async function go(url, { replace = false, force = false } = {}) {
	if (!force && new URL(url, location.href).pathname !== location.pathname &&
		!await mayLeave()) {
		return;
	}
	history[replace ? 'replaceState' : 'pushState'](null, '', url);
	here.set(read());
}

/** Changes parameters of the address; null takes one away. */
export function setQuery(change, { replace = false } = {}) {
	const words = new URLSearchParams(location.search);

	for (const [key, value] of Object.entries(change)) {
		if (value === null || value === undefined || value === '') {
			words.delete(key);
		} else {
			words.set(key, value);
		}
	}
	const text = words.toString();

	go(location.pathname + (text && `?${text}`), { replace });
}

export function startRouter() {
	let before = here.get().url;

	here.on((l) => {
		before = l.url;
	});
	addEventListener('popstate', async () => {
		if (guards.size && read().path !== here.get().path) {
			const to = read().url;

			history.pushState(null, '', before);
			if (!await mayLeave()) {
				return;
			}
			history.replaceState(null, '', to);
		}
		here.set(read());
	});
	document.addEventListener('click', (e) => {
		const a = e.target.closest?.('a[href]');

		if (!a || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey ||
			e.shiftKey || e.altKey || a.target || a.download ||
			a.origin !== location.origin || a.hash ||
			/^\/(api|assets)\//.test(a.pathname)) {
			return;
		}
		e.preventDefault();
		go(a.pathname + a.search);
	});
}

/** The parts of a pattern ("/jobs/:name") in a path; null: it is another. */
export function match(pattern, path) {
	const want = pattern.split('/');
	const have = path.replace(/\/+$/, '').split('/');
	const params = {};

	if (pattern === '/') {
		return have.length <= 1 || path === '/' ? params : null;
	}
	if (want.length !== have.length) {
		return null;
	}
	for (let i = 0; i < want.length; i++) {
		if (want[i].startsWith(':')) {
			try {
				params[want[i].slice(1)] = decodeURIComponent(have[i]);
			} catch {
				return null;
			}
		} else if (want[i] !== have[i]) {
			return null;
		}
	}
	return params;
}

export const useHere = () => useStore(here);

/** While `dirty`, leaving asks: ask() gives a promise of true or false. */
export function useLeaveGuard(dirty, ask) {
	useEffect(() => {
		if (!dirty) {
			return undefined;
		}
		const stay = (e) => e.preventDefault();

		guards.add(ask);
		addEventListener('beforeunload', stay);
		return () => {
			guards.delete(ask);
			removeEventListener('beforeunload', stay);
		};
	}, [dirty]);
}
