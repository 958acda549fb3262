// SPDX-License-Identifier: Apache-2.0
//
// What forwarding is made of: rules, actions, receivers, windows; how their
// forms are cut, and which names may stand where.
import { html } from '../lib/html.js';
import { SubNav } from './subnav.js';

export const KINDS = {
	rules: { title: 'Rules', one: 'rule', icon: 'rules', about: 'Which alerts of a source are forwarded, and what is done with them.' },
	actions: { title: 'Actions', one: 'action', icon: 'forwarding', about: 'What is done: an incident, an event, a webhook, syslog, a mail.' },
	receivers: { title: 'Receivers', one: 'receiver', icon: 'connections', about: 'Where sources send alerts to. Polling needs none.' },
	windows: { title: 'Exclusion windows', one: 'window', icon: 'pause', about: 'Alerts that fit a window are not forwarded: maintenance, known works.' },
};

const LINKS = [['/forwarding', 'Alerts'], ...Object.entries(KINDS).map(([k, v]) => [`/forwarding/${k}`, v.title]), ['/forwarding/outbox', 'Outbox']];

export const ForwardNav = () => html`<${SubNav} label="Of forwarding" links=${LINKS} />`;

const TITLES = {
	incident: 'Incident in ServiceNow', application: 'Row in muster’s own alert table', event: 'Event in ServiceNow',
	webhook: 'Webhook', syslog: 'Syslog', mail: 'Mail',
};

export const typeTitle = (type) => TITLES[type] || type;

/** An option whose text is the name of something gets those names as choices. */
function named(o, names) {
	return !names ? o : { ...o, choices: names, kind: o.kind === 'list' ? 'list' : 'choice', none: 'choose …' };
}

/**
 * The type with names filled in: connections and actions are what there is now.
 * A name that stands in the values and is not there any more stays to choose.
 */
export function withNames(kind, type, { connections, actions }, values) {
	const of = (fits) => connections.filter(fits).map((c) => c.name);
	const lists = {
		rules: { source: of((c) => c.type === 'iot'), actions: actions.map((a) => a.name) },
		actions: { connection: of((c) => c.role === 'destination') },
		receivers: { connection: of((c) => c.type === 'iot') },
	}[kind] || {};

	return { ...type, options: type.options.map((o) => {
		const names = lists[o.key];
		const now = [values[o.key] || []].flat().filter((n) => names && !names.includes(n));

		return named(o, names && [...names, ...now]);
	}) };
}

const MAIN = {
	rules: ['enabled', 'source', 'severity', 'engines', 'protocols', 'actions'],
	receivers: ['enabled', 'connection', 'listen', 'transport', 'allow'],
	windows: ['enabled', 'zone', 'days', 'times', 'begins', 'ends', 'addresses', 'direction', 'titles', 'sensors'],
};

/** Sections of the form; what is needed and what is seldom set apart. */
export function cutFor(kind) {
	return (type, options) => {
		const keys = options.map((o) => o.key);
		const main = MAIN[kind]?.filter((k) => keys.includes(k)) || keys;
		const rest = keys.filter((k) => !main.includes(k));

		return [{ id: 'main', title: KINDS[kind].one[0].toUpperCase() + KINDS[kind].one.slice(1), keys: main },
			...rest.length ? [{ id: 'more', title: 'Advanced', closed: true, keys: rest }] : []];
	};
}

/** One line of what it does. */
export function gist(kind, x) {
	const v = x.values;
	const list = (a) => [a || []].flat().join(', ');

	return {
		rules: () => `${v.source || '–'}, ${v.severity || 'warning'} and above → ${list(v.actions) || 'nothing'}`,
		actions: () => v.connection || v.url || v.address || '',
		receivers: () => `${v.listen || ''} for ${v.connection || '–'}`,
		windows: () => [list(v.days), list(v.times), list(v.addresses), list(v.sensors), list(v.titles), v.begins && `from ${v.begins}`,
			v.ends && `until ${v.ends}`].filter(Boolean).join('; ') || 'always',
	}[kind]();
}
