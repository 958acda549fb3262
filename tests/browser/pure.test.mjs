// SPDX-License-Identifier: Apache-2.0
//
// What needs no browser: words for numbers and times, marks of differences,
// addresses, the form of a job.
import { assert, test } from './lib.mjs';
import * as f from '../../web/src/lib/format.js';
import { match } from '../../web/test/mock/match.mjs';
import { fromJob, rechosen, toValues, whyStep } from '../../web/src/pages/parts/job-values.js';

test('pure: numbers and times', () => {
	assert.equal(f.count(1234567), '1,234,567');
	assert.equal(f.count(undefined), '–');
	assert.equal(f.plural(1, 'record'), '1 record');
	assert.equal(f.plural(2000, 'record'), '2,000 records');
	for (const [ms, text] of [[0, '0 ms'], [999, '999 ms'], [5312, '5.3 s'], [9949, '9.9 s'], [9950, '10 s'], [59400, '59 s'],
		[59900, '1 min'], [61000, '1 min 1 s'], [3600000, '1 h'], [29100000, '8 h 5 min'], [266400000, '3 d 2 h'], [null, '–']]) {
		assert.equal(f.duration(ms), text);
	}
	for (const [n, text] of [[0, '0 B'], [999, '999 B'], [1000, '1.0 kB'], [9100000, '9.1 MB'], [31000000, '31 MB'],
		[999600, '1.0 MB'], [4e12, '4.0 TB'], [undefined, '–']]) {
		assert.equal(f.bytes(n), text);
	}
	const now = Date.parse('2026-11-21T19:45:00Z');
	const at = (ms) => new Date(now + ms).toISOString();

	for (const [ms, text] of [[0, 'now'], [-4000, 'now'], [-42000, '42 s ago'], [120000, 'in 2 min'], [-7200000, '2 h ago'],
		[-200000000, '2 d ago']]) {
		assert.equal(f.ago(at(ms), now), text);
	}
	assert.equal(f.ago(null), 'never');
	assert.equal(f.utc('2026-11-21T19:45:00.123Z'), '2026-11-21 19:45:00 UTC');
});

test('pure: words of names', () => {
	for (const [name, text] of [['device_vulnerabilities', 'Device vulnerabilities'], ['ot_device_cves', 'OT device CVEs'],
		['ot_device_cis', 'OT device CIs'], ['recver', 'RecVer'], ['tenant_id', 'Tenant ID'], ['api_url', 'API URL'], ['', '']]) {
		assert.equal(f.words(name), text);
	}
});

test('pure: addresses', () => {
	assert.deepEqual(match('/jobs/:name', '/jobs/a%20b'), { name: 'a b' });
	assert.equal(match('/jobs/:name', '/jobs'), null);
	assert.equal(match('/jobs', '/runs'), null);
});

test('pure: the form of a job, there and back', () => {
	const values = { source: 'a', destination: 'b', record_sets: ['devices'], relationships: ['none'], 'schedule.every': '8h',
		'schedule.windows': ['Mon-Fri 22:00-06:00'], 'guard.share': '10%', threads: '4' };

	assert.deepEqual(toValues(fromJob({ name: 'x', values }), values), values);
	assert.deepEqual(toValues({ ...fromJob({ name: 'x', values }), when: 'default', windows: [], share: '', relationships: null,
		record_sets: null }, values), { source: 'a', destination: 'b', threads: '4' });
	const sets = [{ name: 'd' }, { name: 'p' }, { name: 'i', needs: ['d', 'p'] }, { name: 'u', needs: ['i'] }];

	assert.deepEqual(rechosen([], ['u'], sets), ['d', 'p', 'i', 'u']);
	assert.deepEqual(rechosen(['d', 'p', 'i', 'u'], ['d', 'i', 'u'], sets), ['d']);
	const form = { ...fromJob(null), name: 'x', source: 'a', destination: 'b' };
	const more = { jobs: [{ name: 'y' }], choices: {} };

	assert.equal(whyStep('ends', form, more), '');
	assert.match(whyStep('ends', { ...form, name: 'y' }, more), /already/);
	assert.match(whyStep('ends', { ...form, name: '-y' }, more), /Letters/);
	assert.match(whyStep('schedule', { ...form, when: 'cron', cron: ' ' }, more), /when/);
	assert.match(whyStep('sets', { ...form, record_sets: [] }, more), /at least one/);
});
