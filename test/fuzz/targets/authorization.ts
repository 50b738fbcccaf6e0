import assert from 'node:assert/strict';
import type { Authenticator } from '../../../src/model/authenticator.ts';
import { authenticate } from '../../../src/pipeline/authenticate.ts';
import { anonymous, buildRoute, buildRouted } from '../../kit/build-routed.ts';
import { orRefusalLater, type Target } from '../target.ts';

/** The token that is taken for the caller's, of these header lines and this query; undefined when there is none or the
 * request is refused. It is the only credential there is, and it stands nowhere else.
 */
export async function check(rawHeaders: readonly string[], query: string): Promise<string | undefined> {
  let asked: string | undefined;
  const authenticator: Authenticator = {
    ...anonymous,
    needsToken: true,
    anonymous: undefined,
    authenticate(callerToken, connection) {
      asked = callerToken;
      return anonymous.authenticate(callerToken, connection);
    },
  };
  const routed = buildRouted({ rawHeaders, url: `/mcp${query}` }, buildRoute({ authenticator }));
  const authenticated = await orRefusalLater(() => authenticate(routed), ['authenticate']);
  if (authenticated === undefined || asked === undefined) {
    assert.equal(authenticated, undefined, 'nobody comes in without a token');
    return undefined;
  }
  const credentials = rawHeaders.filter(
    (_, index) => rawHeaders[index - 1]?.toLowerCase() === 'authorization' && index % 2 === 1,
  );
  assert.equal(credentials.length, 1);
  assert.match(asked, /^[^\s,]+$/);
  assert.equal(credentials[0]?.slice(7).trim(), asked);
  assert.match(credentials[0] ?? '', /^bearer /i);
  assert.equal(authenticated.identity.callerToken, asked);
  // One with characters that part names from values is no token of anybody's: only what looks like one is looked for.
  const isTokenLike = /^[\w.~-]{3,}$/.test(asked);
  assert.ok(!isTokenLike || !decodeSafely(query).includes(asked), 'it is not in the query as well');
  return asked;
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The first line is the query, each further one a header. */
export const target: Target = {
  seeds: [
    '\nauthorization: Bearer abc.def.ghi',
    '?session=1\nAuthorization: bearer  abc ',
    '?access_token=abc\nauthorization: Bearer abc',
    '?a=abc.def\nauthorization: Bearer abc.def\nAuthorization: Bearer x',
    '\nauthorization: Bearer a, Bearer b',
    '\nauthorization: Basic YQ==',
    '\nhost: localhost',
  ],
  async fuzz(bytes) {
    const [first = '', ...lines] = bytes.toString('latin1').split('\n');
    const rawHeaders = lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    await check(rawHeaders, first.startsWith('?') ? first : '');
  },
};
