import type { ServerResponse } from 'node:http';
import { Secret } from '../../src/model/secret.ts';
import { sendJson, type SeenRequest } from './start-http-server.ts';
import type { TestIssuer } from './start-issuer.ts';

export const introspectPath = '/oauth2/as1/v1/introspect';

/** The introspection endpoint of a test's issuer. */
export interface Introspecting {
  /** What it knows, by token; everything else is not active. */
  readonly tokens: Map<string, Record<string, unknown>>;
  /** Makes an opaque token that is active, with these changes to what is said of it. */
  issue(callerToken: string, changes?: Record<string, unknown>): string;
  /** Answers instead of the usual; tests may set it. */
  respond: ((request: SeenRequest, response: ServerResponse) => void) | undefined;
  /** The tokens it was asked about, in order. */
  readonly asked: string[];
}

/** Lets an issuer answer about tokens as RFC 7662 has it. */
export function addIntrospection(issuer: TestIssuer): Introspecting {
  const one: Introspecting = {
    tokens: new Map(),
    issue(callerToken, changes = {}) {
      const now = Math.floor(Date.now() / 1000);
      one.tokens.set(callerToken, {
        active: true,
        iss: issuer.issuer,
        aud: 'mcpserver',
        sub: 'alice@example.com',
        client_id: '0oaClient',
        scope: 'mcp:tools:call',
        token_type: 'Bearer',
        exp: now + 3600,
        ...changes,
      });
      return callerToken;
    },
    respond: undefined,
    asked: [],
  };
  const usual = issuer.onOther;
  issuer.onOther = (request, response) => {
    if (request.url !== introspectPath) return usual(request, response);
    const callerToken = new URLSearchParams(request.body).get('token') ?? '';
    one.asked.push(callerToken);
    if (one.respond === undefined) sendJson(response, 200, one.tokens.get(callerToken) ?? { active: false });
    else one.respond(request, response);
    return true;
  };
  return one;
}

/** An entry of `authenticate` that asks this issuer. */
export function introspectionEntry(issuer: TestIssuer, changes: Record<string, unknown> = {}) {
  return {
    strategy: 'introspection' as const,
    issuer: issuer.issuer,
    url: `${issuer.server.url}${introspectPath}`,
    audience: ['mcpserver'],
    clientId: '0oaGateway',
    clientSecret: new Secret('gateway-secret'),
    ...changes,
  };
}
