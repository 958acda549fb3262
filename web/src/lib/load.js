// SPDX-License-Identifier: Apache-2.0
//
// Hooks that load. What was shown stays until the new answer is there, so that
// nothing jumps; an answer that nobody waits for any more is dropped.
import { useCallback, useEffect, useRef, useState } from './html.js';
import { api, query } from './api.js';
import { onChange } from './live.js';

const CALM_MS = 400;

/**
 * GET of a path (null: nothing to ask for). live: kinds of changes after which
 * it is asked again; wants(data) says which of them concern it. Returns
 * {data, etag, error, loading, reload, set}.
 */
export function useGet(where, { live = [], wants } = {}) {
	const [state, set] = useState({ loading: Boolean(where) });
	const turn = useRef(0);
	const kinds = live.join();
	const chosen = useRef(wants);

	chosen.current = wants;
	const reload = useCallback(async () => {
		const mine = ++turn.current;

		if (!where) {
			set({ loading: false });
			return;
		}
		set((s) => s.where === where ? { ...s, loading: true } :
			{ loading: true, where });
		try {
			const { data, etag } = await api.getTagged(where);

			if (mine === turn.current) {
				set({ data, etag, where, loading: false });
			}
		} catch (error) {
			if (mine === turn.current) {
				set((s) => ({ ...s, where, error, loading: false }));
			}
		}
	}, [where]);

	useEffect(() => {
		reload();
		return () => ++turn.current;
	}, [reload]);
	useEffect(() => {
		let clock = 0;
		const end = kinds ? onChange(kinds.split(','), (d) => {
			if (d && chosen.current && !chosen.current(d)) {
				return;
			}
			clearTimeout(clock);
			clock = setTimeout(reload, CALM_MS);
		}) : () => {};

		return () => {
			clearTimeout(clock);
			end();
		};
	}, [kinds, reload]);
	return {
		...state.where === where || !where ? state : { loading: true },
		reload,
		set: (data) => set((s) => ({ ...s, data })),
	};
}

/**
 * One page of a list: {items, next, …}. What is asked for, the cursor `after`
 * included, belongs into the address, so that Back goes back.
 */
export function useList(where, q, more) {
	const got = useGet(where && where + query(q), more);

	return { ...got, items: got.data?.items, next: got.data?.next || null };
}

/**
 * Something that a button does: {run, busy, error, clear}. While it is under way
 * it is not begun again; run returns what fn returned, or undefined.
 */
export function useAction(fn) {
	const [state, set] = useState({ busy: false, error: null });
	const going = useRef(false);
	const latest = useRef(fn);

	latest.current = fn;
	const run = useCallback(async (...args) => {
		if (going.current) {
			return undefined;
		}
		going.current = true;
		set({ busy: true, error: null });
		try {
			const result = await latest.current(...args);

			set({ busy: false, error: null });
			return result;
		} catch (error) {
			set({ busy: false, error });
			return undefined;
		} finally {
			going.current = false;
		}
	}, []);

	return { ...state, run, clear: () => set({ busy: false, error: null }) };
}

/** Now, again every so many ms while the page is looked at. */
export function useNow(every = 1000) {
	const [now, set] = useState(Date.now());

	useEffect(() => {
		const clock = setInterval(() => !document.hidden && set(Date.now()), every);

		return () => clearInterval(clock);
	}, [every]);
	return now;
}
