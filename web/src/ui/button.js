// SPDX-License-Identifier: Apache-2.0
//
// Buttons. One that somebody may not press is not offered: say at the page why
// (RoleNote). One that does not go right now stays, disabled, and says why.
import { cls, html, useId } from '../lib/html.js';
import { may, me } from '../lib/api.js';
import { useStore } from '../lib/store.js';
import { Icon } from './icon.js';

/**
 * kind: "primary", "danger", or nothing; need: the permission without
 * which it is not there; why: a reason why it cannot be pressed now (then it is
 * disabled); busy: what it does is under way; href: it is a link that looks like
 * one.
 */
export function Button({ kind, need, why, busy, icon, children, href, small,
	onClick, type = 'button', class: more, ...rest }) {
	const user = useStore(me);
	const id = useId();

	if (!may(need, user)) {
		return null;
	}
	const inside = html`${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>`;
	const looks = cls('btn', kind && `btn-${kind}`, { 'btn-small': small, busy }, more);

	if (href && !why) {
		return html`<a class=${looks} href=${href} ...${rest}>${inside}</a>`;
	}
	// aria-disabled, so that the keyboard reaches it and the reason is read.
	return html`<button type=${type} class=${looks} ...${rest}
		aria-disabled=${why || busy ? 'true' : undefined}
		aria-busy=${busy ? 'true' : undefined}
		aria-describedby=${why ? id : undefined} title=${why || rest.title}
		onClick=${(e) => {
			if (why || busy) {
				e.preventDefault();
			} else {
				onClick?.(e);
			}
		}}>${inside}${why && html`<span id=${id} class="hidden" aria-hidden="true">${why}</span>`}</button>`;
}

export const ROLE_OF = {
	read: 'viewer', operate: 'operator', configure: 'administrator',
	administer: 'administrator', audit: 'auditor or administrator',
};

/** One line that says what is not offered, and who may: nothing if all is. */
export function RoleNote({ need, what }) {
	const user = useStore(me);

	return may(need, user) ? null : html`<p class="role-note"><${Icon} name="lock" />
		<span>${what} needs the role ${ROLE_OF[need]}; you are ${user?.role || 'signed out'}.</span></p>`;
}
