import assert from 'node:assert/strict';
import { readShape } from '../../../src/authenticators/token-shape.ts';
import { orRefusal, type Target } from '../target.ts';

/** A token is a JWT, opaque, or refused; and a whole JWT is never taken for an opaque one, which its issuer would be shown. */
export const target: Target = {
  seeds: [
    'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.AAAA',
    'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0',
    'eyJhbGciOiJSUzI1NiJ9.e30..x.y',
    'opaque',
    'e30.x',
    '',
  ],
  fuzz(bytes) {
    const token = bytes.toString('latin1');
    let isRefused = true;
    const parts = orRefusal(() => {
      const found = readShape(token);
      isRefused = false;
      return found;
    }, ['authenticate']);
    const [header = '', ...rest] = token.split('.');
    let isHeader = false;
    try {
      const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
      isHeader = typeof value === 'object' && value !== null && !Array.isArray(value);
    } catch {}
    if (isRefused || parts !== undefined) assert.ok(isHeader && rest.length > 0);
    else assert.ok(!isHeader || rest.length === 0 || rest.length === 4);
    if (parts !== undefined) assert.equal(rest.length, 2);
  },
};
