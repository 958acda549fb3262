// SPDX-License-Identifier: Apache-2.0
//
// What the made-up server holds. All times hang on one.
export const NOW = Date.parse('2026-11-21T19:45:00Z');
export const at = (ms) => new Date(NOW + ms).toISOString();
export const MIN = 60000;
export const HOUR = 60 * MIN;
export const DAY = 24 * HOUR;

const MAY = {
	viewer: ['read'],
	operator: ['read', 'operate'],
	administrator: ['read', 'operate', 'configure', 'administer', 'audit'],
	auditor: ['read', 'audit'],
};

/** Always the same numbers: (Park and Miller) */
export function dice(seed) {
	let x = seed;

	return (n) => {
		x = x * 48271 % 2147483647;
		return x % n;
	};
}

export function userOf(role, more) {
	return { name: { viewer: 'vera', operator: 'otto', administrator: 'ann', auditor: 'audrey' }[role],
		full_name: { viewer: 'Vera View', operator: 'Otto Oper', administrator: 'Ann Admin',
			auditor: 'Audrey Audit' }[role],
		role, may: MAY[role], csrf: 'fake-csrf', sign_in: 'password', must_change: false, ...more };
}

export function makeState(o) {
	const role = o.role === undefined ? 'administrator' : o.role;

	return {
		options: o, empty: Boolean(o.empty), fail: o.fail || {}, failText: o.failText,
		most: o.most || Infinity, hang: o.hang || {}, onStream: o.onStream,
		user: role ? userOf(role, { must_change: Boolean(o.mustChange) }) : null,
		oidc: Boolean(o.oidc), guard: Boolean(o.guard),
		/** Whatever routes keep: by name. */
		kept: {},
	};
}
