// SPDX-License-Identifier: Apache-2.0
//
// Figures of the console's first view, on `muster serve` over loopback, without
// anything in the browser's cache: bytes as they came over the wire, and the
// time until the overview can be used. One JSON object a line, as `make bench`
// prints them.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startReal } from './real.mjs';

const require = createRequire(join(process.env.BROWSER_MODULES, '..', 'x.js'));
const { chromium } = require('playwright-core');
const PASSWORD = 'a fake sentence for figures';
const TIMES = 5;

/** Loads the overview in a browser that has only the cookie. */
async function view(browser, base, cookies) {
	const context = await browser.newContext({ storageState: cookies });
	const page = await context.newPage();
	const wire = await context.newCDPSession(page);
	let bytes = 0;
	let requests = 0;

	await wire.send('Network.enable');
	wire.on('Network.loadingFinished', (e) => {
		bytes += e.encodedDataLength;
		requests++;
	});
	const began = performance.now();

	await page.goto(base);
	await page.locator('.verdict').waitFor();
	await page.locator('.plot-head').first().waitFor();
	const seconds = (performance.now() - began) / 1000;

	await page.waitForLoadState('load');
	await context.close();
	return { bytes, requests, seconds };
}

const real = await startReal({ jobs: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
	args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });

try {
	const context = await browser.newContext();
	const page = await context.newPage();

	await page.goto(real.url);
	await page.getByLabel('User').fill(real.user);
	await page.getByLabel('Password').fill(real.password);
	await page.keyboard.press('Enter');
	await page.getByLabel('Current password').fill(real.password);
	await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
	await page.getByLabel('New password again').fill(PASSWORD);
	await page.keyboard.press('Enter');
	await page.locator('.verdict').waitFor();
	await page.getByRole('link', { name: 'demo' }).click();
	await page.getByRole('button', { name: 'Run now' }).click();
	await page.getByRole('link', { name: 'Run 1' }).or(page.getByRole('link', { name: '1', exact: true })).first().waitFor();
	const cookies = await context.storageState();
	const seen = [];

	for (let i = 0; i < TIMES; i++) {
		seen.push(await view(browser, real.url, cookies));
	}
	seen.sort((a, b) => a.seconds - b.seconds);
	const middle = seen[Math.floor(TIMES / 2)];

	console.log(JSON.stringify({ name: 'console.first_view', rows: middle.requests, seconds: Number(middle.seconds.toFixed(3)),
		bytes: Math.max(...seen.map((s) => s.bytes)), limit: 'bytes < 100000, seconds < 1' }));
} finally {
	await browser.close();
	await real.close();
}
