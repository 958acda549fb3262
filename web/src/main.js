// SPDX-License-Identifier: Apache-2.0
//
// Where the console begins: who is there, then the sign-in page or the shell.
import { html, render, useEffect } from './lib/html.js';
import { lookWho, me } from './lib/api.js';
import { startLive, stopLive } from './lib/live.js';
import { startRouter } from './lib/router.js';
import { useAction } from './lib/load.js';
import { useStore } from './lib/store.js';
import { ErrorBox, Loading } from './ui/states.js';
import { Shell } from './shell.js';
import { MustChange, SignIn } from './signin.js';

function App() {
	const user = useStore(me);
	const look = useAction(lookWho);
	const name = user?.must_change ? '' : user?.name;

	useEffect(() => {
		look.run();
	}, []);
	useEffect(() => {
		if (name) {
			startLive();
		}
		return stopLive;
	}, [name]);
	if (user === undefined) {
		return html`<main class="alone">${look.error ?
			html`<${ErrorBox} error=${look.error} retry=${look.run} />` : html`<${Loading} />`}</main>`;
	}
	return user === null ? html`<${SignIn} />` : user.must_change ?
		html`<${MustChange} user=${user} />` : html`<${Shell} user=${user} />`;
}

startRouter();
render(html`<${App} />`, document.getElementById('app'));
