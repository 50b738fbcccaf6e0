import { join } from 'node:path';
import { writeStateFile } from '../lib/state-file.ts';
import type { SetUp, SetUpOutcome, SetUpPlan } from '../model/set-up.ts';
import { UsherError } from '../model/usher-error.ts';
import { compareFiles, type FileState, hashOf } from './compare-files.ts';
import { buildFiles, type GatewayChoices, listFiles } from './gateway-files.ts';
import { findRecord, orConflict, type UndoRecord, writeRecord } from './undo-record.ts';

/** Whoever watches a set-up. */
export interface SetUpWatcher {
  /** Shows what would be done; false ends it there. */
  agree(proposal: SetUpProposal): Promise<boolean>;
  /** A step is done. */
  done(sentence: string): void;
}

/** What would be done. */
export interface SetUpProposal {
  readonly found: readonly string[];
  readonly steps: readonly { readonly action: 'create' | 'change'; readonly sentence: string }[];
  readonly files: Readonly<Record<string, FileState>>;
  /** What an earlier run was ended in the middle of and has done: `--undo` does not know of it. */
  readonly unsure: readonly string[];
}

/** What became of it. */
export interface SetUpReport extends SetUpProposal {
  /** `unchanged`: there was nothing to do. `declined`: nothing was done. */
  readonly state: 'applied' | 'unchanged' | 'declined';
  readonly outcome: SetUpOutcome | undefined;
}

/** Brings a provider into the wanted state and writes the gateway's files: reads, proposes, waits for consent, does one
 * step after the other and keeps on record how to take each back. Doing it again does what is missing, and nothing else.
 * @param folder for the files and the record
 * @throws UsherError `setup_conflict`, `setup_refused`, `setup_unavailable`; what was done before is on record
 */
export async function runSetUp(
  setUp: SetUp,
  folder: string,
  { choices, watcher }: { choices: GatewayChoices; watcher: SetUpWatcher },
): Promise<SetUpReport> {
  const found = await findRecord(folder, setUp);
  const plan = await setUp.plan();
  const record = found === undefined ? undefined : settlePending(found, plan);
  const isComplete = plan.steps.length === 0;
  const outcome = isComplete ? await setUp.readOutcome() : undefined;
  const wanted = outcome === undefined ? undefined : buildFiles(outcome, choices);
  const files = await compareFiles(folder, {
    record,
    title: setUp.title,
    names: wanted === undefined ? listFiles(plan.isPublicClient === true) : Object.keys(wanted),
    ...(wanted === undefined ? {} : { wanted }),
  });
  const proposal: SetUpProposal = {
    found: plan.found,
    steps: plan.steps.map(({ action, sentence }) => ({ action, sentence })),
    files,
    unsure: record?.unsure ?? [],
  };
  const isNothing = isComplete && !Object.values(files).includes('write');
  const isAgreed = await watcher.agree(proposal);
  if (isNothing) return { ...proposal, state: 'unchanged', outcome };
  if (!isAgreed) return { ...proposal, state: 'declined', outcome: undefined };
  const done = await apply(setUp, plan, { folder, record, watcher });
  const reached = outcome ?? (await setUp.readOutcome());
  return {
    ...proposal,
    files: await writeFiles(setUp, reached, { folder, record: done, choices, watcher }),
    state: 'applied',
    outcome: reached,
  };
}

interface Progress {
  readonly folder: string;
  readonly record: UndoRecord | undefined;
  readonly watcher: SetUpWatcher;
}

/** What was pending is done when it is not to be done any more. */
function settlePending({ pending, unsure, ...record }: UndoRecord, { steps }: SetUpPlan): UndoRecord {
  const isDone = pending !== undefined && !steps.some(({ sentence }) => sentence === pending);
  return { ...record, unsure: isDone ? [...unsure, pending] : unsure };
}

/** The record is written before and after each step: whatever ends it half way, the rest can be done or all be taken
 * back, but for the one step that may have been under way, which is named.
 */
async function apply(setUp: SetUp, plan: SetUpPlan, { folder, record, watcher }: Progress): Promise<UndoRecord> {
  let done: UndoRecord = record ?? { steps: [], unsure: [], files: {} };
  // Where no record can be written nothing may be done, so that is tried first.
  await writeRecord(folder, setUp, done);
  for (const step of plan.steps) {
    await writeRecord(folder, setUp, { ...done, pending: step.sentence });
    const undo = await step.perform().catch(async (error: unknown) => {
      const isRefused = error instanceof UsherError && error.code === 'setup_refused';
      if (isRefused) await writeRecord(folder, setUp, done);
      throw error;
    });
    done = { ...done, steps: [...done.steps, undo] };
    await writeRecord(folder, setUp, done);
    watcher.done(step.sentence);
  }
  return done;
}

async function writeFiles(
  setUp: SetUp,
  outcome: SetUpOutcome,
  { folder, record, choices, watcher }: Progress & { readonly record: UndoRecord; readonly choices: GatewayChoices },
): Promise<Readonly<Record<string, FileState>>> {
  const wanted = buildFiles(outcome, choices);
  const states = await compareFiles(folder, { record, title: setUp.title, names: Object.keys(wanted), wanted });
  const files = { ...record.files };
  for (const [name, text] of Object.entries(wanted)) {
    if (states[name] === 'edited') continue;
    if (states[name] === 'write') {
      const file = join(folder, name);
      await orConflict(setUp.title, `write ${file}`, writeStateFile(file, text));
    }
    files[name] = hashOf(text);
    if (states[name] === 'write') watcher.done(`Write ${join(folder, name)}`);
  }
  await writeRecord(folder, setUp, { ...record, files });
  return states;
}
