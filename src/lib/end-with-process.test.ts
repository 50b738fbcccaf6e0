import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from './is-running.ts';

const module = new URL('end-with-process.ts', import.meta.url).href;
/** Runs a program in a group of its own, says its number and a folder's, and stays. */
const maker = `
const { spawn } = require('node:child_process');
const [program, folder] = process.argv.slice(1);
import(${JSON.stringify(module)}).then(({ endWithProcess }) => {
  const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.once('data', () => {
    endWithProcess({ group: child.pid }, (reason) => console.log(reason));
    if (folder !== undefined) endWithProcess({ folder }, (reason) => console.log(reason));
    console.log(child.pid);
  });
  process.stdin.resume().once('end', () => process.exit());
});
`;
const quiet = `console.log('here'); setTimeout(() => {}, 60_000);`;
/** Does not go when it is asked to, and has a child that does not either. */
const stubborn = `
process.on('SIGTERM', () => {});
if (process.argv[1] === undefined) require('node:child_process').spawn(process.execPath, ['-e', process.execArgv[1], 'again'], { stdio: 'ignore' });
${quiet}
`;

interface Made {
  readonly process: ChildProcess;
  readonly group: number;
  readonly said: () => string;
  readonly kill: () => Promise<void>;
}

async function make(context: TestContext, program: string, folder: readonly string[] = []): Promise<Made> {
  const child = spawn(process.execPath, ['-e', maker, '--', program, ...folder], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += String(text)));
  await until(() => /^\d+\n/.test(said));
  const group = Number(/^\d+/.exec(said)?.[0]);
  context.after(() => {
    child.kill('SIGKILL');
    if (hasMembers(group)) process.kill(-group, 'SIGKILL');
  });
  return {
    process: child,
    group,
    said: () => said,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function until(condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!condition()) {
    assert.ok(Date.now() < deadlineMs, 'waited in vain');
    await sleep(20);
  }
}

function hasMembers(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

/** The watch of a process. */
function findWatch(pid: number | undefined): number | undefined {
  const title = `watch over what process ${pid} runs`;
  return readdirSync('/proc')
    .map(Number)
    .find((one) => {
      try {
        return one > 0 && readFileSync(`/proc/${one}/cmdline`, 'utf8').startsWith(title);
      } catch {
        return false;
      }
    });
}

test('a process that is killed – what it ran is ended, with what that started, also where it does not want to', async (context) => {
  const made = await make(context, stubborn);
  await made.kill();
  await until(() => !hasMembers(made.group));
  await until(() => made.said().includes('ended without a word'));
  const sentence = `Process ${made.process.pid} of Usher ended without a word: what it ran is ended too (${made.group})`;
  assert.ok(made.said().includes(sentence), made.said());
});

test('a process that is killed – its folder goes', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-folder-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'token'), 'secret');
  const made = await make(context, quiet, [folder]);
  assert.ok(existsSync(folder));
  await made.kill();
  await until(() => !existsSync(folder));
});

test('a process that exits – what it ran and its folder are gone then, and nobody says anything', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-folder-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const made = await make(context, stubborn, [folder]);
  made.process.stdin?.end();
  await once(made.process, 'close');
  assert.equal(made.said(), `${made.group}\n`);
  assert.ok(!existsSync(folder));
  await until(() => !hasMembers(made.group));
});

test(
  'a watch that was killed – another one takes its place, and what there was before is ended by it',
  { skip: process.platform !== 'linux' },
  async (context) => {
    const made = await make(context, quiet);
    const pid = made.process.pid;
    await until(() => findWatch(pid) !== undefined);
    const first = findWatch(pid) ?? 0;
    process.kill(first, 'SIGKILL');
    await until(() => made.said().includes('it was ended by SIGKILL'));
    await until(() => ![undefined, first].includes(findWatch(pid)));
    await made.kill();
    await until(() => !hasMembers(made.group));
  },
);

const lastPid = '/proc/sys/kernel/ns_last_pid';
const canChoosePid = process.platform === 'linux' && process.getuid?.() === 0;

test(
  'a number that another program has got since – is not that of what was run',
  { skip: canChoosePid ? false : 'takes root on Linux' },
  async (context) => {
    const made = await make(context, quiet);
    await until(() => findWatch(made.process.pid) !== undefined);
    process.kill(made.group, 'SIGKILL');
    await until(() => !isRunning(made.group));
    let other: ChildProcess | undefined;
    context.after(() => other?.kill('SIGKILL'));
    // Others start programs at the same time.
    for (let attempt = 0; attempt < 100 && other?.pid !== made.group; attempt += 1) {
      other?.kill('SIGKILL');
      writeFileSync(lastPid, String(made.group - 1));
      other = spawn(process.execPath, ['-e', quiet], { detached: true, stdio: 'ignore' });
    }
    assert.equal(other?.pid, made.group);
    await made.kill();
    await until(() => findWatch(made.process.pid) === undefined);
    assert.equal(other?.exitCode, null);
    assert.equal(other?.signalCode, null);
    assert.ok(!made.said().includes('is ended too'), made.said());
  },
);
