// SPDX-License-Identifier: Apache-2.0
//
// Signing in at the simulated Entra ID, on `muster serve`: that a browser does
// with cookies and pages that go on by themselves what it is expected to do.
import { createServer } from 'node:net';
import { assert, test } from './lib.mjs';
import { startReal } from './real.mjs';

function freePort() {
	return new Promise((done) => {
		const s = createServer();

		s.listen(0, '127.0.0.1', () => {
			const { port } = s.address();

			s.close(() => done(port));
		});
	});
}

// What the session's cookie has, as the browser keeps it.
async function session(page) {
	return (await page.context().cookies()).find((c) => c.name === 'muster');
}

if (process.env.MUSTER) {
	test('real: signing in at Entra ID, and out', async (t) => {
		const real = await startReal({ devices: 2, oidc: await freePort() });

		t.ends.push(() => real.close());
		t.allow('401');
		const { page } = await t.open('/tasks', { base: real.url });

		await page.getByRole('link', { name: 'Sign in with OpenID Connect' }).click();
		await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
		await page.getByRole('link', { name: 'Cancel' }).click();
		await page.getByText('did not let you in').waitFor();
		await page.getByRole('link', { name: 'Sign in with OpenID Connect' }).click();
		await page.getByRole('link', { name: 'Norman Nobody' }).click();
		await page.getByText('has a role in muster').waitFor();
		assert.equal(await session(page), undefined);

		await page.goto(`${real.url}/tasks`);
		await page.getByRole('link', { name: 'Sign in with OpenID Connect' }).click();
		await page.getByRole('link', { name: 'Oscar Operator' }).click();
		await page.getByRole('heading', { level: 1, name: 'Tasks' }).waitFor();
		const cookie = await session(page);

		assert.equal(cookie.sameSite, 'Strict');
		assert.equal(cookie.httpOnly, true);
		await page.getByRole('button', { name: 'Sign out' }).click();
		await page.getByRole('heading', { name: 'Sign in' }).waitFor();
		assert.match(await page.getByRole('link', { name: 'sign out there, too' }).getAttribute('href'), /\/oauth2\/v2\.0\/logout/);
		assert.equal(await session(page), undefined);
		assert.match(real.muster('user', 'list'), /oscar@simulated\.example\.com +operator +active +oidc/);
	});
}
