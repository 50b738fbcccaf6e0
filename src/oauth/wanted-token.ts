/** What a new token is to be for. */
export interface WantedToken {
  readonly audience?: readonly string[];
  /** Resource indicators (RFC 8707). */
  readonly resource?: readonly string[];
  readonly scopes: readonly string[];
}

/** Asks for it: `audience` (RFC 8693 §2.1, and what several providers take in other grants), `resource`, `scope`. */
export function askFor({ audience = [], resource = [], scopes }: WantedToken, parameters: URLSearchParams): void {
  for (const one of audience) parameters.append('audience', one);
  for (const one of resource) parameters.append('resource', one);
  if (scopes.length > 0) parameters.set('scope', scopes.join(' '));
}

/** Whom the token has to be meant for then. A provider that is asked by resource indicator only names that resource in the
 * token (RFC 8707 §2).
 */
export function expectedAudience({ audience = [], resource = [] }: Omit<WantedToken, 'scopes'>): readonly string[] {
  return audience.length === 0 ? resource : audience;
}
