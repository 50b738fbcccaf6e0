import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { styleText } from 'node:util';
import type { Secret } from '../model/secret.ts';
import { fail } from '../model/usher-error.ts';
import type { DemoOptions } from './demo-options.ts';
import { describeNextSteps } from './describe-next-steps.ts';
import { describeStory } from './describe-story.ts';
import { startLab } from './start-lab.ts';
import { tellStory } from './tell-story.ts';
import { wrapText } from './wrap-text.ts';

/** Columns in front of a step's details: the tick, and what was done. */
const stepIndent = 23;

/** Runs the whole scenario on this machine and shows what happened. Returns when it was stopped, or with `once` when the
 * story is told. Nothing is left running.
 * @throws UsherError when a step is not as it should be
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { print, json, once: isOnce } = options;
  const startedAtMs = Date.now();
  const done = json ? () => {} : (what: string, details: string) => print(describeStep(what, details, options.columns));
  if (!json) print(`\n${bold('Usher: one call, from sign-in to audit trail, all on this machine')}\n\n`);
  await using lab = await startLab(options, done);
  // Of a demo that was killed: nobody is signed in with it any more.
  await rm(join(options.stateDir, 'access-token'), { force: true });
  const story = await beforeStop(tellStory(lab, done), options.stop);
  if (story === undefined) return;
  if (json) {
    const { callerToken: _, ...shown } = story;
    print(`${JSON.stringify({ ok: true, ms: Date.now() - startedAtMs, ...shown }, undefined, 2)}\n`);
    return;
  }
  print(describeStory(story, options.columns));
  if (isOnce) {
    print(`${green('✔')} Everything as it should be, in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s\n`);
    return;
  }
  await using tokenFile = await keepToken(join(options.stateDir, 'access-token'), story.callerToken);
  print(describeNextSteps(lab, { tokenFile: tokenFile.path, refusedId: story.refused.record.id }));
  const ended = await Promise.race([stopped(options.stop), lab.ended]);
  if (ended !== undefined) throw fail('step_failed', { step: 'The demo', reason: ended });
}

/** Puts the signed-in user's token where only this user can read it, for curl and the like, until the demo ends. */
async function keepToken(path: string, callerToken: Secret): Promise<AsyncDisposable & { readonly path: string }> {
  await writeFile(path, callerToken.reveal(), { mode: 0o600 });
  return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** What the work results in, or undefined when it was stopped before. */
async function beforeStop<T>(work: Promise<T>, stop: AbortSignal): Promise<T | undefined> {
  const result = await Promise.race([work, stopped(stop)]);
  // Stopping takes away what the work talks to; its complaints are of no interest then.
  work.catch(() => {});
  return result;
}

async function stopped(stop: AbortSignal): Promise<undefined> {
  if (!stop.aborted) await once(stop, 'abort');
  return undefined;
}

function describeStep(what: string, details: string, columns: number): string {
  const lines = wrapText(details, columns - stepIndent).join(`\n${' '.repeat(stepIndent)}`);
  return `  ${green('✔')} ${what.padEnd(stepIndent - 5)} ${lines}\n`;
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

function green(text: string): string {
  return styleText('green', text, { stream: process.stdout });
}
