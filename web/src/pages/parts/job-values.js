// SPDX-License-Identifier: Apache-2.0
//
// What the wizard of a job holds, from and to the values of its options; and
// what is missing before a step is done. Pure.
import { nameWrong } from '../../conf/values.js';

/** A form of a job, or of a new one. null lists: all */
export function fromJob(job) {
	const v = job?.values || {};
	const relationships = v.relationships || null;

	return {
		name: job?.name || '', env: job?.environment || '', source: v.source || '', destination: v.destination || '',
		record_sets: v.record_sets?.length ? v.record_sets : null,
		asset_types: v.asset_types?.length ? v.asset_types : null,
		relationships: relationships?.[0] === 'none' ? [] : relationships?.length ? relationships : null,
		when: v['schedule.cron'] ? 'cron' : v['schedule.every'] ? 'every' : v['schedule.after'] ? 'after' : 'default',
		cron: v['schedule.cron'] || '', every: v['schedule.every'] || '', after: v['schedule.after'] || '',
		time_zone: v['schedule.time_zone'] || '', windows: v['schedule.windows'] || [],
		jitter: v['schedule.jitter'] || '', missed: v['schedule.missed'] || '', paused: v['schedule.paused'] === 'yes' || v['schedule.paused'] === 'true',
		share: v['guard.share'] || '', count: v['guard.count'] || '',
	};
}

/** Values for PUT: options that the wizard does not show stay as they were. */
export function toValues(f, old = {}) {
	const values = { ...old };
	const set = (key, v) => {
		if (v === null || v === undefined || v === '' || (Array.isArray(v) && !v.length)) {
			delete values[key];
		} else {
			values[key] = v;
		}
	};

	set('source', f.source);
	set('destination', f.destination);
	set('record_sets', f.record_sets);
	set('asset_types', f.asset_types);
	set('relationships', f.relationships && !f.relationships.length ? ['none'] : f.relationships);
	for (const key of ['cron', 'every', 'after']) {
		set(`schedule.${key}`, f.when === key ? f[key].trim() : null);
	}
	for (const key of ['time_zone', 'windows', 'jitter', 'missed']) {
		set(`schedule.${key}`, f[key]);
	}
	set('schedule.paused', f.paused ? 'yes' : null);
	set('guard.share', f.share);
	set('guard.count', f.count);
	return values;
}

/**
 * What is chosen after a tick: what it hangs on comes along; what hangs on one
 * that was taken out goes, too.
 */
export function rechosen(before, chosen, sets) {
	const gone = new Set(before.filter((n) => !chosen.includes(n)));

	for (let grew = true; grew;) {
		grew = false;
		for (const s of sets) {
			if (!gone.has(s.name) && (s.needs || []).some((n) => gone.has(n))) {
				gone.add(s.name);
				grew = true;
			}
		}
	}
	return withNeeds(chosen.filter((n) => !gone.has(n)), sets);
}

/** Sets that the chosen ones hang on: they are delivered with them. */
function withNeeds(chosen, sets) {
	const all = new Set(chosen);

	for (let grew = true; grew;) {
		grew = false;
		for (const s of sets) {
			for (const n of all.has(s.name) ? s.needs || [] : []) {
				grew = grew || !all.has(n);
				all.add(n);
			}
		}
	}
	return sets.map((s) => s.name).filter((n) => all.has(n));
}

/** Why a step is not done; '': it is. */
export function whyStep(key, f, { jobs, old, choices }) {
	switch (key) {
	case 'ends':
		return nameWrong(f.name) || (!old && jobs.some((j) => j.name === f.name) ? `There is a job ${f.name} already` :
				!f.source ? 'Choose a source' : !f.destination ? 'Choose a destination' : '');
	case 'sets':
		return !choices ? 'What it may deliver is being looked up' :
			f.record_sets && !f.record_sets.length ? 'Choose at least one record set' : '';
	case 'schedule':
		return f.when === 'cron' && !f.cron.trim() ? 'Say when' : f.when === 'every' && !f.every.trim() ? 'Say how often' :
			f.when === 'after' && !f.after ? 'Choose a job' : '';
	default:
		return '';
	}
}
