import { styleText } from 'node:util';
import { plain } from '../lib/plain.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { TokenClaims } from '../model/caller.ts';
import { signInEvents, type SignIn } from '../model/sign-in.ts';
import type { Diagnosis, Who } from './cause.ts';
import type { Explanation, StageOutcome } from './explanation.ts';
import { describeCall } from './list-stages.ts';

/** An explanation for a person. */
export function describeExplanation({ record, stages, compared, answer, diagnosis }: Explanation): string {
  return [
    ...describeHead(record),
    '',
    ...(record.signIn === undefined ? [] : describeSignIn(record.signIn)),
    ...stages.map(describeStage),
    ...compared.flatMap(({ what, found, expected }) => [
      '',
      `  ${what}  found     ${plain(found)}`,
      `  ${' '.repeat(what.length)}  expected  ${plain(expected)}`,
    ]),
    ...(answer === undefined
      ? []
      : [
          '',
          `  ${bold(answer.provider)} (${plain(answer.url)}) answered ${answer.status} ${plain(answer.error)}`,
          `    ${plain(answer.description)}`,
        ]),
    ...describeTokens(record),
    ...describeDiagnosis(diagnosis, record),
    '',
  ].join('\n');
}

const verdicts: Readonly<Record<AuditRecord['decision'], string>> = {
  allowed: 'Allowed',
  refused: 'Refused',
  failed: 'Failed',
  cancelled: 'Broken off by the caller',
};

function describeHead({ decision, stage, code, status, id, time, server, who, from, what, ms }: AuditRecord): string[] {
  const verdict = [
    `${verdicts[decision]}${stage === undefined ? '' : ` at ${stage}`}`,
    status === 0 ? 'no answer' : `status ${status}`,
    ...(code === undefined ? [] : [code]),
  ].join(', ');
  const person = who.name ?? who.sub;
  const caller =
    person === undefined ? 'nobody known' : `${person}${who.client === undefined ? '' : `, client ${who.client}`}`;
  return [
    bold(verdict),
    `  request  ${plain(id)}${server === undefined ? '' : ` to ${plain(server)}`}`,
    `  when     ${time}, ${ms.total} ms in all${ms.exchange === undefined ? '' : `, ${ms.exchange} ms of them for the exchange`}`,
    `  who      ${plain(caller)}${from === undefined ? '' : `, from ${plain(from)}`}`,
    `  what     ${plain(describeCall(what))}`,
  ];
}

/** Which app, where it is, and at which provider. */
function describeSignIn({ event, ...signIn }: SignIn): string[] {
  const { app, appName = '', redirectUri, scopes, provider, providerClient, flow } = signIn;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['sign-in', signInEvents[event]],
    [
      'app',
      app === undefined ? undefined : `${appName === '' ? 'without a name' : `calls itself "${appName}"`}, ${app}`,
    ],
    ['is at', redirectUri],
    ['scopes', scopes?.join(' ')],
    ['at', `${provider}, as ${providerClient}`],
    ['flow', flow],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(8)} ${plain(value)}`]));
}

const marks: Readonly<Record<StageOutcome['result'], string>> = {
  passed: '✔',
  refused: '✘',
  failed: '✘',
  'broken off': '–',
  'not reached': '·',
};

function describeStage({ stage, result, says }: StageOutcome): string {
  const colour = result === 'passed' ? 'green' : result === 'not reached' ? 'dim' : 'red';
  const text = result === 'passed' ? says : result === 'not reached' ? result : `${result}: ${says}`;
  return `  ${style(colour, marks[result])} ${stage.padEnd(13)} ${plain(text)}`.trimEnd();
}

/** Both tokens side by side, as far as they are known. */
function describeTokens({ caller, exchanged, signIn }: AuditRecord): string[] {
  if (caller === undefined) return [];
  const rows = (['iss', 'aud', 'scp', 'sub', 'clientId', 'jti', 'exp'] as const)
    .map(
      (claim) => [claim === 'clientId' ? 'client' : claim, show(caller, claim), show(exchanged ?? {}, claim)] as const,
    )
    .filter(([, before, after]) => before !== '–' || after !== '–');
  // Who needs no token has none to show.
  if (rows.length === 0) return [];
  const isSent = exchanged !== undefined && exchanged.source !== 'none';
  const title =
    signIn !== undefined
      ? 'token that was handed out'
      : caller.unverified === true
        ? 'token shown (not verified)'
        : 'token of the caller';
  const width = Math.max(title.length, ...rows.map(([, before]) => before.length));
  const line = (name: string, before: string, after: string) =>
    `  ${name.padEnd(6)}  ${isSent ? before.padEnd(width) : before}${isSent ? `   ${after}` : ''}`.trimEnd();
  return [
    '',
    style('dim', line('', title, 'token that was sent on')),
    ...rows.map(([name, before, after]) => line(name, before, after)),
  ];
}

function show(claims: TokenClaims, claim: keyof TokenClaims): string {
  const value = claims[claim];
  if (claim === 'exp' && typeof value === 'number' && Math.abs(value) < 8.64e12)
    return new Date(value * 1000).toISOString();
  return plain(Array.isArray(value) ? value.join(' ') : String(value ?? '–'));
}

const turns: Readonly<Record<Who, string>> = {
  client: 'the client or its user',
  operator: 'you, in the settings of Usher',
  provider: 'whoever runs the identity provider',
  server: 'whoever runs the MCP server',
  usher: 'us: please report it',
  nobody: 'nobody',
};

function describeDiagnosis(diagnosis: Diagnosis | undefined, record: AuditRecord): string[] {
  if (diagnosis === undefined)
    return record.decision === 'allowed'
      ? [
          '',
          record.signIn !== undefined
            ? '  Nothing is wrong as far as the gateway sees.'
            : '  Nothing is wrong as far as the gateway sees. What a tool itself says of an error stands in its answer, which is not looked into.',
        ]
      : [];
  const { id, who, cause, fix, source } = diagnosis;
  return [
    '',
    `${bold('Cause')}  ${plain(cause)} ${style('dim', `[${id}]`)}`,
    `${bold('Fix')}    ${plain(fix)}`,
    `${bold('Turn')}   ${turns[who]}`,
    ...(source === undefined ? [] : [`${bold('See')}    ${source}`]),
  ];
}

function bold(text: string): string {
  return style('bold', text);
}

function style(format: 'bold' | 'dim' | 'green' | 'red', text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
