import { z } from 'zod';
import { isLoopbackHost } from '../../lib/loopback.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import { webUrl } from '../../model/web-url.ts';
import { LoginTrouble, readTrouble } from './login-trouble.ts';

/** Who guards an MCP server, by its own word (RFC 9728). */
export interface Guardian {
  readonly issuer: string;
  readonly resource: string;
  readonly scopes: readonly string[];
}

const timeoutMs = 15_000;
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'usher', version: '1' } },
});
const metadataSchema = z.object({
  resource: z.string(),
  authorization_servers: z.array(webUrl()).min(1),
  scopes_supported: z.array(z.string()).optional().catch(undefined),
});

/** Asks an MCP server without a token who has to be asked for one (MCP authorization, RFC 9728 §5).
 * @throws LoginTrouble when it does not say
 */
export async function findGuardian(target: string, http: HttpClient): Promise<Guardian> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const answer = await ask(() => http.send(target, { method: 'POST', headers, body: initialize, timeoutMs }));
  if (answer.status !== 401) {
    throw new LoginTrouble(
      `the server behind answers ${answer.status} to a call without a token, and so does not say where to sign in`,
      'Give --remote-auth-issuer',
    );
  }
  const challenge = answer.headers.get('www-authenticate') ?? '';
  const problems: string[] = [];
  for (const url of placesOf(target, challenge)) {
    const found = await ask(() =>
      http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs }),
    );
    const parsed =
      found.status === 200 ? metadataSchema.safeParse(await found.json().catch(() => undefined)) : undefined;
    if (parsed?.success === true && isFor(parsed.data.resource, target)) {
      const {
        resource,
        authorization_servers: [issuer = ''],
        scopes_supported: scopes = [],
      } = parsed.data;
      checkIssuer(issuer, target);
      const wanted = parameterOf(challenge, 'scope')?.split(' ') ?? scopes;
      return { issuer, resource, scopes: wanted.filter((one) => one !== '') };
    }
    const problem = parsed?.success === true ? `it is about ${parsed.data.resource}` : `status ${found.status}`;
    problems.push(`${url}: ${problem}`);
  }
  throw new LoginTrouble(
    `the server behind does not say where to sign in (${problems.join('; ')})`,
    'Give --remote-auth-issuer',
  );
}

/** Whoever runs the server behind says where a person's password goes, and what Usher asks: never in the clear, and nothing of this
 * machine for a server elsewhere (MCP security best practices, SSRF).
 * @throws LoginTrouble
 */
function checkIssuer(issuer: string, target: string): void {
  const { protocol, hostname } = new URL(issuer);
  const [isHere, isTargetHere] = [isLoopbackHost(hostname), isLoopbackHost(new URL(target).hostname)];
  if (isHere ? isTargetHere : protocol === 'https:') return;
  const what = isHere ? 'of this machine, while the server is elsewhere' : 'of plain http';
  throw new LoginTrouble(
    `the server behind sends people to ${issuer} to sign in, an address ${what}`,
    'It is not believed; if you trust that address, give --remote-auth-issuer',
  );
}

async function ask(send: () => Promise<Response>): Promise<Response> {
  try {
    return await send();
  } catch (cause) {
    const { message, advice } = readTrouble(cause, []);
    throw new LoginTrouble(message.replace('the provider', 'the server behind, or its metadata,'), advice, { cause });
  }
}

/** The place the challenge names; else the two of RFC 9728 §3.1. One on another origin than the server's is not believed:
 * it would be somebody else's word about where to sign in.
 */
function placesOf(target: string, challenge: string): readonly string[] {
  const { origin, pathname } = new URL(target);
  const named = parameterOf(challenge, 'resource_metadata');
  if (named !== undefined && URL.parse(named)?.origin === origin) return [named];
  const wellKnown = `${origin}/.well-known/oauth-protected-resource`;
  return [...new Set([`${wellKnown}${pathname === '/' ? '' : pathname}`, wellKnown])];
}

function parameterOf(challenge: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1];
}

/** RFC 9728 §3.3 wants the resource to be the server's URL; servers also name their origin, or a path above. Another's
 * would get us a token for somewhere else.
 */
function isFor(resource: string, target: string): boolean {
  const [named, asked] = [URL.parse(resource), new URL(target)];
  if (named === null || named.origin !== asked.origin) return false;
  const path = named.pathname.replace(/\/$/, '');
  return asked.pathname === path || asked.pathname.startsWith(`${path}/`);
}
