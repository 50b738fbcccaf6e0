import type { Policy } from '../../model/policy.ts';
import { fail } from '../../model/usher-error.ts';
import type { ScopesSettings } from './schema.ts';

/** Strategy `scopes`: the token must carry every required scope. */
export function buildScopesPolicy(settings: ScopesSettings): Policy {
  const { required } = settings;
  const decision = required.length === 0 ? 'no scopes required' : `scopes ${required.join(' ')}`;
  return {
    strategy: 'scopes',
    scopes: required,
    authorize(caller) {
      if (required.every((scope) => caller.scopes.has(scope))) return decision;
      const found = caller.scopes.size === 0 ? 'none' : JSON.stringify([...caller.scopes].join(' '));
      throw fail('insufficient_scope', { found, expected: JSON.stringify(required.join(' ')) });
    },
  };
}
