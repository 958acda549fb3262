// SPDX-License-Identifier: Apache-2.0
//
// What a form of an option table knows while somebody works in it: values, the
// ways that were chosen, what differs from what is stored, what is wrong.
import { useMemo, useState } from '../lib/html.js';
import { option, same, toSend } from './values.js';
import { tidy } from './field.js';
import { leftOut, mistakes, waysOf } from './form.js';

/** Errors of a problem by option: "/values/recver.type" → "recver.type". */
function serverErrors(error) {
	return Object.fromEntries((error?.errors || []).filter((e) => e.pointer).map((e) => [
		e.pointer.replace(/^\/(values\/)?/, '').replace(/~1/g, '/').replace(/~0/g, '~'),
		e.detail]));
}

/** type: {type, options}; stored: values; cut: (type, options) → sections */
export function useConf(type, stored, cut) {
	const options = useMemo(() => type.options.map(option), [type]);
	const list = useMemo(() => cut(type.type, options), [type]);
	const [values, setValues] = useState(stored);
	const [chosen, choose] = useState(() => waysOf(list, stored));
	const [tried, setTried] = useState(false);
	const [server, setServer] = useState({});
	const found = mistakes(list, options, values, chosen);
	const put = (key, v) => {
		setValues((all) => {
			const { [key]: before, ...rest } = all;

			return v === undefined ? rest : { ...rest, [key]: v };
		});
		setServer(({ [key]: gone, ...rest }) => rest);
	};

	return {
		options, list, values,
		form: {
			list, options, values, ways: chosen, onInput: put,
			errors: tried ? { ...found, ...server } : server,
			onWay(section, way, key) {
				choose((w) => ({ ...w, [section]: way }));
				if (key) {
					put(key, way);
				}
			},
		},
		dirty: !same(sorted(values), sorted(stored)) ||
			!same(chosen, waysOf(list, stored)),
		body: () => toSend(tidy(values), leftOut(list, chosen)),
		/** May it be sent? Shows what is wrong otherwise. */
		ok() {
			setTried(true);
			return Object.keys(found).length === 0;
		},
		/** Shows what the server says; true: there were fields among it. */
		refused(error) {
			const errors = serverErrors(error);

			setServer(errors);
			return Object.keys(errors).length > 0;
		},
		reset() {
			setValues(stored);
			choose(waysOf(list, stored));
			setTried(false);
			setServer({});
		},
	};
}

const sorted = (o) => Object.fromEntries(Object.entries(o).sort(([a], [b]) => a < b ? -1 : 1));

/** The focus goes to the first field that is wrong. */
export function focusWrong() {
	requestAnimationFrame(() => {
		const el = document.querySelector('[aria-invalid="true"]');

		el?.closest('details')?.setAttribute('open', '');
		el?.focus();
	});
}
