import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { defaultSeed } from '../../src/idp/seed/default-seed.ts';
import { errorTable, type ErrorCode } from '../../src/model/errors.ts';
import { buildRecord, check as checkRecord } from '../fuzz/targets/audit.ts';
import { check as checkChallenge } from '../fuzz/targets/challenge.ts';
import { check as checkConfig, target as config } from '../fuzz/targets/config.ts';
import { asked, check as checkAnswer } from '../fuzz/targets/exchange-answer.ts';
import { check as checkRefusal } from '../fuzz/targets/exchange-refusal.ts';
import { check as checkSeed } from '../fuzz/targets/seed.ts';
import { anyJson, anyText, property } from '../kit/property.ts';

const codes = Object.keys(errorTable) as ErrorCode[];
const names = ['reason', 'found', 'expected', 'kid', 'alg', 'issuer', 'claim', 'notBefore', 'expiredAt'];
property(
  'a challenge – details of a refusal that are anything – one header value with the parameters meant',
  fc.tuple(fc.constantFrom(...codes), fc.array(anyText, { minLength: names.length, maxLength: names.length })),
  ([code, texts]) => checkChallenge(code, Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']))),
  500,
);

property(
  'an audit record – texts that are anything – one line of JSON that reads the same',
  fc.tuple(
    fc.dictionary(
      fc.constantFrom('sub', 'name', 'server', 'from', 'path', 'method', 'tool', 'target', 'rpcId', 'reason'),
      anyText,
    ),
    fc.dictionary(fc.constantFrom('iss', 'aud', 'sub', 'jti', 'exp', 'scp', 'cid'), anyJson),
  ),
  ([texts, claims]) => checkRecord(buildRecord((key) => texts[key], claims)),
);

const usual = {
  access_token: 'opaque',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
  expires_in: 60,
  scope: 'backend-api:read',
};
const members = fc.constantFrom(
  'access_token',
  'issued_token_type',
  'token_type',
  'expires_in',
  'scope',
  'error',
  'refresh_token',
);
property(
  'an answer of the token endpoint – a good one with members that are anything – a token fit to send, or refused',
  fc.dictionary(members, fc.oneof(anyJson, anyText, fc.constant(asked.callerToken), fc.double()), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  (changes) => void checkAnswer({ ...usual, ...changes }),
  500,
);
property('an answer of the token endpoint – any JSON – refused', anyJson, (body) =>
  assert.equal(checkAnswer(body), undefined),
);

property(
  'a refusal of the token endpoint – status, Retry-After and body that are anything – classified, nothing secret quoted',
  fc.tuple(
    fc.integer({ min: 200, max: 599 }),
    fc.option(
      fc.oneof(
        fc.stringMatching(/^[\u0021-\u007e]{1,12}$/),
        fc.integer().map(String),
        fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      ),
      { nil: undefined },
    ),
    fc.oneof(
      anyText,
      anyJson.map((body) => JSON.stringify(body)),
      fc.record({ error: fc.oneof(anyText, anyJson), error_description: anyJson }).map((body) => JSON.stringify(body)),
    ),
  ),
  async ([status, retryAfter, body]) => void (await checkRefusal(status, retryAfter, body)),
);

/** Some lines of a text left out, doubled or exchanged for others. */
const bent = (text: string): fc.Arbitrary<string> => {
  const lines = text.split('\n');
  return fc
    .array(fc.tuple(fc.nat({ max: lines.length - 1 }), fc.oneof(anyText, fc.constantFrom('', ...lines))), {
      maxLength: 4,
    })
    .map((changes) => {
      const changed = [...lines];
      for (const [at, line] of changes) changed[at] = line;
      return changed.join('\n');
    });
};
property(
  'a seed – with some lines that are anything – read, or every problem with its place',
  bent(defaultSeed),
  (text) => void checkSeed(text),
  100,
);
property('a seed – any text – refused with a place', anyText, (text) => void checkSeed(text));
property(
  'a configuration – with some lines that are anything – read, or a report without the secret in it',
  bent(config.seeds[0] ?? '').map((text) => Buffer.from(text)),
  (bytes) => void checkConfig(bytes),
  100,
);
property(
  'a configuration – any JSON – a report',
  anyJson,
  (value) => void checkConfig(Buffer.from(JSON.stringify(value))),
  100,
);
