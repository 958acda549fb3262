// SPDX-License-Identifier: Apache-2.0
//
// Light, dark, or as the system has it.
import { store } from './store.js';

const system = matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;

/** "light" or "dark", whatever it comes from. */
export const theme = store(root.dataset.theme || (system.matches ? 'dark' : 'light'));

system.addEventListener('change', () => {
	if (!root.dataset.theme) {
		theme.set(system.matches ? 'dark' : 'light');
	}
});

export function flipTheme() {
	const to = theme.get() === 'dark' ? 'light' : 'dark';

	root.dataset.theme = to;
	try {
		localStorage.setItem('muster.theme', to);
	} catch {
		// Then it is for this page.
	}
	theme.set(to);
}
