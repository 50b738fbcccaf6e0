import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { callMcp } from '../../src/demo/call-mcp.ts';
import { assertAbsent } from '../kit/assert-refused.ts';
import type { RealLab } from './start-real-lab.ts';

/** What both providers must do the same: a user signs in, lists the tools, calls one, and the API hears of that user by a
 * token of its own; one audit line names both tokens and shows neither.
 */
export async function assertScenario(
  lab: RealLab,
  user: { readonly username: string; readonly password: string },
  issuers: { readonly caller: string; readonly api: string },
): Promise<void> {
  const { callerToken, issuer } = await lab.signIn(user);
  assert.equal(issuer, issuers.caller);
  const caller = decodeJwt(callerToken);
  const listed = await callMcp(lab.mcpUrl('good'), callerToken, 'tools/list');
  assert.match(JSON.stringify(listed.result), /"GetCountry"/);
  const before = lab.countries.accepted.length;
  const arguments_ = { name: 'GetCountry', arguments: { code: 'CZ' } };
  const called = await callMcp(lab.mcpUrl('good'), callerToken, 'tools/call', arguments_);
  assert.match(JSON.stringify(called.result), /Prague/);

  assert.deepEqual(lab.countries.refused, []);
  assert.equal(lab.countries.accepted.length, before + 1);
  const api = lab.countries.accepted.at(-1);
  assert.equal(api?.iss, issuers.api);
  assert.deepEqual([api?.aud].flat(), ['backend']);
  assert.equal(api?.sub, caller.sub, 'the same user');
  assert.notEqual(api?.jti, caller.jti);

  const record = (await lab.gateway.records()).findLast(({ what }) => what.tool === 'GetCountry');
  assert.equal(record?.decision, 'allowed');
  assert.equal(record?.who.sub, caller.sub);
  assert.deepEqual([record?.caller?.aud].flat().includes('mcpserver'), true);
  assert.equal(record?.exchanged?.sub, caller.sub);
  assert.deepEqual([record?.exchanged?.aud].flat(), ['backend']);
  assert.deepEqual(record?.exchanged?.scp, ['backend-api:read']);
  assert.equal(record?.exchanged?.jti, api?.jti);
  assertAbsent(callerToken, [JSON.stringify(record), ...lab.gateway.logged].join('\n'));
}
