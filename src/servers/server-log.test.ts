import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { followLog, logBounds, readLastLines } from './server-log.ts';

const module = new URL('../lib/rotating-file.ts', import.meta.url).href;
/** Writes numbered lines into a log that is put aside every hundred of them or so: as far as it is told by its stdin. */
const writer = `
const [path, count] = process.argv.slice(1);
let [allowed, told] = [0, () => {}];
process.stdin.on('data', (text) => { allowed = Number(String(text).trim().split('\\n').at(-1)); told(); });
import(${JSON.stringify(module)}).then(async ({ RotatingFile }) => {
  const file = new RotatingFile(path, { limitBytes: 20_000, keep: ${logBounds.keep} });
  for (let line = 0; line < Number(count); line += 1) {
    if (line >= allowed) await new Promise((resolve) => (told = resolve));
    file.write('line ' + line + ' ' + 'ä'.repeat(line % 200) + '\\n');
    if (Math.random() < 0.05) await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
  }
  process.exit();
});
`;

function write(context: TestContext, path: string, count: number) {
  const child = spawn(process.execPath, ['-e', writer, '--', path, `${count}`], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  child.stdin.on('error', () => {});
  return { child, allow: (line: number) => child.stdin.write(`${line}\n`), ended: once(child, 'exit') };
}

/** The files that are kept hold four hundred lines at least: nobody shall be further behind. */
const mostBehind = 250;

function makeLog(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'usher-log-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'log');
}

function numbersIn(text: string): number[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [Number(/^line (\d+) ä*$/.exec(line)?.[1])]));
}

/** Follows until something was said. */
function follow(context: TestContext, path: string, count = 0) {
  const stop = new AbortController();
  context.after(() => stop.abort());
  const heard = { text: '' };
  const following = (async () => {
    for await (const text of followLog(path, count, stop.signal)) heard.text += text;
  })();
  return {
    heard,
    until: async (condition: () => boolean) => {
      const deadlineMs = Date.now() + 15_000;
      while (!condition()) {
        assert.ok(Date.now() < deadlineMs, `waited in vain; heard:\n${heard.text.slice(-500)}`);
        await sleep(20);
      }
    },
    end: async () => {
      stop.abort();
      await following;
    },
  };
}

test('a log that is followed while it is put aside, over and over – each line comes once, in order', async (context) => {
  const path = makeLog(context);
  const count = 2_000;
  const { allow } = write(context, path, count);
  const { heard, until, end } = follow(context, path);
  for (let line = 0; line < count; line = numbersIn(heard.text).length) {
    allow(line + mostBehind);
    await until(() => numbersIn(heard.text).length > line);
  }
  await end();
  assert.ok(readdirSync(join(path, '..')).length === logBounds.keep + 1, 'it was put aside');
  assert.deepEqual(
    numbersIn(heard.text),
    Array.from({ length: count }, (_, index) => index),
  );
});

test('a log that is followed from its last lines on, while it is written – none is missing between them, none comes twice', async (context) => {
  const path = makeLog(context);
  const count = 1_500;
  const { child, allow } = write(context, path, count);
  // Again and again: what counts is the moment of the beginning.
  const followers: ReturnType<typeof follow>[] = [];
  allow(mostBehind);
  while (child.exitCode === null) {
    const next = follow(context, path, 50);
    followers.push(next);
    await next.until(() => next.heard.text !== '');
    const lasts = followers.map(({ heard }) => numbersIn(heard.text).at(-1) ?? 0);
    allow(Math.min(...lasts) + mostBehind);
  }
  assert.ok(followers.length > 5);
  for (const { heard, until, end } of followers) {
    await until(() => heard.text.includes(`line ${count - 1} `));
    await end();
    const numbers = numbersIn(heard.text);
    const first = numbers[0] ?? Number.NaN;
    assert.deepEqual(
      numbers,
      Array.from({ length: count - first }, (_, index) => first + index),
    );
  }
});

test('the last lines of a log – over the files it was put aside into', async (context) => {
  const path = makeLog(context);
  const { allow, ended } = write(context, path, 1_000);
  allow(1_000);
  await ended;
  const lines = await readLastLines(path, 300);
  assert.deepEqual(
    numbersIn(lines.join('\n')),
    Array.from({ length: 300 }, (_, index) => 700 + index),
  );
  assert.deepEqual(await readLastLines(path, 0), []);
  assert.deepEqual(await readLastLines(`${path}.none`, 10), []);
});

test('a log that is followed and emptied, or deleted – what comes then is heard, and nothing old', async (context) => {
  const path = makeLog(context);
  writeFileSync(`${path}.1`, 'old\n');
  writeFileSync(path, 'one that is longer\n');
  const { heard, until, end } = follow(context, path, 10);
  await until(() => heard.text === 'old\none that is longer\n');
  truncateSync(path);
  appendFileSync(path, 'new\n');
  await until(() => heard.text.endsWith('new\n'));
  rmSync(path);
  await sleep(300);
  writeFileSync(path, 'other\n');
  await until(() => heard.text.endsWith('other\n'));
  await end();
  assert.equal(heard.text, 'old\none that is longer\nnew\nother\n');
});

test('a log that is put aside further than it is kept before it was read – says that lines are missing', async (context) => {
  const path = makeLog(context);
  writeFileSync(path, 'first\n');
  const { heard, until, end } = follow(context, path, 10);
  await until(() => heard.text === 'first\n');
  for (let time = 0; time < logBounds.keep + 2; time += 1) {
    for (let index = logBounds.keep; index > 0; index -= 1) {
      if (index - 1 <= time) renameSync(index === 1 ? path : `${path}.${index - 1}`, `${path}.${index}`);
    }
    writeFileSync(path, `time ${time}\n`);
  }
  await until(() => heard.text.endsWith(`time ${logBounds.keep + 1}\n`));
  await end();
  const later = Array.from({ length: logBounds.keep + 1 }, (_, index) => `time ${index + 1}\n`).join('');
  assert.equal(heard.text, `first\nLines are missing here: the log was put aside faster than it was read\n${later}`);
});

test('a line without an end – is passed on when it has one, or when nothing more can come', async (context) => {
  const path = makeLog(context);
  writeFileSync(path, 'whole\nha');
  const { heard, until, end } = follow(context, path, 10);
  await until(() => heard.text === 'whole\n');
  appendFileSync(path, 'lf\nbroken of');
  await until(() => heard.text === 'whole\nhalf\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'next\n');
  await until(() => heard.text === 'whole\nhalf\nbroken of\nnext\n');
  await end();
});
