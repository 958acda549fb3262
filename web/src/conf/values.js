// SPDX-License-Identifier: Apache-2.0
//
// Values of options as the API has them: a text as it would stand in YAML, an
// array of texts for a list, an object for a secret; undefined: the default.
// Pure.

const ON = ['true', 'yes', 'on'];

export const isOn = (v) => ON.includes(String(v).toLowerCase());

/** As one text, for people; lists with commas. */
export function show(v) {
	if (v === undefined || v === null) {
		return '';
	}
	if (Array.isArray(v)) {
		return v.join(', ');
	}
	return typeof v === 'object' ? v.ref || '' : String(v);
}

export function same(a, b) {
	return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

/** An option without what the API leaves out. */
export function option(o) {
	return {
		required: false, choices: [], min: null, max: null, help: '',
		setting: false, rule: null,
		...o,
		default: o.default ?? (o.kind === 'list' ? [] : ''),
	};
}

/** Is there nothing in it? (secrets: neither one that is kept nor a new one) */
export function isEmpty(v) {
	if (v === undefined || v === null || v === '') {
		return true;
	}
	if (Array.isArray(v)) {
		return v.length === 0;
	}
	return typeof v === 'object' && !v.set && !v.keep && !v.value;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What is wrong with the name of something that is configured; ''. */
export function nameWrong(name) {
	return !name ? 'A name is needed' : NAME.test(name) ? '' :
		'Letters, digits, "_", "-" and "." only; it begins with a letter or digit';
}

const SECRET = /^(env|file|credential|sealed|exec):./;
const DURATION = /^\d+(ms|s|m|h|d)?$/;
const SIZE = /^\d+(\.\d+)?\s*([kKMGT]i?B?|B)?$/;

function range(o, n) {
	if (o.min !== null && n < o.min || o.max !== null && n > o.max) {
		return o.max === null ? `at least ${o.min}` :
			`from ${o.min} to ${o.max}`;
	}
	return '';
}

const CHECKS = {
	int: (o, v) => /^-?\d+$/.test(v) ? range(o, Number(v)) : 'a whole number',
	decimal: (o, v) => /^-?\d+(\.\d+)?$/.test(v) ? range(o, Number(v)) :
		'a number',
	percent: (o, v) => /^\d+(\.\d+)?%?$/.test(v) ? '' : 'a share such as 30%',
	duration: (o, v) => DURATION.test(v) ? '' :
		'a time such as 30s, 5m, 2h or 1d',
	size: (o, v) => SIZE.test(v) ? '' : 'a size such as 64KiB or 2GiB',
	url: (o, v) => /^https?:\/\/[^\s/]/.test(v) ? '' :
		'an address that begins with https://',
	choice: (o, v) => !o.choices.length || o.choices.includes(v) ? '' :
		`one of ${o.choices.join(', ')}`,
	secret: (o, v) => typeof v === 'object' || SECRET.test(v) ? '' :
		'a reference: env:NAME, file:/PATH, credential:NAME or sealed:NAME',
};

/**
 * What is wrong with a value, as soon as it can be known; ''. The server looks
 * at all of it again.
 */
export function wrong(o, v) {
	if (isEmpty(v)) {
		return o.required && isEmpty(o.default) ? 'is needed' : '';
	}
	const check = CHECKS[o.kind];
	const want = check ? check(o, typeof v === 'string' ? v.trim() : v) : '';

	return want && `must be ${want}`;
}

/** [{key, before, after}] of two sets of values. */
export function difference(before, after) {
	const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];

	return keys.sort().filter((k) => !same(before[k], after[k]))
		.map((key) => ({ key, before: before[key], after: after[key] }));
}

/**
 * The values that go to the server: without what is empty, and without the
 * keys of ways that were not taken (`left`); secrets that stay say so.
 */
export function toSend(values, left = []) {
	const out = {};

	for (const [key, v] of Object.entries(values)) {
		if (isEmpty(v) || left.includes(key)) {
			continue;
		}
		out[key] = typeof v === 'object' && !Array.isArray(v) && v.set ?
			{ keep: true } : v;
	}
	return out;
}

/** Lines of a text field as a list, without empty ones. */
export const fromLines = (text) =>
	text.split('\n').map((l) => l.trim()).filter(Boolean);
