import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../lib/parse-json.ts';
import { parseJwtParts } from '../lib/jwt-parts.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { TokenClaims } from '../model/caller.ts';
import { pickTokenClaims } from '../model/token-claims.ts';
import { Secret } from '../model/secret.ts';
import { fail } from '../model/usher-error.ts';
import { callMcp } from './call-mcp.ts';
import { signInUser } from './sign-in-user.ts';
import type { Lab } from './start-lab.ts';

/** What the demo shows, all of it observed. */
export interface Story {
  /** For the person's own tries with the running demo; never part of what is shown. */
  readonly callerToken: Secret;
  readonly user: string;
  readonly tools: readonly string[];
  readonly answer: string;
  /** Claims of the token the client holds. */
  readonly caller: TokenClaims;
  /** Claims of the token that reached the API, as the API logged them. */
  readonly seenByApi: TokenClaims;
  readonly apiLine: string;
  readonly record: AuditRecord;
  /** The same call with the user's ID token instead of the access token. */
  readonly refused: { readonly status: number; readonly code: string; readonly record: AuditRecord };
  /** Where tokens are bound to keys (DPoP): thumbprints of the client's and of the gateway's, and what a call with the
   * token and without its key came to.
   */
  readonly bound?: {
    readonly callerKey: string;
    readonly gatewayKey: string;
    readonly withoutKey: { readonly status: number; readonly code: string };
  };
}

const toolsSchema = z.looseObject({ tools: z.array(z.looseObject({ name: z.string() })) });
const contentSchema = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ text: z.string().optional() })),
});
const apiLineSchema = z.looseObject({ event: z.literal('token.validated'), claims: z.record(z.string(), z.unknown()) });

/** Lives through the scenario once: sign in, list the tools, call one, be refused with the wrong token; and collects what
 * each party saw.
 * @throws UsherError step_failed as soon as a step is not as it should be
 */
export async function tellStory(lab: Lab, done: (what: string, details: string) => void): Promise<Story> {
  const user = lab.idp.users[0];
  if (user === undefined) throw fail('step_failed', { step: 'The demo', reason: 'the seed has no user' });
  const auditedBefore = (await readRecords(lab.auditFile)).length;
  const { callerToken, idToken, key } = await signInUser({
    mcpUrl: lab.mcpUrl,
    clientId: 'demo',
    redirectUri: 'http://127.0.0.1:33333/callback',
    username: user.login,
    password: user.password,
    caFile: lab.idp.caFile,
    isBound: lab.requireDpop,
  });
  done(
    'Signed in',
    `${user.login}, authorization code with PKCE${lab.requireDpop ? ', the token bound to a key (DPoP)' : ''}`,
  );

  const listed = await callMcp(lab.mcpUrl, { callerToken, key }, 'tools/list');
  const tools =
    toolsSchema
      .safeParse(listed.result)
      .data?.tools.map((tool) => tool.name)
      .sort() ?? [];
  if (!tools.includes('GetCountry'))
    throw stepFailed(
      'tools/list',
      `status ${listed.status} ${listed.errorCode ?? ''}, no tool GetCountry among ${JSON.stringify(tools)}`,
      lab,
    );
  done('tools/list', tools.join(', '));

  const linesBefore = lab.apiLines.length;
  const called = await callMcp(lab.mcpUrl, { callerToken, key }, 'tools/call', {
    name: 'GetCountry',
    arguments: { code: 'CZ' },
  });
  const content = contentSchema.safeParse(called.result).data;
  const answer = content?.content.map((part) => part.text ?? '').join(' ') ?? '';
  if (content?.isError === true || !answer.includes('Prague'))
    throw stepFailed('tools/call GetCountry', `status ${called.status} ${called.errorCode ?? ''} ${answer}`, lab);
  done('GetCountry CZ', shorten(answer));

  const api = await findApiLine(lab, linesBefore);
  const linesAfter = lab.apiLines.length;
  const refused = await callMcp(lab.mcpUrl, { callerToken: idToken ?? '', key }, 'tools/call', {
    name: 'GetCountry',
    arguments: { code: 'CZ' },
  });
  if (refused.status !== 401 || refused.challenge === null)
    throw stepFailed('The call with an ID token', `status ${refused.status}, expected 401 with a challenge`, lab);
  if (lab.apiLines.length !== linesAfter) throw stepFailed('The call with an ID token', 'the API heard of it', lab);
  done('ID token instead', `refused, ${refused.status} ${refused.errorCode ?? ''}; the API heard nothing`);

  const bound =
    key === undefined ? undefined : await callWithoutKey(lab, callerToken, api.cnf, await key.calculateThumbprint());
  if (bound !== undefined) {
    const { status, code } = bound.withoutKey;
    if (lab.apiLines.length !== linesAfter) throw stepFailed('The call without the key', 'the API heard of it', lab);
    done('Without the key', `the same token refused, ${status} ${code}; the API heard nothing`);
  }

  const records = (await readRecords(lab.auditFile, auditedBefore + 4)).slice(auditedBefore);
  const record = records.find((one) => one.what.tool === 'GetCountry' && one.decision === 'allowed');
  const refusal = records.find((one) => one.code === refused.errorCode);
  if (record === undefined || refusal === undefined)
    throw stepFailed('The audit trail', `${lab.auditFile} has no line for the call or for the refusal`, lab);
  const story: Story = {
    callerToken: new Secret(callerToken),
    user: user.login,
    tools,
    answer,
    caller: pickTokenClaims(parseJwtParts(callerToken).claims),
    seenByApi: api.claims,
    apiLine: api.line,
    record,
    refused: { status: refused.status, code: refused.errorCode ?? '', record: refusal },
    ...(bound === undefined ? {} : { bound }),
  };
  checkStory(story, lab, [callerToken, idToken ?? '']);
  return story;
}

/** What somebody can do who has the token, and not the key it is bound to. */
async function callWithoutKey(
  lab: Lab,
  callerToken: string,
  apiCnf: unknown,
  thumbprint: string,
): Promise<NonNullable<Story['bound']>> {
  const stolen = await callMcp(lab.mcpUrl, { callerToken }, 'tools/list');
  if (stolen.status !== 401 || stolen.challenge === null)
    throw stepFailed('The call without the key', `status ${stolen.status}, expected 401 with a challenge`, lab);
  const cnfSchema = z.strictObject({ jkt: z.string() });
  const callerKey = cnfSchema.safeParse(parseJwtParts(callerToken).claims['cnf']).data?.jkt;
  const gatewayKey = cnfSchema.safeParse(apiCnf).data?.jkt;
  if (callerKey !== thumbprint || gatewayKey === undefined || gatewayKey === callerKey)
    throw stepFailed('The check', 'the tokens are not bound to the keys of client and gateway', lab);
  return { callerKey, gatewayKey, withoutKey: { status: stolen.status, code: stolen.errorCode ?? '' } };
}

/** The point of it all: the same user, another issuer, another audience, and no token on record. */
function checkStory(story: Story, lab: Lab, tokens: readonly string[]): void {
  const { caller, seenByApi, record } = story;
  const [mcpserver, backend] = ['mcpserver', 'backend'].map((id) => lab.idp.servers.find((server) => server.id === id));
  const expectations = [
    ["iss of the caller's token", caller.iss, mcpserver?.issuer],
    ["aud of the caller's token", caller.aud, mcpserver?.audience],
    ['iss the API saw', seenByApi.iss, backend?.issuer],
    ['aud the API saw', seenByApi.aud, backend?.audience],
    ['scp the API saw', seenByApi.scp?.join(' '), 'backend-api:read'],
    ['sub the API saw', seenByApi.sub, caller.sub],
    ['sub', caller.sub, story.user],
    ["jti of the caller's token in the audit trail", record.caller?.jti, caller.jti],
    ['jti of the exchanged token in the audit trail', record.exchanged?.jti, seenByApi.jti],
  ] as const;
  for (const [what, found, expected] of expectations) {
    if (found !== expected || found === undefined)
      throw stepFailed('The check', `${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`, lab);
  }
  const onRecord = JSON.stringify([record, story.refused.record, lab.apiLines]);
  if (tokens.some((token) => token !== '' && onRecord.includes(token.slice(-20))))
    throw stepFailed('The check', "a token stands in the audit trail or the API's log", lab);
}

/** The beginning of a JSON text, up to the end of a member, with room to break it. */
function shorten(json: string): string {
  const text = json.replaceAll(/\s+/g, ' ').replaceAll(',"', ', "');
  return text.length <= 95 ? text : `${text.slice(0, text.lastIndexOf(', ', 95) + 1)} …`;
}

interface ApiLine {
  readonly line: string;
  readonly claims: TokenClaims;
  readonly cnf: unknown;
}

async function findApiLine(lab: Lab, from: number): Promise<ApiLine> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    for (const line of lab.apiLines.slice(from)) {
      const parsed = apiLineSchema.safeParse(parseJson(line));
      if (!parsed.success) continue;
      const { claims } = parsed.data;
      return { line, claims: pickTokenClaims(claims), cnf: claims['cnf'] };
    }
    await sleep(25);
  }
  throw stepFailed("The API's log", 'no line about a validated token', lab);
}

/** The audit trail so far, once it has `atLeast` lines or half a second has passed: it is written in the background. */
async function readRecords(auditFile: string, atLeast = 0): Promise<readonly AuditRecord[]> {
  for (let attempt = 0; ; attempt += 1) {
    const lines = (await readFile(auditFile, 'utf8')).split('\n').filter((line) => line !== '');
    if (lines.length >= atLeast || attempt === 20) return lines.map((line): AuditRecord => JSON.parse(line));
    await sleep(25);
  }
}

function stepFailed(step: string, reason: string, lab: Lab): Error {
  const last = lab.apiLines.at(-1);
  return fail('step_failed', {
    step,
    reason: last === undefined ? reason : `${reason} (the API's last line: ${last.slice(0, 200)})`,
  });
}
