// Runs under the pinned Node.js: `node tools/run-tests.js [options] [pattern…]`. `npm test` sets up, then calls this.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { listFiles } from './build.js';
import { runChecks } from './check.js';
import { TestReport } from './reporter.js';
import { RealProviders } from './real/real-providers.js';
import { root as repository } from './root.js';

/** Where tests are, the slow ones first so that no long one is left for the end. */
const testFolders = ['test', 'examples', 'src', 'tools', 'bench'];

const { values: options, positionals: patterns } = parseArgs({
  allowPositionals: true,
  options: {
    root: { type: 'string', default: repository },
    slowest: { type: 'boolean', default: false },
    // One test, and a whole file: longer than anything healthy takes on a slow machine.
    'test-timeout': { type: 'string', default: '60' },
    'file-timeout': { type: 'string', default: '180' },
  },
});

const report = new TestReport({ root: options.root, write: (text) => process.stdout.write(text) });
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort(new Error('interrupted')));
const interrupted = new Promise((resolve) => stop.signal.addEventListener('abort', resolve));

const files = findTests(options.root, patterns);
const realProviders = new RealProviders(files);
if (patterns.length === 0 && options.root === repository) {
  for (const result of await runChecks({ root: repository, node: process.execPath })) report.addCheck(result);
}
const queue = realProviders.inOrder(files).values();
await Promise.all(Array.from({ length: availableParallelism() }, () => runFrom(queue)));
for (const said of await realProviders.stop()) process.stdout.write(`\n${said}\n`);

const good = report.finish({ slowest: options.slowest ? 20 : 0, interrupted: stop.signal.aborted });
// A test file that does not end even when told to would keep this process waiting.
process.stdout.write('', () => process.exit(good ? 0 : 1));

/**
 * @param {string} root
 * @param {readonly string[]} wanted parts of paths; all files when empty
 */
function findTests(root, wanted) {
  return testFolders
    .flatMap((folder) => listFiles(join(root, folder)))
    .filter((path) => path.endsWith('.test.ts') && !path.includes(`${sep}node_modules${sep}`))
    .filter((path) => wanted.length === 0 || wanted.some((part) => relative(root, path).includes(part)));
}

/** @param {Iterable<string>} shared each file is taken once */
async function runFrom(shared) {
  for (const file of shared) {
    if (stop.signal.aborted) return;
    // Outside of the file's own time: a provider may still be fetched.
    await Promise.race([realProviders.waitFor(file), interrupted]);
    if (stop.signal.aborted) return;
    await runFile(file);
  }
}

/**
 * One run per file: node:test's own time limit is per test and does not end a process that stays alive by itself.
 * @param {string} file
 */
async function runFile(file) {
  const startedAt = performance.now();
  const limit = new AbortController();
  const seconds = Number(options['file-timeout']);
  const timer = setTimeout(() => limit.abort(new Error(`it took longer than ${seconds} s`)), seconds * 1000);
  // What the file and its programs put aside goes with it, even when they are killed.
  const folder = mkdtempSync(join(tmpdir(), 'usher-tests-'));
  const events = run({
    files: [file],
    timeout: Number(options['test-timeout']) * 1000,
    signal: AbortSignal.any([stop.signal, limit.signal]),
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
  });
  for await (const event of events) report.addEvent(file, event);
  clearTimeout(timer);
  report.endFile(file, performance.now() - startedAt);
  report.addLeftovers(file, readdirSync(folder));
  // A program that is only now being stopped may still write there.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
