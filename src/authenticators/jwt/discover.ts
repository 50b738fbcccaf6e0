import { z } from 'zod';
import type { HttpClient } from '../../lib/http-client.ts';
import { isLoopbackHost } from '../../lib/loopback.ts';

const metadataSchema = z.looseObject({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** Where an issuer's metadata can be, in the order MCP clients try them (MCP 2026-07-28, authorization server discovery),
 * then Okta's appended form. RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect behind it.
 */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
      `${origin}${path}/.well-known/oauth-authorization-server`,
    ]),
  ];
}

/** Finds where an issuer publishes its keys.
 * @throws Error with a reason in a few words when no metadata document names this very issuer
 */
export async function discoverJwksUrl(issuer: string, options: DiscoverOptions): Promise<string> {
  const reasons: string[] = [];
  for (const url of metadataUrls(issuer)) {
    const found = await readMetadata(url, issuer, options);
    if (found.jwksUrl !== undefined) return found.jwksUrl;
    reasons.push(`${url}: ${found.reason}`);
  }
  throw new Error(`no metadata found (${reasons.join('; ')})`);
}

export interface DiscoverOptions {
  readonly http: HttpClient;
  readonly timeoutMs: number;
  readonly allowHttp: boolean;
}

type Found =
  { readonly jwksUrl: string; readonly reason?: never } | { readonly jwksUrl?: never; readonly reason: string };

async function readMetadata(url: string, issuer: string, options: DiscoverOptions): Promise<Found> {
  const { http, timeoutMs, allowHttp } = options;
  const answer = await http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs });
  if (answer.status !== 200) return { reason: `status ${answer.status}` };
  const parsed = metadataSchema.safeParse(await answer.json().catch(() => undefined));
  if (!parsed.success) return { reason: 'not a metadata document with issuer and jwks_uri' };
  // RFC 8414 §3.3: identical, or somebody else's keys would be believed.
  if (parsed.data.issuer !== issuer) return { reason: `it is the metadata of ${JSON.stringify(parsed.data.issuer)}` };
  const jwksUrl = new URL(parsed.data.jwks_uri);
  if (jwksUrl.protocol === 'http:' && !allowHttp && !isLoopbackHost(jwksUrl.hostname)) {
    return { reason: `its jwks_uri ${jwksUrl.href} is plain http` };
  }
  return { jwksUrl: jwksUrl.href };
}
