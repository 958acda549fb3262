// SPDX-License-Identifier: Apache-2.0
//
// A server that answers as docs/internals/api.md says, from made-up data: for
// working on the pages, and for states that a real one is seldom in.
//
//   node web/test/mock.mjs [PORT] [ROLE]
//
// Tests start it in their own process: startMock({role, empty, fail, ...}).
// Routes are in test/mock/*.mjs: [method, pattern, fn(ctx)]; fn returns the
// JSON, or {status, body, headers}.
import { createServer } from 'node:http';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collect } from '../../tools/web-build.mjs';
import { match } from './mock/match.mjs';
import { makeState } from './mock/state.mjs';
import { routes as who } from './mock/who.mjs';
import { routes as watch } from './mock/watch.mjs';
import { routes as jobs } from './mock/jobs.mjs';
import { routes as asked } from './mock/asked.mjs';
import { routes as conf } from './mock/conf-routes.mjs';
import { routes as people } from './mock/people-routes.mjs';

const WEB = join(dirname(fileURLToPath(import.meta.url)), '..');
// The console's files, made once for all servers of the process.
let built = null;

// A route that answers PASS leaves it to the next that fits.
const PASS = Symbol('pass');
const ROUTES = [...asked, ...who, ...watch, ...jobs, ...conf, ...people];
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const CODES = { 400: 'invalid', 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found',
	409: 'conflict', 412: 'changed', 422: 'unprocessable', 429: 'too_many_requests',
	500: 'internal', 503: 'unavailable' };

export function problem(status, detail, errors) {
	return { status, headers: { 'Content-Type': 'application/problem+json' }, body: {
		type: `urn:muster:error:${CODES[status]}`, title: CODES[status], status, detail,
		instance: '5f1a0c77e21b9d04', ...errors && { errors } } };
}

function read(req) {
	return new Promise((done) => {
		let text = '';

		req.on('data', (d) => {
			text += d;
		}).on('end', () => {
			try {
				done(text ? JSON.parse(text) : {});
			} catch {
				done(text);
			}
		});
	});
}

function page(items, q, most, key = (x) => x.id) {
	const limit = Math.min(Number(q.get('limit')) || 50, most);
	const after = q.get('after');
	const from = after ? items.findIndex((x) => String(key(x)) === after) + 1 : 0;
	const some = items.slice(from, from + limit);

	return { items: some, next: from + limit < items.length ? String(key(some.at(-1))) : null };
}

/**
 * Starts it on loopback. options: role (null: nobody signed in), empty: nothing
 * is set up, fail: {"/path": status} of GETs, hang: {"/path": true}; modules:
 * npm's folder; most: rows of a list's page. Returns {url, port, state, calls, emit(event, data), close()}.
 */
export async function startMock(options = {}) {
	const modules = options.modules || join(WEB, 'node_modules');
	const state = makeState(options);
	const viewers = new Set();
	const calls = [];
	let files = null;
	let id = 0;
	const load = () => new Map(collect(WEB, modules).map((f) => [f.path, f]));
	const emit = (event, data, topic = '/events') => {
		for (const v of viewers) {
			if (v.topic === topic) {
				v.res.write(`id: ${++id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
			}
		}
	};

	function asset(path, res) {
		const fallback = !path.startsWith('/assets/');
		const f = files.get(path) || (fallback && files.get('/'));

		if (!f) {
			res.writeHead(404).end();
			return;
		}
		res.writeHead(200, { 'Content-Type': f.type, 'Content-Security-Policy': CSP,
			'Cache-Control': fallback ? 'no-cache' : 'public, max-age=31536000, immutable' });
		res.end(f.body);
	}

	async function answer(req, url, res) {
		const path = url.pathname.slice('/api/v1'.length) || '/';
		const body = await read(req);

		calls.push({ method: req.method, path, query: url.search, body, headers: req.headers });
		const status = state.fail[path] || state.fail[`${req.method} ${path}`];

		if (status === 'drop') {
			req.socket.destroy();
			return;
		}
		if (status) {
			send(res, problem(status, state.failText || 'the state store does not answer: /var/lib/muster/state.db: disk I/O error'));
			return;
		}
		if (state.hang[path]) {
			return;
		}
		if (path.endsWith('/events')) {
			const viewer = { topic: path, res };

			res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
			res.write(': hello\n\n');
			viewers.add(viewer);
			res.on('close', () => viewers.delete(viewer));
			state.onStream?.(path, emit);
			return;
		}
		for (const [method, pattern, fn, open] of ROUTES) {
			const params = method === req.method && match(pattern, path);

			if (params) {
				if (!open && !state.user) {
					send(res, problem(401, 'nobody has signed in'));
				} else if (method !== 'GET' && state.user && !open &&
					req.headers['x-csrf-token'] !== state.user.csrf) {
					send(res, problem(403, 'the header X-CSRF-Token is missing or wrong'));
				} else {
					const out = await fn({ params, body, q: url.searchParams, state, emit,
						page: (items, q) => page(items, q, state.most), problem, headers: req.headers, pass: PASS });

					if (out === PASS) {
						continue;
					}
					send(res, out);
				}
				return;
			}
		}
		send(res, problem(404, `there is no ${path}`));
	}

	function send(res, out) {
		const full = out && typeof out === 'object' && 'status' in out && 'body' in out ? out :
			{ status: 200, body: out };
		const type = typeof full.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';

		res.writeHead(full.body === undefined ? 204 : full.status,
			{ 'Content-Type': type, ETag: '"1"', ...full.headers });
		res.end(full.body === undefined ? '' : typeof full.body === 'string' ? full.body :
			JSON.stringify(full.body));
	}

	const server = createServer((req, res) => {
		const url = new URL(req.url, 'http://localhost');

		if (url.pathname.startsWith('/api/v1')) {
			answer(req, url, res).catch((e) => {
				console.error(e);
				res.destroy();
			});
			return;
		}
		if (options.fresh && !url.pathname.startsWith('/assets/')) {
			files = load();
		}
		files ||= built ||= load();
		asset(url.pathname, res);
	});

	await new Promise((done) => server.listen(options.port || 0, '127.0.0.1', done));
	return {
		port: server.address().port, url: `http://127.0.0.1:${server.address().port}`,
		state, calls, emit,
		close: () => new Promise((done) => {
			server.closeAllConnections();
			server.close(done);
		}),
	};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const mock = await startMock({ port: Number(process.argv[2]) || 0,
		role: process.argv[3] || 'administrator', fresh: true });

	console.log(mock.url);
}
