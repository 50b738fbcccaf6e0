import assert from 'node:assert/strict';
import { buildAnswers } from '../../../src/providers/okta/set-up/okta-answers.ts';
import { oidcAppSchema, ruleSchema, serverSchema } from '../../../src/providers/okta/set-up/okta-shapes.ts';
import { orRefusal, type Target } from '../target.ts';

const origin = 'https://example.okta.com';
const answers = buildAnswers(origin);

/** What an org answers: an object, a list, a link to the next page, a refusal, each from the same text. */
export function check(text: string): void {
  for (const schema of [serverSchema, ruleSchema, oidcAppSchema]) {
    const object = orRefusal(() => answers.parse('/api/v1/x', text, schema), ['start']);
    const list = orRefusal(() => answers.parseList('/api/v1/x', text, schema), ['start']);
    for (const { id } of [...(object === undefined ? [] : [object]), ...(list ?? [])]) {
      assert.equal(new URL(`${origin}/api/v1/apps/${id}/groups`).pathname, `/api/v1/apps/${id}/groups`);
    }
  }
  const next = orRefusal(() => answers.parseNextPage(text), ['start']);
  if (next !== undefined) assert.equal(new URL(next).origin, origin);
  orRefusal(() => {
    throw answers.readRefusal('POST /api/v1/apps', 400, text);
  }, ['start']);
}

export const target: Target = {
  seeds: [
    '{"id":"aus1","name":"a","audiences":["a"],"issuer":"https://example.okta.com/oauth2/aus1","status":"ACTIVE"}',
    '[{"id":"0pr1","name":"r","status":"ACTIVE","conditions":{"grantTypes":{"include":["x"]},"scopes":{"include":["*"]}}}]',
    '</api/v1/apps?after=a&limit=1>; rel="next", <https://example.okta.com/api/v1/apps>; rel="self"',
    '<https://evil.example/api/v1/apps>; rel="next"',
    '{"errorCode":"E0000001","errorSummary":"Api validation failed: name","errorCauses":[{"errorSummary":"name: x"}]}',
    '<html>',
  ],
  fuzz: (bytes) => check(bytes.toString('utf8')),
};
