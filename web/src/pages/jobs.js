// SPDX-License-Identifier: Apache-2.0
import { html } from '../lib/html.js';
import { Page } from '../ui/page.js';

export default function View() {
	return html`<${Page} title="jobs"><//>`;
}
