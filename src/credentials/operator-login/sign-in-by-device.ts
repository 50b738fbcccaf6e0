import { setTimeout as sleep } from 'node:timers/promises';
import * as oauth from 'oauth4webapi';
import { plain } from '../../lib/plain.ts';
import { LoginTrouble, readTrouble } from './login-trouble.ts';
import type { SignedIn, SignIn } from './sign-in-by-browser.ts';
import { throughHttp } from './token-requests.ts';

/** RFC 8628 §3.5: how much slower to ask, each time that is said. */
const slowDownMs = 5_000;
/** How providers say that this client may not use the grant (RFC 6749 §5.2). */
const notForThisClient = new Set(['unauthorized_client', 'invalid_request', 'unsupported_grant_type']);
/** Entra gives codes to every client, and says at the token endpoint that one is no public client. */
const notForThisClientAtPoll = new Set([...notForThisClient, 'invalid_client']);

/** Lets a person sign in on another device, by a code they type in there (RFC 8628).
 * @param mayGiveWay nobody asked for this way: a provider can have it, and not for this client
 * @returns undefined when it gives way
 * @throws LoginTrouble, or the signal's reason
 */
export async function signInByDevice(
  request: SignIn,
  { mayGiveWay = false }: { readonly mayGiveWay?: boolean } = {},
): Promise<SignedIn | undefined> {
  const { settings, at, aid, signal, http } = request;
  const { server } = at;
  if (server.device_authorization_endpoint === undefined)
    throw new LoginTrouble(
      'it has no endpoint for signing in on another device (RFC 8628)',
      'Use a browser: --remote-auth-flow browser',
    );
  // There is nowhere to come back to; a client that is registered for it needs one all the same.
  const client = await request.findClient(
    settings.redirectUri ?? `http://localhost:${settings.callbackPort || 8666}/callback`,
  );
  const named = { client_id: client.clientId };
  const options = throughHttp(client.http?.() ?? http);
  const parameters = new URLSearchParams(Object.entries(settings.parameters));
  if (request.scopes.length > 0) parameters.set(settings.scopeParameter, request.scopes.join(' '));
  if (at.resource !== undefined) parameters.set('resource', at.resource);
  // Keycloak takes PKCE here as well, and wants it where the client is set up so; others read over it (RFC 6749 §3.2).
  const verifier = oauth.generateRandomCodeVerifier();
  parameters.set('code_challenge', await oauth.calculatePKCECodeChallenge(verifier));
  parameters.set('code_challenge_method', 'S256');
  try {
    const asked = await oauth.deviceAuthorizationRequest(server, named, client.authenticate, parameters, options);
    const device = await oauth.processDeviceAuthorizationResponse(server, named, asked).catch((cause: unknown) => {
      if (mayGiveWay && cause instanceof oauth.ResponseBodyError && notForThisClient.has(cause.error)) return undefined;
      throw cause;
    });
    if (device === undefined) return undefined;
    aid.tell(tellHow(device));
    const untilMs = performance.now() + 1000 * Math.min(settings.timeoutSeconds, device.expires_in);
    let intervalMs = 1000 * (device.interval ?? 5);
    while (performance.now() + intervalMs < untilMs) {
      await sleep(intervalMs, undefined, { signal });
      const answered = await poll(request, client, { deviceCode: device.device_code, verifier });
      if (answered instanceof LoginTrouble) {
        if (!mayGiveWay || !notForThisClientAtPoll.has(answered.code ?? '')) throw answered;
        aid.tell('The provider does not let this client sign in by a code: forget that one.');
        return undefined;
      }
      if (typeof answered !== 'string') return { tokens: answered, client };
      if (answered === 'slow_down') intervalMs += slowDownMs;
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw readTrouble(cause, client.secrets);
  }
  const reason = `nobody signed in with the code within ${settings.timeoutSeconds} s`;
  throw new LoginTrouble(reason, 'Run it again to get another code; more time: --remote-auth-timeout');
}

/** The tokens, or why there are none, or not yet. */
async function poll(
  { at, http }: SignIn,
  client: SignedIn['client'],
  { deviceCode, verifier }: { readonly deviceCode: string; readonly verifier: string },
): Promise<oauth.TokenEndpointResponse | LoginTrouble | 'authorization_pending' | 'slow_down'> {
  const named = { client_id: client.clientId };
  const options = {
    ...throughHttp(client.http?.() ?? http),
    additionalParameters: {
      code_verifier: verifier,
      ...(at.resource === undefined ? {} : { resource: at.resource }),
    },
  };
  try {
    const answer = await oauth.deviceCodeGrantRequest(at.server, named, client.authenticate, deviceCode, options);
    return await oauth.processDeviceCodeResponse(at.server, named, answer);
  } catch (cause) {
    const error = cause instanceof oauth.ResponseBodyError ? cause.error : undefined;
    if (error === 'authorization_pending' || error === 'slow_down') return error;
    return readTrouble(cause, [...client.secrets, deviceCode, verifier]);
  }
}

/** In words of others for a terminal: nothing in them moves the cursor over what Usher says. */
function tellHow({
  verification_uri: uri,
  verification_uri_complete: whole,
  user_code: code,
}: oauth.DeviceAuthorizationResponse) {
  const direct = whole === undefined ? '' : `\nOr open ${plain(whole)} and compare the code.`;
  return `Sign in on any device at\n\n  ${plain(uri)}\n\nand give the code\n\n  ${plain(code)}\n${direct}`;
}
