import { type ErrorRow, errorTable } from '../model/errors.ts';
import type { KnownRefusal, Provider } from '../model/provider.ts';
import { findKnownRefusal, findRefusalById } from '../providers/find-known-refusal.ts';
import { findProvider } from '../providers/find-provider.ts';
import type { CauseRow, Diagnosis, Facts, Who } from './cause.ts';
import { callCauses } from './causes/call-causes.ts';
import { entraTokenCauses } from './causes/entra-token-causes.ts';
import { exchangeCauses } from './causes/exchange-causes.ts';
import { keyCauses } from './causes/key-causes.ts';
import { serverCauses } from './causes/server-causes.ts';
import { tokenCauses } from './causes/token-causes.ts';
import { nameSettings } from './name-settings.ts';

/** Every cause that stands in no provider's catalogue, most particular first. */
export const causes: readonly CauseRow[] = [
  ...entraTokenCauses,
  ...tokenCauses,
  ...keyCauses,
  ...callCauses,
  ...exchangeCauses,
  ...serverCauses,
];

/** Why it was refused: what the provider's catalogue knows of its words, else the first row of the table that fits, else what
 * the error table says. Undefined where nothing is wrong.
 */
export function diagnoseFacts(facts: Facts): Diagnosis | undefined {
  const found = findDiagnosis(facts);
  return found === undefined ? undefined : { ...found, fix: nameSettings(found.fix, facts.credential) };
}

function findDiagnosis(facts: Facts): Diagnosis | undefined {
  const { code, details } = facts;
  const known = findKnown(facts);
  if (known !== undefined && !isElsewhere(known, facts)) return describeKnown(known);
  const row = causes.find((one) => one.code === (code ?? 'none') && (one.fits?.(facts) ?? true));
  if (row !== undefined)
    return { id: row.id, who: row.who, cause: fill(row.cause, details), fix: fill(row.fix, details) };
  // A file of a later version may have codes that are not known here.
  if (code === undefined || !Object.hasOwn(errorTable, code)) return undefined;
  const { fault, message, hint } = errorTable[code];
  return {
    id: code.replaceAll('_', '-'),
    who: whoByFault[fault],
    cause: `${fill(message, details)}.`,
    fix: fill(hint, details),
  };
}

const whoByFault: Readonly<Record<ErrorRow['fault'], Who>> = {
  caller: 'client',
  neighbour: 'server',
  operator: 'operator',
  usher: 'usher',
};

interface Known {
  readonly provider: Provider;
  readonly refusal: KnownRefusal;
}

/** What a provider is known to mean by its answer: as the gateway told it, which was told whose provider it is; else by whose
 * token endpoint it looks like.
 */
function findKnown({ code, known, details }: Facts): Known | undefined {
  // The same words at another endpoint are about another client.
  if (code?.startsWith('exchange_') !== true) return undefined;
  const told = known === undefined ? undefined : findRefusalById(known);
  if (told !== undefined) return told;
  const { url, status, error, description } = details;
  const provider = findProviderOf(url);
  if (provider === undefined || error === undefined) return undefined;
  const answer = { status: Number(status), error: without(error), description: without(description) };
  const refusal = findKnownRefusal(provider, answer);
  return refusal === undefined ? undefined : { provider, refusal };
}

/** Whoever says that there is nothing at that address is not answering the request, whatever the words. */
function isElsewhere({ provider }: Known, { details }: Facts): boolean {
  return provider.name === 'generic' && [404, 405].includes(Number(details['status']));
}

const whoByTurn: Readonly<Record<NonNullable<KnownRefusal['turn']>, Who>> = {
  'sign-in': 'client',
  allow: 'provider',
  'set-up': 'operator',
};

function describeKnown({ provider, refusal }: Known): Diagnosis {
  const { id, cause, fix, source, turn } = refusal;
  return { id, who: turn === undefined ? 'provider' : whoByTurn[turn], cause, fix, provider: provider.title, source };
}

/** Whose token endpoint a refusal is about, where it is about one. */
export function findProviderOf(url: string | number | undefined): Provider | undefined {
  return typeof url === 'string' && URL.canParse(url) ? findProvider(new URL(url)) : undefined;
}

/** `(no error code)` and the like stand for nothing. */
function without(text: string | number | undefined): string {
  return text === undefined || /^\(.*\)$/.test(String(text)) ? '' : String(text);
}

function fill(template: string, details: Facts['details']): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?'));
}
