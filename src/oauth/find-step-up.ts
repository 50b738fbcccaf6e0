import { z } from 'zod';
import { parseObject } from '../lib/parse-object.ts';
import { withoutTokens } from '../lib/without-tokens.ts';

/** Characters of JSON that are handed on: what clients of Entra put into the next authorization request's URL. */
const longestClaims = 2048;

const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** What providers say of the sign-in they want instead: the names of RFC 9470 §3, and Entra's claims challenge, which is
 * JSON within JSON.
 */
const stepUpSchema = z
  .object({
    // Authentication context classes, blank between them; characters as in a scope (RFC 6749 §3.3).
    acr_values: optional(
      z
        .string()
        .max(500)
        .regex(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/),
    ),
    max_age: optional(
      z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().min(0).max(1e9)),
    ),
    claims: optional(z.string().max(longestClaims)),
  })
  .catch({});

/** The parameters of the challenge for a caller whose sign-in is not enough for the provider; undefined when it said
 * nothing that can be handed on. Nothing else of the provider's words crosses, and no secret it may have repeated.
 */
export function findStepUp(body: unknown, secrets: readonly string[]): Readonly<Record<string, string>> | undefined {
  const { acr_values: acrValues, max_age: maxAge, claims } = stepUpSchema.parse(body);
  const encodedClaims = claims === undefined ? undefined : encodeClaims(claims, secrets);
  const parameters = {
    ...(acrValues === undefined || withoutTokens(acrValues, secrets) !== acrValues ? {} : { acr_values: acrValues }),
    ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    ...(encodedClaims === undefined ? {} : { claims: encodedClaims }),
  };
  return Object.keys(parameters).length === 0 ? undefined : parameters;
}

/** The JSON object anew, in base64url. Some clients decode base64 instead, with padding or without: the text is made so
 * that both are the same, by escapes for what would become `-` or `_`, and blanks at the end for what would be padding.
 */
function encodeClaims(claims: string, secrets: readonly string[]): string | undefined {
  const value = parseObject(claims);
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  const inJson = secrets.map((secret) => JSON.stringify(secret).slice(1, -1));
  if (withoutTokens(text, [...secrets, ...inJson]) !== text) return undefined;
  const ascii = text.replaceAll(
    /[>?~\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (ascii.length > longestClaims) return undefined;
  return Buffer.from(ascii.padEnd(Math.ceil(ascii.length / 3) * 3)).toString('base64url');
}
