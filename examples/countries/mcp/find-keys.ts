import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { messageOf } from '../lib/message-of.ts';

const deadlineMs = 5000;

/** Finds the keys of an authorization server by its metadata, at the three places Apollo's server tries in this order:
 * RFC 8414 §3.1, OpenID Connect with the path inserted, and with the path first. Throws when none has them. */
export async function findKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, '');
  const places = [
    `/.well-known/oauth-authorization-server${path}`,
    `/.well-known/openid-configuration${path}`,
    `${path}/.well-known/openid-configuration`,
  ];
  const failures: string[] = [];
  for (const place of places) {
    const metadataUrl = new URL(place, url);
    try {
      return createRemoteJWKSet(await readJwksUrl(metadataUrl, issuer), { timeoutDuration: deadlineMs });
    } catch (error) {
      failures.push(`${metadataUrl.href}: ${causeOf(error)}`);
    }
  }
  throw new Error(`no metadata of ${issuer} (${failures.join('; ')})`);
}

async function readJwksUrl(metadataUrl: URL, issuer: string): Promise<URL> {
  const response = await fetch(metadataUrl, { redirect: 'error', signal: AbortSignal.timeout(deadlineMs) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const metadata: unknown = await response.json();
  if (typeof metadata !== 'object' || metadata === null) throw new Error('not a JSON object');
  // RFC 8414 §3.3: metadata that names another issuer must not be used.
  if (!('issuer' in metadata) || metadata.issuer !== issuer) throw new Error('it is the metadata of another issuer');
  if (!('jwks_uri' in metadata) || typeof metadata.jwks_uri !== 'string') throw new Error('it names no jwks_uri');
  return new URL(metadata.jwks_uri);
}

/** `fetch failed` alone helps nobody. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
}
