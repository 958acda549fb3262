// SPDX-License-Identifier: Apache-2.0
import { userOf } from './state.mjs';

export const routes = [
	['GET', '/', ({ state }) => ({ version: '0.9.0', node: 'cmdb1',
		sign_in: state.oidc ? ['password', 'oidc'] : ['password'], oidc_name: 'Entra ID' }), true],
	['GET', '/me', ({ state, problem }) => state.user || problem(401, 'nobody has signed in'), true],
	['POST', '/session', ({ state, body, problem }) => {
		if (body.password !== 'not-a-real-password') {
			return problem(401, 'user or password is wrong');
		}
		state.user = userOf({ vera: 'viewer', otto: 'operator', ann: 'administrator' }[body.user] ||
			'viewer', { must_change: body.user === 'newly' });
		return undefined;
	}, true],
	['DELETE', '/session', ({ state }) => {
		state.user = null;
		return undefined;
	}],
	['PUT', '/me/password', ({ state, body, problem }) => {
		if (body.password.length < 12) {
			return problem(422, 'the password is too short: 12 characters at least',
				[{ pointer: '/password', detail: 'is too short: 12 characters at least' }]);
		}
		state.user.must_change = false;
		return undefined;
	}],
];
