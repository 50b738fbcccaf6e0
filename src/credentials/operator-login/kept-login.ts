import { createHash } from 'node:crypto';
import type { TokenEndpointResponse } from 'oauth4webapi';
import { getValidatedIdTokenClaims } from 'oauth4webapi';
import { z } from 'zod';
import { parseJson } from '../../lib/parse-json.ts';
import { Secret } from '../../model/secret.ts';
import type { SecretStore } from '../../model/secret-store.ts';
import { LoginTrouble } from './login-trouble.ts';

const schema = z.object({
  version: z.literal(1),
  issuer: z.string(),
  clientId: z.string(),
  /** Was it got with a secret of the client? Undefined where nobody noted it. */
  hasSecret: z.boolean().optional(),
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Milliseconds since the epoch; undefined when nobody said. */
  expiresAtMs: z.number().optional(),
  /** The person, by the ID token; undefined without one. */
  subject: z.string().optional(),
  personName: z.string().optional(),
  /** Mounted servers that signed in with it or refreshed it: by their names people sign out. */
  servers: z.array(z.string()).optional(),
});

/** What is kept of a login. */
export type KeptLogin = z.output<typeof schema>;

/** What a login is for: two gateways with the same share one. All that the provider is asked counts, for a token is good for what was asked:
 * Auth0, for example, takes the audience by a parameter of its own.
 */
export interface LoginKey {
  readonly issuer: string;
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  /** Further parameters of the request, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What the parameter with the scopes is called. */
  readonly scopeParameter: string;
  /** Those of the settings: one origin may have the endpoints of many tenants. */
  readonly endpoints: { readonly authorizeUrl?: string | undefined; readonly tokenUrl?: string | undefined };
}

/** Under which it is kept. */
export function loginName(login: LoginKey): string {
  const { issuer, clientId, scopes, resource, scopeParameter, endpoints } = login;
  const parameters = Object.entries(login.parameters).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const { authorizeUrl = null, tokenUrl = null } = endpoints;
  const usual = [issuer, clientId ?? null, [...new Set(scopes)].toSorted(), resource ?? null];
  const special = [parameters, scopeParameter, authorizeUrl, tokenUrl];
  const isUsual = JSON.stringify(special) === JSON.stringify([[], 'scope', null, null]);
  const key = JSON.stringify(isUsual ? usual : [...usual, ...special]);
  const digest = createHash('sha256').update(key).digest('base64url').slice(0, 12);
  return `login/${new URL(issuer).hostname.replaceAll(/[^A-Za-z0-9.-]/g, '')}.${digest}`;
}

/** Is this the name of a login? */
export function isLoginName(name: string): boolean {
  return name.startsWith('login/');
}

/** The lock of whoever changes it, beside the store. */
export function lockPathOf(secrets: Pick<SecretStore, 'path'>, name: string): string {
  return `${secrets.path}.${name.replace('/', '-')}.lock`;
}

/** The login that was kept; undefined when there is none, or one nobody can read any more. */
export function readLogin(secrets: SecretStore, name: string): KeptLogin | undefined {
  const text = secrets.find(name)?.reveal();
  return text === undefined ? undefined : schema.safeParse(parseJson(text)).data;
}

export async function keepLogin(secrets: SecretStore, name: string, login: KeptLogin): Promise<void> {
  await secrets.put(name, new Secret(JSON.stringify(login)));
}

/** Is a refreshed login still that of whoever signed in (OpenID Connect Core §12.2)? An answer without an ID token does not say,
 * and need not.
 * @throws LoginTrouble final: calls in the name of one person must not become those of another
 */
export function checkSamePerson(tokens: TokenEndpointResponse, { subject: wanted }: KeptLogin): void {
  const found = getValidatedIdTokenClaims(tokens)?.sub;
  if (found === undefined || wanted === undefined || found === wanted) return;
  throw new LoginTrouble(
    `the refreshed login is that of ${JSON.stringify(found)}, and ${JSON.stringify(wanted)} signed in`,
    'Sign in again; a provider that mixes up its users should be told',
    { isFinal: true },
  );
}

/** A login of what a token endpoint answered. What an answer to a refresh leaves out is as before (RFC 6749 §6). */
export function toLogin(
  tokens: TokenEndpointResponse,
  {
    issuer,
    clientId,
    hasSecret,
    nowMs,
    before,
  }: {
    readonly issuer: string;
    readonly clientId: string;
    readonly hasSecret: boolean | undefined;
    readonly nowMs: number;
    readonly before?: KeptLogin;
  },
): KeptLogin {
  const claims = getValidatedIdTokenClaims(tokens);
  const personName = [claims?.['email'], claims?.['preferred_username'], claims?.['name']].find(
    (one) => typeof one === 'string',
  );
  const refreshToken = tokens.refresh_token ?? before?.refreshToken;
  const [subject, name] = claims === undefined ? [before?.subject, before?.personName] : [claims.sub, personName];
  return {
    version: 1,
    issuer,
    clientId,
    ...(hasSecret === undefined ? {} : { hasSecret }),
    accessToken: tokens.access_token,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(tokens.expires_in === undefined ? {} : { expiresAtMs: nowMs + tokens.expires_in * 1000 }),
    ...(subject === undefined ? {} : { subject }),
    ...(typeof name === 'string' ? { personName: name } : {}),
    ...(before?.servers === undefined ? {} : { servers: before.servers }),
  };
}
