// SPDX-License-Identifier: Apache-2.0
//
// The frame around every page: menu, who is there, what was just done.
import { html, useEffect, useRef, useState } from './lib/html.js';
import { may, signOut } from './lib/api.js';
import { liveState } from './lib/live.js';
import { useAction, useGet } from './lib/load.js';
import { go, match, useHere } from './lib/router.js';
import { useStore } from './lib/store.js';
import { flipTheme, theme } from './lib/theme.js';
import { GROUPS, pages } from './pages.js';
import { Questions } from './ui/dialog.js';
import { Brand } from './ui/brand.js';
import { ROLE_OF } from './ui/button.js';
import { Icon } from './ui/icon.js';
import { Page, focusNextPage } from './ui/page.js';
import { Empty, ErrorBox, Loading } from './ui/states.js';
import { Toasts } from './ui/toast.js';

function Menu({ user, path, close }) {
	const approvals = useGet('/approvals?state=waiting&limit=50', { live: ['approval', 'task'] });
	const waiting = approvals.data?.items?.length || 0;

	return html`<nav class="menu" aria-label="Menu" id="menu">${GROUPS.map((g) => {
		const of = pages.filter((p) => p.group === g && may(p.need, user));

		return of.length > 0 && html`<div class="menu-group"><h2 id=${`menu-${g.replace(' ', '')}`}>${g}</h2>
			<ul aria-labelledby=${`menu-${g.replace(' ', '')}`}>${of.map((p) => {
			const on = p.path === '/' ? path === '/' : path === p.path ||
				path.startsWith(`${p.path}/`) || (p.also || []).includes(path);

			return html`<li><a href=${p.path} aria-current=${on ? 'page' : undefined} onClick=${close}>
				<${Icon} name=${p.icon} /><span>${p.title}</span>
				${p.path === '/approvals' && waiting > 0 && html`<span class="menu-n"
					title="waiting">${waiting}<span class="hidden"> waiting</span></span>`}</a></li>`;
		})}</ul></div>`;
	})}</nav>`;
}

function Who({ user }) {
	const dark = useStore(theme) === 'dark';
	const live = useStore(liveState);
	const leave = useAction(async () => {
		try {
			await signOut();
		} finally {
			// Whoever comes next begins at the beginning.
			go('/', { replace: true, force: true });
		}
	});

	return html`<div class="who">
		${live === 'lost' && html`<p class="who-lost" role="status"><${Icon} name="warning" />
			<span>No live news: trying again</span></p>`}
		<a class="who-name" href="/account"><span title=${user.name}>${user.full_name || user.name}</span>
			<span class="who-role">${user.role}</span></a>
		<div class="who-tools"><button type="button" class="btn-bare" onClick=${flipTheme}
			aria-label=${dark ? 'Light colours' : 'Dark colours'} title=${dark ? 'Light colours' : 'Dark colours'}>
			<${Icon} name=${dark ? 'sun' : 'moon'} /></button>
		<button type="button" class="btn-bare" onClick=${leave.run} aria-label="Sign out" title="Sign out">
			<${Icon} name="out" /></button></div></div>`;
}

function find(path) {
	for (const page of pages) {
		const params = match(page.path, path);

		if (params) {
			return { page, params };
		}
	}
	return null;
}

/** The module of the page: loaded once, what was there stays until then. */
function Outlet({ path, query, user }) {
	const found = find(path);
	const load = found?.page.load;
	const [got, set] = useState({});

	useEffect(() => {
		let gone = false;

		load?.().then((m) => gone || set({ load, View: m.default }),
			(error) => gone || set({ load, error }));
		return () => {
			gone = true;
		};
	}, [load]);
	if (!found) {
		return html`<${Page} title="Nothing here"><${Empty} icon="explain" title="There is no page at this address">
			<p><code>${path}</code></p><p><a href="/">To the overview</a></p><//><//>`;
	}
	if (!may(found.page.need, user)) {
		return html`<${Page} title=${found.page.title}><${Empty} icon="lock" title="You may not see this page">
			<p>It needs the role ${ROLE_OF[found.page.need]}; you are ${user.role}.</p><//><//>`;
	}
	if (got.load !== load) {
		return html`<${Loading} />`;
	}
	if (got.error) {
		return html`<${Page} title=${found.page.title}><${ErrorBox} title="This page could not be loaded"
			error=${{ message: 'Part of the console did not come from the server: it may have been updated or stopped.' }}
			retry=${() => location.reload()} /><//>`;
	}
	return html`<${got.View} key=${path} params=${found.params} query=${query} user=${user} />`;
}

export function Shell({ user }) {
	const { path, query } = useHere();
	const [open, setOpen] = useState(false);
	const before = useRef(path);

	if (before.current !== path) {
		before.current = path;
		focusNextPage();
	}
	useEffect(() => {
		scrollTo(0, 0);
		setOpen(false);
	}, [path]);
	return html`<a class="skip" href="#main" onClick=${(e) => {
			e.preventDefault();
			document.getElementById('main').focus();
		}}>To the content</a>
	<div class="shell">
		<header class="side">
			<div class="side-top"><a href="/" class="brand-link" aria-label="muster: overview"><${Brand} /></a>
				<button type="button" class="btn-bare side-open" aria-expanded=${open} aria-controls="side-body"
					aria-label="Menu" onClick=${() => setOpen(!open)}><${Icon} name=${open ? 'close' : 'menu'} /></button></div>
			<div class=${open ? 'side-body open' : 'side-body'} id="side-body">
				<${Menu} user=${user} path=${path} close=${() => setOpen(false)} />
				<${Who} user=${user} /></div>
		</header>
		<main id="main" tabindex="-1"><${Outlet} path=${path} query=${query} user=${user} /></main>
	</div><${Questions} /><${Toasts} />`;
}
