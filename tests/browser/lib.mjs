// SPDX-License-Identifier: Apache-2.0
//
// Tests in Chromium: a page of the console on a server of its own, with a clock
// that stands; whatever the browser complains about fails the test.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startMock } from '../../web/test/mock.mjs';
import { NOW } from '../../web/test/mock/state.mjs';

const MODULES = process.env.BROWSER_MODULES;
const require = createRequire(join(MODULES, '..', 'x.js'));
const { chromium } = require('playwright-core');
const AXE = readFileSync(join(MODULES, 'axe-core', 'axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// What colours and width can change: the rest was looked at already.
const LOOKS = ['color-contrast', 'target-size', 'scrollable-region-focusable', 'link-in-text-block'];
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 375, height: 740 };
// A machine that does other things, too, stands still for long at times.
const PATIENCE_MS = 120000;

export { assert, DESK, PHONE };

const all = [];

/** fn(t): t.open(path, options) gives {page, mock}; see Run. */
export function test(name, fn) {
	all.push({ name, fn });
}

/** Goes there by the keyboard alone. */
export async function tabTo(page, locator, most = 80) {
	for (let i = 0; i < most; i++) {
		if (await locator.evaluate((e) => e === document.activeElement)) {
			return;
		}
		await page.keyboard.press('Tab');
	}
	assert.fail('the keyboard does not reach it');
}

let browser = null;

class Run {
	constructor(name) {
		this.name = name;
		this.ends = [];
		this.complaints = [];
		this.allowed = [];
		/** Where a test of several pages is: told when it fails. */
		this.at = '';
	}

	/**
	 * A page of the console. options: those of startMock, dark, phone, base: the
	 * address of a real server instead; zone: of time; clock: false lets it run.
	 */
	async open(path, options = {}) {
		const mock = options.base ? null : await startMock({ modules: MODULES, ...options });
		const context = await browser.newContext({ viewport: options.phone ? PHONE : DESK,
			colorScheme: options.dark ? 'dark' : 'light', reducedMotion: 'reduce',
			timezoneId: options.zone || 'Europe/Berlin', locale: 'en-GB', ignoreHTTPSErrors: Boolean(options.base) });

		this.ends.push(() => context.close());
		if (mock) {
			this.ends.push(() => mock.close());
		}
		context.setDefaultTimeout(PATIENCE_MS);
		const page = await context.newPage();

		page.on('pageerror', (e) => this.complaints.push(`error in the page: ${e.stack}`));
		page.on('console', (m) => {
			if (['error', 'warning'].includes(m.type())) {
				this.complaints.push(`console: ${m.text()} (${m.location().url})`);
			}
		});
		this.page = page;
		if (options.clock !== false && !options.base) {
			await page.clock.setFixedTime(NOW);
		}
		await page.goto((options.base || mock.url) + path);
		return { page, mock };
	}

	/** Asks again until fn() is true: for what a page begins by itself. */
	async until(fn) {
		const end = Date.now() + PATIENCE_MS;

		while (!await fn()) {
			assert(Date.now() < end, 'it did not come about');
			await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
		}
	}

	/** What the browser may complain of in this test: a part of its text. */
	allow(text) {
		this.allowed.push(text);
	}

	/** No violation of axe, in the dialog if one is open; rules: only these. */
	async axe(page, rules) {
		if (!await page.evaluate(() => Boolean(window.axe))) {
			await page.evaluate(AXE);
		}
		const found = await page.evaluate(async ([tags, only]) => {
			const r = await window.axe.run(document.querySelector('dialog[open]') || document, { resultTypes: ['violations'],
				runOnly: only ? { type: 'rule', values: only } : { type: 'tag', values: tags } });

			return r.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) =>
				`${n.target.join(' ')} ${n.html.slice(0, 160)} ${n.any[0]?.message || ''}`).join(' | ')}`);
		}, [RULES, rules]);

		assert.deepEqual(found, [], 'axe');
	}

	/** Nothing is wider than the window. */
	async fits(page) {
		const wide = await page.evaluate(() => {
			const w = document.documentElement.clientWidth;

			return document.documentElement.scrollWidth <= w ? [] : [...document.querySelectorAll('main *')]
				.filter((e) => e.getBoundingClientRect().right > w + 1 && !e.closest('[class*="box"], .tab-list, pre'))
				.slice(0, 3).map((e) => `${e.tagName}.${e.className}`);
		});

		assert.deepEqual(wide, [], 'wider than the window');
	}

	/** In light at a desk, in dark on a phone: everything that a glance should find. */
	async looksWell(page) {
		await this.axe(page);
		await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
		await page.setViewportSize(PHONE);
		await this.fits(page);
		await this.axe(page, LOOKS);
		await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
		await page.setViewportSize(DESK);
	}

	/** All that can be used takes the focus, in its place, and shows that it has it. */
	async byKeyboard(page) {
		await page.keyboard.press('Tab');
		const bad = await page.evaluate(() => {
			const rings = (e) => e && (getComputedStyle(e).outlineStyle !== 'none' || getComputedStyle(e).boxShadow !== 'none');
			const found = [];

			for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')) {
				const inner = e.tabIndex < 0 && (e.matches('[role=tab]') || !e.matches('a, button, input, select, textarea, summary'));

				if (e.disabled || inner || !e.checkVisibility({ visibilityProperty: true })) {
					continue;
				}
				e.focus();
				const wrong = e.tabIndex !== 0 ? `has tabindex ${e.tabIndex}` : document.activeElement !== e ? 'takes no focus' :
					rings(e) || rings(e.nextElementSibling) || rings(e.parentElement) ? '' : 'shows no focus';

				if (wrong) {
					found.push(`${wrong}: ${e.outerHTML.slice(0, 120)}`);
				}
			}
			return found.slice(0, 5);
		});

		assert.deepEqual(bad, [], 'by keyboard');
	}

	async end(failed) {
		if (failed && this.page && process.env.BROWSER_PICTURES) {
			const file = join(process.env.BROWSER_PICTURES, `${this.name.replace(/[^a-z0-9]+/gi, '-')}.png`);

			await this.page.screenshot({ path: file }).then(() => console.log(`   picture: ${file}`), () => {});
		}
		for (const fn of this.ends.reverse()) {
			await fn().catch(() => {});
		}
	}
}

async function one({ name, fn }) {
	const run = new Run(name);
	let error = null;

	try {
		await fn(run);
		const bad = run.complaints.filter((c) => !run.allowed.some((a) => c.includes(a)));

		assert.deepEqual(bad, [], 'the browser complained');
	} catch (e) {
		error = e;
		if (run.at) {
			error.stack = `at ${run.at}: ${error.stack}`;
		}
	}
	await run.end(error);
	return error;
}

/** Runs all; words: only tests whose name has one of them. Returns how many failed. */
export async function runAll(words) {
	const todo = all.filter((t) => !words.length || words.some((w) => t.name.includes(w)));
	let failed = 0;

	// Those wait for servers most of their time, so they go first.
	todo.sort((a, b) => b.name.startsWith('real') - a.name.startsWith('real'));
	browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
		args: [...process.getuid?.() === 0 ? ['--no-sandbox'] : [], '--disable-dev-shm-usage'] });
	const worker = async () => {
		for (let t = todo.shift(); t; t = todo.shift()) {
			const began = Date.now();
			const error = await one(t);

			failed += error ? 1 : 0;
			console.log(`${error ? 'FAILED' : 'ok'} ${t.name} (${Date.now() - began} ms)${error ? `\n${error.stack}` : ''}`);
		}
	};

	await Promise.all([worker(), worker(), worker()]);
	await browser.close();
	return failed;
}

