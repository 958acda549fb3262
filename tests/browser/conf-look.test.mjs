// SPDX-License-Identifier: Apache-2.0
//
// Every page of configuration, reports and people: looked at in light, dark and
// on a phone, with data, without any, when the server does not answer, and by
// every role.
import { assert, test } from './lib.mjs';

// path: [title, what there must be, what of the API it needs]
const PAGES = {
	'/connections': ['Connections', 'Production tenant', '/connections'],
	'/connections/defender': ['defender', 'Tenant and app registration', '/connections/defender'],
	'/connections/defender/settings': ['Settings of defender', 'Minimum CVSS', '/connections/defender/settings'],
	'/connections/cmdb/settings': ['Settings of cmdb', 'write_mode', '/connections/cmdb/settings'],
	'/connections/defender/rules': ['Rules of defender', 'Life cycle of a CVE instance', '/connections/defender/rules'],
	'/connections/defender/mappings': ['Mappings of defender', 'On sample records', '/connections/defender/mappings/test'],
	'/new-connection': ['New connection', 'The CMDB that is kept true', '/connection-types'],
	'/new-connection?type=endpoint': ['New connection', 'Authentication method', null],
	'/forwarding': ['Forwarding', '3 deliveries failed', '/forward/alerts'],
	'/forwarding/rules': ['Forwarding', 'plant, major and above → tickets', '/forward/rules'],
	'/forwarding/rules/plant': ['plant', 'Alerts of this severity and above', '/forward/rules/plant'],
	'/forwarding/outbox': ['Forwarding', 'The outbox', '/forward/outbox'],
	'/new-forwarding/actions': ['New action', 'Incident in ServiceNow', '/forward/forms'],
	'/explain': ['Explain a record', 'It reads the source anew', null],
	'/explain?job=main&key=ws-00057': ['Explain a record', 'nothing: the destination was given exactly this', null],
	'/reports': ['Reports', 'CVEs in the CMDB', '/reports'],
	'/reports/cve': ['CVEs in the CMDB', 'Not made yet', '/reports'],
	'/recver': ['RecVer', 'does not answer: connection refused', '/recver'],
	'/audit': ['Audit', '5120', '/audit'],
	'/users': ['Users and tokens', 'Cleo Carter', '/users'],
	'/tokens': ['Users and tokens', 'grafana', '/tokens'],
	'/account': ['Your account', 'Chrome 141 on Windows', '/me/sessions'],
	'/service': ['Service', 'A session that is not used for so long ends', '/service'],
	'/service?tab=nodes': ['Service', 'cmdb2', '/nodes'],
	'/service?tab=secrets': ['Service', 'sealed:old.password', '/secrets'],
	'/service?tab=certificates': ['Service', 'ends in 20 days', '/certificates'],
};
const EMPTY = {
	'/connections': 'No source yet', '/forwarding': 'No alert has come yet', '/forwarding/windows': 'No exclusion windows yet',
	'/explain': 'There is no job yet', '/reports': 'There is no job yet', '/reports/cve': 'There is no job yet',
	'/recver': 'No RecVer yet', '/audit': 'No entries yet', '/tokens': 'No tokens', '/service?tab=secrets': 'No sealed secrets',
	'/service?tab=certificates': 'No certificates',
};
const DETAIL = 'the state store does not answer: /var/lib/muster/state.db: disk I/O error';

const GROUPS = { 'set-up': /^.(new-)?connection/, forwarding: /^.(new-)?forward/, 'looking into': /^.(explain|report|recver)/,
	people: /^.(audit|users|tokens|account|service)/ };

// One after the other on one page: a window of its own for each costs more than it shows.
for (const [group, fits] of Object.entries(GROUPS)) {
	test(`look: ${group}`, async (t) => {
		const { page, mock } = await t.open('/account');

		for (const [path, [title, text]] of Object.entries(PAGES).filter(([p]) => fits.test(p))) {
			t.at = path;
			await page.goto(mock.url + path);
			await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
			await page.getByText(text).first().waitFor();
			await t.looksWell(page);
		}
	});
}

test('error: every page of configuration and people', async (t) => {
	t.allow('503');
	const { page, mock } = await t.open('/connections', { fail: {} });

	await page.getByText('Production tenant').waitFor();
	for (const [path, [, text, needs]] of Object.entries(PAGES)) {
		if (!needs) {
			continue;
		}
		t.at = path;
		mock.state.fail[needs] = 503;
		await page.goto(mock.url + path);
		const box = page.getByRole('alert').filter({ hasText: DETAIL }).first();

		await box.waitFor();
		assert.match(await box.textContent(), /5f1a0c77e21b9d04/);
		delete mock.state.fail[needs];
		await box.getByRole('button', { name: 'Try again' }).click();
		await page.getByText(text).first().waitFor();
	}
});

test('empty: every page of configuration and people', async (t) => {
	const { page, mock } = await t.open('/connections', { empty: true });

	for (const [path, text] of Object.entries(EMPTY)) {
		t.at = path;
		await page.goto(mock.url + path);
		await page.getByText(text).first().waitFor();
		await t.axe(page);
	}
});

// What each role is offered: [page, button, roles]
const OFFERED = [
	['/connections', 'Add a source', ['administrator']],
	['/connections/defender', 'Test', ['operator', 'administrator']],
	['/connections/defender', 'Save', ['administrator']],
	['/connections/defender/settings', 'Review and save', ['administrator']],
	['/connections/defender/mappings', 'Preview', ['operator', 'administrator']],
	['/forwarding', 'Retry alert 640', ['operator', 'administrator']],
	['/forwarding/rules', 'Add a rule', ['administrator']],
	['/recver', 'Verify', ['operator', 'administrator']],
	['/recver', 'Reset…', ['administrator']],
];
const CLOSED = { '/audit': ['administrator', 'auditor'], '/users': ['administrator'], '/tokens': ['administrator'],
	'/service': ['administrator'], '/new-connection': ['administrator'] };

for (const role of ['viewer', 'operator', 'administrator', 'auditor']) {
	test(`role ${role}: configuration and people`, async (t) => {
		const { page, mock } = await t.open('/connections', { role });

		await page.getByText('Production tenant').waitFor();
		for (const [path, name, roles] of OFFERED) {
			const button = page.getByRole('button', { name, exact: true }).or(page.getByRole('link', { name, exact: true }));

			await page.goto(mock.url + path);
			if (roles.includes(role)) {
				await button.first().waitFor();
			} else {
				await page.getByText(/needs the role administrator|needs the role operator|An operator can test/).first().waitFor();
				assert.equal(await button.count(), 0, `${role} is offered ${name} at ${path}`);
			}
		}
		for (const [path, roles] of Object.entries(CLOSED)) {
			await page.goto(mock.url + path);
			await page.getByRole('heading', { level: 1 }).waitFor();
			assert.equal(await page.getByText('You may not see this page').count(), roles.includes(role) ? 0 : 1, `${role} at ${path}`);
		}
		await page.goto(`${mock.url}/connections/defender`);
		await page.getByLabel('Tenant (directory) id').waitFor();
		assert.equal(await page.getByLabel('Tenant (directory) id').isDisabled(), role !== 'administrator');
	});
}
