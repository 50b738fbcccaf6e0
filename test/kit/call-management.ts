import { readFile } from 'node:fs/promises';
import type { IdpAnswer, TestIdp } from './start-test-idp.ts';

export interface ManagementAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON body. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The same where it is a list. */
  readonly list: readonly Readonly<Record<string, unknown>>[];
}

/** Calls the management API of a development provider with its token; paths from `/api/v1` on, or whole URLs. */
export function managementOf(test: TestIdp, side: 'http' | 'https' = 'http') {
  const { idp } = test;
  const base = side === 'http' ? idp.httpUrl : idp.httpsUrl;
  return async (method: string, path: string, body?: unknown, headers = {}): Promise<ManagementAnswer> => {
    const token = (await readFile(idp.apiTokenFile ?? '', 'utf8')).trim();
    const answer: IdpAnswer = await test.send(path.startsWith('/') ? `${base}/api/v1${path}` : path, {
      method,
      headers: { authorization: `SSWS ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const list = Array.isArray(answer.body) ? (answer.body as Readonly<Record<string, unknown>>[]) : [];
    return { status: answer.status, headers: answer.headers, body: answer.body, list };
  };
}

/** Bodies as Okta's documentation has them. */
export const oktaBodies = {
  server: (name: string) => ({ name, description: `Tokens for ${name}`, audiences: [name] }),
  app: (label: string, client: Readonly<Record<string, unknown>>) => ({
    name: 'oidc_client',
    label,
    signOnMode: 'OPENID_CONNECT',
    credentials: { oauthClient: { token_endpoint_auth_method: 'client_secret_basic' } },
    settings: { oauthClient: client },
  }),
  policy: (name: string, ...clients: readonly string[]) => ({
    type: 'OAUTH_AUTHORIZATION_POLICY',
    name,
    description: name,
    priority: 1,
    conditions: { clients: { include: clients } },
  }),
  rule: (name: string, grantTypes: readonly string[], scopes: readonly string[]) => ({
    type: 'RESOURCE_ACCESS',
    name,
    priority: 1,
    conditions: {
      people: { users: { include: [] }, groups: { include: ['EVERYONE'] } },
      grantTypes: { include: grantTypes },
      scopes: { include: scopes },
    },
    actions: { token: { accessTokenLifetimeMinutes: 30 } },
  }),
};
