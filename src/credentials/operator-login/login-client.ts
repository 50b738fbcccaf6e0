import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import { parseJson } from '../../lib/parse-json.ts';
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

const registeredSchema = z.object({ clientId: z.string(), clientSecret: z.string().optional() });
type Registered = z.output<typeof registeredSchema>;

function clientOf({ clientId, clientSecret }: Registered): ClientAuthentication {
  return clientSecret === undefined
    ? publicClient(clientId)
    : { clientId, authenticate: oauth.ClientSecretPost(clientSecret), secrets: [clientSecret] };
}

/** The client that was registered at this server before, for this way back. */
export function findRegisteredClient(
  issuer: string,
  redirectUri: string,
  { secrets }: Pick<LoginClientDeps, 'secrets'>,
): ClientAuthentication | undefined {
  const text = secrets.find(clientName(issuer, redirectUri))?.reveal();
  const parsed = registeredSchema.safeParse(text === undefined ? undefined : parseJson(text));
  return parsed.success ? clientOf(parsed.data) : undefined;
}

/** Registers a client (RFC 7591), and keeps it: registering anew with each start would fill the provider.
 * @throws LoginTrouble
 */
export async function registerClient(
  server: oauth.AuthorizationServer,
  { redirectUri, scopes }: { readonly redirectUri: string; readonly scopes: readonly string[] },
  { http, secrets }: Pick<LoginClientDeps, 'http' | 'secrets'>,
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
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
  try {
    const answer = await oauth.dynamicClientRegistrationRequest(server, metadata, throughHttp(http));
    const { client_id: clientId, client_secret: given } = await oauth.processDynamicClientRegistrationResponse(answer);
    // Some give every client a secret, and want it then.
    const registered: Registered = { clientId, ...(typeof given === 'string' ? { clientSecret: given } : {}) };
    await secrets.put(clientName(server.issuer, redirectUri), new Secret(JSON.stringify(registered)));
    return clientOf(registered);
  } catch (cause) {
    const { message } = readTrouble(cause, []);
    throw new LoginTrouble(
      `registering a client failed: ${message}`,
      'Set one up there, and give --remote-auth-client-id',
      {
        cause,
      },
    );
  }
}

/** Under which it is kept. */
export function clientName(issuer: string, redirectUri: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([issuer, redirectUri]))
    .digest('base64url')
    .slice(0, 12);
  return `client/${new URL(issuer).hostname.replaceAll(/[^A-Za-z0-9.-]/g, '')}.${digest}`;
}
