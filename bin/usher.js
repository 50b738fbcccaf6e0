#!/usr/bin/env node
// Starts the command line. Plain JavaScript that any Node.js can read, so that an old one gets a sentence and not a
// syntax error.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
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
  // Compiled code is kept between starts; without it a start takes about twice as long.
  module.enableCompileCache?.();
  const built = new URL('../dist/cli/main.js', import.meta.url);
  const entry = existsSync(built) ? built : new URL('../src/cli/main.ts', import.meta.url);
  /** @type {typeof import('../src/cli/main.ts')} */
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
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
