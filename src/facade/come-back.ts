import { randomBytes } from 'node:crypto';
import { withoutTokens } from '../lib/without-tokens.ts';
import { readParameters, sendBack } from './answers.ts';
import type { FacadeContext } from './context.ts';
import { signInMs } from './decide.ts';
import { describeRequest } from './describe-request.ts';
import { OAuthError, type OAuthErrorCode } from './oauth-error.ts';
import type { Visit } from './visit.ts';

/** Redeemed at once by a client that works; longer than providers' own. */
export const codeMs = 60_000;
/** What of the provider's refusals goes on: the codes of RFC 6749 §4.1.2.1 that are about the user, not about the gateway. */
const passedOn: readonly OAuthErrorCode[] = [
  'access_denied',
  'invalid_scope',
  'temporarily_unavailable',
  'login_required',
  'consent_required',
  'interaction_required',
];

/** The provider sends the browser back: only the one in which the sign-in was agreed to, and once.
 * @throws OAuthError where the sign-in is not one of this browser
 */
export async function comeBack(context: FacadeContext, visit: Visit): Promise<void> {
  const { request, response, query } = visit;
  const { cookies, seals, spent, provider, urls, log, name } = context;
  const parameters = readParameters(new URLSearchParams(query));
  const state = parameters.get('state') ?? '';
  const signIn = seals.signIn.open(cookies.readSignIn(request, state) ?? '');
  if (signIn === undefined || signIn.providerState !== state || !(await spent.take('sign-in', state, signInMs)))
    throw new OAuthError(
      'invalid_request',
      'This sign-in has ended, or was begun in another browser. Start again from your app.',
    );
  visit.learn(describeRequest(signIn));
  const dropped = [cookies.dropSignInLine(state)];
  const back = { state: signIn.state, iss: urls.issuer };
  const refuse = async (error: OAuthErrorCode, reason: string, details: Readonly<Record<string, string>>) => {
    await visit.record({ event: 'refused', status: 303, reason, error, details });
    sendBack(response, signIn.redirectUri, { error, error_description: reason, ...back }, dropped);
  };
  // RFC 9207 §2.4: of another server's answer nothing is believed.
  const iss = parameters.get('iss');
  const { sendsIssuer } = await provider.endpoints();
  if (iss === undefined ? sendsIssuer : iss !== provider.issuer) {
    log.warn('An answer to a sign-in is not of the provider', { server: name, found: iss, expected: provider.issuer });
    const details = { found: iss?.slice(0, 200) ?? 'no iss', expected: provider.issuer };
    return await refuse('server_error', 'The answer is not of the identity provider that was asked', details);
  }
  const error = parameters.get('error');
  const providerCode = parameters.get('code');
  if (error !== undefined || providerCode === undefined) {
    const details = {
      error: error?.slice(0, 100) ?? '(no error code)',
      description: withoutTokens(parameters.get('error_description') ?? '').slice(0, 300),
    };
    log.warn('The provider refused a sign-in', { server: name, ...details });
    const code = passedOn.find((one) => one === error) ?? 'server_error';
    return await refuse(code, 'The identity provider refused the sign-in', details);
  }
  const sealed = {
    id: randomBytes(16).toString('base64url'),
    flow: signIn.flow,
    client: signIn.client,
    isKeyed: signIn.isKeyed,
    redirectUri: signIn.redirectUri,
    challenge: signIn.challenge,
    providerCode,
    verifier: signIn.verifier,
  };
  sendBack(response, signIn.redirectUri, { code: seals.code.seal(sealed, codeMs), ...back }, dropped);
}
