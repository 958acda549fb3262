// SPDX-License-Identifier: Apache-2.0
//
// Overview, runs, tasks, approvals.
export const routes = [
	['GET', '/approvals', () => ({ items: [], next: null })],
];
