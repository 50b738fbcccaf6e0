import { z } from 'zod';
import { setting } from '../../model/setting.ts';

/** Settings of the `scopes` policy: what a token must be allowed to do. */
export const scopesSchema = z.strictObject({
  strategy: z.literal('scopes').default('scopes'),
  required: setting(
    z.array(z.string().regex(/^[\u0021\u0023-\u005b\u005d-\u007e]+$/, 'is not a scope (RFC 6749 §3.3)')).default([]),
    {
      help: 'Scopes every call needs; also what clients are told to ask for',
      flag: 'oidc-scopes',
      group: 'Caller authentication',
      placeholder: 'SCOPE,…',
      example: 'mcp:tools:call',
    },
  ),
});

export type ScopesSettings = z.output<typeof scopesSchema>;
