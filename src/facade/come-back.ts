import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readParameters, sendBack } from './answers.ts';
import type { FacadeContext } from './context.ts';
import { signInMs } from './decide.ts';
import { OAuthError } from './oauth-error.ts';

/** Redeemed at once by a client that works; longer than providers' own. */
export const codeMs = 60_000;
/** What of the provider's refusals goes on: the codes of RFC 6749 §4.1.2.1 that are about the user, not about the gateway. */
const passedOn = new Set([
  'access_denied',
  'invalid_scope',
  'temporarily_unavailable',
  'login_required',
  'consent_required',
  'interaction_required',
]);

/** The provider sends the browser back: only the one in which the sign-in was agreed to, and once.
 * @throws OAuthError where the sign-in is not one of this browser
 */
export async function comeBack(
  context: FacadeContext,
  request: IncomingMessage,
  response: ServerResponse,
  query: string,
): Promise<void> {
  const { cookies, seals, spent, provider, urls, log, name } = context;
  const parameters = readParameters(new URLSearchParams(query));
  const state = parameters.get('state') ?? '';
  const signIn = seals.signIn.open(cookies.readSignIn(request, state) ?? '');
  if (signIn === undefined || signIn.providerState !== state || !(await spent.take(`sign-in ${state}`, signInMs)))
    throw new OAuthError(
      'invalid_request',
      'This sign-in has ended, or was begun in another browser. Start again from your app.',
    );
  const dropped = [cookies.dropSignInLine(state)];
  const back = { state: signIn.state, iss: urls.issuer };
  const refuse = (error: string, description: string) =>
    sendBack(response, signIn.redirectUri, { error, error_description: description, ...back }, dropped);
  // RFC 9207 §2.4: of another server's answer nothing is believed.
  const iss = parameters.get('iss');
  const { sendsIssuer } = await provider.endpoints();
  if (iss === undefined ? sendsIssuer : iss !== provider.issuer) {
    log.warn('An answer to a sign-in is not of the provider', { server: name, found: iss, expected: provider.issuer });
    return refuse('server_error', 'The answer is not of the identity provider that was asked');
  }
  const error = parameters.get('error');
  const providerCode = parameters.get('code');
  if (error !== undefined || providerCode === undefined) {
    const description = parameters.get('error_description')?.slice(0, 300);
    log.warn('The provider refused a sign-in', { server: name, error: error?.slice(0, 100), description });
    const code = error !== undefined && passedOn.has(error) ? error : 'server_error';
    return refuse(code, 'The identity provider refused the sign-in');
  }
  const sealed = {
    id: randomBytes(16).toString('base64url'),
    client: signIn.client,
    redirectUri: signIn.redirectUri,
    challenge: signIn.challenge,
    providerCode,
    verifier: signIn.verifier,
  };
  sendBack(response, signIn.redirectUri, { code: seals.code.seal(sealed, codeMs), ...back }, dropped);
}
