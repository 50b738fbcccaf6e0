import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { callMcp } from '../../src/demo/call-mcp.ts';
import type { SignedIn } from '../../src/demo/sign-in-user.ts';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { assertAbsent } from '../kit/assert-refused.ts';
import { until } from '../kit/until.ts';
import type { Countries } from './start-countries.ts';

/** What the scenario is played with. */
export interface Stage {
  readonly mcpUrl: string;
  readonly countries: Countries;
  readonly issuers: { readonly caller: string; readonly api: string };
  readonly signIn: () => Promise<SignedIn>;
  readonly records: () => Promise<readonly AuditRecord[]>;
}

/** What every provider must do the same: a user signs in, lists the tools, calls one, and the API hears of that user by a
 * token of its own; one audit line names both tokens and shows neither. Returns the user's subject.
 */
export async function assertScenario({ mcpUrl, countries, issuers, signIn, records }: Stage): Promise<string> {
  const { callerToken, issuer } = await signIn();
  assert.equal(issuer, issuers.caller);
  const caller = decodeJwt(callerToken);
  const listed = await callMcp(mcpUrl, callerToken, 'tools/list');
  assert.match(JSON.stringify(listed.result), /"GetCountry"/);
  const before = countries.accepted.length;
  const call = { name: 'GetCountry', arguments: { code: 'CZ' } };
  const called = await callMcp(mcpUrl, callerToken, 'tools/call', call);
  assert.match(JSON.stringify(called.result), /Prague/);

  assert.deepEqual(countries.refused, []);
  assert.equal(countries.accepted.length, before + 1);
  const api = countries.accepted.at(-1);
  assert.equal(api?.iss, issuers.api);
  assert.deepEqual([api?.aud].flat(), ['backend']);
  assert.equal(api?.sub, caller.sub, 'the same user');
  assert.notEqual(api?.jti, caller.jti);

  const record = await findRecord(
    records,
    ({ exchanged, what }) => what.tool === 'GetCountry' && exchanged?.jti === api?.jti,
  );
  assert.equal(record?.decision, 'allowed');
  assert.equal(record?.who.sub, caller.sub);
  assert.ok([record?.caller?.aud].flat().includes('mcpserver'));
  assert.equal(record?.exchanged?.sub, caller.sub);
  assert.deepEqual([record?.exchanged?.aud].flat(), ['backend']);
  assert.deepEqual(record?.exchanged?.scp, ['backend-api:read']);
  assertAbsent(callerToken, JSON.stringify(record));
  return caller.sub ?? '';
}

/** An audit record, which is written a moment after its call. */
export async function findRecord(
  read: () => Promise<readonly AuditRecord[]>,
  isWanted: (record: AuditRecord) => boolean,
): Promise<AuditRecord | undefined> {
  let found: AuditRecord | undefined;
  await until(async () => {
    found = (await read()).findLast(isWanted);
    return found !== undefined;
  });
  return found;
}
