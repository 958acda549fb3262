// SPDX-License-Identifier: Apache-2.0
//
// Reads update sets the simple way: text between known tags. What is well
// formed and what not is another test's business.
'use strict';

const fs = require('fs');

function between(text, open, close) {
	const from = text.indexOf(open);
	const to = text.indexOf(close, from + open.length);

	if (from < 0 || to < 0) {
		throw new Error(`no ${open} in ${text.slice(0, 120)}`);
	}
	return text.slice(from + open.length, to);
}

// An element's text: in CDATA, or escaped.
function plain(text) {
	if (text.startsWith('<![CDATA[')) {
		return text.slice(9, -3);
	}
	return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>')
		.replace(/&quot;/g, '"').replace(/&amp;/g, '&');
}

// [{name, type, payload}] of a file.
function updates(file) {
	return fs.readFileSync(file, 'utf8').split('<sys_update_xml ').slice(1)
		.map((u) => ({
			name: between(u, '<name>', '</name>'),
			type: between(u.slice(u.indexOf('</payload_hash>')),
				'<type>', '</type>'),
			payload: plain(between(u, '<payload>',
				'</payload><payload_hash>')),
		}));
}

// The scripts of fix scripts: {name: text}.
function scripts(file) {
	const found = {};

	for (const u of updates(file)) {
		if (u.type === 'Fix Script') {
			found[between(u.payload, '<name>', '</name>')] =
				plain(between(u.payload, '<script>', '</script>'));
		}
	}
	return found;
}

module.exports = { updates, scripts };
