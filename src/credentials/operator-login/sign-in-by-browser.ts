import { setTimeout as sleep } from 'node:timers/promises';
import * as oauth from 'oauth4webapi';
import type { LoginAid } from '../../model/login-aid.ts';
import type { ClientAuthentication } from '../../oauth/token-request.ts';
import type { PageText } from './callback-page.ts';
import { type CallbackListener, listenForCallback } from './callback-listener.ts';
import { LoginTrouble, readTrouble } from './login-trouble.ts';
import type { LoginServer } from './login-server.ts';
import type { OperatorLoginSettings } from './schema.ts';
import { redeemCode } from './token-requests.ts';
import type { HttpClient } from '../../lib/http-client.ts';

/** A person to be signed in. */
export interface SignIn {
  readonly settings: OperatorLoginSettings;
  readonly at: LoginServer;
  readonly scopes: readonly string[];
  /** The client, which may be registered only now that it is known where the browser comes back to. */
  readonly findClient: (redirectUri: string) => Promise<ClientAuthentication>;
  /** Name in the secret store of the client that Usher registered itself; undefined where one is given. */
  readonly registeredAs: string | undefined;
  readonly http: HttpClient;
  readonly aid: LoginAid;
  /** Of the mounted server, for the person. */
  readonly name: string;
  /** Gives up. */
  readonly signal: AbortSignal;
  /** Opens no browser: the person has not asked for anything at the moment. */
  readonly isUnasked: boolean;
}

/** What came of it. */
export interface SignedIn {
  readonly tokens: oauth.TokenEndpointResponse;
  readonly client: ClientAuthentication;
}

/** Lets a person sign in with their browser: authorization code with PKCE, state, and nonce where there is an ID token.
 * @throws LoginTrouble, or the signal's reason
 */
export async function signInByBrowser(request: SignIn): Promise<SignedIn> {
  const { settings, at, aid } = request;
  const state = oauth.generateRandomState();
  const place = { port: settings.callbackPort, redirectUri: settings.redirectUri };
  await using listener = await listenForCallback(place, state);
  const client = await request.findClient(listener.redirectUri);
  const verifier = oauth.generateRandomCodeVerifier();
  const nonce = request.scopes.includes('openid') ? oauth.generateRandomNonce() : undefined;
  const challenge = await oauth.calculatePKCECodeChallenge(verifier);
  const { redirectUri } = listener;
  const url = buildUrl(request, { clientId: client.clientId, redirectUri, state, nonce, challenge });
  const isOpened = settings.skipBrowser || request.isUnasked || !aid.hasBrowser ? false : await aid.open(url.href);
  const where = isOpened ? 'Your browser opens; if it does not, go to' : 'Sign in with a browser at';
  aid.tell(`${where}\n\n  ${url.href}\n`);
  if (!isOpened && !aid.hasBrowser) {
    const { port } = new URL(redirectUri);
    aid.tell(
      `The browser comes back to ${redirectUri} of this machine. From another: ssh -L ${port}:localhost:${port} HERE\n`,
    );
  }
  const came = await waitFor(listener, request);
  try {
    const parameters = oauth.validateAuthResponse(at.server, { client_id: client.clientId }, came.url, state);
    const token = { server: at.server, client, resource: at.resource, http: request.http };
    const tokens = await redeemCode(token, { parameters, redirectUri, verifier, nonce });
    came.show(goodPage(request, tokens));
    return { tokens, client };
  } catch (cause) {
    const trouble = readTrouble(cause, client.secrets);
    const text = `${trouble.message}. ${trouble.advice}.`;
    came.show({ title: 'You are not signed in', text: text[0]?.toUpperCase() + text.slice(1), isGood: false });
    throw trouble;
  }
}

interface Parts {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string | undefined;
  readonly challenge: string;
}

function buildUrl({ settings, at, scopes }: SignIn, parts: Parts): URL {
  const { authorization_endpoint: endpoint } = at.server;
  if (endpoint === undefined)
    throw new LoginTrouble(
      'it has no authorization endpoint',
      'Use --remote-auth-flow device, or --remote-auth-authorize-url',
    );
  const url = new URL(endpoint);
  const parameters = {
    ...settings.parameters,
    response_type: 'code',
    client_id: parts.clientId,
    redirect_uri: parts.redirectUri,
    [settings.scopeParameter]: scopes.length === 0 ? undefined : scopes.join(' '),
    resource: at.resource,
    state: parts.state,
    nonce: parts.nonce,
    code_challenge: parts.challenge,
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

async function waitFor(listener: CallbackListener, { settings, at, signal, registeredAs }: SignIn) {
  const patience = new AbortController();
  const stop = AbortSignal.any([patience.signal, signal]);
  const tooLate = sleep(settings.timeoutSeconds * 1000, undefined, { signal: stop });
  tooLate.catch(() => undefined);
  try {
    const came = await Promise.race([listener.came, tooLate]);
    if (came !== undefined) return came;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    patience.abort();
  }
  // A provider that does not know the client shows that to the person, and sends nobody back (RFC 6749 §4.1.2.1).
  const ofClient =
    registeredAs === undefined
      ? ''
      : `. If it showed that it does not know the client, usher secret rm ${registeredAs} lets Usher register another`;
  throw new LoginTrouble(
    `nobody came back from ${new URL(at.server.issuer).host} within ${settings.timeoutSeconds} s`,
    `Run it again to get another address. If the provider showed an error about the redirect URI, register ${listener.redirectUri} there; more time: --remote-auth-timeout${ofClient}`,
  );
}

function goodPage({ name, at }: SignIn, tokens: oauth.TokenEndpointResponse): PageText {
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  const who = [claims?.['email'], claims?.['preferred_username'], claims?.['name'], claims?.sub].find(
    (one) => typeof one === 'string',
  );
  return {
    title: 'You are signed in',
    text: 'Usher has what it needs. You can close this page and go back to what you were doing.',
    facts: [
      ...(who === undefined ? [] : [['As', who] as const]),
      ['At', new URL(at.server.issuer).host],
      ['For', name],
    ],
    isGood: true,
  };
}
