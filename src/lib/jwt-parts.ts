import { isObject } from './is-object.ts';

/** A JWT taken apart without looking at its signature: nothing in it is to be believed. */
export interface JwtParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A byte order mark is no JSON either (RFC 8259 §8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Takes a compact JWS apart (RFC 7515 §3.1): three base64url parts, the first two JSON objects.
 * @throws SyntaxError that says what is wrong in a few words and quotes nothing
 */
export function parseJwtParts(token: string): JwtParts {
  const parts = token.split('.');
  if (parts.length === 5) throw new SyntaxError('it is encrypted (JWE), expected a signed JWT');
  const [header, claims] = parts;
  if (parts.length !== 3 || header === undefined || claims === undefined) {
    throw new SyntaxError(
      `it has ${parts.length === 1 ? 'no dots: an opaque token or a fragment' : `${parts.length} parts`}, expected a signed JWT of three parts`,
    );
  }
  return { header: parseObject(header, 'header'), claims: parseObject(claims, 'payload') };
}

function parseObject(part: string, name: string): Readonly<Record<string, unknown>> {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw new SyntaxError(`its ${name} is not base64url`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(Buffer.from(part, 'base64url')));
  } catch {
    throw new SyntaxError(`its ${name} is not JSON`);
  }
  if (!isObject(value)) throw new SyntaxError(`its ${name} is not a JSON object`);
  return value;
}
