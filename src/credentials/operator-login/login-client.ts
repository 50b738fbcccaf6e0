import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import { parseJson } from '../../lib/parse-json.ts';
import { deviceCodeGrant } from '../../model/urns.ts';
import { withoutTokens } from '../../lib/without-tokens.ts';
import type { ExplainRefusal } from '../../model/provider.ts';
import { Secret } from '../../model/secret.ts';
import type { SecretStore } from '../../model/secret-store.ts';
import {
  buildClientAuthentication,
  type ClientAuthenticationDeps,
} from '../../oauth/client-authentication/build-client-authentication.ts';
import type { ClientAuthentication } from '../../oauth/token-request.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import { LoginTrouble, readTrouble } from './login-trouble.ts';
import type { OperatorLoginSettings } from './schema.ts';
import { throughHttp } from './token-requests.ts';

export interface LoginClientDeps extends ClientAuthenticationDeps {
  readonly http: HttpClient;
  readonly secrets: SecretStore;
  /** What is known of the provider's refusals, by whose endpoint it is. */
  readonly explainRefusal?: ExplainRefusal | undefined;
}

/** The client of the settings: with the proof they name, or public. Undefined where they name none. */
export function findGivenClient(
  settings: OperatorLoginSettings,
  deps: ClientAuthenticationDeps,
): ClientAuthentication | undefined {
  const { clientId, clientSecret, clientKeyFile, clientCertFile } = settings;
  if (clientId === undefined) return undefined;
  const isPublic = clientSecret === undefined && clientKeyFile === undefined && clientCertFile === undefined;
  return isPublic ? publicClient(clientId) : buildClientAuthentication({ ...settings, clientId }, deps);
}

export function publicClient(clientId: string): ClientAuthentication {
  return { clientId, authenticate: oauth.None(), secrets: [] };
}

const registeredSchema = z.object({
  clientId: z.string(),
  clientSecret: z.string().optional(),
  /** What it was registered with: where the port is a free one, the next sign-in has another. */
  redirectUri: z.string().optional(),
});
type Registered = z.output<typeof registeredSchema>;

function clientOf({ clientId, clientSecret }: Registered): ClientAuthentication {
  return clientSecret === undefined
    ? publicClient(clientId)
    : { clientId, authenticate: oauth.ClientSecretPost(clientSecret), secrets: [clientSecret] };
}

/** What a client was registered for. */
export interface RegisteredFor {
  readonly issuer: string;
  /** The way back of the settings. */
  readonly way: string;
}

/** Where the port is one that is free. */
const anyPortWay = 'http://127.0.0.1/callback';

/** The way back that the settings name: the same at every start. */
export function wayOf({
  callbackPort,
  redirectUri,
}: Pick<OperatorLoginSettings, 'callbackPort' | 'redirectUri'>): string {
  if (redirectUri !== undefined) return redirectUri;
  return callbackPort === 0 ? anyPortWay : `http://localhost:${callbackPort}/callback`;
}

/** The client that was registered at this server before.
 * @param redirectUri where the browser is to come back to; undefined where nobody signs in
 */
export function findRegisteredClient(
  registeredFor: RegisteredFor,
  redirectUri: string | undefined,
  { secrets }: Pick<LoginClientDeps, 'secrets'>,
): ClientAuthentication | undefined {
  const text = secrets.find(clientName(registeredFor))?.reveal();
  const found = registeredSchema.safeParse(text === undefined ? undefined : parseJson(text)).data;
  if (found === undefined) return undefined;
  return redirectUri === undefined || (found.redirectUri ?? registeredFor.way) === redirectUri
    ? clientOf(found)
    : undefined;
}

/** A client that Usher registered at this server, by its id. Another server can give the same id to somebody: of it nothing is told there.
 */
export function findClientById(
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
  secrets: SecretStore,
): ClientAuthentication | undefined {
  for (const { name } of secrets.list()) {
    if (!name.startsWith('client/')) continue;
    const found = registeredSchema.safeParse(parseJson(secrets.find(name)?.reveal() ?? '')).data;
    if (found?.clientId !== clientId) continue;
    const ways = [anyPortWay, ...(found.redirectUri === undefined ? [] : [found.redirectUri])];
    if (ways.some((way) => clientName({ issuer, way }) === name)) return clientOf(found);
  }
  return undefined;
}

/** The server does not know it any more: the next sign-in registers another. */
export async function forgetRegisteredClient(
  registeredFor: RegisteredFor,
  { secrets }: Pick<LoginClientDeps, 'secrets'>,
): Promise<void> {
  await secrets.remove(clientName(registeredFor));
}

/** Registers a client (RFC 7591), and keeps it: registering anew with each start would fill the provider.
 * @throws LoginTrouble
 */
export async function registerClient(
  server: oauth.AuthorizationServer,
  {
    way,
    redirectUri,
    scopes,
  }: { readonly way: string; readonly redirectUri: string; readonly scopes: readonly string[] },
  { http, secrets, explainRefusal }: Pick<LoginClientDeps, 'http' | 'secrets' | 'explainRefusal'>,
): Promise<ClientAuthentication> {
  if (server.registration_endpoint === undefined) {
    throw new LoginTrouble(
      `${server.issuer} wants a client to be set up first: it registers none itself`,
      server.client_id_metadata_document_supported === true
        ? 'Give --remote-auth-client-id: one that is set up there, or the URL of a metadata document of a client of yours'
        : 'Set one up there, and give --remote-auth-client-id',
    );
  }
  const metadata = {
    client_name: 'Usher',
    redirect_uris: [redirectUri],
    grant_types: [
      'authorization_code',
      'refresh_token',
      ...(server.device_authorization_endpoint === undefined ? [] : [deviceCodeGrant]),
    ],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
  try {
    const answer = await oauth.dynamicClientRegistrationRequest(server, metadata, throughHttp(http));
    const { client_id: clientId, client_secret: given } = await oauth.processDynamicClientRegistrationResponse(
      await asStandard(answer, server.registration_endpoint, explainRefusal),
    );
    // Some give every client a secret, and want it then.
    const registered: Registered = {
      clientId,
      ...(typeof given === 'string' ? { clientSecret: given } : {}),
      redirectUri,
    };
    await secrets.put(clientName({ issuer: server.issuer, way }), new Secret(JSON.stringify(registered)));
    return clientOf(registered);
  } catch (cause) {
    const { message } = readTrouble(cause, []);
    const advice = cause instanceof LoginTrouble ? cause.advice : byHand;
    throw new LoginTrouble(`registering a client failed: ${message}`, advice, { cause });
  }
}

const byHand = 'Set one up there, and give --remote-auth-client-id';

/** RFC 7591 §3.2: 201, and errors as OAuth has them. Auth0 documents 200, and says in a form of its own what it refuses.
 * @throws LoginTrouble for that
 */
async function asStandard(answer: Response, url: string, explain: ExplainRefusal | undefined): Promise<Response> {
  const { status } = answer;
  if (status === 200) return new Response(await answer.text(), { status: 201, headers: answer.headers });
  if (status < 400) return answer;
  const body = parseJson(
    await answer
      .clone()
      .text()
      .catch(() => ''),
  );
  const { error, message: said } = foreignSchema.safeParse(body).data ?? {};
  if (error === undefined || said === undefined) return answer;
  const words = withoutTokens(said, []).slice(0, 300);
  const known = explain?.({ url, status, error, description: words });
  throw new LoginTrouble(`the provider answered ${status} ${error}: ${words}`, known?.fix ?? byHand);
}

const foreignSchema = z.object({ error: z.string(), message: z.string() });

/** Under which it is kept. */
export function clientName({ issuer, way }: RegisteredFor): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([issuer, way]))
    .digest('base64url')
    .slice(0, 12);
  return `client/${new URL(issuer).hostname.replaceAll(/[^A-Za-z0-9.-]/g, '')}.${digest}`;
}
