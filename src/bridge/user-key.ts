import type { UpstreamUser } from '../model/upstream.ts';

/** Who may use a channel that a user's token was given to: the same user by the same client, with a token of the same scopes.
 * The same user with a token for less must not do more by it.
 */
export function userKey({ principal, credential }: UpstreamUser): string {
  return JSON.stringify([principal, credential?.claims?.scp?.toSorted() ?? null]);
}
