// SPDX-License-Identifier: Apache-2.0
//
// Runs *.test.mjs of this folder; words: only tests whose name has one of them.
//
//   run.mjs [WORD...]
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runAll } from './lib.mjs';

const here = dirname(fileURLToPath(import.meta.url));

for (const f of readdirSync(here).filter((n) => n.endsWith('.test.mjs')).sort()) {
	await import(pathToFileURL(join(here, f)));
}
const failed = await runAll(process.argv.slice(2));

console.log(failed ? `${failed} failed` : 'all passed');
process.exit(failed ? 1 : 0);
