// SPDX-License-Identifier: Apache-2.0
//
// A real client of Entra ID at the simulated one:
//
//   msal.js MODULES MUSTER-SIM FOLDER
//
// MSAL for Node logs in with a secret, with a certificate (by either
// thumbprint, with and without its chain) and with a federated token, and its
// tokens are taken by the API. What must be refused is made by hand.
'use strict'

const assert = require('assert')
const { spawn } = require('child_process')
const { createHash, createSign, randomUUID, X509Certificate } =
	require('crypto')
const { readFileSync } = require('fs')
const { join } = require('path')

const [modules, program, folder] = process.argv.slice(2)
const msal = require(join(modules, '@azure', 'msal-node'))

const tenant = '00000000-0000-4000-8000-00000000000a'
const client = '00000000-0000-4000-8000-00000000000b'
const secret = 'not-a-real-secret'
const scope = 'https://api.securitycenter.microsoft.com/.default'
const issuer = {
	issuer: 'https://issuer.example.com/', subject: 'muster',
	audience: 'api://AzureADTokenExchange',
}
const pem = (name) => readFileSync(join(folder, name), 'utf8')
const now = () => Math.floor(Date.now() / 1000)
const sim = {}

/* ---- the simulator ---- */

function startSim() {
	return new Promise((resolve, reject) => {
		const p = spawn(program, ['--devices', '3', '--cve-rows', '10'])
		let text = ''

		p.on('error', reject)
		p.on('exit', () => reject(new Error('muster-sim ended: ' + text)))
		for (const out of [p.stdout, p.stderr])
			out.on('data', (chunk) => {
				text += chunk
				for (const [, name, url] of
					text.matchAll(/^(\w+) +(http:\S+)$/gm))
					sim[name] = url
				if (sim.servicenow)
					resolve(p)
			})
	})
}

async function control(body) {
	const r = await fetch(sim.login + '/_sim/app',
		{ method: 'POST', body: JSON.stringify(body) })

	assert.strictEqual(r.status, 200, await r.text())
}

/* ---- MSAL ---- */

// It insists on https: the address is made plain only where it is sent.
async function send(method, url, options) {
	const r = await fetch(url.replace(/^https:/, 'http:'), {
		method, headers: options && options.headers,
		body: options && options.body,
	})

	return {
		headers: Object.fromEntries(r.headers), body: await r.json(),
		status: r.status,
	}
}

function application(auth) {
	const host = new URL(sim.login).host

	return new msal.ConfidentialClientApplication({
		auth: {
			clientId: client, authority: `https://${host}/${tenant}`,
			knownAuthorities: [host], ...auth,
		},
		system: {
			networkClient: {
				sendGetRequestAsync: (u, o) => send('GET', u, o),
				sendPostRequestAsync: (u, o) => send('POST', u, o),
			},
		},
	})
}

async function logsIn(what, auth) {
	const result = await application(auth)
		.acquireTokenByClientCredential({ scopes: [scope] })
	const r = await fetch(sim.api + '/api/machines',
		{ headers: { Authorization: 'Bearer ' + result.accessToken } })

	assert.strictEqual(result.tokenType, 'Bearer', what)
	assert(result.expiresOn > new Date(), what)
	assert.strictEqual(r.status, 200, what)
	console.log('msal: logs in with ' + what)
}

async function isRefused(what, auth, code) {
	await assert.rejects(application(auth)
		.acquireTokenByClientCredential({ scopes: [scope] }),
	(e) => {
		assert.match(String(e.errorMessage), new RegExp(`AADSTS${code}:`),
			what)
		return true
	})
	console.log('msal: is refused with ' + what)
}

/* ---- by hand ---- */

const part = (v) => Buffer.from(JSON.stringify(v)).toString('base64url')
const sha1 = (name) => createHash('sha1')
	.update(new X509Certificate(pem(name)).raw).digest('base64url')

function jwt(header, claims, key) {
	const text = part(header) + '.' + part(claims)

	return text + '.' + (key
		? createSign('RSA-SHA256').update(text).sign(pem(key), 'base64url')
		: '')
}

function claims(changes) {
	return {
		aud: `${sim.login}/${tenant}/oauth2/v2.0/token`, iss: client,
		sub: client, jti: randomUUID(), nbf: now() - 5, exp: now() + 600,
		...changes,
	}
}

const header = (changes) =>
	({ alg: 'RS256', typ: 'JWT', x5t: sha1('good.pem'), ...changes })

async function post(assertion) {
	const r = await fetch(`${sim.login}/${tenant}/oauth2/v2.0/token`, {
		method: 'POST',
		body: new URLSearchParams({
			client_id: client, scope, grant_type: 'client_credentials',
			client_assertion_type: 'urn:ietf:params:oauth:' +
				'client-assertion-type:jwt-bearer',
			client_assertion: assertion,
		}),
	})

	return { status: r.status, body: await r.json() }
}

async function byHand() {
	const once = jwt(header(), claims(), 'good.key')
	const rows = [
		['a wrong audience', 50012, header(),
			claims({ aud: 'https://login.example.com/token' }), 'good.key'],
		['one that has expired', 700024, header(),
			claims({ nbf: now() - 7200, exp: now() - 3600 }), 'good.key'],
		['one that is not valid yet', 700024, header(),
			claims({ nbf: now() + 3600, exp: now() + 7200 }), 'good.key'],
		['another certificate\'s thumbprint', 700027,
			header({ x5t: sha1('other.pem') }), claims(), 'good.key'],
		['another key', 700027, header(), claims(), 'other.key'],
		['another algorithm than it says', 700027,
			header({ alg: 'PS256' }), claims(), 'good.key'],
		['no signature', 700027, header(), claims(), null],
		['the algorithm none', 50012, header({ alg: 'none' }), claims(),
			null],
		['another application', 700021, header(),
			claims({ iss: randomUUID() }), 'good.key'],
		['no name of its own', 700023, header(), claims({ jti: undefined }),
			'good.key'],
	]

	assert.strictEqual((await post(once)).status, 200)
	rows.push(['one that was used', 50012])
	for (const [what, code, h, c, key] of rows) {
		const { status, body } = await post(h ? jwt(h, c, key) : once)

		assert.strictEqual(status, 401, what + ': ' + JSON.stringify(body))
		assert.deepStrictEqual(body.error_codes, [code], what)
		assert.strictEqual(body.error, 'invalid_client')
		console.log('refused: ' + what)
	}
}

/* ---- all of it ---- */

function certificate(name, hash, chain) {
	const raw = new X509Certificate(pem(name + '.pem')).raw

	return { clientCertificate: {
		privateKey: pem(name + '.key'),
		[hash === 'sha1' ? 'thumbprint' : 'thumbprintSha256']:
			createHash(hash).update(raw).digest('hex').toUpperCase(),
		...(chain && { x5c: pem(name + '.pem') }),
	} }
}

async function all() {
	const federated = (key, changes) => ({
		clientAssertion: async () => jwt({ alg: 'RS256', kid: 'k' }, {
			iss: issuer.issuer, sub: issuer.subject,
			aud: issuer.audience, exp: now() + 600, ...changes,
		}, key),
	})

	await logsIn('a secret', { clientSecret: secret })
	await isRefused('another secret', { clientSecret: 'not-this' }, 7000215)
	await isRefused('a certificate that is not registered',
		certificate('good', 'sha256'), 700027)
	await control({ pem: pem('good.pem') })
	await logsIn('a certificate, PS256', certificate('good', 'sha256'))
	await logsIn('a certificate, RS256', certificate('good', 'sha1'))
	await logsIn('a certificate and its chain',
		certificate('good', 'sha256', true))
	await isRefused('another certificate', certificate('other', 'sha256'),
		700027)
	await byHand()
	await control({ federated: { ...issuer, pem: pem('other.pem') } })
	await logsIn('a federated token', federated('other.key'))
	await isRefused('a token of another key', federated('good.key'), 50013)
	await isRefused('a token of another subject',
		federated('other.key', { sub: 'other' }), 700213)
}

async function main() {
	const p = await startSim()

	p.removeAllListeners('exit')
	try {
		await all()
	} finally {
		p.kill('SIGTERM')
	}
}

main().catch((e) => {
	console.error(e)
	process.exit(1)
})
