import { z } from 'zod';
import { scope } from '../../model/scope.ts';
import { setting } from '../../model/setting.ts';

/** Settings of the `scopes` policy: what a token must be allowed to do. */
export const scopesSchema = z.strictObject({
  strategy: z.literal('scopes').default('scopes'),
  required: setting(z.array(scope).default([]), {
    help: 'Scopes every call needs; also what clients are told to ask for',
    flag: 'oidc-scopes',
    group: 'Caller authentication',
    placeholder: 'SCOPE,…',
    example: 'mcp:tools:call',
    spaceSeparated: true,
  }),
});

export type ScopesSettings = z.output<typeof scopesSchema>;
