// SPDX-License-Identifier: Apache-2.0
//
// muster's client assertions in the eyes of another library:
//
//   assertion.js MODULES FOLDER ASSERTIONS.json AUDIENCE CLIENT
//
// Header, claims and signature for PS256 and RS256, thumbprints against the
// certificate, and the chain of x5c.
'use strict'

const assert = require('assert')
const { readFileSync } = require('fs')
const { createHash, X509Certificate } = require('crypto')
const { join } = require('path')
const { pathToFileURL } = require('url')

const [modules, folder, file, audience, client] = process.argv.slice(2)
const made = JSON.parse(readFileSync(file))
const pem = (name) => readFileSync(join(folder, name), 'utf8')
const thumb = (cert, hash) =>
	createHash(hash).update(cert.raw).digest('base64url')

async function refuses(what, promise) {
	await assert.rejects(promise, what)
}

async function check(jose, name, alg, certName) {
	const cert = new X509Certificate(pem(certName))
	const key = await jose.importX509(pem(certName), alg)
	const options = {
		algorithms: [alg], audience, issuer: client, subject: client,
		requiredClaims: ['exp', 'nbf', 'iat', 'jti'], typ: 'JWT',
	}
	const { payload, protectedHeader } =
		await jose.jwtVerify(made[name], key, options)

	assert.strictEqual(protectedHeader.alg, alg)
	if (alg === 'PS256') {
		assert.strictEqual(protectedHeader['x5t#S256'],
			thumb(cert, 'sha256'))
		assert.strictEqual(protectedHeader.x5t, undefined)
	} else {
		assert.strictEqual(protectedHeader.x5t, thumb(cert, 'sha1'))
		assert.strictEqual(protectedHeader['x5t#S256'], undefined)
	}
	assert.strictEqual(payload.exp - payload.nbf, 600)
	assert.match(payload.jti, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/)

	const other = await jose.importX509(pem('other.pem'), alg)
	await refuses({ code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' },
		jose.jwtVerify(made[name], other, options))
	await refuses({ code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' },
		jose.jwtVerify(made[name], key,
			{ ...options, audience: audience + 'x' }))
	await refuses({ code: 'ERR_JWT_EXPIRED' },
		jose.jwtVerify(made[name], key, { ...options,
			currentDate: new Date((payload.exp + 1) * 1000) }))
	return protectedHeader
}

async function main() {
	// a package of ES modules only
	const jose = await import(pathToFileURL(join(modules, 'jose',
		'dist', 'webapi', 'index.js')))

	for (const alg of ['PS256', 'RS256'])
		assert.strictEqual((await check(jose, alg, alg, 'good.pem')).x5c,
			undefined)
	const { x5c } = await check(jose, 'x5c', 'PS256', 'leaf.pem')
	const chain = x5c.map((text) =>
		new X509Certificate(Buffer.from(text, 'base64')))
	const want = ['leaf.pem', 'middle.pem'].map((name) =>
		new X509Certificate(pem(name)))

	assert.deepStrictEqual(chain.map((c) => c.fingerprint256),
		want.map((c) => c.fingerprint256))
	assert(chain[0].verify(chain[1].publicKey))
	assert(chain[1].verify(new X509Certificate(pem('top.pem')).publicKey))
	console.log('assertion: PS256, RS256 and x5c are as the library wants them')
}

main().catch((e) => {
	console.error(e)
	process.exit(1)
})
