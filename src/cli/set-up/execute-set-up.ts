import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { reportUsage } from '../../config/report.ts';
import { quote } from '../../config/quote.ts';
import type { Problem } from '../../config/source.ts';
import type { SetUp } from '../../model/set-up.ts';
import type { CommandContext } from '../command-module.ts';
import { describeOutcome, describeProposal, describeUndo, reportJson } from './describe-set-up.ts';
import { plain } from '../../lib/plain.ts';
import { note, paint, print } from '../print.ts';
import { refuseOperands } from '../options/require.ts';
import { setUpOptions } from '../options/set-up-options.ts';
import type { SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher setup PROVIDER`: what is the same for all of them.
 * @param problems what is wrong with the provider's own options
 * @param connect is called when nothing is wrong with any
 */
export async function executeSetUp(
  command: Command,
  { tail }: CommandContext,
  { values, problems, connect }: { values: SimpleValues; problems: readonly Problem[]; connect: () => Promise<SetUp> },
): Promise<number> {
  const mode = readMode(values);
  const folder = resolve(values.text(setUpOptions.out) ?? '.');
  const caFile = values.text(setUpOptions.caFile);
  const choices = {
    name: values.text(setUpOptions.name) ?? '',
    upstreamUrl: values.text(setUpOptions.targetUri) ?? '',
    port: values.port(setUpOptions.port),
    caFile: caFile === undefined ? undefined : resolve(caFile),
  };
  const all = [
    ...sortLeftovers(command).problems,
    ...refuseOperands(command, tail),
    ...values.problems,
    ...problems,
    ...checkMode(mode),
    ...checkChoices(choices),
  ];
  if (all.length > 0) throw reportUsage(all);
  const setUp = await connect();
  try {
    return mode.undo ? await takeBack(setUp, folder, mode) : await apply(setUp, folder, { mode, choices });
  } finally {
    await setUp.close();
  }
}

type Mode = ReturnType<typeof readMode>;

function readMode(values: SimpleValues) {
  const isSet = (name: 'yes' | 'dryRun' | 'undo' | 'json') => values.isSet(setUpOptions[name]);
  return { yes: isSet('yes'), dryRun: isSet('dryRun'), undo: isSet('undo'), json: isSet('json') };
}

function checkMode({ yes, dryRun }: Mode): readonly Problem[] {
  if (yes && dryRun) return [{ where: '--dry-run', what: 'is given beside --yes; keep one of them' }];
  if (yes || dryRun || process.stdin.isTTY) return [];
  return [
    { where: '--yes', what: 'is missing; without a terminal nobody can be asked. --dry-run only shows the plan' },
  ];
}

function checkChoices({ name, upstreamUrl }: { name: string; upstreamUrl: string }): readonly Problem[] {
  const isUrl = /^https?:$/.test(URL.parse(upstreamUrl)?.protocol ?? '');
  return [
    ...(isUrl ? [] : [{ where: '--target-uri', what: `is ${quote(upstreamUrl)}, expected an http or https URL` }]),
    ...(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)
      ? []
      : [{ where: '--name', what: `is ${quote(name)}, expected letters, digits, dots, dashes and underscores` }]),
  ];
}

type Choices = Parameters<typeof checkChoices>[0] & { readonly port: number; readonly caFile: string | undefined };

async function apply(setUp: SetUp, folder: string, { mode, choices }: { mode: Mode; choices: Choices }) {
  const { runSetUp } = await import('../../setup/run-set-up.ts');
  const report = await runSetUp(setUp, folder, {
    choices,
    watcher: {
      agree: async (proposal) => {
        const isDone = proposal.steps.length === 0 && !Object.values(proposal.files).includes('write');
        return await agree(describeProposal(setUp, proposal, folder), { ...mode, isDone });
      },
      done: (sentence) => note(`${paint('green', '✔')} ${plain(sentence)}`),
    },
  });
  if (mode.json) print(reportJson(setUp, report, folder));
  else if (report.outcome !== undefined) note(describeOutcome(report.outcome, folder));
  return report.state === 'declined' && !mode.dryRun ? 1 : 0;
}

async function takeBack(setUp: SetUp, folder: string, mode: Mode) {
  const { undoSetUp } = await import('../../setup/undo-set-up.ts');
  const report = await undoSetUp(setUp, folder, {
    agree: async (proposal) => await agree(describeUndo(setUp, proposal, folder), { ...mode, isDone: false }),
    done: (sentence) => note(`${paint('green', '✔')} ${plain(sentence)}`),
  });
  if (mode.json) print(reportJson(setUp, report, folder));
  for (const sentence of report.gone) note(`It was gone already: ${plain(sentence)}`);
  return report.state === 'declined' && !mode.dryRun ? 1 : 0;
}

/** Shows what would be done and asks, unless that was answered on the command line. */
async function agree(text: string, { yes, dryRun, json, isDone }: Mode & { isDone: boolean }): Promise<boolean> {
  // With --json stdout is for the report alone; without, the plan is what a dry run is for.
  if (dryRun && !json) print(text);
  else note(text);
  if (yes || dryRun || isDone) return yes;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question('Do that? Only "yes" is taken for a yes: ');
    if (answer.trim() === 'yes') return true;
    note('Nothing was changed');
    return false;
  } finally {
    lines.close();
  }
}
