import { z } from 'zod';
import { isObject } from '../lib/is-object.ts';
import { pickUsableKeys } from '../oauth/keys/pick-usable-keys.ts';

/** By which a client may sign what it proves itself with: named in the metadata (RFC 8414 §2). None with a shared secret. */
export const assertionAlgorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const;

const mostKeys = 20;
const text = z.string().exactOptional();
/** RFC 7517 §4, RFC 7518 §6: what verifies a signature, and nothing else. */
const keySchema = z.object({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: text,
  alg: text,
  crv: text,
  x: text,
  y: text,
  n: text,
  e: text,
});

/** How a client proves who it is (`private_key_jwt`: OpenID Connect Core §9, RFC 7523 §2.2). */
export const clientKeysSchema = z.object({
  /** Its public keys, or where they are. */
  jwks: z.array(keySchema).exactOptional(),
  uri: z.string().exactOptional(),
  algorithms: z.array(z.enum(assertionAlgorithms)),
  /** It has to; else it may go without. */
  isRequired: z.boolean(),
});

export type ClientKeys = z.output<typeof clientKeysSchema>;
export type ClientKey = z.output<typeof keySchema>;

interface ReadKeysOptions {
  /** Why its keys may not be fetched from there; undefined when they may. Reads as the end of `has a jwks_uri that …`. */
  readonly findUriProblem: (uri: string) => string | undefined;
  /** Does a method with a shared secret make the metadata unusable, or is it read over, as one that was not asked for? */
  readonly secrets: 'refused' | 'read over';
}

/** What metadata of a client (RFC 7591 §2) say of how it proves itself; `keys` is undefined for a public client. A document is published
 * once for all servers, so it may name several methods (OpenID Connect RP Metadata Choices 1.0 §2); a key that is of no use here
 * is then no reason to refuse a client that may go without.
 * @returns or what is wrong, as the end of `The document …`
 */
export function readClientKeys(
  metadata: Readonly<Record<string, unknown>>,
  { findUriProblem, secrets }: ReadKeysOptions,
): { readonly keys: ClientKeys | undefined } | { readonly problem: string } {
  const methods = methodsOf(metadata);
  if (methods === undefined) return { problem: 'has token_endpoint_auth_methods_supported that is no list of texts' };
  const secret = methods.find((method) => method.startsWith('client_secret'));
  const [takesKey, takesNone] = [methods.includes('private_key_jwt'), methods.includes('none')];
  if (secrets === 'read over' && !takesKey) return { keys: undefined };
  if ((secret !== undefined && secrets === 'refused') || (!takesKey && !takesNone)) {
    const named = JSON.stringify((secret ?? methods[0] ?? '').slice(0, 200));
    return {
      problem: `has the token_endpoint_auth_method ${named}, expected "none" or "private_key_jwt": there is no secret between this gateway and apps`,
    };
  }
  if (holdsPrivateKey(metadata['jwks'])) return { problem: 'has a private key in jwks, and everybody can read it' };
  if (!takesKey) return { keys: undefined };
  const found = findKeys(metadata, findUriProblem);
  if (typeof found !== 'string') return { keys: { ...found, isRequired: !takesNone } };
  return takesNone ? { keys: undefined } : { problem: found };
}

/** What it offers; "none" where nothing is said (RFC 7591 §2 has a method with a secret there, which no document can have). */
function methodsOf(metadata: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const { token_endpoint_auth_method: one, token_endpoint_auth_methods_supported: several } = metadata;
  const isList = Array.isArray(several) && several.every((method) => typeof method === 'string');
  if (several !== undefined && !isList) return undefined;
  const listed: readonly string[] = isList ? several : [];
  if (one === undefined) return listed.length === 0 ? ['none'] : listed;
  return [typeof one === 'string' ? one : 'no text', ...listed];
}

function findKeys(
  { jwks, jwks_uri: uri, token_endpoint_auth_signing_alg: algorithm }: Readonly<Record<string, unknown>>,
  findUriProblem: (uri: string) => string | undefined,
): Omit<ClientKeys, 'isRequired'> | string {
  const algorithms = assertionAlgorithms.filter((one) => algorithm === undefined || one === algorithm);
  if (algorithms.length === 0)
    return `has a token_endpoint_auth_signing_alg that is none of ${assertionAlgorithms.join(', ')}`;
  if ((jwks === undefined) === (uri === undefined))
    return jwks === undefined
      ? 'has private_key_jwt, and neither jwks nor jwks_uri with its public keys'
      : 'has both jwks and jwks_uri, expected one of them (RFC 7591 §2)';
  if (uri === undefined) {
    const keys = keysOf(jwks);
    return keys.length === 0 ? 'has jwks without a public key that can verify a signature' : { jwks: keys, algorithms };
  }
  if (typeof uri !== 'string') return 'has a jwks_uri that is no text';
  const problem = findUriProblem(uri);
  return problem === undefined ? { uri, algorithms } : `has a jwks_uri that ${problem}`;
}

/** The keys of a key set (RFC 7517 §5) that can verify signatures, without what is not needed for that. */
export function keysOf(jwks: unknown): ClientKey[] {
  return pickUsableKeys(jwks)
    .slice(0, mostKeys)
    .flatMap((key) => keySchema.safeParse(key).data ?? []);
}

/** Everybody can read it, and could be that client. */
function holdsPrivateKey(jwks: unknown): boolean {
  const keys = isObject(jwks) ? jwks['keys'] : undefined;
  return Array.isArray(keys) && keys.some((key) => isObject(key) && ('d' in key || 'k' in key));
}
