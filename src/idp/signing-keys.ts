import { generateKeyPair } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { z } from 'zod';
import { parseJson } from '../lib/parse-json.ts';
import { damaged, findSecretFile, writeFile } from './state/state-files.ts';

const jwkSchema = z.object({
  kty: z.literal('RSA'),
  kid: z.string(),
  alg: z.literal('RS256'),
  use: z.literal('sig'),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  p: z.string(),
  q: z.string(),
  dp: z.string(),
  dq: z.string(),
  qi: z.string(),
});

const keyFileSchema = z.object({
  /** Signs. */
  current: jwkSchema,
  /** Published ahead of the rotation, so that verifiers know it before the first token comes. */
  next: jwkSchema,
  /** Signed before; published until no token of theirs can be alive. */
  previous: z.array(z.object({ key: jwkSchema, retiredAtMs: z.number() })),
});

export type PrivateJwk = z.output<typeof jwkSchema>;

/** A server's keys: as Okta has them, `current` signs and `next` is published beside it. */
export interface SigningKeys {
  readonly current: PrivateJwk;
  readonly next: PrivateJwk;
  readonly previous: readonly { readonly key: PrivateJwk; readonly retiredAtMs: number }[];
}

/** The longest life of an access token that a rule can give. */
const keepPreviousMs = 24 * 60 * 60 * 1000;

/** A server's keys out of the state folder; made at the first start, all servers' at the same time. */
export async function readSigningKeys(stateDir: string, serverId: string): Promise<SigningKeys> {
  const text = await findSecretFile(keyFile(stateDir, serverId));
  if (text !== undefined) {
    const parsed = keyFileSchema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw damaged(keyFile(stateDir, serverId), 'Delete it to have new keys made');
  }
  const [current, next] = await Promise.all([generateKey(), generateKey()]);
  return await save(stateDir, serverId, { current, next, previous: [] });
}

/** Makes `next` the signing key and a new key `next`. The old one stays published until its last token has expired. A
 * running provider of the same state folder takes the change over with its next request.
 */
export async function rotateSigningKeys(stateDir: string, serverId: string, nowMs: number): Promise<SigningKeys> {
  const keys = await readSigningKeys(stateDir, serverId);
  const alive = keys.previous.filter(({ retiredAtMs }) => nowMs - retiredAtMs < keepPreviousMs);
  return await save(stateDir, serverId, {
    current: keys.next,
    next: await generateKey(),
    previous: [{ key: keys.current, retiredAtMs: nowMs }, ...alive],
  });
}

/** Changes whenever the keys do: what a running provider watches. */
export async function readSigningKeysVersion(stateDir: string, serverId: string): Promise<string> {
  const { mtimeMs, ino } = await stat(keyFile(stateDir, serverId));
  return `${ino}-${mtimeMs}`;
}

/** The keys to publish and to verify with: the current one first. */
export function publicKeys(keys: SigningKeys): readonly Pick<PrivateJwk, 'kty' | 'alg' | 'kid' | 'use' | 'e' | 'n'>[] {
  return allKeys(keys).map(({ kty, alg, kid, use, e, n }) => ({ kty, alg, kid, use, e, n }));
}

/** All keys, the current one first. */
export function allKeys(keys: SigningKeys): readonly PrivateJwk[] {
  return [keys.current, keys.next, ...keys.previous.map(({ key }) => key)];
}

async function generateKey(): Promise<PrivateJwk> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const jwk = privateKey.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint({ kty: 'RSA', n: jwk.n ?? '', e: jwk.e ?? '' });
  return jwkSchema.parse({ ...jwk, kid, alg: 'RS256', use: 'sig' });
}

async function save(stateDir: string, serverId: string, keys: SigningKeys): Promise<SigningKeys> {
  await writeFile(keyFile(stateDir, serverId), `${JSON.stringify(keys, undefined, 2)}\n`);
  return keys;
}

function keyFile(stateDir: string, serverId: string): string {
  return join(stateDir, 'keys', `${serverId}.json`);
}
