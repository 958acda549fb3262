// SPDX-License-Identifier: Apache-2.0
//
// Before anything is drawn: light or dark, as it was chosen in this browser.
// Nothing chosen: as the system has it. A plain script, so that nothing flashes.
(() => {
	try {
		const chosen = localStorage.getItem('muster.theme');

		if (chosen === 'light' || chosen === 'dark') {
			document.documentElement.dataset.theme = chosen;
		}
	} catch {
		// A browser that keeps nothing.
	}
})();
