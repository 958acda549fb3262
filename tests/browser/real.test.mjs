// SPDX-License-Identifier: Apache-2.0
//
// The flows once more, on `muster serve` and the simulators: from the first
// sign-in to a run that was planned, written, and taken back.
import { assert, test } from './lib.mjs';
import { startReal } from './real.mjs';

const PASSWORD = 'a fake sentence for tests';

async function first(page, real, title) {
	await page.getByLabel('User').fill(real.user);
	await page.getByLabel('Password').fill(real.password);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
	await page.getByLabel('Current password').fill(real.password);
	await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
	await page.getByLabel('New password again').fill(PASSWORD);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: title }).waitFor();
}

// MUSTER names the program; without it these are left out.
if (process.env.MUSTER) {
	test('real: from the first sign-in to a run and its undo', async (t) => {
		const real = await startReal();

		t.ends.push(() => real.close());
		t.allow('401');
		const { page } = await t.open('/', { base: real.url });

		await first(page, real, 'Overview');
		await page.getByText('Nothing is set up yet').waitFor();

		await page.getByRole('link', { name: 'Make a job' }).click();
		await page.getByLabel('Name').fill('main');
		await page.getByRole('radio', { name: /^defender/ }).check();
		await page.getByRole('radio', { name: /^cmdb/ }).check();
		const next = page.getByRole('button', { name: 'Next', exact: true });

		await next.click();
		await page.getByLabel('All of the source, later ones too').waitFor();
		await next.click();
		await page.getByText('settings offer').or(page.getByText('There are no relationships')).first().waitFor();
		await next.click();
		await page.getByLabel('At certain times').check();
		await page.getByLabel('Often used').selectOption('every day at 02:00');
		await next.click();
		await page.getByRole('button', { name: 'Save paused, make a first plan' }).click();
		await page.getByRole('button', { name: 'Devices, new:' }).waitFor();
		await page.getByRole('button', { name: 'Start its schedule' }).click();
		await page.getByRole('heading', { level: 1, name: 'main' }).waitFor();
		await page.getByText('every day at 02:00').first().waitFor();

		await page.getByRole('link', { name: 'Tasks' }).click();
		await page.getByRole('row', { name: /Plan main/ }).getByRole('link').first().click();
		await page.getByRole('button', { name: 'Devices, new:' }).click();
		await page.locator('.change', { hasText: 'cmdb_ci' }).first().waitFor();
		await page.getByRole('button', { name: /Write this plan/ }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Write exactly this plan' }).click();
		await page.getByRole('heading', { level: 1, name: 'Run of main' }).waitFor();
		await page.locator('.page-sub').getByText('done').waitFor();
		await page.getByRole('link', { name: /^Run \d+$/ }).click();
		await page.getByRole('heading', { level: 1, name: /^Run \d+$/ }).waitFor();
		await page.locator('.page-sub').getByText(/^(ok|partial)$/).waitFor();
		await page.getByRole('row', { name: /^Devices / }).waitFor();
		await page.getByRole('tab', { name: /^Refused and skipped/ }).click();
		await page.getByRole('tab', { name: /^Proof/ }).click();
		await page.getByRole('cell', { name: 'complete' }).first().waitFor();

		await page.getByRole('button', { name: 'Undo: preview …' }).click();
		await page.getByRole('heading', { level: 1, name: /^Undo/ }).waitFor();
		await page.getByRole('button', { name: /^Undo [\d,]+ records …$/ }).waitFor();

		await page.getByRole('link', { name: 'Overview' }).first().click();
		await page.getByText('Everything is in step').waitFor();
		await t.axe(page);
		assert.deepEqual(real.log().split('\n').filter((l) => /"level":"error"/.test(l)), []);
	});

	test('real: what writes to PROD waits for a second person', async (t) => {
		const real = await startReal({ jobs: true, prod: true });

		t.ends.push(() => real.close());
		t.allow('401');
		real.muster('user', 'add', 'otto', '--role', 'operator', '--password', { input: `${PASSWORD}\n` });
		const { page } = await t.open('/jobs/demo', { base: real.url });

		await page.getByLabel('User').fill('otto');
		await page.getByLabel('Password').fill(PASSWORD);
		await page.keyboard.press('Enter');
		await page.getByRole('button', { name: 'Run now' }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
		await page.getByText('waits for a second person').waitFor();
		await page.getByRole('link', { name: 'Approvals' }).first().click();
		await page.getByText('somebody else must decide').waitFor();
		await page.getByRole('button', { name: 'Sign out' }).click();

		await first(page, real, 'Overview');
		await page.getByRole('link', { name: 'Approvals' }).first().click();
		await page.getByText('What exactly is done').click();
		await page.getByText('POST /api/v1/jobs/demo/runs').or(page.getByText('POST /jobs/demo/runs')).first().waitFor();
		await page.getByRole('button', { name: 'Approve …' }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
		await page.getByText('Nothing waits for approval').waitFor();
		await page.getByRole('row', { name: /approved otto admin/ }).getByRole('link').click();
		await page.getByText('otto').first().waitFor();
		await page.locator('.page-sub').getByText('done').waitFor();
		await page.getByText('Approved by').waitFor();
	});

	test('real: who may only look meets no closed door', async (t) => {
		const real = await startReal({ jobs: true });

		t.ends.push(() => real.close());
		t.allow('401');
		for (const role of ['viewer', 'auditor']) {
			real.muster('user', 'add', role, '--role', role, '--password', { input: `${PASSWORD}\n` });
		}
		const { page } = await t.open('/', { base: real.url });

		for (const role of ['viewer', 'auditor']) {
			await page.getByLabel('User').fill(role);
			await page.getByLabel('Password').fill(PASSWORD);
			await page.keyboard.press('Enter');
			await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
			const menu = page.getByRole('navigation', { name: 'Menu' }).getByRole('link');
			const paths = await menu.evaluateAll((all) => all.map((a) => a.getAttribute('href')));

			for (const path of [...paths, '/jobs/demo', '/connections/defender', '/connections/defender/settings', '/account']) {
				await page.goto(real.url + path);
				await page.getByRole('heading', { level: 1 }).waitFor();
				await page.locator('.state-loading').first().waitFor({ state: 'detached' });
				assert.equal(await page.locator('.box-error').count(), 0, `${role} at ${path}`);
			}
			await page.getByRole('button', { name: 'Sign out' }).click();
			await page.getByRole('heading', { name: 'Sign in' }).waitFor();
		}
	});

	test('real: a run is watched and cancelled', async (t) => {
		const real = await startReal({ jobs: true, devices: 400 });

		t.ends.push(() => real.close());
		t.allow('401');
		const { page } = await t.open('/jobs', { base: real.url });

		await first(page, real, 'Jobs');
		await page.getByRole('link', { name: 'demo', exact: true }).click();
		await page.getByRole('button', { name: 'Run now' }).click();
		await page.locator('.task-line').click();
		await page.getByRole('heading', { level: 1, name: /^Run/ }).waitFor();
		await page.getByRole('columnheader', { name: 'Fetch' }).waitFor();
		await page.getByRole('button', { name: 'Cancel …' }).click();
		await page.getByRole('dialog').getByRole('button', { name: /^Cancel the/ }).click();
		await page.locator('.page-sub').getByText('cancelled').waitFor();
	});
}
