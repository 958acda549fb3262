// SPDX-License-Identifier: Apache-2.0
//
// Coming in, and out again.
import { assert, test } from './lib.mjs';

const PASSWORD = 'not-a-real-password';

test('sign in by keyboard alone, wrong and right', async (t) => {
	t.allow('401');
	const { page, mock } = await t.open('/runs?status=failed', { role: null });

	await page.getByRole('heading', { name: 'Sign in' }).waitFor();
	await t.looksWell(page);
	await page.getByLabel('User').focus();
	await page.keyboard.type('otto');
	await page.keyboard.press('Tab');
	await page.keyboard.type('wrong');
	await page.keyboard.press('Enter');
	await page.getByRole('alert').getByText('user or password is wrong').waitFor();
	await page.getByLabel('Password').fill(PASSWORD);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
	assert.equal(new URL(page.url()).search, '?status=failed');
	assert(!mock.calls.some((c) => c.path !== '/session' && JSON.stringify(c).includes(PASSWORD)));
	await page.getByRole('button', { name: 'Sign out' }).click();
	await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('a one-time password is changed first', async (t) => {
	t.allow('401');
	t.allow('422');
	const { page } = await t.open('/', { role: 'administrator', mustChange: true });

	await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
	await t.looksWell(page);
	await page.getByLabel('Current password').fill(PASSWORD);
	await page.getByLabel('New password', { exact: true }).fill('short');
	await page.getByLabel('New password again').fill('shorter');
	await page.getByText('This is not the same').waitFor();
	await page.getByLabel('New password again').fill('short');
	await page.getByRole('button', { name: 'Change password' }).click();
	await page.locator('.field-error', { hasText: 'too short' }).waitFor();
	await page.getByLabel('New password', { exact: true }).fill('a long enough sentence');
	await page.getByLabel('New password again').fill('a long enough sentence');
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
});

test('OpenID Connect is offered where there is one', async (t) => {
	t.allow('401');
	const { page } = await t.open('/jobs?sign_in_error=no_role', { role: null, oidc: true });
	const link = page.getByRole('link', { name: 'Sign in with Entra ID' });

	await link.waitFor();
	assert.match(await link.getAttribute('href'), /^\/api\/v1\/oidc\/start\?to=%2Fjobs/);
	await page.getByText('none of your groups has a role').waitFor();
	// What stands in the address is never shown as if muster said it.
	await page.goto(new URL('/?sign_in_error=Call%20this%20number', page.url()).href);
	await page.getByText('the log of muster says why').waitFor();
	assert.equal(await page.getByText('Call this number').count(), 0);
	const licences = await page.request.get(new URL(await page.getByRole('link', { name: 'Licences' }).getAttribute('href'), page.url()).href);

	assert.match(await licences.text(), /preact .*MIT[^]*htm .*Apache[^]*uplot .*MIT/);
	await t.looksWell(page);
});

test('a session that ended leads to signing in, and back', async (t) => {
	t.allow('401');
	const { page, mock } = await t.open('/jobs');

	await page.getByRole('link', { name: 'plant', exact: true }).first().waitFor();
	mock.state.user = null;
	await page.getByRole('link', { name: 'Tasks' }).click();
	await page.getByRole('heading', { name: 'Sign in' }).waitFor();
	await page.getByLabel('User').fill('ann');
	await page.getByLabel('Password').fill(PASSWORD);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'Tasks' }).waitFor();
});

test('no server at all', async (t) => {
	t.allow('Failed to load resource');
	const { page, mock } = await t.open('/', { fail: { '/me': 'drop' } });

	await page.getByText('the server cannot be reached').waitFor();
	mock.state.fail = {};
	await page.getByRole('button', { name: 'Try again' }).click();
	await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
});
