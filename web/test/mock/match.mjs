// SPDX-License-Identifier: Apache-2.0
/** The parts of a pattern ("/jobs/:name") in a path, or null. */
export function match(pattern, path) {
	const want = pattern.split('/');
	const have = path.split('/');

	if (want.length !== have.length) {
		return null;
	}
	const params = {};

	for (let i = 0; i < want.length; i++) {
		if (want[i].startsWith(':')) {
			params[want[i].slice(1)] = decodeURIComponent(have[i]);
		} else if (want[i] !== have[i]) {
			return null;
		}
	}
	return params;
}
