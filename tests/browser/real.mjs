// SPDX-License-Identifier: Apache-2.0
//
// The real server on simulators: `muster serve` with a new state folder, beside
// `muster sim` with a small estate. What was started is ended by its own id.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENV = { ...process.env, MUSTER_SIM_SECRET: 'not-a-real-secret',
	MUSTER_SIM_PASSWORD: 'not-a-real-password', MUSTER_SIM_IOT_TOKEN: 'not-a-real-token' };
const PATIENCE_MS = 90000;

/** Starts a program; said(text) must become true of all that it prints. */
function start(program, args, said) {
	const child = spawn(program, args, { env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
	let text = '';
	const end = () => new Promise((done) => {
		if (child.exitCode !== null || child.signalCode !== null) {
			done();
			return;
		}
		child.on('exit', done);
		child.kill('SIGTERM');
	});

	return new Promise((done, fail) => {
		const clock = setTimeout(() => {
			end();
			fail(new Error(`${args.join(' ')} did not say what it should:\n${text}`));
		}, PATIENCE_MS);
		const take = (d) => {
			text += d;
			if (said(text)) {
				clearTimeout(clock);
				done({ text: () => text, end, child });
			}
		};

		child.stdout.on('data', take);
		child.stderr.on('data', take);
		child.on('exit', (code, signal) => {
			clearTimeout(clock);
			fail(new Error(`${args.join(' ')} ended (${code ?? signal}):\n${text}`));
		});
	});
}

// Of the simulated Entra ID, and the application that people sign in to there.
const TENANT = '00000000-0000-4000-8000-00000000000a';
const CLIENT = '00000000-0000-4000-8000-00000000000c';
const login = (yaml) => /login_url: (\S+)/.exec(yaml)[1];

/** The two connections of what `muster sim` prints, and its job. */
function config(yaml, { jobs, prod, oidc }) {
	const of = (from, to) => {
		const at = yaml.indexOf(from);

		return yaml.slice(at, yaml.indexOf(to, at));
	};

	return [of('connections:', '  - name: apps'), of('  - name: cmdb', 'jobs:'), prod ? '    environment: prod\n' : '',
		jobs ? of('jobs:', '  - name: apps') : '',
		prod || oidc ? 'service:\n' : '', prod ? '  approval: prod_runs\n' : '',
		oidc ? `  public_url: http://127.0.0.1:${oidc}\n  oidc:\n    issuer: ${login(yaml)}/${TENANT}/v2.0\n`
			+ `    client_id: ${CLIENT}\n    client_secret: env:MUSTER_SIM_SECRET\n` : ''].join('');
}

/**
 * {url, user, password (for one time), muster(args, {input}) → text, close()}.
 * prod: the destination is for PROD, whose runs need a second person. jobs: the
 * configuration's own job is put in, too. oidc: the port to listen on, where
 * people sign in at the simulated Entra ID.
 */
export async function startReal({ devices = 40, ...what } = {}) {
	const muster = process.env.MUSTER;
	const dir = mkdtempSync(join(tmpdir(), 'muster-browser-'));
	const state = join(dir, 'state');
	const begun = [];
	const close = async () => {
		for (const p of begun.reverse()) {
			await p.end();
		}
		rmSync(dir, { recursive: true, force: true });
	};
	const run = (...args) => {
		const input = args.find((a) => typeof a === 'object')?.input;
		const got = spawnSync(muster, [...args.filter((a) => typeof a === 'string'), '--state', state],
			{ env: ENV, encoding: 'utf8', input });

		if (got.status) {
			throw new Error(`muster ${args.join(' ')}: ${got.stderr}`);
		}
		return got.stdout;
	};

	try {
		begun.push(await start(muster, ['sim', '--devices', String(devices), '--apps', '0', '--iot-devices', '0', '--yaml'],
			(t) => t.includes('secrets for muster')));
		if (what.oidc) {
			await fetch(`${login(begun[0].text())}/_sim/sign_in`, { method: 'POST', body: '{"issuer_here":true}' });
		}
		writeFileSync(join(dir, 'main.yaml'), config(begun[0].text().split('secrets for muster')[0], what));
		run('apply', '-f', join(dir, 'main.yaml'));
		const serve = await start(muster, ['serve', '--state', state, '--listen', `127.0.0.1:${what.oidc ?? 0}`, '--node', 'test'],
			(t) => /answers at http/.test(t));

		begun.push(serve);
		return { url: /answers at (http:\/\/[^\s"]+)/.exec(serve.text())[1], user: 'admin',
			password: /one-time password (\S+?);/.exec(serve.text())[1], muster: run, log: serve.text, close };
	} catch (e) {
		await close();
		throw e;
	}
}
