import { secretParts } from '../lib/secret-parts.ts';
import { withoutTokens } from '../lib/without-tokens.ts';
import type { UpstreamCredential } from '../model/upstream-credential.ts';

/** Why a service refused a token, as its challenge has it (RFC 6750 §3): error code and description, without the token it
 * may have repeated. Undefined when it does not say.
 */
export function readRefusal(
  challenge: string | readonly string[] | undefined,
  { header }: UpstreamCredential,
): string | undefined {
  const text = [challenge ?? []].flat().join(', ').slice(0, 2_000);
  const words = ['error', 'error_description']
    .map((name) => new RegExp(`(?:^|[\\s,])${name}="([^"]*)"`).exec(text)?.[1] ?? '')
    .filter((value) => value !== '')
    .join(': ');
  if (words === '') return undefined;
  return withoutTokens(words, header === undefined ? [] : secretParts(header.value.reveal())).slice(0, 300);
}
