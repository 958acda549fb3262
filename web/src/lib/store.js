// SPDX-License-Identifier: Apache-2.0
//
// A value that parts of the page share, and hear of when it changes.
import { useEffect, useState } from './html.js';

/** @template T @param {T} value */
export function store(value) {
	const heard = new Set();

	return {
		get: () => value,
		set(next) {
			if (Object.is(next, value)) {
				return;
			}
			value = next;
			[...heard].forEach((fn) => fn(value));
		},
		/** Returns what ends it. */
		on(fn) {
			heard.add(fn);
			return () => heard.delete(fn);
		},
	};
}

export function useStore(s) {
	const [value, set] = useState(s.get());

	useEffect(() => {
		set(s.get());
		return s.on((v) => set(() => v));
	}, [s]);
	return value;
}
