// SPDX-License-Identifier: Apache-2.0
//
// Every page of pages.mjs: when the server does not answer, then with data in
// light, dark, on a phone and by keyboard; without data; and by every role. One
// after the other in one window: as people go, and a window of its own for each
// costs more than it shows.
import { assert, test } from './lib.mjs';
import { GROUPS, ROLES } from './pages.mjs';

const DETAIL = 'the state store does not answer: /var/lib/muster/state.db: disk I/O error';
const AWAY = '/no-page';
// As many rows as are worth looking at.
const MOST = 8;

/** As a link does: the page comes without a load of all; one that is there comes anew. */
async function visit(page, path) {
	await page.evaluate(async ([away, to]) => {
		const go = (at) => {
			history.pushState(null, '', at);
			dispatchEvent(new PopStateEvent('popstate'));
		};

		go(away);
		while (document.querySelector('h1')?.textContent !== 'Nothing here') {
			await new Promise((done) => setTimeout(done));
		}
		go(to);
	}, [AWAY, path]);
}

/** The page itself, whatever it says; not what stands there until it is loaded. */
async function settled(page) {
	await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.state-loading'));
}

for (const [group, pages] of Object.entries(GROUPS)) {
	test(`look: ${group}`, async (t) => {
		t.allow('503');
		const { page, mock } = await t.open(AWAY, { most: MOST });

		await page.getByText('There is no page at this address').waitFor();
		for (const [path, { title, text, needs }] of Object.entries(pages)) {
			t.at = path;
			if (needs) {
				mock.state.fail[needs] = 503;
			}
			await visit(page, path);
			if (needs) {
				const box = page.getByRole('alert').filter({ hasText: DETAIL }).first();

				await box.waitFor();
				assert.match(await box.textContent(), /5f1a0c77e21b9d04/);
				if (path === Object.keys(pages)[0]) {
					await t.axe(page);
				}
				delete mock.state.fail[needs];
				await box.getByRole('button', { name: 'Try again', exact: true }).click();
			}
			await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
			await page.getByText(text).first().waitFor();
			assert.equal(await page.title(), `${title} · muster`);
			await t.looksWell(page);
			await t.byKeyboard(page);
		}
	});
}

test('empty: every page', async (t) => {
	const { page } = await t.open(AWAY, { empty: true });

	await page.getByText('There is no page at this address').waitFor();
	for (const [path, { empty }] of Object.values(GROUPS).flatMap(Object.entries)) {
		if (empty) {
			t.at = path;
			await visit(page, path);
			await page.getByText(empty).first().waitFor();
			await t.axe(page);
		}
	}
});

for (const role of ROLES) {
	test(`role ${role}: every page`, async (t) => {
		const { page } = await t.open(AWAY, { role, most: MOST });

		await page.getByText('There is no page at this address').waitFor();
		for (const [path, { title, text, who, offers }] of Object.values(GROUPS).flatMap(Object.entries)) {
			t.at = path;
			await visit(page, path);
			if (!who.includes(role)) {
				await page.getByText('You may not see this page').waitFor();
				await page.getByText(`you are ${role}`).waitFor();
				continue;
			}
			await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
			await page.getByText(text).first().waitFor();
			await settled(page);
			for (const [name, whom] of Object.entries(offers)) {
				const button = page.getByRole('button', { name, exact: true }).or(page.getByRole('link', { name, exact: true }));

				if (whom.includes(role)) {
					await button.first().waitFor();
				} else {
					assert.equal(await button.count(), 0, `${role} is offered ${name} at ${path}`);
				}
			}
			if (Object.values(offers).some((whom) => !whom.includes(role))) {
				await page.getByText(/the role (operator|administrator); you are|An operator can test/).first().waitFor();
			}
			// What is left when something is not offered is a page, too.
			if (role === 'viewer' && (Object.keys(offers).length || await page.locator('main :disabled').count())) {
				await t.axe(page);
			}
			if (path === '/connections/defender') {
				assert.equal(await page.getByLabel('Tenant (directory) id').isDisabled(), role !== 'administrator');
			}
		}
	});
}
