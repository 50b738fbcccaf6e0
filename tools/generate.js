import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { buildJsonSchema } from '../src/config/json-schema.ts';
import { auditPage } from './reference/audit-page.js';
import { clientsPage } from './reference/clients-page.js';
import { cliPage } from './reference/cli-page.js';
import { configPage } from './reference/config-page.js';
import { diagnosisPage } from './reference/diagnosis-page.js';
import { environmentPage } from './reference/environment-page.js';
import { errorsPage } from './reference/errors-page.js';
import { refusalsPage } from './reference/refusals-page.js';

// Writes docs/reference from the tables the program itself is made of. `--check` writes nothing and ends with 1 when a
// page no longer says what the program does.

const root = fileURLToPath(new URL('..', import.meta.url));

/** @returns {Promise<ReadonlyMap<string, string>>} the pages by path, as they should be */
export async function buildPages() {
  const example = readFileSync(join(root, 'examples/config/usher.yaml'), 'utf8');
  const pages = new Map([
    ['docs/reference/config.md', configPage(example)],
    ['docs/reference/cli.md', await cliPage()],
    ['docs/reference/clients.md', clientsPage()],
    ['docs/reference/environment.md', environmentPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/refusals.md', refusalsPage()],
    ['docs/reference/audit.md', auditPage()],
    ['docs/reference/diagnosis.md', diagnosisPage()],
    ['docs/reference/usher.schema.json', JSON.stringify(buildJsonSchema())],
  ]);
  const formatted = [...pages].map(async ([path, text]) => {
    const options = (await resolveConfig(join(root, path))) ?? {};
    return /** @type {const} */ ([path, await format(text, { ...options, filepath: path })]);
  });
  return new Map(await Promise.all(formatted));
}

/** @param {string} path */
function readPage(path) {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

async function main() {
  const stale = [...(await buildPages())].filter(([path, text]) => readPage(path) !== text);
  if (process.argv.includes('--check')) {
    for (const [path] of stale) console.error(`${path} is out of date; run npm run generate`);
    process.exitCode = stale.length > 0 ? 1 : 0;
    return;
  }
  for (const [path, text] of stale) writeFileSync(join(root, path), text);
  console.log(
    stale.length === 0 ? 'All reference pages are up to date' : `Wrote ${stale.map(([path]) => path).join(', ')}`,
  );
}

if (process.argv[1] !== undefined && relative(process.argv[1], fileURLToPath(import.meta.url)) === '') await main();
