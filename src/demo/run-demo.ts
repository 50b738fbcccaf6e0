import { once } from 'node:events';
import { styleText } from 'node:util';
import { fail } from '../model/usher-error.ts';
import type { DemoOptions } from './demo-options.ts';
import { describeNextSteps } from './describe-next-steps.ts';
import { describeStory } from './describe-story.ts';
import { startLab } from './start-lab.ts';
import { tellStory } from './tell-story.ts';

/** Runs the whole scenario on this machine and shows what happened. Returns when it was stopped, or with `once` when the
 * story is told. Nothing is left running.
 * @throws UsherError when a step is not as it should be
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { print, json, once: isOnce } = options;
  const startedAtMs = Date.now();
  const done = json
    ? () => {}
    : (what: string, details: string) => print(`  ${green('✔')} ${what.padEnd(18)} ${details}\n`);
  if (!json) print(`\n${bold('Usher: one call, from sign-in to audit trail, all on this machine')}\n\n`);
  await using lab = await startLab(options, done);
  const story = await beforeStop(tellStory(lab, done), options.stop);
  if (story === undefined) return;
  if (json) {
    print(`${JSON.stringify({ ok: true, ms: Date.now() - startedAtMs, ...story }, undefined, 2)}\n`);
    return;
  }
  print(describeStory(story));
  if (isOnce) {
    print(`${green('✔')} Everything as it should be, in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s\n`);
    return;
  }
  print(describeNextSteps(lab));
  const ended = await Promise.race([stopped(options.stop), lab.ended]);
  if (ended !== undefined) throw fail('step_failed', { step: 'The demo', reason: ended });
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

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

function green(text: string): string {
  return styleText('green', text, { stream: process.stdout });
}
