import assert from 'node:assert/strict';
import { errorTable, type ErrorCode } from '../../../src/model/errors.ts';
import { UsherError } from '../../../src/model/usher-error.ts';
import { buildChallenge } from '../../../src/pipeline/challenge.ts';
import { anonymous, buildRoute, buildRouted } from '../../kit/build-routed.ts';
import { isObject, parseJson, type Target } from '../target.ts';

const proofs = { isRequired: false, algorithms: ['ES256', 'EdDSA'], check: () => undefined };
const route = buildRoute({ proofs, authenticator: { ...anonymous, issuers: ['https://issuer.example'] } });
const { request } = buildRouted({}, route);
const codes = Object.keys(errorTable) as ErrorCode[];

/** Whatever the details of a refusal are: a header value that parses to the parameters meant, and no others. */
export function check(code: ErrorCode, details: Readonly<Record<string, string | number>>): void {
  const error = new UsherError(code, details);
  const challenge = buildChallenge(error, route, { id: 'id-1', request });
  const { challenge: kind, scheme } = errorTable[code];
  if (kind === undefined) return assert.equal(challenge, undefined);
  assert.match(challenge ?? '', /^[\u0020-\u007e]+$/);
  const parameters = parseChallenge(challenge ?? '');
  const { error_description: description, ...rest } = parameters;
  assert.deepEqual(rest, {
    ...(kind === 'none' ? {} : { error: kind, request_id: 'id-1' }),
    ...(scheme === undefined ? {} : { algs: 'ES256 EdDSA' }),
    scope: 'mcp:tools:call',
    resource_metadata: route.resourceMetadataUrl,
  });
  assert.equal(description === undefined, kind === 'none');
}

/** RFC 9110 §11.6.1, one challenge with quoted parameters.
 * @throws SyntaxError when it is none
 */
function parseChallenge(text: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  let rest = /^(?:Bearer|DPoP) (.*)$/.exec(text)?.[1];
  while (rest !== undefined && rest !== '') {
    const match: RegExpExecArray | null = /^([a-z_]+)="((?:[^"\\]|\\.)*)"(?:, |$)/.exec(rest);
    if (match === null) throw new SyntaxError(`cannot read on at ${rest}`);
    const [whole, name = '', value = ''] = match;
    assert.ok(!(name in parameters), `${name} stands there twice`);
    parameters[name] = value;
    rest = rest.slice(whole.length);
  }
  return parameters;
}

/** An object of details, said of every refusal. */
export const target: Target = {
  seeds: [
    '{"found":"\\"a\\"","expected":"b","reason":"x\\\\","kid":"\\r\\nX-Injected: 1","alg":"none"}',
    '{"claim":"sub","reason":"is ключ","issuer":"https://issuer.example","notBefore":"{found}"}',
  ],
  fuzz(bytes) {
    const value = parseJson(bytes);
    if (!isObject(value)) return;
    const details: Record<string, string | number> = {};
    for (const [name, one] of Object.entries(value)) {
      details[name] = typeof one === 'number' ? one : typeof one === 'string' ? one : JSON.stringify(one);
    }
    for (const code of codes) check(code, details);
  },
};
