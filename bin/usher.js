#!/usr/bin/env node
// Starts the command line. Plain JavaScript that any Node.js can read, so that an old one gets a sentence and not a
// syntax error.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const here = process.versions.node;

const pinned = findPinned();

if (Number.parseInt(here, 10) >= neededMajor) await start();
else if (pinned !== undefined && process.env.USHER_RELAUNCHED === undefined) relaunch(pinned);
else {
  process.stderr.write(
    `error: Usher needs Node.js ${neededMajor} or newer, and this is ${here}; install it from https://nodejs.org\n`,
  );
  process.exitCode = 1;
}

async function start() {
  delete process.env.USHER_RELAUNCHED;
  keepCompiledCode();
  const built = new URL('../dist/cli/main.js', import.meta.url);
  const entry = existsSync(built) ? built : new URL('../src/cli/main.ts', import.meta.url);
  /** @type {typeof import('../src/cli/main.ts')} */
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2), process.env, {
    program: [fileURLToPath(import.meta.url)],
    startAnew: process.platform === 'win32' ? undefined : startAnew,
  });
}

/**
 * Puts this program, started with other arguments, in the place of this process: same id, same terminal. What stood in the
 * arguments before is nowhere any more, not even in the list of processes.
 *
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string | undefined>>} environment
 */
function startAnew(args, environment) {
  const words = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), ...args];
  process.execve?.(process.execPath, words, { ...environment });
}

/**
 * Keeps compiled code between starts; without it a start takes about twice as long. What lies there is run, so it must be
 * where nobody else can write: not in the system's folder for temporary files, which is where Node.js would put it. Whoever
 * has no such folder starts more slowly.
 */
function keepCompiledCode() {
  // Somebody said where, by NODE_COMPILE_CACHE.
  if (module.getCompileCacheDir?.() !== undefined) return;
  try {
    const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
    const folder = join(caches, 'usher');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    const isOwn = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
    if (isOwn) module.enableCompileCache?.(folder);
  } catch {
    // A home that cannot be written, as in many containers.
  }
}

/**
 * The Node.js pinned for people who work on Usher itself; published packages have none. It is looked for in its package:
 * npm 10 puts no link to it into node_modules/.bin.
 */
function findPinned() {
  const [platform, program] = process.platform === 'win32' ? ['win', 'bin/node.exe'] : [process.platform, 'bin/node'];
  return ['node', 'node-bin']
    .map((name) => new URL(`../node_modules/${name}-${platform}-${process.arch}/${program}`, import.meta.url))
    .map((url) => fileURLToPath(url))
    .find((path) => existsSync(path));
}

/** @param {string} node path of the program */
function relaunch(node) {
  // This process only waits: what stands in its arguments is for the other one, not for the list of processes.
  process.title = 'usher';
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, USHER_RELAUNCHED: '1' },
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`error: Cannot start the pinned Node.js: ${error.message}; run npm ci\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}
