// SPDX-License-Identifier: Apache-2.0
//
// What people do, by keyboard where it matters: run, watch, cancel, look at a
// plan and write it, take back, approve, make a job.
import { assert, tabTo, test } from './lib.mjs';

const posted = (mock, path) => mock.calls.filter((c) => c.method !== 'GET' && c.path === path).map((c) => c.body);

test('keyboard: skip link, menu, table rows, focus goes to the page', async (t) => {
	const { page } = await t.open('/');

	await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'To the content');
	assert(await page.locator('.skip').isVisible());
	await page.keyboard.press('Enter');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
	await page.getByRole('link', { name: 'Runs', exact: true }).first().focus();
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
	await page.waitForFunction(() => document.activeElement.tagName === 'H1');
	await tabTo(page, page.getByRole('link', { name: '4713', exact: true }));
	await page.keyboard.press('ArrowDown');
	assert.equal(await page.evaluate(() => document.activeElement.textContent), '4712');
	const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);

	assert.equal(ring, 'solid');
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'Run 4712' }).waitFor();
	await page.getByRole('tab', { name: 'Counts' }).focus();
	await page.keyboard.press('ArrowRight');
	await page.getByText('not onboarded to Defender').first().waitFor();
	assert.match(page.url(), /tab=items/);
	await page.goBack();
	await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
});

test('runs: filter, pages by key, and back', async (t) => {
	const { page, mock } = await t.open('/runs');

	await page.getByRole('link', { name: '4713', exact: true }).waitFor();
	await page.getByRole('button', { name: 'Next' }).click();
	await page.getByRole('link', { name: '4663', exact: true }).waitFor();
	assert.match(page.url(), /after=4664/);
	await page.getByLabel('Ended', { exact: true }).selectOption('failed');
	await page.getByRole('link', { name: '4701', exact: true }).waitFor();
	assert.match(page.url(), /\?status=failed$/);
	assert(mock.calls.some((c) => c.query.includes('status=failed') && !c.query.includes('after')));
	await page.goBack();
	await page.getByRole('link', { name: '4663', exact: true }).waitFor();
	await page.goBack();
	await page.getByRole('link', { name: '4713', exact: true }).waitFor();
	await page.goto(new URL('/runs?job=nix', page.url()).href);
	await page.getByText('No run fits this filter').waitFor();
});

test('run: goes on live, and is cancelled', async (t) => {
	const { page, mock } = await t.open('/runs/4713', { role: 'operator' });

	await page.getByText('196 of 820').first().waitFor();
	await page.getByText('45/s', { exact: true }).waitFor();
	// Each record set and stage has its own rate, time left and requests.
	await page.getByText('196 of 820, 45/s, 14 s left, 30 requests').waitFor();
	await page.getByText('in 2.1 s, 4.3 MB/s, 5 requests').waitFor();
	mock.emit('progress', { stage: 'push', what: 'software_installs', done: 820, total: 820, bytes: false,
		requests: 120, rate: 210, left_ms: 0, end: true, ms: 8000 }, '/runs/4713/events');
	await page.getByText('210/s', { exact: true }).waitFor();
	mock.emit('progress', { stage: 'push', what: 'device_vulnerabilities', done: 10, total: 4000, bytes: false,
		requests: 122, rate: 50, left_ms: 80000, end: false, ms: 200 }, '/runs/4713/events');
	await page.getByText('10 of 4,000').first().waitFor();
	await page.getByText('1 min 20 s', { exact: true }).waitFor();
	const bar = page.getByRole('progressbar', { name: 'push device_vulnerabilities' });

	assert.equal(await bar.getAttribute('aria-valuetext'), 'push device vulnerabilities: 10 of 4,000');
	await page.getByRole('button', { name: 'Cancel …' }).focus();
	await page.keyboard.press('Enter');
	await page.getByRole('dialog', { name: 'Cancel run 4713?' }).waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('dialog').waitFor({ state: 'detached' });
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel …');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Cancel the run' }).click();
	await page.locator('.page-sub').getByText('cancelled').waitFor();
	assert.equal(posted(mock, '/runs/4713/cancel').length, 1);
});

test('a lost stream says so, and comes back', async (t) => {
	t.allow('Failed to load resource');
	t.allow('EventSource');
	t.allow('503');
	const { page, mock } = await t.open('/runs', { fail: { '/events': 503 } });

	await page.getByText('No live news: trying again').waitFor();
	mock.state.fail = {};
	await page.getByText('No live news: trying again').waitFor({ state: 'detached' });
});

test('a session that ends while nobody does anything leads to signing in', async (t) => {
	t.allow('401');
	t.allow('EventSource');
	const { page, mock } = await t.open('/runs', { fail: { '/events': 401 } });

	await page.getByRole('link', { name: '4713', exact: true }).waitFor();
	mock.state.user = null;
	await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('plan: counts filter, field by field, guard needs consent', async (t) => {
	const { page, mock } = await t.open('/tasks/811', { role: 'operator' });

	await page.getByRole('button', { name: 'Devices, changed: 11. Show only these' }).click();
	await page.getByRole('listitem').filter({ hasText: 'os_version' }).first().waitFor();
	assert.match(page.url(), /record_set=devices&action=update/);
	const before = page.locator('.change').first().locator('del').first();

	assert.equal(await before.textContent(), '4391');
	assert.equal(await page.locator('.change').first().locator('ins').first().textContent(), '4460');
	await page.getByLabel('Key, column or value').fill('nothing has this');
	await page.getByText('No change fits this filter').waitFor();
	await page.getByLabel('Key, column or value').fill('kiosk');
	await page.locator('.change').first().getByText('kiosk-12', { exact: true }).waitFor();
	await page.getByRole('button', { name: 'Approve and write …' }).click();
	const dialog = page.getByRole('dialog', { name: 'Write 150 changes to ServiceNow?' });
	const yes = dialog.getByRole('button', { name: 'Write exactly this plan' });

	await t.axe(page);
	assert.equal(await yes.getAttribute('aria-disabled'), 'true');
	await yes.click({ force: true });
	assert.equal(posted(mock, '/jobs/main/runs').length, 0);
	await dialog.getByRole('checkbox').check();
	await yes.click();
	await page.getByRole('heading', { level: 1, name: 'Run of main' }).waitFor();
	assert.deepEqual(posted(mock, '/jobs/main/runs'), [{ plan: 811, approve: true }]);
	const sent = mock.calls.find((c) => c.path === '/jobs/main/runs');

	assert.match(sent.headers['idempotency-key'], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	assert.equal(sent.headers['x-csrf-token'], 'fake-csrf');
});

test('a plan without changes', async (t) => {
	const { page } = await t.open('/tasks/811', { noChanges: true });

	await page.getByText('Nothing to do').waitFor();
});

test('undo: preview, then consent', async (t) => {
	const { page, mock } = await t.open('/runs/4712', { role: 'operator' });

	await page.getByRole('button', { name: 'Undo: preview …' }).click();
	await page.getByRole('button', { name: 'Undo 3 records …' }).waitFor();
	assert.deepEqual(posted(mock, '/runs/4712/undo'), [{ write: false }]);
	await page.getByRole('button', { name: 'Devices, restore: 1. Show only these' }).click();
	await page.locator('.change', { hasText: 'kiosk-12' }).waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'Undo 3 records …' }).click();
	await page.getByRole('checkbox').check();
	await page.getByRole('button', { name: 'Undo it' }).click();
	await page.getByText('Undo of run 4711 asked for').waitFor();
	assert.deepEqual(posted(mock, '/runs/4711/undo'), [{ write: true }]);
	await page.goto(new URL('/runs/4701', page.url()).href);
	const off = page.getByRole('button', { name: 'Undo: preview …' });

	await off.waitFor();
	assert.equal(await off.getAttribute('title'), 'It wrote nothing');
	await page.getByRole('button', { name: 'Try again' }).click();
	await page.getByText('Run of plant asked for').waitFor();
	await page.goto(new URL('/runs/4692?tab=items', page.url()).href);
	await page.getByRole('button', { name: 'Try the refused again now' }).click();
	await page.getByText('Trying the refused ones again').waitFor();
	assert.deepEqual(posted(mock, '/jobs/main/runs').at(-1), { record_sets: ['devices'] });
});

test('the guard: approving asks first', async (t) => {
	const { page, mock } = await t.open('/runs/4709', { role: 'operator' });

	await page.getByText('Devices: 412 records of 1,000 would be retired').waitFor();
	await page.getByRole('button', { name: 'Approve …' }).click();
	await page.getByRole('checkbox').check();
	await page.getByRole('button', { name: 'Approve and run' }).click();
	await page.getByText('Approved').first().waitFor();
	assert.deepEqual(posted(mock, '/jobs/plant/runs'), [{ approve: true }]);
});

test('what waits for a second person says so', async (t) => {
	const { page } = await t.open('/jobs/apps', { role: 'operator', approval: true });

	await page.getByRole('button', { name: 'Run now' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
	await page.getByText('waits for a second person').waitFor();
});

test('approvals: not one’s own, with a reason', async (t) => {
	const { page, mock } = await t.open('/approvals', { role: 'administrator' });
	const mine = page.locator('.approval', { hasText: 'change settings of defender' });
	const other = page.locator('.approval', { hasText: 'run job main' });

	await mine.getByText('somebody else must decide').waitFor();
	assert.equal(await mine.getByRole('button').count(), 0);
	await other.getByRole('button', { name: 'Reject …' }).click();
	await t.axe(page);
	await page.getByRole('dialog').getByLabel('Why').fill('not today');
	await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
	await page.getByRole('row', { name: /run job main \(PROD\) rejected/ }).waitFor();
	assert.deepEqual(posted(mock, '/approvals/3/reject'), [{ why: 'not today' }]);
});

test('job: pause says why, resume, delete asks', async (t) => {
	const { page, mock } = await t.open('/jobs/apps', { role: 'administrator' });

	// The page may look once more at what it has just deleted.
	t.allow('404');
	await page.getByRole('button', { name: 'Pause …' }).click();
	await page.getByLabel('Why').fill('change freeze');
	await page.keyboard.press('Tab');
	await page.getByRole('button', { name: 'Pause', exact: true }).click();
	await page.getByText('change freeze').waitFor();
	await page.getByRole('button', { name: 'Resume' }).click();
	await page.getByText('change freeze').waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'Delete …' }).click();
	await page.getByRole('checkbox').check();
	await page.getByRole('button', { name: 'Delete the job' }).click();
	await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
	await page.getByText('apps is deleted').waitFor();
	assert.equal(mock.calls.find((c) => c.method === 'DELETE').headers['if-match'], '"1"');
});

test('job: asking for a plan of one device', async (t) => {
	const { page, mock } = await t.open('/jobs/apps', { role: 'operator' });

	await page.getByRole('button', { name: 'Plan, check …' }).click();
	await t.axe(page);
	await page.getByLabel('One device only').fill('4a11');
	await page.getByLabel('At most so many records').fill('x');
	await page.getByText('a number from 1').waitFor();
	await page.getByLabel('At most so many records').fill('20');
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'Plan of main' }).waitFor();
	assert.deepEqual(posted(mock, '/jobs/apps/plans'), [{ devices: ['4a11'], limit: 20 }]);
});

test('wizard: from nothing to a first plan', async (t) => {
	t.allow('422');
	const { page, mock } = await t.open('/new-job', { role: 'administrator' });
	const next = page.getByRole('button', { name: 'Next', exact: true });

	await page.getByLabel('Name').fill('main');
	await page.getByText('Microsoft Defender for Endpoint').waitFor();
	await page.getByLabel('Environment').selectOption('test');
	assert(await page.getByRole('radio', { name: /^cmdb PROD/ }).isDisabled());
	await page.getByRole('radio', { name: /^defender/ }).check();
	await page.getByRole('radio', { name: /^cmdb-test/ }).check();
	assert.equal(await next.getAttribute('title'), 'There is a job main already');
	await page.getByLabel('Name').fill('second');
	await next.click();
	await page.getByLabel('All of the source, later ones too').uncheck();
	// What hangs on others goes with them, and brings them along.
	await page.getByLabel('Software packages', { exact: true }).uncheck();
	assert(!await page.getByLabel('Installed software').isChecked());
	await page.getByLabel('Devices', { exact: true }).uncheck();
	await page.getByLabel('CVE definitions', { exact: true }).uncheck();
	assert.equal(await next.getAttribute('title'), 'Choose at least one record set');
	await page.getByLabel('CVEs on devices').check();
	assert(await page.getByLabel('CVE definitions', { exact: true }).isChecked());
	await next.click();
	await page.getByText('which the setting').or(page.getByLabel('All that the source\'s settings offer')).first().waitFor();
	await page.getByLabel('All that the source\'s settings offer').uncheck();
	assert(await page.getByLabel('Device: member of domain').isDisabled());
	await page.getByText('the setting domain_relations of defender is off').waitFor();
	await next.click();
	await page.getByLabel('At certain times').check();
	assert.equal(await next.getAttribute('title'), 'Say when');
	await page.getByRole('textbox', { name: 'Times' }).fill('99 * * * *');
	await next.click();
	await page.getByRole('button', { name: 'Save paused, make a first plan' }).click();
	await page.getByText('99 is no minute').first().waitFor();
	await page.getByRole('button', { name: 'To Schedule' }).click();
	await page.getByLabel('Often used').selectOption('every day at 02:00');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Next', exact: true }).click();
	await page.getByRole('button', { name: 'Save paused, make a first plan' }).click();
	await page.getByRole('heading', { name: 'First plan' }).waitFor();
	await page.getByText('os_version').first().waitFor();
	assert.equal(posted(mock, '/jobs/second').at(-1).values['schedule.paused'], 'yes');
	await page.getByRole('button', { name: 'Start its schedule' }).click();
	await page.getByRole('heading', { level: 1, name: 'second' }).waitFor();
	assert.deepEqual(posted(mock, '/jobs/second').at(-1).values, { source: 'defender', destination: 'cmdb-test',
		record_sets: ['devices', 'vulnerabilities', 'device_vulnerabilities'], relationships: ['device_user'],
		'schedule.cron': '0 2 * * *' });
});

test('wizard: what was entered is not lost by accident', async (t) => {
	const { page } = await t.open('/jobs/apps/edit', { role: 'administrator' });

	await page.getByRole('radio', { name: /^defender/ }).check();
	await page.getByRole('link', { name: 'Tasks' }).click();
	await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay' }).click();
	assert(await page.getByRole('radio', { name: /^defender/ }).isChecked());
	await page.getByRole('link', { name: 'Tasks' }).click();
	await page.getByRole('button', { name: 'Leave' }).click();
	await page.getByRole('heading', { level: 1, name: 'Tasks' }).waitFor();
});

test('phone: the menu opens and closes', async (t) => {
	const { page } = await t.open('/runs', { phone: true });

	await page.getByRole('button', { name: 'Menu' }).click();
	await t.axe(page);
	await page.getByRole('link', { name: 'Jobs', exact: true }).click();
	await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
	assert(!await page.getByRole('link', { name: 'Approvals' }).isVisible());
});

test('dark and light are kept', async (t) => {
	const { page } = await t.open('/');
	const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

	await page.getByRole('button', { name: 'Dark colours' }).click();
	const dark = await ground();

	await page.reload();
	await page.getByRole('button', { name: 'Light colours' }).waitFor();
	assert.equal(await ground(), dark);
});

test('times are in the zone of the one who looks, UTC in the title', async (t) => {
	const { page } = await t.open('/runs/4712', { zone: 'Asia/Tokyo' });
	const began = page.locator('dd time').first();

	await began.waitFor();
	assert.equal((await began.textContent()).trim(), '22 Nov 2026, 04:30:00');
	assert.equal(await began.getAttribute('title'), '2026-11-21 19:30:00 UTC');
});

test('the plot is a table, too', async (t) => {
	const { page } = await t.open('/');

	await page.locator('.plot-box canvas').waitFor();
	await page.getByRole('button', { name: 'As table' }).click();
	await page.getByRole('columnheader', { name: 'Critical' }).waitFor();
	const days = page.getByRole('slider', { name: 'Changes per day' });

	await days.focus();
	await page.keyboard.press('ArrowLeft');
	assert.match(await days.getAttribute('aria-valuetext'), /^20 Nov 2026: New \d+/);
});

test('a page that is not there', async (t) => {
	const { page } = await t.open('/no/such/page');

	await page.getByText('There is no page at this address').waitFor();
	await t.axe(page);
});
