// SPDX-License-Identifier: Apache-2.0
//
// Jobs, and what the wizard asks.
import { HOUR, MIN, at } from './state.mjs';
import { runOf } from './watch.mjs';

const schedule = (more, text) => ({ cron: null, every_ms: null, after: null, time_zone: 'Europe/Berlin',
	windows: [], text, ...more });

export function jobList(state) {
	if (state.empty) {
		return [];
	}
	const jobs = state.kept.jobs ||= [
		{ name: 'main', source: 'defender', destination: 'cmdb', environment: 'prod', record_sets: [],
			relationships: [], schedule: schedule({ every_ms: HOUR / 2 }, 'every 30 minutes'), paused: null,
			next_at: at(16 * MIN), problem: null, values: { source: 'defender', destination: 'cmdb', 'schedule.every': '30m' } },
		{ name: 'apps', source: 'apps', destination: 'cmdb', environment: 'prod', record_sets: ['cloud_apps'],
			relationships: [], schedule: schedule({ cron: '0 2 * * *' }, 'every day at 02:00'), paused: null,
			next_at: at(5.25 * HOUR), problem: 'the last complete run is 31 h old; the schedule wants one a day',
			values: { source: 'apps', destination: 'cmdb', record_sets: ['cloud_apps'], 'schedule.cron': '0 2 * * *', 'schedule.time_zone': 'Europe/Berlin' } },
		{ name: 'plant', source: 'plant', destination: 'cmdb-test', environment: 'test', record_sets: [],
			relationships: ['device_connects'], schedule: schedule({ after: 'main', windows: ['Mon-Fri 22:00-06:00'] }, 'after main, Mon-Fri 22:00-06:00'),
			paused: { by: 'otto', at: at(-3 * HOUR), why: 'firmware update of the sensors' }, next_at: null, problem: null,
			values: { source: 'plant', destination: 'cmdb-test', 'schedule.after': 'main', 'schedule.windows': ['Mon-Fri 22:00-06:00'] } },
	];
	const last = { main: 4712, apps: 4701, plant: 4709 };

	return jobs.map((j) => ({ ...j, last_run: last[j.name] ? runOf(last[j.name], state) : null,
		task: j.name === 'main' && !state.kept.cancelled ? { id: 812, kind: 'run', state: 'running', run: 4713 } : null }));
}


const set = (name, title, help, more) => ({ name, title, help, why: null, needs: [], ...more });

function find(state, name) {
	return jobList(state).find((j) => j.name === name);
}

export const routes = [
	['GET', '/jobs', ({ state }) => ({ items: jobList(state), next: null })],
	['GET', '/jobs/:name', ({ state, params, problem }) => find(state, params.name) ||
		problem(404, `there is no job '${params.name}'`)],
	['PUT', '/jobs/:name', ({ state, params, body, problem }) => {
		if (body.values['schedule.cron'] === '99 * * * *') {
			return problem(422, 'schedule.cron: 99 is no minute (0 to 59)',
				[{ pointer: '/values/schedule.cron', detail: '99 is no minute (0 to 59)' }]);
		}
		const all = (jobList(state), state.kept.jobs ||= []);
		const i = all.findIndex((j) => j.name === params.name);

		const job = { name: params.name, source: body.values.source, destination: body.values.destination,
			environment: body.values.destination === 'cmdb' ? 'prod' : 'test', record_sets: body.values.record_sets || [],
			relationships: body.values.relationships || [],
			schedule: schedule({ cron: body.values['schedule.cron'] || null }, 'as set'), paused: null,
			next_at: at(HOUR), problem: null, values: body.values };

		if (i < 0) {
			all.push(job);
			state.empty = false;
		} else {
			all[i] = job;
		}
		return job;
	}],
	['DELETE', '/jobs/:name', ({ state, params }) => {
		jobList(state);
		state.kept.jobs = state.kept.jobs.filter((j) => j.name !== params.name);
		return undefined;
	}],
	['POST', '/jobs/:name/pause', ({ state, params, body, emit }) => {
		jobList(state);
		const job = state.kept.jobs.find((j) => j.name === params.name);

		job.paused = { by: state.user.name, at: at(0), why: body.why };
		emit('job', { name: params.name });
		return job;
	}],
	['POST', '/jobs/:name/resume', ({ state, params, emit }) => {
		jobList(state);
		const job = state.kept.jobs.find((j) => j.name === params.name);

		job.paused = null;
		emit('job', { name: params.name });
		return job;
	}],
	['GET', '/job-choices', ({ q }) => q.get('source') !== 'defender' ? {
		environment: q.get('destination') === 'cmdb' ? 'prod' : 'test',
		record_sets: [set('cloud_apps', 'Cloud apps', 'business applications'), set('cloud_app_users', 'Users of cloud apps', '', { needs: ['cloud_apps'] })],
		relationships: [], asset_types: [], options: [] } : ({
		environment: q.get('destination') === 'cmdb' ? 'prod' : 'test',
		record_sets: [
			set('devices', 'Devices', 'computers and servers as configuration items'),
			set('software_packages', 'Software packages', 'one record per product and version'),
			set('software_installs', 'Installed software', 'which package is on which device', { needs: ['devices', 'software_packages'] }),
			set('vulnerabilities', 'CVE definitions', 'one record per CVE'),
			set('device_vulnerabilities', 'CVEs on devices', 'which CVE is on which device', { needs: ['devices', 'vulnerabilities'] }),
		],
		relationships: [
			set('device_user', 'Device: assigned to', 'who uses a device'),
			set('device_domain', 'Device: member of domain', 'domain or workgroup', { why: 'the setting domain_relations of defender is off for this environment' }),
		],
		asset_types: [{ name: 'Workstation', why: null }, { name: 'Server', why: null }, { name: 'Mobile', why: 'the setting asset_types of defender leaves it out' }],
		options: [] })],
];

