/** Builds a `WWW-Authenticate: Bearer` value (RFC 6750 §3). Parameters without a value are left out; characters the
 * RFC does not allow in them are replaced. */
export function buildChallenge(parameters: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value.replaceAll(/["\\]/g, "'").replaceAll(/[^\u0020-\u007E]/g, ' ')}"`],
  );
  return parts.length === 0 ? 'Bearer' : `Bearer ${parts.join(', ')}`;
}
