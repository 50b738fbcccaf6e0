import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findStateFile } from '../lib/state-file.ts';
import type { SetUp } from '../model/set-up.ts';
import { fail } from '../model/usher-error.ts';
import { hashOf } from './compare-files.ts';
import { findRecord, recordName, removeRecord, type UndoRecord, writeRecord } from './undo-record.ts';

/** Whoever watches an undo. */
export interface UndoWatcher {
  /** Shows what would be taken back; false ends it there. */
  agree(proposal: UndoProposal): Promise<boolean>;
  done(sentence: string): void;
}

export interface UndoProposal {
  /** In the order they are done. */
  readonly steps: readonly string[];
  /** Files that go, and files that stay because somebody changed them. */
  readonly files: Readonly<Record<string, 'remove' | 'edited'>>;
  /** What may have been done without being on record, to be looked for by hand. */
  readonly unsure: readonly string[];
}

export interface UndoReport extends UndoProposal {
  readonly state: 'undone' | 'declined';
  /** What somebody else had removed before, by its sentence. */
  readonly gone: readonly string[];
}

/** Takes back what the record of a folder says was done, last first, and nothing else. What is gone already counts as
 * done. The record shrinks with every step, so that what was interrupted can be gone on with.
 * @throws UsherError `setup_conflict` without a record; `setup_refused`, `setup_unavailable`
 */
export async function undoSetUp(setUp: SetUp, folder: string, watcher: UndoWatcher): Promise<UndoReport> {
  const record = await findRecord(folder, setUp);
  if (record === undefined) {
    const reason = `there is no ${recordName} in ${folder}, the record of what was set up`;
    const advice = 'Say with --out which folder it was set up from; what others made is not touched';
    throw fail('setup_conflict', { title: setUp.title, reason, advice });
  }
  checkRequests(setUp, folder, record);
  const proposal: UndoProposal = {
    steps: record.steps.map(({ sentence }) => sentence).toReversed(),
    files: await judgeFiles(folder, record),
    unsure: [...record.unsure, ...(record.pending === undefined ? [] : [record.pending])],
  };
  if (!(await watcher.agree(proposal))) return { ...proposal, state: 'declined', gone: [] };
  const gone: string[] = [];
  for (let count = record.steps.length; count > 0; count -= 1) {
    const step = record.steps[count - 1];
    if (step === undefined) break;
    const answers = [];
    for (const request of step.requests) answers.push(await setUp.undo(request));
    if (answers.includes('gone')) gone.push(step.sentence);
    await writeRecord(folder, setUp, { ...record, steps: record.steps.slice(0, count - 1) });
    watcher.done(step.sentence);
  }
  for (const [name, state] of Object.entries(proposal.files)) {
    if (state === 'edited') continue;
    await rm(join(folder, name), { force: true });
    watcher.done(`Remove ${join(folder, name)}`);
  }
  await removeRecord(folder);
  return { ...proposal, state: 'undone', gone };
}

/** What people agree to are the sentences: a record in which they say one thing and the requests do another is not gone by.
 * @throws UsherError `setup_conflict`
 */
function checkRequests(setUp: SetUp, folder: string, { steps }: UndoRecord): void {
  const foreign = steps.flatMap(({ requests }) => requests).find((request) => !setUp.mayUndo(request));
  if (foreign === undefined) return;
  const reason = `${join(folder, recordName)} says ${foreign.method} ${foreign.path}, which no set-up has for its undo: somebody changed it`;
  const advice = 'Put it back from a copy, or take back by hand what it lists';
  throw fail('setup_conflict', { title: setUp.title, reason, advice });
}

async function judgeFiles(folder: string, record: UndoRecord): Promise<UndoProposal['files']> {
  const found = await Promise.all(
    Object.entries(record.files).map(async ([name, hash]) => {
      const text = await findStateFile(join(folder, name));
      if (text === undefined) return [];
      return [[name, hashOf(text) === hash ? 'remove' : 'edited'] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}
