import { constants, verify, type KeyObject } from 'node:crypto';

interface Form {
  readonly type: 'rsa' | 'ec' | 'ed25519';
  readonly curve?: string;
  readonly digest: string | null;
  readonly isPss?: true;
}

/** RFC 7518 §3.1, RFC 8037 and RFC 9864: signatures only, no shared secrets (RFC 9449 §4.3 number 5), each with the one kind
 * of key it is made with.
 */
const forms: Readonly<Record<string, Form>> = {
  ES256: { type: 'ec', curve: 'prime256v1', digest: 'sha256' },
  ES384: { type: 'ec', curve: 'secp384r1', digest: 'sha384' },
  ES512: { type: 'ec', curve: 'secp521r1', digest: 'sha512' },
  EdDSA: { type: 'ed25519', digest: null },
  Ed25519: { type: 'ed25519', digest: null },
  RS256: { type: 'rsa', digest: 'sha256' },
  RS384: { type: 'rsa', digest: 'sha384' },
  RS512: { type: 'rsa', digest: 'sha512' },
  PS256: { type: 'rsa', digest: 'sha256', isPss: true },
  PS384: { type: 'rsa', digest: 'sha384', isPss: true },
  PS512: { type: 'rsa', digest: 'sha512', isPss: true },
};

export const proofAlgorithms: readonly string[] = Object.keys(forms);

function formOf(alg: string): Form {
  const form = Object.hasOwn(forms, alg) ? forms[alg] : undefined;
  if (form === undefined) throw new TypeError(`${alg} is not one of the algorithms`);
  return form;
}

/** Is the key of the kind and curve that the algorithm is made with? */
export function fitsAlgorithm(key: KeyObject, alg: string): boolean {
  const { type, curve } = formOf(alg);
  return key.asymmetricKeyType === type && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve);
}

/** Verifies a JWS signature. At once: handing it to another thread would cost about as much as the work itself. */
export function isSignedBy(key: KeyObject, alg: string, text: string, signature: Buffer): boolean {
  const { digest, isPss } = formOf(alg);
  const pss = isPss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : undefined;
  return verify(digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363', ...pss }, signature);
}
