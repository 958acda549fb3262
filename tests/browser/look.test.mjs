// SPDX-License-Identifier: Apache-2.0
//
// Every page to watch and to set up jobs: looked at in light, dark and on a
// phone, with data, without any, when the server does not answer, and by every
// role.
import { assert, test } from './lib.mjs';

// path: [title, what there must be, what of the API it needs]
const PAGES = {
	'/': ['Overview', 'Open CVEs', '/overview'],
	'/runs': ['Runs', '1,170', '/runs'],
	'/runs/4713': ['Run 4713', 'Time left', '/runs/4713'],
	'/runs/4709': ['Run 4709', 'The guard holds this run back', '/runs/4709'],
	'/runs/4692?tab=items': ['Run 4692', 'Validate serial number', '/runs/4692/items'],
	'/runs/4692?tab=proof': ['Run 4692', 'page 3 came short', '/runs/4692'],
	'/tasks': ['Tasks', 'done, changes', '/tasks'],
	'/tasks/811': ['Plan of main', '6 held by the guard', '/tasks/811/changes'],
	'/tasks/809': ['Undo of main', 'somebody changed os_version since', '/tasks/809/output'],
	'/tasks/806': ['Run of main', 'killed by signal 9', '/tasks/806'],
	'/approvals': ['Approvals', 'run job main (PROD)', '/approvals'],
	'/jobs': ['Jobs', 'every 30 minutes', '/jobs'],
	'/jobs/plant': ['plant', 'firmware update of the sensors', '/jobs/plant'],
	'/new-job': ['New job', 'Microsoft Defender for Endpoint', '/connections'],
	'/jobs/main/edit?step=sets': ['Edit main', 'Asset types', '/job-choices'],
	'/jobs/main/edit?step=schedule': ['Edit main', 'At an interval', null],
};
const EMPTY = {
	'/': 'Nothing is set up yet', '/runs': 'No run yet', '/tasks': 'Nothing was asked for yet',
	'/approvals': 'Nothing waits for approval', '/jobs': 'No job yet', '/new-job': 'There is no source yet',
};
const DETAIL = 'the state store does not answer: /var/lib/muster/state.db: disk I/O error';

for (const [path, [title, text, needs]] of Object.entries(PAGES)) {
	test(`look ${path}`, async (t) => {
		t.allow('503');
		const { page, mock } = await t.open(path, needs ? { fail: { [needs]: 503 } } : {});

		if (needs) {
			const box = page.getByRole('alert').filter({ hasText: DETAIL }).first();

			await box.waitFor();
			assert.match(await box.textContent(), /5f1a0c77e21b9d04/);
			if (path === '/') {
				await t.axe(page);
			}
			delete mock.state.fail[needs];
			await box.getByRole('button', { name: 'Try again' }).click();
		}
		await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
		await page.getByText(text).first().waitFor();
		assert.equal(await page.title(), `${title} · muster`);
		await t.looksWell(page);
	});
}

for (const [path, text] of Object.entries(EMPTY)) {
	test(`empty ${path}`, async (t) => {
		const { page } = await t.open(path, { empty: true });

		await page.getByText(text).waitFor();
		await t.axe(page);
	});
}

// What each role is offered: [page, button, roles]
const OFFERED = [
	['/jobs', 'Run now: plant', ['operator', 'administrator']],
	['/jobs', 'New job', ['administrator']],
	['/jobs/plant', 'Resume', ['operator', 'administrator']],
	['/jobs/plant', 'Edit', ['administrator']],
	['/runs/4713', 'Cancel …', ['operator', 'administrator']],
	['/runs/4712', 'Undo: preview …', ['operator', 'administrator']],
	['/runs/4709', 'Approve …', ['operator', 'administrator']],
	['/tasks/811', 'Approve and write …', ['operator', 'administrator']],
];

/** As a link does: the page comes without a load of all. */
async function visit(page, path) {
	await page.evaluate((to) => {
		history.pushState(null, '', to);
		dispatchEvent(new PopStateEvent('popstate'));
	}, path);
	await page.waitForFunction((to) => document.querySelector('h1') && location.pathname === to &&
		!document.querySelector('.state-loading'), path);
}

for (const role of ['viewer', 'operator', 'administrator', 'auditor']) {
	test(`role ${role}`, async (t) => {
		const { page } = await t.open('/', { role });

		await page.getByText('Changes per day').waitFor();
		for (const [path, name, roles] of OFFERED) {
			const button = page.getByRole('button', { name, exact: true })
				.or(page.getByRole('link', { name, exact: true }));

			await visit(page, path);
			if (roles.includes(role)) {
				await button.first().waitFor();
			} else {
				await page.getByText(/the role (operator|administrator); you are/).or(page.locator('.table')).first().waitFor();
				assert.equal(await button.count(), 0, `${role} is offered ${name} at ${path}`);
			}
		}
		await visit(page, '/new-job');
		await page.getByText(role === 'administrator' ? 'letters, digits' : `It needs the role administrator; you are ${role}`).waitFor();
	});
}
