import { z } from 'zod';

/** One scope: printable characters but space, quote and backslash (RFC 6749 §3.3). */
export const scope = z.string().regex(/^[\u0021\u0023-\u005b\u005d-\u007e]+$/, 'a scope (RFC 6749 §3.3)');
