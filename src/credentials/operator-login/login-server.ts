import type { AuthorizationServer } from 'oauth4webapi';
import { z } from 'zod';
import type { HttpClient } from '../../lib/http-client.ts';
import { isLoopbackHost } from '../../lib/loopback.ts';
import { metadataUrls } from '../../oauth/metadata-urls.ts';
import { findGuardian } from './find-guardian.ts';
import { LoginTrouble, readTrouble } from './login-trouble.ts';
import type { OperatorLoginSettings } from './schema.ts';

/** Where to sign in, and for what. */
export interface LoginServer {
  readonly server: AuthorizationServer;
  /** What to ask the token for (RFC 8707); undefined where nobody says. */
  readonly resource: string | undefined;
  /** What the server behind wants, where the settings leave it open. */
  readonly scopes: readonly string[];
}

const timeoutMs = 10_000;
const text = z.string().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const endpoint = z
  .url({ protocol: /^https?$/ })
  .optional()
  .catch(undefined);
/** RFC 8414 §2, RFC 7009, RFC 8628 §4, RFC 9207 §3, as far as signing in needs it. */
const metadataSchema = z.object({
  issuer: z.string(),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  registration_endpoint: endpoint,
  device_authorization_endpoint: endpoint,
  revocation_endpoint: endpoint,
  code_challenge_methods_supported: z.array(z.string()).optional().catch(undefined),
  authorization_response_iss_parameter_supported: flag,
  client_id_metadata_document_supported: flag,
  jwks_uri: text,
});

/** Finds the authorization server: the one of the settings, else the one that the server behind names.
 * @throws LoginTrouble
 */
export async function findLoginServer(
  settings: OperatorLoginSettings,
  { http, target }: { readonly http: HttpClient; readonly target: string },
): Promise<LoginServer> {
  const { issuer, authorizeUrl, tokenUrl, resource } = settings;
  const given = {
    ...(authorizeUrl === undefined ? {} : { authorization_endpoint: authorizeUrl }),
    ...(tokenUrl === undefined ? {} : { token_endpoint: tokenUrl }),
  };
  if (authorizeUrl !== undefined && tokenUrl !== undefined) {
    const server = { issuer: issuer ?? new URL(authorizeUrl).origin, ...given };
    return { server, resource, scopes: [] };
  }
  if (issuer !== undefined) {
    return { server: { ...(await readServer(issuer, http)), ...given }, resource, scopes: [] };
  }
  const guardian = await findGuardian(target, http);
  const server = await readServer(guardian.issuer, http);
  return { server, resource: resource ?? guardian.resource, scopes: guardian.scopes };
}

/** The metadata of an issuer, of whichever place has them.
 * @throws LoginTrouble
 */
export async function readServer(issuer: string, http: HttpClient): Promise<AuthorizationServer> {
  const found: string[] = [];
  for (const url of metadataUrls(issuer)) {
    const answer = await http
      .send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs })
      .catch((cause: unknown) => {
        throw readTrouble(cause, []);
      });
    const body: unknown = answer.status === 200 ? await answer.json().catch(() => undefined) : undefined;
    const document = metadataSchema.safeParse(body).data;
    // RFC 8414 §3.3: another issuer's could send the person, and the code, anywhere.
    if (document?.issuer === issuer) return checked(document);
    found.push(`${url}: ${answer.status === 200 ? 'not the metadata of this issuer' : `status ${answer.status}`}`);
  }
  throw new LoginTrouble(
    `no metadata of ${issuer} was found (${found.join('; ')})`,
    'Check the issuer; where it publishes none, give --remote-auth-authorize-url and --remote-auth-token-url',
  );
}

type Metadata = z.output<typeof metadataSchema>;

function checked(document: Metadata): AuthorizationServer {
  const { authorization_endpoint: authorize, token_endpoint: token, code_challenge_methods_supported: pkce } = document;
  const advice = 'Give --remote-auth-authorize-url and --remote-auth-token-url, if it has these';
  if (token === undefined || (authorize === undefined && document.device_authorization_endpoint === undefined))
    throw new LoginTrouble('its metadata names no endpoints to sign in at', advice);
  const { registration_endpoint, device_authorization_endpoint, revocation_endpoint } = document;
  for (const url of [authorize, token, registration_endpoint, device_authorization_endpoint, revocation_endpoint]) {
    const { protocol, hostname } = new URL(url ?? token);
    const issuer = new URL(document.issuer);
    // One elsewhere that names this machine would have whoever listens here get code and secret.
    const isLocal = isLoopbackHost(hostname) && isLoopbackHost(issuer.hostname);
    if (protocol === 'http:' && !isLocal && issuer.protocol === 'https:')
      throw new LoginTrouble(
        `its metadata names an endpoint of plain http, ${url}`,
        'Ask the administrator of the provider',
      );
  }
  // Some that can do it do not say so (Microsoft Entra ID); one that says it cannot leaves the code unprotected.
  if (pkce !== undefined && !pkce.includes('S256'))
    throw new LoginTrouble(
      'it does not know PKCE with S256 (RFC 7636)',
      'Without it a code can be stolen: Usher does not sign in there',
    );
  return toServer(document);
}

/** What oauth4webapi knows of a server: what is undefined is not said. */
function toServer({ issuer, ...rest }: Metadata): AuthorizationServer {
  const entries = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { issuer, ...Object.fromEntries(entries) };
}
