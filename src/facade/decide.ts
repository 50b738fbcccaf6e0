import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { backTo, readBody, readParameters, sendPage } from './answers.ts';
import { consentMs } from './authorize.ts';
import type { FacadeContext } from './context.ts';
import { OAuthError } from './oauth-error.ts';
import { describeRequest } from './describe-request.ts';
import type { Visit } from './visit.ts';
import { onwardPage } from './views/onward-page.ts';

/** For how long somebody may take to sign in. */
export const signInMs = 600_000;

/** What the person said on the consent page. Only now there is a state to come back with, and only in this browser.
 * @throws OAuthError when the form is not one that this browser was shown
 */
export async function decide(context: FacadeContext, visit: Visit): Promise<void> {
  const { request, response } = visit;
  const { seals, spent, cookies, provider, settings, urls, log, name } = context;
  checkOrigin(request, urls.issuer);
  const form = readParameters(new URLSearchParams(await readBody(request, 'application/x-www-form-urlencoded')));
  const opened = seals.consent.open(form.get('csrf') ?? '');
  const browser = cookies.readBrowser(request);
  if (opened === undefined || browser === undefined || !isSame(opened.browser, hash('sha256', browser, 'base64url')))
    throw new OAuthError(
      'invalid_request',
      'This page is too old, or was opened in another browser. Start again from your app.',
    );
  const { browser: _, id, app, ...asked } = opened;
  visit.learn({ ...describeRequest(asked), ...(app === undefined ? {} : { app: app.id, appName: app.name }) });
  if (!(await spent.take('consent', id, consentMs)))
    throw new OAuthError('invalid_request', 'This page has been answered already. Start again from your app.');
  if (form.get('decision') !== 'allow') {
    log.info('A sign-in was not agreed to', { server: name, redirectUri: asked.redirectUri });
    const error = {
      error: 'access_denied',
      error_description: 'The person said no',
      state: asked.state,
      iss: urls.issuer,
    };
    const target = backTo(asked.redirectUri, error);
    await visit.record({ event: 'denied', status: 200, reason: 'The person said no', error: 'access_denied' });
    return sendPage(response, 200, onwardPage({ target, label: 'Back to the app' }));
  }
  const { authorizationUrl } = await provider.endpoints();
  const providerState = randomBytes(32).toString('base64url');
  const verifier = randomBytes(32).toString('base64url');
  const target = new URL(authorizationUrl);
  const parameters = {
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: urls.callback,
    scope: asked.scopes.join(' '),
    state: providerState,
    code_challenge: hash('sha256', verifier, 'base64url'),
    code_challenge_method: 'S256',
    ...(settings.dropResource ? {} : { resource: context.resourceUrl }),
    ...(asked.prompt === undefined ? {} : { prompt: asked.prompt }),
  };
  for (const [key, value] of Object.entries(parameters)) if (value !== '') target.searchParams.set(key, value);
  const sealed = seals.signIn.seal({ ...asked, providerState, verifier }, signInMs);
  log.info('A sign-in was agreed to', { server: name, redirectUri: asked.redirectUri, scopes: asked.scopes.join(' ') });
  await visit.record({ event: 'agreed', status: 200, reason: 'The person let the app in' });
  // Not a redirect: Chromium holds those after a form against form-action, and where a provider leads to in the end nobody knows.
  sendPage(response, 200, onwardPage({ target: target.href, label: `Sign in at ${target.host}` }), {
    cookies: cookies.signInLines(request, providerState, sealed),
  });
}

/** Browsers say from which page a form comes (RFC 6454 §7): beside the cookie, which other pages of this host have, too.
 * @throws OAuthError invalid_request
 */
function checkOrigin({ headers }: IncomingMessage, issuer: string): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if ((origin !== undefined && origin !== new URL(issuer).origin) || (site !== undefined && site !== 'same-origin'))
    throw new OAuthError('invalid_request', 'The form was sent from another page.', { status: 403 });
}

function isSame(found: string, expected: string): boolean {
  const [one, other] = [Buffer.from(found), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
