// SPDX-License-Identifier: Apache-2.0
//
// Configuration, reports and people once more, on `muster serve` and the
// simulators: tested, overridden, tried on records, explained, reported, audited.
import { readFileSync } from 'node:fs';
import { assert, test } from './lib.mjs';
import { startReal } from './real.mjs';

const PASSWORD = 'a fake sentence for tests';

/** Signs in, with a password of one's own, without the pages for it. */
async function enter(page, real) {
	await page.evaluate(async ([user, password, next]) => {
		const ask = (method, path, body, csrf) => fetch(`/api/v1${path}`, { method, body: JSON.stringify(body),
			headers: { 'Content-Type': 'application/json', ...csrf && { 'X-CSRF-Token': csrf } } });

		await ask('POST', '/session', { user, password });
		const me = await (await fetch('/api/v1/me')).json();

		await ask('PUT', '/me/password', { current: password, password: next }, me.csrf);
	}, [real.user, real.password, PASSWORD]);
}

const consent = async (page, yes) => {
	const dialog = page.getByRole('dialog');

	await dialog.getByRole('checkbox').last().check();
	await dialog.getByRole('button', { name: yes, exact: true }).click();
	await dialog.waitFor({ state: 'detached' });
};

if (process.env.MUSTER) {
	test('real: a connection is tested, its rules overridden and tried, a record explained, a report made, the audit whole', async (t) => {
		const real = await startReal({ jobs: true });

		t.ends.push(() => real.close());
		t.allow('401');
		const { page } = await t.open('/', { base: real.url });

		await page.getByLabel('User').waitFor();
		await enter(page, real);
		t.at = '/connections/defender';
		await page.goto(`${real.url}/connections/defender`);
		await page.getByRole('button', { name: 'Test', exact: true }).click();
		await page.getByText(/^\d+ checks ok$/).waitFor();
		const job = await page.locator('.facts').getByRole('link').first().textContent();

		t.at = 'settings';
		await page.getByLabel('Of this connection').getByRole('link', { name: 'Settings' }).click();
		await page.getByLabel('Find a setting').fill('min_cvss');
		await page.getByRole('checkbox', { name: 'Override default of min_cvss in TEST' }).check();
		await page.getByLabel('min_cvss in TEST', { exact: true }).fill('7');
		await page.getByRole('button', { name: 'Review and save' }).click();
		await page.getByRole('dialog').getByText(`next run of ${job}`).waitFor();
		await consent(page, 'Save');
		await page.getByRole('button', { name: 'Promote TEST → PROD' }).click();
		await page.getByRole('dialog').getByText('min_cvss').waitFor();
		await consent(page, 'Promote');

		t.at = 'mappings';
		await page.getByLabel('Of this connection').getByRole('link', { name: 'Mappings' }).click();
		const text = page.getByLabel('Mappings for TEST');

		await text.fill('mappings:\n  devices.short_description:\n    value: uper(computerDnsName)\n');
		await page.getByText("there is no function 'uper'; did you mean 'upper'?").waitFor();
		await text.fill('mappings:\n  devices.short_description:\n    value: upper(computerDnsName)\n');
		await page.locator('.editor-marks .bad').waitFor({ state: 'detached' });
		await text.press('Control+Enter');
		await page.locator('.sample').first().waitFor();
		const key = await page.locator('.sample code').first().textContent();

		await page.getByRole('button', { name: 'Review and save' }).click();
		await consent(page, 'Save');

		t.at = 'explain';
		await page.goto(`${real.url}/explain?job=${job}&key=${key}`);
		await page.getByText('It was never delivered.').first().waitFor();
		await page.getByRole('link', { name: 'custom.devices.short_description' }).waitFor();

		t.at = 'report';
		await page.goto(`${real.url}/reports/coverage?job=${job}`);
		await page.getByRole('button', { name: 'Make the report' }).click();
		await page.getByRole('heading', { name: /In Defender, not in the CMDB/ }).waitFor();
		for (const [name, start] of [['CSV of only_defender', 'found_in,'], ['XLSX', 'PK']]) {
			const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()]);

			assert(readFileSync(await file.path(), 'latin1').startsWith(start), name);
		}

		t.at = 'forwarding, RecVer, service';
		for (const [path, want] of [['/forwarding', 'does not run'], ['/forwarding/outbox', 'The outbox'], ['/recver', 'recver/defender.db'],
			['/service', 'Public address'], ['/service?tab=nodes', 'test'], ['/service?tab=certificates', 'Certificates']]) {
			await page.goto(real.url + path);
			await page.getByText(want).first().waitFor();
			assert.equal(await page.locator('.box-error').count(), 0, path);
		}

		t.at = 'users';
		await page.goto(`${real.url}/users`);
		await page.getByRole('button', { name: 'Add a user' }).click();
		await page.getByLabel('User name').fill('otto');
		await page.getByRole('button', { name: 'Add', exact: true }).click();
		await page.getByRole('button', { name: 'I have it' }).click();
		await page.getByRole('button', { name: 'otto' }).waitFor();

		t.at = 'audit';
		await page.goto(`${real.url}/audit?kind=settings`);
		await page.getByText('defender/test').first().waitFor();
		await page.getByRole('button', { name: 'Verify the chain' }).click();
		await page.getByText(/All \d+ entries fit/).waitFor();
		await page.getByRole('button', { name: /^Entry \d+: show$/ }).last().click();
		await page.getByText('min_cvss').first().waitFor();
		assert.deepEqual(real.log().split('\n').filter((l) => /"level":"error"/.test(l)), []);
	});
}
