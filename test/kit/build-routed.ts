import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { buildAnonymousAuthenticator } from '../../src/authenticators/anonymous/build-anonymous-authenticator.ts';
import { buildNoneCredential } from '../../src/credentials/none/build-none-credential.ts';
import { Roster } from '../../src/lib/roster.ts';
import type { Authenticator } from '../../src/model/authenticator.ts';
import type { Route } from '../../src/model/route.ts';
import type { Authenticated, Routed } from '../../src/model/stages.ts';
import { buildInbound } from '../../src/pipeline/build-inbound.ts';
import { scopesSchema } from '../../src/policies/scopes/schema.ts';
import { buildScopesPolicy } from '../../src/policies/scopes/build-scopes-policy.ts';

export const anonymous = buildAnonymousAuthenticator();

/** A route that lets everybody through to nowhere, but for these parts. */
export function buildRoute(parts: Partial<Route> = {}): Route {
  return {
    name: 'apollo',
    path: '/mcp',
    resourceUrl: 'http://localhost:8000/mcp',
    resourceMetadataUrl: 'http://localhost:8000/.well-known/oauth-protected-resource/mcp',
    allowedHosts: new Set(['localhost']),
    allowedOrigins: new Set(),
    limits: { bodyBytes: 64 * 1024, streamGraceMs: 0 },
    authenticator: anonymous,
    proofs: undefined,
    policy: buildScopesPolicy(scopesSchema.parse({ required: ['mcp:tools:call'] })),
    rateLimits: undefined,
    credential: buildNoneCredential(),
    forwardedHeaders: new Set(),
    sessions: new Map(),
    tasks: new Map(),
    listening: new Roster(),
    facade: undefined,
    workload: undefined,
    upstream: {
      strategy: 'http',
      target: 'http://127.0.0.1:1/mcp',
      send: () => ({ abort() {}, pause() {}, resume() {} }),
      close: () => Promise.resolve(),
    },
    ...parts,
  };
}

export interface RequestParts {
  readonly method?: string;
  readonly url?: string;
  /** Name, value, name, value …, as Node.js keeps them. */
  readonly rawHeaders?: readonly string[];
  readonly body?: Buffer;
}

/** A request as Node.js would hand it over, without a connection. */
export function buildRouted(
  { method = 'POST', url = '/mcp', rawHeaders = [], body }: RequestParts,
  route: Route,
): Routed {
  const request = new IncomingMessage(new Socket());
  request.method = method;
  request.url = url;
  request.rawHeaders = [...rawHeaders];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!Object.hasOwn(request.headers, name)) request.headers[name] = rawHeaders[index + 1];
  }
  if (body !== undefined) request.push(body);
  request.push(null);
  request.complete = true;
  return { ...buildInbound(request, new ServerResponse(request), () => undefined), route };
}

/** The same, once it is known who calls. */
export function buildAuthenticated(parts: RequestParts, authenticator: Authenticator = anonymous): Authenticated {
  const { anonymous: caller } = authenticator;
  if (caller === undefined) throw new TypeError('nobody is known there without a token');
  return { ...buildRouted(parts, buildRoute({ authenticator })), identity: { caller, callerToken: undefined } };
}
