import { join } from 'node:path';
import type { SetUp, SetUpOutcome } from '../../model/set-up.ts';
import { clientSecretName, configName } from '../../setup/gateway-files.ts';
import type { SetUpProposal, SetUpReport } from '../../setup/run-set-up.ts';
import type { UndoProposal, UndoReport } from '../../setup/undo-set-up.ts';
import { plain, visibleJson } from '../../lib/plain.ts';

/** What a set-up would do, for a person to read before agreeing. Names come from the provider, so nothing of them may
 * move the cursor.
 */
export function describeProposal(
  { title, target }: SetUp,
  { found, steps, files, unsure }: SetUpProposal,
  folder: string,
) {
  const written = namesIn(files, 'write').map((name) => join(folder, name));
  const edited = namesIn(files, 'edited').map((name) => join(folder, name));
  const heading = `${title} at ${target}`;
  if (steps.length + written.length + edited.length + unsure.length === 0) return `${heading}: nothing to change`;
  return plainLines([
    `${heading}: ${steps.length === 0 ? 'nothing to change there' : `${steps.length} to do`}`,
    ...found.map((sentence) => `  = ${sentence}`),
    ...steps.map(({ action, sentence }) => `  ${action === 'create' ? '+' : '~'} ${sentence}`),
    ...written.map((file) => `  + Write ${file}, readable by its owner only`),
    ...edited.map((file) => `  = Leave ${file} as it is: somebody changed it`),
    ...unsure.map((sentence) => `  ! Done by a run that was interrupted, so --undo does not know of it: ${sentence}`),
  ]);
}

/** The same for taking it back. */
export function describeUndo({ title, target }: SetUp, { steps, files, unsure }: UndoProposal, folder: string): string {
  return plainLines([
    `${title} at ${target}: ${steps.length} to take back`,
    ...steps.map((sentence) => `  - ${sentence}`),
    ...namesIn(files, 'remove').map((name) => `  - Remove ${join(folder, name)}`),
    ...namesIn(files, 'edited').map((name) => `  = Leave ${join(folder, name)}: somebody changed it`),
    ...unsure.map((sentence) => `  ! Look for it by hand, since a run was interrupted there: ${sentence}`),
  ]);
}

/** What to do with what was set up. */
export function describeOutcome({ callers, exchange, client }: SetUpOutcome, folder: string): string {
  const secret = client.clientSecret === undefined ? 'no secret' : `the secret in ${join(folder, clientSecretName)}`;
  return plainLines([
    `People's MCP client signs in with the client id ${client.clientId} and ${secret}`,
    `  at ${callers.issuer}, redirected to ${client.redirectUris.join(' or ')}`,
    ...(exchange.more?.['dpop'] === true
      ? [
          'The server behind gets tokens of type DPoP with proofs, and has to check both; --no-token-exchange-dpop has bearer tokens instead',
        ]
      : []),
    `Check the whole chain: usher doctor -f ${join(folder, configName)} --client-id ${client.clientId}`,
    `Start the gateway: usher serve -f ${join(folder, configName)}`,
  ]);
}

/** A report without secrets, for programs. */
export function reportJson({ provider, target }: SetUp, report: SetUpReport | UndoReport, folder: string): string {
  const { state, steps, files, unsure } = report;
  const more =
    'gone' in report ? { gone: report.gone } : { found: report.found, ...outcomeJson(report.outcome, folder) };
  return visibleJson(JSON.stringify({ provider, target, state, steps, files, unsure, folder, ...more }, undefined, 2));
}

function outcomeJson(outcome: SetUpOutcome | undefined, folder: string) {
  if (outcome === undefined) return {};
  const { callers, exchange, client } = outcome;
  return {
    callers,
    exchange: { url: exchange.url, clientId: exchange.clientId, audience: exchange.audience, scopes: exchange.scopes },
    client: {
      clientId: client.clientId,
      redirectUris: client.redirectUris,
      ...(client.clientSecret === undefined ? {} : { clientSecretFile: join(folder, clientSecretName) }),
    },
  };
}

function namesIn(files: Readonly<Record<string, string>>, state: string): readonly string[] {
  return Object.keys(files).filter((name) => files[name] === state);
}

function plainLines(lines: readonly string[]): string {
  return lines.map(plain).join('\n');
}
