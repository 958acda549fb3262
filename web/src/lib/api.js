// SPDX-License-Identifier: Apache-2.0
//
// The REST API (docs/internals/api.md): JSON in and out, problems as errors,
// entity tags, keys of requests that may come twice.
import { store } from './store.js';

const BASE = '/api/v1';
const PATIENCE_MS = 30000;

/** Where one may sign out of the identity provider, too; ''. */
export const signOutAt = store('');

/** What GET /me says, null: nobody has signed in, undefined: not known yet. */
export const me = store(undefined);

/** A problem (RFC 9457), or that there was no answer at all ("unreachable"). */
export class ApiError extends Error {
	constructor(status, code, detail, more = {}) {
		super(detail);
		this.status = status;
		/** "not_found", "forbidden", …, "unreachable" */
		this.code = code;
		/** [{pointer, detail}] of single fields */
		this.errors = more.errors || [];
		/** id of the request, as the log has it */
		this.instance = more.instance || '';
		this.retryAfter = more.retryAfter || 0;
	}

	/** Its text of the field at a JSON pointer, or ''. */
	of(pointer) {
		return this.errors.find((e) => e.pointer === pointer)?.detail || '';
	}
}

/** Was the request kept until a second person decides on it? */
export const isApproval = (data) => Boolean(data?.request && data.asked_by);

/** A path with parts filled in and encoded: path`/jobs/${name}/runs` */
export function path(parts, ...values) {
	return parts.reduce((all, p, i) =>
		all + encodeURIComponent(values[i - 1]) + p);
}

/** "?a=1&b=2"; what is null, undefined or '' is left out, lists repeat. */
export function query(q = {}) {
	const words = new URLSearchParams();

	for (const [key, value] of Object.entries(q)) {
		for (const v of Array.isArray(value) ? value : [value]) {
			if (v !== null && v !== undefined && v !== '') {
				words.append(key, v);
			}
		}
	}
	return words.size || [...words].length ? `?${words}` : '';
}

/** A key that no other request has (RFC 9562, version 4). */
export function newKey() {
	const b = crypto.getRandomValues(new Uint8Array(16));

	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	return [...b].map((x, i) => ([4, 6, 8, 10].includes(i) ? '-' : '') +
		x.toString(16).padStart(2, '0')).join('');
}

async function problem(res) {
	let p = {};

	try {
		p = await res.json();
	} catch {
		// A proxy's page, or nothing.
	}
	const code = String(p.type || '').replace(/^urn:muster:error:/, '') ||
		(res.status >= 500 ? 'unavailable' : 'invalid');

	return new ApiError(res.status, code, p.detail || p.title ||
		`the server answered ${res.status} without saying why`, {
		errors: p.errors, instance: p.instance,
		retryAfter: Number(res.headers.get('Retry-After')) || 0,
	});
}

/**
 * One request. match: only if it still is as that entity tag says; fresh: only
 * if there is none yet. Returns {data, etag, status, location}; throws an ApiError, and
 * what `signal` throws when it was given up.
 */
export async function request(method, where, { body, match, fresh, key, signal,
	text = false, accept } = {}) {
	const headers = { Accept: accept || 'application/json' };
	const user = me.get();

	if (method !== 'GET' && user?.csrf) {
		headers['X-CSRF-Token'] = user.csrf;
	}
	if (body !== undefined) {
		headers['Content-Type'] = typeof body === 'string' ?
			'text/plain; charset=utf-8' : 'application/json';
	}
	if (match) {
		headers['If-Match'] = match;
	}
	if (fresh) {
		headers['If-None-Match'] = '*';
	}
	if (key) {
		headers['Idempotency-Key'] = key;
	}
	const late = new AbortController();
	const clock = setTimeout(() => late.abort(), PATIENCE_MS);
	const give = () => late.abort();
	let res;

	signal?.addEventListener('abort', give);
	try {
		res = await fetch(BASE + where, {
			method, headers, signal: late.signal, credentials: 'same-origin',
			body: body === undefined || typeof body === 'string' ? body :
				JSON.stringify(body),
		});
		if (!res.ok) {
			throw await problem(res);
		}
		const plain = res.status === 204 ? '' : await res.text();

		return {
			data: text || !plain ? plain : JSON.parse(plain),
			etag: res.headers.get('ETag') || '',
			location: res.headers.get('Location') || '',
			status: res.status,
		};
	} catch (e) {
		if (signal?.aborted) {
			throw e;
		}
		if (e instanceof ApiError) {
			if (e.status === 401 && me.get()) {
				me.set(null);
			}
			throw e;
		}
		throw e instanceof SyntaxError ?
			new ApiError(res.status, 'internal',
				'the answer of the server is no JSON') :
			new ApiError(0, 'unreachable', late.signal.aborted ?
				`no answer within ${PATIENCE_MS / 1000} seconds` :
				'the server cannot be reached: is muster serve running?');
	} finally {
		clearTimeout(clock);
		signal?.removeEventListener('abort', give);
	}
}

export const api = {
	/** The answer's JSON. */
	get: async (where, more) => (await request('GET', where, more)).data,
	/** With its entity tag, for a later put. */
	getTagged: (where, more) => request('GET', where, more),
	text: async (where, more) =>
		(await request('GET', where, { text: true, accept: '*/*', ...more })).data,
	post: async (where, body = {}, more) =>
		(await request('POST', where, { body, ...more })).data,
	put: async (where, body, more) =>
		(await request('PUT', where, { body, ...more })).data,
	del: async (where, more) => (await request('DELETE', where, more)).data,
	/**
	 * Asks for a task: the same button pressed twice is one task. Returns the
	 * task, or the approval that it waits for: {task} or {approval}.
	 */
	async task(where, body = {}, key = newKey()) {
		const data = (await request('POST', where, { body, key })).data;

		return isApproval(data) ? { approval: data } : { task: data };
	},
};

/** Looks who has signed in; nobody is no error. */
export async function lookWho() {
	try {
		me.set(await api.get('/me'));
	} catch (e) {
		if (e.status !== 401) {
			throw e;
		}
		me.set(null);
	}
	return me.get();
}

/** Ends the session; whether the server heard of it or not, nobody is there then. */
export async function signOut() {
	try {
		const out = await api.del('/session');

		signOutAt.set(/^https?:/.test(out?.sign_out_url || '') ? out.sign_out_url : '');
	} finally {
		me.set(null);
	}
}

/** May the one who signed in do that? need: "read", "operate", … or nothing */
export function may(need, user = me.get()) {
	return !need || Boolean(user?.may?.includes(need));
}
