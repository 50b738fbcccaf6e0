import type { IncomingMessage } from 'node:http';
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose';
import { isObject } from '../../lib/is-object.ts';
import { parseObject } from '../../lib/parse-object.ts';
import type { Tenant } from './flavour.ts';

/** What a provider wants of a proof. */
export interface ProofRules {
  readonly algorithms: readonly string[];
  /** How old one may be, and how much of the future; seconds. */
  readonly oldestSeconds: number;
  readonly aheadSeconds: number;
}

/** The first thing that is wrong with a proof. */
export type ProofFault =
  | 'unreadable'
  | 'type'
  | 'algorithm'
  | 'key-missing'
  | 'key-private'
  | 'signature'
  | 'claims-missing'
  | 'method'
  | 'url'
  | 'time'
  | 'used';

/** A proof that is good, or what is wrong with it and what stands there instead. */
export type CheckedProof =
  | { readonly fault: ProofFault; readonly found: string }
  | { readonly fault?: undefined; readonly thumbprint: string; readonly nonce: unknown };

/** Checks the proof of a token request (RFC 9449 §4.3), whoever's words say what is wrong with it. */
export async function checkProof(
  tenant: Tenant,
  { proof, method }: { readonly proof: string; readonly method: IncomingMessage['method'] },
  rules: ProofRules,
): Promise<CheckedProof> {
  const header = readHeader(proof);
  if (header === undefined) return bad('unreadable');
  const { typ, alg, jwk } = header;
  if (typ !== 'dpop+jwt') return bad('type', typ);
  if (alg === undefined || !rules.algorithms.includes(alg)) return bad('algorithm', alg);
  if (!isObject(jwk)) return bad('key-missing');
  if ('d' in jwk || 'k' in jwk) return bad('key-private');
  const claims = await readClaims(proof, { jwk, alg });
  if (claims === undefined) return bad('signature');
  const { iat, jti, htm, htu, nonce } = claims;
  if (typeof iat !== 'number' || !isText(jti) || !isText(htm) || !isText(htu)) return bad('claims-missing');
  if (htm !== method) return bad('method', htm);
  if (htu.replace(/[?#].*$/, '') !== tenant.origin + tenant.layout.token) return bad('url', htu);
  const age = tenant.now() / 1000 - iat;
  if (age > rules.oldestSeconds || age < -rules.aheadSeconds) return bad('time', String(iat));
  if (!tenant.proofs.take(jti, htu)) return bad('used', jti);
  return { thumbprint: await calculateJwkThumbprint(jwk), nonce };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function bad(fault: ProofFault, found = 'null'): CheckedProof {
  return { fault, found };
}

function readHeader(proof: string): ReturnType<typeof decodeProtectedHeader> | undefined {
  try {
    return decodeProtectedHeader(proof);
  } catch {
    return undefined;
  }
}

async function readClaims(
  proof: string,
  { jwk, alg }: { readonly jwk: JWK; readonly alg: string },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { payload } = await compactVerify(proof, await importJWK(jwk, alg), { algorithms: [alg] });
    return parseObject(new TextDecoder().decode(payload)) ?? {};
  } catch {
    return undefined;
  }
}
