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

/** The Node.js pinned for people who work on Usher itself; published packages have none. */
const pinned = fileURLToPath(
  new URL(`../node_modules/.bin/node${process.platform === 'win32' ? '.cmd' : ''}`, import.meta.url),
);

if (Number.parseInt(here, 10) >= neededMajor) await start();
else if (existsSync(pinned) && process.env.USHER_RELAUNCHED === undefined) relaunch();
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

function relaunch() {
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
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
