/** A provider's own words without anything it must not have repeated: the secrets it was sent, and whatever looks like a
 * JWT.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '[removed]');
  return clean.replaceAll(/\beyJ[\w-]+(\.[\w-]*)*/g, '[removed]');
}
