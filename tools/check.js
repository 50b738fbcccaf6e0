// `npm run check`: everything that can be said about the sources without running them.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { checkDependencies } from './dependencies.js';
import { checkLayers } from './layers.js';
import { isMain } from './is-main.js';
import { root as repository } from './root.js';

/** @typedef {import('./reporter.js').CheckResult} CheckResult */
/** @typedef {{ name: string, run: () => Promise<{ ok: boolean, output: string }> }} Check */

// What has not changed since the last check is not looked at again: seconds instead of half a minute. By content, so that a
// changed branch counts as what it is; the tools throw it away when they are of another version.
const cached = ['--cache', '--cache-strategy', 'content'];
const typesKept = 'node_modules/.cache/types.tsbuildinfo';

/**
 * Runs all checks at once.
 *
 * @param {{ root: string, node: string }} options node: the program to run the tools with
 * @returns {Promise<CheckResult[]>} in the order they are declared
 */
export async function runChecks({ root, node }) {
  return Promise.all(
    checksFor(root, node).map(async ({ name, run }) => {
      const startedAt = performance.now();
      const { ok, output } = await run();
      return { name, ok, output, ms: performance.now() - startedAt };
    }),
  );
}

/**
 * @param {string} root
 * @param {string} node
 * @returns {Check[]}
 */
function checksFor(root, node) {
  /** @type {(program: string, ...args: string[]) => () => Promise<{ ok: boolean, output: string }>} */
  const tool = (program, ...args) => {
    return () => runTool(node, [join(root, program), ...args], root);
  };
  return [
    {
      name: 'format (mend with `npm run format`)',
      run: tool('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', ...cached, '.'),
    },
    { name: 'lint', run: tool('node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings') },
    {
      name: 'types',
      run: tool('node_modules/typescript/bin/tsc', '-p', '.', '--incremental', '--tsBuildInfoFile', typesKept),
    },
    { name: 'layers', run: async () => listed(checkLayers(root)) },
    { name: 'dependencies', run: async () => listed(checkDependencies(root)) },
    { name: 'generated pages (mend with `npm run generate`)', run: tool('tools/generate.js', '--check') },
  ];
}

/** @param {string[]} problems */
function listed(problems) {
  return { ok: problems.length === 0, output: problems.join('\n') };
}

/**
 * @param {string} node
 * @param {string[]} args
 * @param {string} root
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
async function runTool(node, args, root) {
  const [program = ''] = args;
  if (!existsSync(program)) return { ok: false, output: `Cannot run ${program}: there is no such file` };
  const bin = join(root, 'node_modules', '.bin');
  // The linter looks for its type-aware half on PATH.
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
  const child = spawn(node, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}

if (isMain(import.meta)) {
  const { ensureReady } = await import('./set-up.js');
  try {
    const results = await runChecks({ root: repository, node: await ensureReady({ tests: true, built: false }) });
    for (const { name, ok, output, ms } of results) {
      console.log(`${ok ? '✔' : '✖'} ${name} (${(ms / 1000).toFixed(1)} s)`);
      if (!ok) console.log(output.trim().replaceAll(/^/gm, '  '));
    }
    if (results.some(({ ok }) => !ok)) process.exitCode = 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
