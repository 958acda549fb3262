// SPDX-License-Identifier: Apache-2.0
//
// How numbers, times and sizes read: grouped, in the viewer's zone, short.
const number = new Intl.NumberFormat('en-GB');
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayYear = new Intl.DateTimeFormat('en-GB',
	{ day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat('en-GB',
	{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const clockFull = new Intl.DateTimeFormat('en-GB',
	{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

/** 1234567 → "1,234,567"; what is no number: "–" */
export function count(n) {
	return typeof n === 'number' ? number.format(n) : '–';
}

/** "1 record", "2,000 records" */
export function plural(n, one, many = `${one}s`) {
	return `${count(n)} ${n === 1 ? one : many}`;
}

export function bytes(n) {
	if (typeof n !== 'number') {
		return '–';
	}
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let i = 0;

	while (n >= 999.5 && i < units.length - 1) {
		n /= 1000;
		i++;
	}
	return `${i && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

/** 5312 → "5.3 s", 61000 → "1 min 1 s", 8 h 5 min, 3 d 2 h */
export function duration(ms) {
	if (typeof ms !== 'number') {
		return '–';
	}
	if (ms < 1000) {
		return `${Math.round(ms)} ms`;
	}
	if (ms < 9950) {
		return `${(ms / 1000).toFixed(1)} s`;
	}
	const s = Math.round(ms / 1000);
	const steps = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
	const i = steps.findIndex(([n]) => s >= n);
	const [n, unit] = steps[i];
	const rest = i < 3 ? Math.floor(s % n / steps[i + 1][0]) : 0;

	return `${Math.floor(s / n)} ${unit}` +
		(rest ? ` ${rest} ${steps[i + 1][1]}` : '');
}

/** "14:05" today, "20 Nov 14:05" this year, "20 Nov 2025 14:05" */
export function when(time, now = Date.now()) {
	if (!time) {
		return '–';
	}
	const t = new Date(time);
	const n = new Date(now);

	if (t.toDateString() === n.toDateString()) {
		return clock.format(t);
	}
	return `${(t.getFullYear() === n.getFullYear() ? day : dayYear).format(t)} ` +
		clock.format(t);
}

/** With seconds and day, as on a page of one thing. */
export function whenFull(time) {
	return time ? `${dayYear.format(new Date(time))}, ` +
		clockFull.format(new Date(time)) : '–';
}

export function date(time) {
	return time ? dayYear.format(new Date(time)) : '–';
}

/** For titles: "2026-11-21 19:45:00 UTC" */
export function utc(time) {
	return time ? `${new Date(time).toISOString().slice(0, 19)
		.replace('T', ' ')} UTC` : '';
}

/** "3 min ago", "in 2 h", "now" */
export function ago(time, now = Date.now()) {
	if (!time) {
		return 'never';
	}
	const ms = now - new Date(time).getTime();
	const a = Math.abs(ms);

	if (a < 5000) {
		return 'now';
	}
	const text = a < 60000 ? `${Math.round(a / 1000)} s` :
		a < 3600000 ? `${Math.round(a / 60000)} min` :
			a < 86400000 ? `${Math.round(a / 3600000)} h` :
				`${Math.round(a / 86400000)} d`;

	return ms >= 0 ? `${text} ago` : `in ${text}`;
}

/** "device_vulnerabilities" → "Device vulnerabilities"; known short words stay short. */
export function words(name) {
	const text = String(name || '').replace(/_/g, ' ')
		.replace(/\b(cve|ci|ot|id|url|api|sys|recver)(s?)\b/gi, (all, w, s) =>
			(w.toLowerCase() === 'recver' ? 'RecVer' : w.toUpperCase()) + s.toLowerCase());

	return text && text[0].toUpperCase() + text.slice(1);
}
