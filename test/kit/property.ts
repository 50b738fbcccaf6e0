import { test } from 'node:test';
import * as fc from 'fast-check';

/** `USHER_SEED` to see a failure again, `USHER_PROPERTY_RUNS` for more of them. A failure names its seed and its smallest
 * example.
 */
const seed = process.env['USHER_SEED'];
const runs = process.env['USHER_PROPERTY_RUNS'];

/** A test that holds a promise against values of all kinds. */
export function property<T>(
  name: string,
  values: fc.Arbitrary<T>,
  holds: (value: T) => void | Promise<void>,
  numRuns = 200,
): void {
  test(name, () =>
    fc.assert(
      fc.asyncProperty(values, async (value) => holds(value)),
      { numRuns: Number(runs ?? numRuns), ...(seed === undefined ? {} : { seed: Number(seed) }) },
    ),
  );
}

/** Texts: plain ones, ones of any code point or half of one, and ones that mean something to somebody. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    '\r\nx-injected: 1',
    '"',
    '\\',
    '\u0000',
    '\u2028',
    '{found}',
    'none',
  ),
);

/** JSON values with such texts as keys and values. */
export const anyJson: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });

/** Names and values of headers as a parser lets them through: tokens, and text without line ends and NUL. */
export const headerName: fc.Arbitrary<string> = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/),
  fc.constantFrom(
    'Authorization',
    'authorization',
    'Cookie',
    'X_Forwarded_User',
    'Content-Type',
    'Mcp-Param-A',
    'Connection',
  ),
  fc.constantFrom(
    'accept',
    'set-cookie',
    'www-authenticate',
    '__proto__',
    'mcp_session_id',
    'Mcp-Session-Id',
    'te',
    'upgrade',
  ),
);
export const headerValue: fc.Arbitrary<string> = fc.oneof(
  fc.stringMatching(/^[\u0021-\u007e\u0080-\u00ff]?[\u0020-\u007e\u0080-\u00ff\t]{0,30}$/).map((text) => text.trim()),
  fc.constantFrom('Bearer abc.def.ghi', 'close, x-hop', 'keep-alive', 'application/json', 'authorization'),
);
export const headerLines: fc.Arbitrary<string[]> = fc
  .array(fc.tuple(headerName, headerValue), { maxLength: 12 })
  .map((lines) => lines.flat());
