// SPDX-License-Identifier: Apache-2.0
//
// Which sections of reports are drawn, and how. Names of sections and columns
// are those of muster report --json. Pure.
const AGES = [
	{ key: 'days_0_7', name: 'up to 7 days', colour: '--bar-new' },
	{ key: 'days_8_30', name: '8 to 30 days', colour: '--sev-low' },
	{ key: 'days_31_90', name: '31 to 90 days', colour: '--sev-medium' },
	{ key: 'older', name: 'older', colour: '--sev-critical' },
];
const one = (key, name, colour = '--bar-changed') => [{ key, name, colour }];
const notAll = (r) => r.severity !== 'all';

const PLOTS = {
	'cve.open': { name: 'severity', parts: AGES, only: notAll },
	'cve.time_to_remediate': { name: 'severity', parts: one('mean_days', 'mean days'), only: notAll },
	'cve.top_cves': { name: 'cve', parts: one('cis', 'CIs', '--sev-high') },
	'cve.top_cis': { name: 'name', parts: one('instances', 'open instances', '--sev-high') },
	'coverage.classes': { name: 'class', parts: [
		{ key: 'in_defender', name: 'in Defender', colour: '--bar-new' },
		{ key: 'not_in_defender', name: 'not in Defender', colour: '--sev-medium' }] },
	'unmatched.reasons': { name: 'reason', parts: one('records', 'records') },
	'noise.columns': { name: (r) => `${r.record_set}.${r.column}`, parts: one('updates', 'updates') },
	'noise.changed': { name: (r) => `${r.record_set}.${r.column}`, parts: one('records', 'records') },
	'duplicates.summary': { name: 'same', parts: one('cis', 'CIs') },
};
const MOST = 12;

/** {rows, parts} of a section for Bars; null: it is a table only */
export function plotOf(report, section, rows) {
	const plot = PLOTS[`${report}.${section}`];

	if (!plot) {
		return null;
	}
	const drawn = rows.filter(plot.only || (() => true)).slice(0, MOST).map((r) => ({
		name: typeof plot.name === 'function' ? plot.name(r) : r[plot.name],
		parts: plot.parts.map((p) => Number(r[p.key]) || 0),
	}));

	return drawn.some((r) => r.parts.some(Boolean)) ? { rows: drawn, parts: plot.parts } : null;
}

const TITLES = {
	days_0_7: 'Up to 7 days', days_8_30: '8 to 30 days', days_31_90: '31 to 90 days',
	seen_7_days: 'Seen in 7 days', seen_30_days: 'in 30 days', seen_90_days: 'in 90 days',
	cis: 'CIs', cve: 'CVE', sys_id: 'sys_id', cvss_score: 'CVSS', mean_days: 'Mean days',
	cmdb_last_discovered: 'CMDB: last discovered', defender_last_seen: 'Defender: last seen',
};

export function columnTitle(key) {
	return TITLES[key] || (key[0].toUpperCase() + key.slice(1).replace(/_/g, ' '))
		.replace(/\bcmdb\b/i, 'CMDB').replace(/\bcis\b/i, 'CIs').replace(/\bdefender\b/, 'Defender');
}
