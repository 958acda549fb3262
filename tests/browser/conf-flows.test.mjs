// SPDX-License-Identifier: Apache-2.0
//
// What people do with configuration, reports and each other: by keyboard where
// it matters, and with a server that refuses.
import { finish } from '../../web/test/mock/asked.mjs';
import { assert, tabTo, test } from './lib.mjs';

const sent = (mock, method, path) => mock.calls.filter((c) => c.method === method && c.path === path);

test('connection: fields follow the method; secrets stay or are replaced; the server refuses', async (t) => {
	t.allow('422');
	const { page, mock } = await t.open('/connections/defender');

	await page.getByLabel('Client secret').waitFor();
	assert.equal(await page.getByLabel('Client secret').inputValue(), 'is set: sealed:defender.client_secret');
	await page.getByLabel('Authentication method').selectOption('store');
	await page.getByLabel('Subject or thumbprint').waitFor();
	assert.equal(await page.getByLabel('Client secret').count(), 0);
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('Subject or thumbprint is needed').waitFor();
	await page.waitForFunction(() => document.activeElement.getAttribute('aria-invalid') === 'true');
	assert.equal(sent(mock, 'PUT', '/connections/defender').length, 0);
	await page.getByLabel('Subject or thumbprint').fill('CN=muster');
	await page.getByLabel('Database', { exact: true }).first().selectOption('mongodb');
	await page.getByLabel('Replica set').fill('rs0');
	await page.getByLabel('Tenant (directory) id').fill('wrong');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('Tenant (directory) id is no GUID and no domain').waitFor();
	await page.getByLabel('Tenant (directory) id').fill('example.com');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('defender is saved').waitFor();
	const { body, headers } = sent(mock, 'PUT', '/connections/defender').at(-1);

	assert.equal(body.values.certificate_name, 'CN=muster');
	assert.equal(body.values.client_secret, undefined);
	assert.equal(body.values['recver.type'], 'mongodb');
	assert.deepEqual(body.values['recver.password'], { keep: true });
	assert.equal(body.values.min_cvss, '4', 'settings of the connection stay');
	assert.equal(headers['if-match'], '"1"');
});

test('connection: a new one, by keyboard alone, tested before it is saved', async (t) => {
	const { page, mock } = await t.open('/connections');

	await page.getByRole('link', { name: 'Add a destination' }).focus();
	await page.keyboard.press('Enter');
	await tabTo(page, page.getByRole('link', { name: /ServiceNow/ }));
	await page.keyboard.press('Enter');
	await page.getByLabel('Address').waitFor();
	for (const [label, text] of [[/^Name/, 'cmdb9'], [/^Address/, 'https://example9.service-now.com'], [/^User name/, 'muster.integration'],
		[/^Password/, 'not-a-real-password']]) {
		await tabTo(page, page.getByLabel(label).first());
		await page.keyboard.type(text);
	}
	assert.equal(await page.getByLabel(/^Password/).getAttribute('type'), 'password');
	await tabTo(page, page.getByRole('button', { name: 'Test', exact: true }));
	await page.keyboard.press('Enter');
	await page.getByText('31 checks ok').waitFor();
	assert.deepEqual(sent(mock, 'POST', '/connections/trial')[0].body.values.password, { value: 'not-a-real-password' });
	await page.getByRole('button', { name: 'Save', exact: true }).focus();
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'cmdb9' }).waitFor();
	assert.equal(sent(mock, 'PUT', '/connections/cmdb9')[0].headers['if-none-match'], '*');
	assert.equal(await page.getByLabel('Password', { exact: false }).first().inputValue(), 'is set: sealed:it');
});

test('connection: checks that failed say what to do; leaving asks', async (t) => {
	const { page } = await t.open('/connections/defender', { badChecks: true });

	await page.getByRole('button', { name: 'Test', exact: true }).click();
	await page.getByText('1 check failed').waitFor();
	await page.getByText('copy the Value of the secret, not its id').waitFor();
	await page.getByLabel('only what is not ok').check();
	assert.equal(await page.getByText('127.0.0.1 port').count(), 0);
	await page.getByLabel('Alias').fill('Changed');
	const away = page.getByLabel('Of this connection').getByRole('link', { name: 'Settings' });

	await away.click();
	await page.getByRole('heading', { name: 'Leave without saving?' }).waitFor();
	await page.getByRole('button', { name: 'Stay' }).click();
	assert.equal(await page.getByLabel('Alias').inputValue(), 'Changed');
	await page.getByRole('button', { name: 'Discard', exact: true }).click();
	await away.click();
	await page.getByRole('heading', { level: 1, name: 'Settings of defender' }).waitFor();
});

test('connection: checks come one by one', async (t) => {
	const { page, mock } = await t.open('/connections/plant', { slow: true });

	await page.getByRole('button', { name: 'Setup & Test' }).click();
	await page.getByRole('button', { name: 'Set up', exact: true }).click();
	await page.getByRole('progressbar', { name: 'Checking' }).waitFor();
	const tell = (c) => mock.emit('check', { remedy: '', ...c }, '/tasks/9000/events');

	await t.until(() => {
		tell({ title: 'token', level: 'Ok', text: 'the console takes it' });
		return page.getByText('So far: 1 check ok').isVisible();
	});
	tell({ title: 'learning mode', level: 'Warning', text: '1 in learning mode', remedy: 'wait until it knows its network' });
	await page.getByText('wait until it knows its network').waitFor();
	await page.getByText('So far: 1 warning, 1 check ok').waitFor();
	finish(mock.state, mock.emit, 9000);
	await page.getByText('31 checks ok').waitFor();
	assert.equal(await page.getByRole('progressbar').count(), 0);
	assert.deepEqual(sent(mock, 'POST', '/connections/plant/setups').length, 1);
});

test('connection: removing one that jobs use is not offered; PROD may wait for a second person', async (t) => {
	const { page } = await t.open('/connections/defender', { approval: true });
	const remove = page.getByRole('button', { name: 'Remove this connection' });

	await remove.waitFor();
	assert.equal(await remove.getAttribute('aria-disabled'), 'true');
	await page.getByLabel('Alias').fill('Another');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('Changes of defender: waits for a second person').waitFor();
	await page.getByText('As it is stored').waitFor();
});

test('settings: override, difference, consent, save, promote', async (t) => {
	const { page, mock } = await t.open('/connections/defender/settings');

	await page.getByLabel('Find a setting').fill('min_cvss');
	await page.getByText('1 setting', { exact: true }).waitFor();
	const slider = page.getByRole('slider', { name: 'min_cvss in TEST: slider' });

	await slider.focus();
	await page.keyboard.press('ArrowRight');
	await page.getByText('1 change not saved').waitFor();
	await page.getByRole('checkbox', { name: 'Override default of min_cvss in PROD' }).check();
	await page.getByLabel('min_cvss in PROD', { exact: true }).fill('nonsense');
	await page.getByText('min_cvss must be a number').waitFor();
	await page.getByLabel('min_cvss in PROD', { exact: true }).fill('11');
	await page.getByText('must be from 0 to 10').waitFor();
	await page.getByLabel('min_cvss in PROD', { exact: true }).fill('9');
	await page.getByRole('button', { name: 'Review and save' }).click();
	const dialog = page.getByRole('dialog');

	await dialog.getByText('7.1').waitFor();
	await dialog.getByText('In force with the next run of main, trial.').first().waitFor();
	await t.axe(page);
	assert.equal(await dialog.getByRole('button', { name: 'Save' }).getAttribute('aria-disabled'), 'true');
	await dialog.getByRole('checkbox').check();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await page.getByText('Settings of defender for PROD are saved').waitFor();
	const put = sent(mock, 'PUT', '/connections/defender/settings/test').at(-1);

	assert.deepEqual(put.body, { consent: true, values: { min_cvss: { override: true, value: '7.1' }, only_exploitable: { override: false, value: 'yes' } } });
	assert.equal(put.headers['if-match'], '"t1"');
	await page.getByRole('button', { name: 'Promote TEST → PROD' }).click();
	await dialog.getByText('name_case').waitFor();
	await dialog.getByRole('button', { name: /Count what main would write/ }).click();
	await dialog.getByText('4,254').waitFor();
	await dialog.getByRole('checkbox').check();
	await dialog.getByRole('button', { name: 'Promote', exact: true }).click();
	await page.getByText('now PROD').waitFor();
	assert.deepEqual(sent(mock, 'POST', '/jobs/main/tries')[0].body, { connection: 'defender', from: 'defender', environment: 'prod', promote: true });
});

test('settings: who changed what; a promotion is taken back', async (t) => {
	t.allow('404');
	const { page, mock } = await t.open('/connections/defender/settings');
	const dialog = page.getByRole('dialog');

	// A short page below the dialog is looked through sooner.
	await page.getByLabel('Find a setting').fill('name_case');
	await page.getByText('1 setting', { exact: true }).waitFor();
	await page.getByRole('button', { name: 'Who changed what', exact: true }).click();
	await dialog.getByText('promoted from TEST').waitFor();
	await dialog.getByText('iOS-XE=network_device (another value is kept, not in force)').waitFor();
	await t.looksWell(page);
	await dialog.getByRole('button', { name: 'Older', exact: true }).click();
	await dialog.getByText('by api, entry 4977').waitFor();
	await dialog.getByRole('button', { name: 'Newest', exact: true }).click();
	await dialog.getByText('by console, entry 5119').waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Undo promotion …', exact: true }).click();
	await dialog.getByText("there is no promotion of 'defender' to take back").waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Promote TEST → PROD', exact: true }).click();
	await dialog.getByRole('checkbox').check();
	await dialog.getByRole('button', { name: 'Promote', exact: true }).click();
	await dialog.waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'Undo promotion …', exact: true }).click();
	await dialog.getByText('name_case').first().waitFor();
	await t.axe(page);
	await dialog.getByRole('checkbox').check();
	await dialog.getByRole('button', { name: 'Take it back', exact: true }).click();
	await page.getByText('what they were before the promotion').waitFor();
	const undone = sent(mock, 'POST', '/connections/defender/settings/undo').at(-1);

	assert.deepEqual(undone.body, { consent: true });
	assert.equal(undone.headers['if-match'], '"1"');
});

test('rules: what overrides them, and the way to the setting', async (t) => {
	const { page } = await t.open('/connections/defender/rules');

	await page.getByLabel('Only overridden').check();
	await page.getByText('overridden in TEST and PROD').first().waitFor();
	assert.equal(await page.getByText('Life cycle of a CVE instance').count(), 0);
	await page.getByRole('link', { name: 'Name case' }).click();
	await page.getByRole('heading', { level: 1, name: 'Settings of defender' }).waitFor();
	assert.equal(await page.getByLabel('Find a setting').inputValue(), 'name_case');
});

test('mappings: mistakes are marked while one types, samples before and after, save', async (t) => {
	const { page, mock } = await t.open('/connections/defender/mappings', { clock: false });
	const text = page.getByLabel('Mappings for TEST');

	await text.fill('mappings:\n  devices.u_site:\n    value: capure(computerDnsName)\n');
	await page.getByText("Line 3, column 12: there is no function 'capure'; did you mean 'capture'?").waitFor();
	assert.equal(await page.locator('.editor-marks .bad').textContent(), '3');
	assert.equal(await page.getByRole('button', { name: 'Preview' }).getAttribute('aria-disabled'), 'true');
	await text.fill("mappings:\n  devices.short_description:\n    value: concat('seen ', date(lastSeen, '%F'))\n");
	await page.locator('.editor-marks .bad').waitFor({ state: 'detached' });
	await text.press('Control+Enter');
	await page.getByText('seen 2026-11-10').waitFor();
	await page.getByText('no longer delivered: min_cvss').first().waitFor();
	const body = sent(mock, 'POST', '/jobs/main/tries')[0].body;

	assert.equal(body.environment, 'test');
	assert.match(body.mappings, /short_description/);
	await t.axe(page);
	await page.getByRole('button', { name: 'Review and save' }).click();
	await page.getByRole('dialog').getByRole('checkbox').check();
	await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	await page.getByText('Mappings for TEST are saved').waitFor();
});

test('explain: by keyboard; each column with its rule; one that is not there; a slow one is cancelled', async (t) => {
	const { page, mock } = await t.open('/explain');

	await page.getByLabel('Record', { exact: true }).waitFor();
	await page.waitForFunction(() => document.activeElement.type === 'search');
	await page.keyboard.type('ws-00057');
	await page.keyboard.press('Enter');
	await page.getByRole('link', { name: 'MAC address' }).waitFor();
	await page.getByText('delivered exactly as it is').waitFor();
	await page.getByText('on insert only').first().waitFor();
	await page.getByText('name_case lower').waitFor();
	await page.getByRole('link', { name: 'run 1', exact: true }).waitFor();
	await page.getByRole('button', { name: '5 empty fields, too' }).click();
	await page.getByText('mergedIntoMachineId').waitFor();
	await page.getByLabel('Record', { exact: true }).fill('nobody');
	await page.keyboard.press('Enter');
	await page.getByText("no record of main is 'nobody'").waitFor();
	mock.state.options.slow = true;
	await page.getByLabel('Record', { exact: true }).fill('CVE-2026-1');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Cancel' }).click();
	await page.getByText('It was cancelled').waitFor();
});

test('reports: made, sorted, drawn, as files', async (t) => {
	const { page } = await t.open('/reports');

	await page.getByRole('link', { name: /CVEs in the CMDB/ }).click();
	await page.getByRole('button', { name: 'Make the report' }).click();
	await page.getByRole('heading', { name: 'Open CVE instances by severity and by how long they are known' }).waitFor();
	await page.getByRole('heading', { name: /Time to remediate/ }).waitFor();
	assert.match(page.url(), /task=9\d+/);
	const href = await page.getByRole('link', { name: 'CSV of open' }).getAttribute('href');

	assert.match(href, /^\/api\/v1\/tasks\/9\d+\/report\?format=csv&section=open$/);
	const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'XLSX', exact: true }).click()]);

	assert.equal(file.suggestedFilename(), 'report.xlsx');
	const table = page.getByRole('table', { name: 'Open CVE instances by severity' });

	await table.getByRole('button', { name: 'Open', exact: true }).click();
	assert.match(await table.locator('tbody tr').first().textContent(), /^all/);
	await t.looksWell(page);
	await page.goto(new URL(`/tasks/${new URL(page.url()).searchParams.get('task')}`, page.url()).href);
	await page.getByRole('link', { name: 'Open the report', exact: true }).click();
	await table.waitFor();
	await page.goto(new URL('/reports/coverage', page.url()).href);
	await page.getByRole('button', { name: 'Make the report' }).click();
	await page.getByText('249 rows').waitFor();
});

test('forwarding: outbox, retry, drop, a rule is changed and tested', async (t) => {
	const { page, mock } = await t.open('/forwarding');

	await page.getByRole('button', { name: 'Show', exact: true }).click();
	await page.getByRole('button', { name: 'Alert 638: show' }).click();
	await page.getByText('Suspicion of Malicious Activity').waitFor();
	await t.axe(page);
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Retry alert 638' }).click();
	await page.getByText('Alert 638 is sent again').waitFor();
	await page.getByRole('button', { name: 'Drop alert 637' }).click();
	await page.getByLabel('I know that it is not delivered').check();
	await page.getByRole('button', { name: 'Drop it' }).click();
	await page.getByText('Alert 637 was dropped').waitFor();
	assert.equal(sent(mock, 'POST', '/forward/alerts/637/drop').length, 1);
	await page.goto(`${mock.url}/forwarding/rules/plant`);
	await page.getByLabel('Severity').selectOption('critical');
	await page.getByRole('checkbox', { name: 'soc-mail' }).check();
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('plant is saved').waitFor();
	assert.deepEqual(sent(mock, 'PUT', '/forward/rules/plant')[0].body.values.actions, ['tickets', 'soc-mail']);
	await page.getByRole('button', { name: 'Test this rule' }).click();
	await page.getByText('2 checks ok').waitFor();
	assert.deepEqual(sent(mock, 'POST', '/forward/tests')[0].body, { rule: 'plant', dry_run: true });
});

test('recver: verify; a reset wants the name', async (t) => {
	const { page, mock } = await t.open('/recver');

	await page.getByRole('button', { name: 'Verify' }).first().click();
	await page.getByText('Every row is as it should be').waitFor();
	await page.getByRole('button', { name: 'Reset…' }).first().click();
	const reset = page.getByRole('dialog').getByRole('button', { name: 'Reset' });

	assert.equal(await reset.getAttribute('aria-disabled'), 'true');
	await page.getByLabel('Type defender to go on').fill('defender');
	await page.getByLabel('Record set').selectOption('devices');
	await t.axe(page);
	await reset.click();
	await page.getByText('The next run looks every record up.').waitFor();
	assert.deepEqual(sent(mock, 'POST', '/recver/defender/reset')[0].body, { target: null, record_set: 'devices', consent: 'defender' });
});

test('audit: filter, before and after, the chain is whole or broken', async (t) => {
	const { page, mock } = await t.open('/audit', { role: 'auditor', brokenAudit: true });

	await page.getByRole('button', { name: 'Entry 5120: show' }).click();
	await page.getByText('removed: value: 4').waitFor({ state: 'attached' });
	await t.axe(page);
	await page.keyboard.press('Escape');
	await page.getByLabel('Kind').selectOption('job');
	await page.getByLabel('From').fill('2026-11-01');
	await page.getByRole('button', { name: 'Filter' }).click();
	await page.getByText('run job').first().waitFor();
	assert(mock.calls.some((c) => c.query.includes('kind=job') && c.query.includes('since=2026-10-31T23%3A00%3A00.000Z')));
	await page.getByRole('button', { name: 'Verify the chain' }).click();
	await page.getByText('The chain is broken at entry 17').waitFor();
	mock.state.options.brokenAudit = false;
	await page.getByLabel('A hash that was kept').fill('b3c0ffee'.repeat(8));
	await page.getByRole('button', { name: 'Verify the chain' }).click();
	await page.getByText('All 5,120 entries fit').waitFor();
	assert.deepEqual(sent(mock, 'POST', '/audit/verify').map((c) => c.body), [{}, { head: 'b3c0ffee'.repeat(8) }]);
});

test('users: add with a one-time password, unlock, the last administrator stays', async (t) => {
	t.allow('409');
	const { page, mock } = await t.open('/users');

	await page.getByRole('button', { name: 'Add a user' }).click();
	await page.waitForFunction(() => document.activeElement.matches('dialog input'));
	await page.keyboard.type('fay');
	await page.getByLabel('Operator').check();
	await t.axe(page);
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	assert.equal(await page.getByRole('textbox', { name: 'Password' }).inputValue(), 'fake-password-shown-once-7Q');
	await page.getByRole('button', { name: 'I have it' }).click();
	assert.equal(await page.getByText('fake-password').count(), 0);
	await page.getByRole('button', { name: 'cleo' }).click();
	await page.getByRole('button', { name: 'Unlock' }).click();
	await page.getByText('cleo is unlocked').waitFor();
	assert.equal(sent(mock, 'PUT', '/users/cleo')[0].body.unlock, true);
	await page.getByRole('button', { name: 'ann', exact: true }).click();
	await page.getByLabel('Disabled').check();
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByText('ann is the last administrator that can sign in').waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'bob' }).click();
	await page.getByRole('button', { name: 'New one-time password…' }).click();
	await page.getByRole('button', { name: 'Make one' }).click();
	await page.getByRole('heading', { name: 'One-time password of bob' }).waitFor();
});

test('users: what waits for a second person says so; who approves hands the password over', async (t) => {
	const { page, mock } = await t.open('/users', { approval: true });

	await page.getByRole('button', { name: 'cleo', exact: true }).click();
	await page.getByLabel('Operator').check();
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('Changes of cleo: waits for a second person').waitFor();
	await page.getByRole('button', { name: 'Add a user', exact: true }).click();
	await page.getByLabel('User name').fill('fay');
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await page.getByText('Adding fay: waits for a second person').waitFor();
	assert.equal(await page.getByRole('dialog').count(), 0);
	mock.state.user = { ...mock.state.user, name: 'bob' };
	await page.goto(`${mock.url}/approvals`);
	const asked = page.locator('.approval', { hasText: 'make the user fay' });

	await asked.getByRole('button', { name: 'Approve …' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click();
	assert.equal(await page.getByRole('textbox', { name: 'Secret' }).inputValue(), 'fake-password-shown-once-7Q');
	await t.axe(page);
	await page.getByRole('button', { name: 'I have it' }).click();
	assert.equal(await page.getByText('fake-password').count(), 0);
});

test('account: password, a token shown once, sessions', async (t) => {
	t.allow('422');
	const { page, mock } = await t.open('/account', { role: 'operator' });

	await page.getByRole('button', { name: 'New token' }).click();
	await page.getByLabel('Name').fill('ci');
	await page.getByRole('checkbox', { name: 'operate' }).check();
	assert.equal(await page.getByRole('checkbox', { name: 'administer' }).count(), 0);
	await page.getByLabel('It ends').selectOption('30');
	await page.getByRole('button', { name: 'Make it' }).click();
	assert.equal(await page.getByRole('textbox', { name: 'Token' }).inputValue(), 'mst_fake-token-shown-once');
	const { body } = sent(mock, 'POST', '/tokens')[0];

	assert.deepEqual(body.scopes, ['read', 'operate']);
	assert.equal(body.expires_at, '2026-12-21T19:45:00.000Z');
	await page.getByRole('button', { name: 'I have it' }).click();
	await page.getByRole('button', { name: 'End token ci' }).click();
	await page.getByRole('button', { name: 'End it' }).click();
	await page.getByText('Token ci has ended').waitFor();
	await page.getByRole('button', { name: 'End the session from 10.0.0.99' }).click();
	await page.getByText('That session has ended').waitFor();
	await page.getByRole('button', { name: 'Change password…' }).click();
	await page.getByLabel('Current password').fill('not-a-real-password');
	await page.getByLabel('New password', { exact: true }).fill('short');
	await page.getByLabel('New password again').fill('short');
	await page.getByRole('button', { name: 'Change password', exact: true }).click();
	await page.getByText('is too short: 12 characters at least').first().waitFor();
});

test('service: settings, a secret is sealed and never shown', async (t) => {
	const { page, mock } = await t.open('/service');

	await page.getByLabel('Approval').selectOption('prod');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText(/^Saved\./).waitFor();
	assert.equal(sent(mock, 'PUT', '/service')[0].body.values.approval, 'prod');
	await page.getByRole('tab', { name: 'Secrets' }).click();
	await page.getByRole('button', { name: 'Seal a secret' }).click();
	await page.getByLabel('Name').fill('plant.token');
	await page.getByLabel('Secret', { exact: true }).fill('not-a-real-token');
	await page.getByRole('button', { name: 'Seal', exact: true }).click();
	await page.getByText('sealed:plant.token').waitFor();
	assert.equal(await page.getByText('not-a-real-token').count(), 0);
	await page.getByRole('button', { name: 'Remove defender.client_secret' }).click();
	await page.getByLabel('defender will not sign in any more').waitFor();
});
