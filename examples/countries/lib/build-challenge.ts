/** Builds a `WWW-Authenticate` value for the schemes `Bearer` (RFC 6750 §3) and `DPoP` (RFC 9449 §7.1). Parameters without a value are left out; characters the
 * RFC does not allow in them are replaced. */
export function buildChallenge(
  parameters: Readonly<Record<string, string | undefined>>,
  scheme: 'Bearer' | 'DPoP' = 'Bearer',
): string {
  const parts = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value.replaceAll(/["\\]/g, "'").replaceAll(/[^\u0020-\u007E]/g, ' ')}"`],
  );
  return parts.length === 0 ? scheme : `${scheme} ${parts.join(', ')}`;
}
