import { parseObject } from '../lib/parse-object.ts';
import { readClientKeys } from './client-keys.ts';
import { digestOf, type Client } from './clients.ts';
import { findDocumentUrlProblem, findTrust } from './document-url.ts';
import { OAuthError } from './oauth-error.ts';
import { readName } from './read-name.ts';
import { findRedirectProblem, isLoopbackRedirect } from './redirect-uri.ts';
import type { Seals } from './sealed.ts';

const mostRedirectUris = 10;
/** It stands in URLs and cookies. */
const longestId = 2048;
const dayMs = 86_400_000;

/** Registers a client (RFC 7591) without keeping anything: its id is its registration, sealed. So no number of registrations
 * fills anything up, and each replica knows all of them.
 * @returns the client, and the answer of RFC 7591 §3.2.1
 * @throws OAuthError invalid_client_metadata, invalid_redirect_uri
 */
export function register(
  text: string,
  deps: {
    readonly seals: Seals;
    readonly allowed: readonly string[];
    readonly lifeDays: number;
    /** Whose sites the gateway fetches from: keys of clients as their documents. */
    readonly rules: readonly string[];
    readonly nowMs: number;
  },
): { readonly client: Client; readonly answer: Readonly<Record<string, unknown>> } {
  const asked = parseObject(text);
  if (asked === undefined) throw new OAuthError('invalid_client_metadata', 'the body is not a JSON object');
  const redirectUris = readRedirectUris(asked['redirect_uris'], deps.allowed);
  const grants = asked['grant_types'] ?? ['authorization_code'];
  if (!Array.isArray(grants) || !grants.includes('authorization_code'))
    throw new OAuthError(
      'invalid_client_metadata',
      'grant_types has no authorization_code: people sign in here, and nobody else',
    );
  const name = readName(asked['client_name']);
  // A method with a secret is none that is given here: the answer says what holds instead (RFC 7591 §3.2.1).
  const findUriProblem = (uri: string) => findKeysUriProblem(uri, deps.rules);
  const found = readClientKeys(asked, { secrets: 'read over', findUriProblem });
  if ('problem' in found) throw new OAuthError('invalid_client_metadata', `the registration ${found.problem}`);
  const { keys } = found;
  const id = deps.seals.client.seal({ name, redirectUris, keys }, deps.lifeDays * dayMs);
  if (id.length > longestId)
    throw new OAuthError('invalid_client_metadata', 'client_name, redirect_uris and jwks are too long in all');
  const answer = {
    client_id: id,
    client_id_issued_at: Math.floor(deps.nowMs / 1000),
    client_name: name,
    redirect_uris: redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: keys === undefined ? 'none' : 'private_key_jwt',
    ...(keys?.jwks === undefined ? {} : { jwks: { keys: keys.jwks } }),
    ...(keys?.uri === undefined ? {} : { jwks_uri: keys.uri }),
  };
  return { client: { id, digest: digestOf(id), name, redirectUris, keys, documentUrl: undefined }, answer };
}

/** Anybody may register, so keys are fetched from nowhere but where the operator lets documents be fetched from. */
function findKeysUriProblem(uri: string, rules: readonly string[]): string | undefined {
  const problem = findDocumentUrlProblem(uri);
  if (problem !== undefined) return `is no URL that ${problem}`;
  if (findTrust(uri, rules) !== undefined) return undefined;
  return 'leads where nothing is fetched from: give jwks; or whoever runs this gateway can allow it (--facade-client-documents)';
}

function readRedirectUris(value: unknown, allowed: readonly string[]): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostRedirectUris)
    throw new OAuthError('invalid_redirect_uri', `redirect_uris is not a list of 1 to ${mostRedirectUris}`);
  return value.map((uri: unknown) => {
    if (typeof uri !== 'string')
      throw new OAuthError('invalid_redirect_uri', 'redirect_uris has something that is no text');
    const shown = JSON.stringify(uri.slice(0, 200));
    const problem = findRedirectProblem(uri);
    if (problem !== undefined)
      throw new OAuthError('invalid_redirect_uri', `redirect_uris has ${shown}, expected one that ${problem}`);
    if (!isLoopbackRedirect(uri) && !allowed.includes(uri)) {
      throw new OAuthError(
        'invalid_redirect_uri',
        `redirect_uris has ${shown}, which is not allowed here; whoever runs this gateway can add it (--facade-redirect-uris)`,
      );
    }
    return uri;
  });
}
