#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Makes the console's files ready to be served: modules as they are but for
// comments, style sheets as one, libraries out of npm's folder, all below a name
// that changes with their content; then gzips them and writes one table of C, or
// a folder.
//
//   tools/web-build.mjs WEB MODULES --c FILE       for src/api/console.c; with
//                                    --dep FILE also what it was made from
//   tools/web-build.mjs WEB MODULES --folder DIR   to look at
//   tools/web-build.mjs --none --c FILE            a table without files
//   tools/web-build.mjs WEB MODULES --sizes        what a first view loads
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';

const TYPES = {
	html: 'text/html; charset=utf-8',
	css: 'text/css; charset=utf-8',
	js: 'text/javascript; charset=utf-8',
	svg: 'image/svg+xml',
	txt: 'text/plain; charset=utf-8',
};
// Bare names of imports, and where their module is in npm's folder. uPlot's
// small build is a script; one line makes it a module.
const LIBRARIES = {
	'preact': { file: 'preact/dist/preact.mjs', to: 'vendor/preact.js' },
	'preact/hooks': { file: 'preact/hooks/dist/hooks.mjs', to: 'vendor/hooks.js' },
	'htm': { file: 'htm/dist/htm.module.js', to: 'vendor/htm.js' },
	'uplot': { file: 'uplot/dist/uPlot.iife.min.js', to: 'vendor/uplot.js',
		tail: '\nexport default uPlot;\n' },
};
const STYLES = { 'uplot/dist/uPlot.min.css': 'vendor/uplot.css' };
const IMPORT = /\b(from\s*|import\s*\(?\s*)(['"])([^'"\n]+)\2/g;

const STYLE = /<link rel="stylesheet" href="\{\{base\}\}([^"]+)">\n/g;

/** Without comments on lines of their own; lines keep their numbers. */
function bare(text) {
	return text.replace(/^[ \t]*\/\*[^]*?\*\/[ \t]*$/gm, (c) => c.replace(/[^\n]+/g, ''))
		.replace(/^[ \t]*\/\/.*$/gm, '');
}

function list(folder) {
	return readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
		e.isDirectory() ? list(join(folder, e.name)) : [join(folder, e.name)]).sort();
}

/** Imports of libraries become relative paths; others stay. */
function link(text, path) {
	return text.replace(IMPORT, (all, word, quote, name) => {
		const lib = LIBRARIES[name];

		if (!lib && !name.startsWith('.')) {
			throw new Error(`${path}: imports ${name}, which is no file and no known library`);
		}
		if (!lib) {
			return all;
		}
		const to = posix.relative(posix.dirname(path), lib.to);

		return `${word}${quote}${to.startsWith('.') ? to : `./${to}`}${quote}`;
	});
}

/** The licences of what is built in, which want to go along with it. */
function licences(modules) {
	const names = [...new Set(Object.values(LIBRARIES).map((l) => l.file.split('/')[0]))];

	return names.map((name) => {
		const about = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
		const file = readdirSync(join(modules, name)).find((f) => /^licen[cs]e/i.test(f));

		return `${name} ${about.version} (${about.license})\n\n${readFileSync(join(modules, name, file), 'utf8').trim()}\n`;
	}).join(`\n${'-'.repeat(72)}\n\n`);
}

/** What a module imports at once, all the way down; not what it loads later. */
function reach(files, start, seen = new Set()) {
	if (seen.has(start)) {
		return seen;
	}
	seen.add(start);
	for (const [, word, , name] of files.get(start).matchAll(IMPORT)) {
		if (!word.includes('(')) {
			const to = posix.join(posix.dirname(start), name);

			if (!files.has(to)) {
				throw new Error(`${start}: imports ${name}: there is no ${to}`);
			}
			reach(files, to, seen);
		}
	}
	return seen;
}

/** [{path, type, body}], as the server is to answer; index.html comes first. */
export function collect(web, modules) {
	const files = new Map();

	for (const folder of ['src', 'css']) {
		for (const f of list(join(web, folder))) {
			const path = relative(web, f).split('\\').join('/');
			const text = readFileSync(f, 'utf8');

			files.set(path, bare(path.endsWith('.js') ? link(text, path) : text));
		}
	}
	for (const { file, to, tail = '' } of Object.values(LIBRARIES)) {
		const text = readFileSync(join(modules, file), 'utf8')
			.replace(/^\/\/# sourceMappingURL=.*$/m, '');

		files.set(to, link(text, to) + tail);
	}
	for (const [file, to] of Object.entries(STYLES)) {
		files.set(to, readFileSync(join(modules, file), 'utf8'));
	}
	files.set('vendor/licences.txt', licences(modules));
	files.set('icon.svg', readFileSync(join(web, 'icon.svg'), 'utf8'));

	// One request for all of what each page wants at once, in the page's order.
	const page = readFileSync(join(web, 'index.html'), 'utf8');
	const styles = [...page.matchAll(STYLE)].map(([, path]) => path);

	files.set('css/all.css', styles.map((path) => files.get(path)).join('\n'));
	styles.forEach((path) => files.delete(path));

	const sum = createHash('sha256');

	for (const [path, text] of files) {
		sum.update(path).update('\0').update(text).update('\0');
	}
	const base = `/assets/${sum.digest('hex').slice(0, 12)}/`;
	const first = [...reach(files, 'src/main.js')];
	const index = page
		.replace(STYLE, '')
		.replace('{{preload}}', '<link rel="stylesheet" href="{{base}}css/all.css">\n{{preload}}')
		.replaceAll('{{base}}', base)
		.replace('{{preload}}', first.map((p) =>
			`<link rel="modulepreload" href="${base}${p}">`).join('\n'));

	return [{ path: '/', type: TYPES.html, body: Buffer.from(index), first: true },
		...[...files].map(([path, text]) => ({
			path: base + path, type: TYPES[path.split('.').pop()],
			body: Buffer.from(text), first: first.includes(path) ||
				path.startsWith('css/') || path === 'src/theme.js' || path === 'icon.svg',
		}))];
}

function bytes(buf) {
	const rows = [];

	for (let i = 0; i < buf.length; i += 24) {
		rows.push([...buf.subarray(i, i + 24)].join(','));
	}
	return rows.join(',\n');
}

/** The table of C; console_files.h declares it. */
export function table(files) {
	const out = ['/* Made by tools/web-build.mjs. */', '#include "api/console_files.h"', ''];
	const rows = files.map((f, i) => {
		const zip = gzipSync(f.body, { level: 9 });

		out.push(`static const unsigned char f${i}[] = {\n${bytes(zip)}};`);
		return `\t{"${f.path}", "${f.type}", f${i}, sizeof(f${i}), true},`;
	});

	out.push('', 'const struct mst_console_file mst_console_files[] = {', ...rows,
		'\t{0, 0, 0, 0, false},', '};',
		`const size_t mst_console_files_n = ${files.length};`, '');
	return out.join('\n');
}

/** As make reads it: the table is made anew when one of its sources changes. */
function depends(web, target) {
	const from = web ? [...['src', 'css'].flatMap((f) => list(join(web, f))),
		...['index.html', 'icon.svg', 'package.json'].map((f) => join(web, f))] : [];

	return `${target}: ${from.map((f) => resolve(f).replaceAll(' ', '\\ ')).join(' ')}\n`;
}

function main(args) {
	const [web, modules] = args;
	const option = (name) => {
		const i = args.indexOf(name);

		return i < 0 ? null : args[i + 1];
	};
	const files = args.includes('--none') ? [] : collect(web, modules);

	if (option('--c')) {
		writeFileSync(option('--c'), table(files));
	}
	if (option('--dep')) {
		writeFileSync(option('--dep'), depends(files.length && web, option('--c')));
	}
	if (option('--folder')) {
		for (const f of files) {
			const to = join(option('--folder'), f.path === '/' ? 'index.html' : f.path);

			mkdirSync(dirname(to), { recursive: true });
			writeFileSync(to, f.body);
		}
	}
	if (args.includes('--sizes')) {
		const size = (some) => some.reduce((n, f) => n + gzipSync(f.body, { level: 9 }).length, 0);

		console.log(JSON.stringify({ files: files.length, gzip: size(files),
			first_files: files.filter((f) => f.first).length,
			first_gzip: size(files.filter((f) => f.first)) }));
	}
}

if (process.argv[1] && statSync(process.argv[1]).ino ===
	statSync(fileURLToPath(import.meta.url)).ino) {
	main(process.argv.slice(2));
}
