import { createHmac, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isSame } from '../directory.ts';
import { pageHeaders } from '../pages.ts';
import { readForm } from '../requests.ts';
import type { SeedApp } from '../seed/seed-schema.ts';
import { errorPage } from '../views/error-page.ts';
import { signInPage } from '../views/sign-in-page.ts';
import { askPolicies } from './ask-policy.ts';
import { findApp, findUserByPassword, mayRedirect } from './directory.ts';
import type { Asked, Parameters, Tenant } from './flavour.ts';
import type { Grants } from './grants.ts';
import type { Session } from './sessions.ts';
import { onlyOnce } from './read-parameters.ts';
import { TokenRefusal } from './token-refusal.ts';

/** A checked authorization request. */
interface SignInRequest {
  readonly app: SeedApp;
  readonly parameters: Parameters;
  readonly redirectUri: string;
  readonly asked: Asked;
}

/** The authorization endpoint: shows the sign-in page, and takes it. Who is signed in already goes on at once. */
export async function answerAuthorization(
  tenant: Tenant,
  grants: Grants,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', tenant.origin);
  const parameters = onlyOnce(url.searchParams);
  const app = findApp(tenant, parameters?.['client_id'] ?? '');
  const redirectUri = parameters?.['redirect_uri'] ?? '';
  // Nothing goes to an address that is not the app's (RFC 6749 §4.1.2.1).
  if (parameters === undefined || app === undefined) return answerError(tenant, response, 'This app is not known here');
  if (!mayRedirect(app, redirectUri))
    return answerError(
      tenant,
      response,
      'This app may not send you back there',
      `Not among its redirect URIs: ${redirectUri}`,
    );
  try {
    checkRequest(app, parameters);
    const asked = tenant.flavour.readAuthorization(tenant, app, parameters);
    const checked = { app, parameters, redirectUri, asked };
    if (request.method === 'POST') return await takeSignIn(tenant, grants, checked, { request, response, url });
    const session = findSession(tenant, parameters, request);
    if (session === undefined) showSignIn(tenant, checked, { response, url });
    else redirect(tenant, response, checked, { code: grant(tenant, grants, checked, session) });
  } catch (error) {
    if (!(error instanceof TokenRefusal)) throw error;
    tenant.log('authorization refused', { client: app.clientId, error: error.row.error, reason: error.reason });
    if (tenant.flavour.showsErrors?.(app) === true)
      return answerError(tenant, response, 'Oops!, something went wrong', `${error.row.error}: ${error.description}`);
    redirect(
      tenant,
      response,
      { redirectUri, parameters },
      {
        error: error.row.error,
        error_description: error.description,
      },
    );
  }
}

/** @throws TokenRefusal */
function checkRequest(app: SeedApp, parameters: Parameters): void {
  const refuse = (error: string, description: string) =>
    new TokenRefusal({ status: 400, error, description }, 'the authorization request');
  if (!app.grantTypes.includes('authorization_code'))
    throw refuse('unauthorized_client', 'The client may not use the authorization code flow.');
  if (parameters['response_type'] !== 'code')
    throw refuse('unsupported_response_type', 'Only response_type=code is supported.');
  if (parameters['max_age'] !== undefined && !/^\d{1,9}$/.test(parameters['max_age']))
    throw refuse('invalid_request', 'max_age must be a number of seconds.');
  const { code_challenge: challenge, code_challenge_method: method } = parameters;
  if (challenge === undefined && app.clientSecret === undefined)
    throw refuse('invalid_request', 'A public client must send code_challenge (RFC 7636).');
  if (challenge !== undefined && method !== 'S256')
    throw refuse('invalid_request', 'code_challenge_method must be S256.');
}

/** The session that will do (OpenID Connect Core §3.1.2.1); undefined when a password is to be asked for.
 * @throws TokenRefusal when it may not be
 */
function findSession(tenant: Tenant, parameters: Parameters, request: IncomingMessage): Session | undefined {
  const { max_age: maxAge, prompt = '' } = parameters;
  const prompts = prompt.split(' ');
  const session = tenant.sessions.find(request);
  // Of 0 the second in which somebody signed in is too long ago already.
  const isOld =
    session !== undefined &&
    maxAge !== undefined &&
    (Number(maxAge) === 0 || tenant.now() / 1000 - session.authTime > Number(maxAge));
  // A claims challenge wants more than there was, whoever is signed in.
  const isGood =
    !isOld && !wantsMore(parameters) && !prompts.some((one) => one === 'login' || one === 'select_account');
  if (session !== undefined && isGood) return session;
  if (!prompts.includes('none')) return undefined;
  const row = { status: 400, error: 'login_required', description: 'Nobody is signed in.' };
  throw new TokenRefusal(row, 'prompt is none');
}

const wantsMore = ({ claims }: Parameters) => claims?.includes('"access_token"') ?? false;

interface Page {
  readonly response: ServerResponse;
  readonly url: URL;
}

function showSignIn(
  tenant: Tenant,
  { app, asked, parameters, redirectUri }: SignInRequest,
  { response, url }: Page,
  error?: string,
): void {
  const page = signInPage({
    org: tenant.seed.org,
    app: app.label,
    scopes: asked.scopes,
    loginHint: parameters['login_hint'],
    error,
    action: url.pathname + url.search,
    csrf: csrfOf(tenant, url),
    users: tenant.seed.users,
  });
  response.writeHead(200, { ...pageHeaders(redirectUri), 'Content-Type': 'text/html; charset=utf-8' });
  response.end(page);
}

async function takeSignIn(
  tenant: Tenant,
  grants: Grants,
  checked: SignInRequest,
  { request, response, url }: Page & { readonly request: IncomingMessage },
): Promise<void> {
  const form = await readForm(request);
  if (form === undefined || !isSame(form.get('csrf') ?? '', csrfOf(tenant, url)))
    return showSignIn(
      tenant,
      checked,
      { response, url },
      'The form was not the one this page shows. Please try again.',
    );
  const user = findUserByPassword(tenant.seed, form.get('username')?.trim() ?? '', form.get('password') ?? '');
  if (user === undefined)
    return showSignIn(tenant, checked, { response, url }, 'Unable to sign in: user name or password is wrong.');
  if (user.disabled === true) {
    const { userBlocked } = tenant.flavour.refusals;
    if (userBlocked !== undefined) throw new TokenRefusal(userBlocked, `${user.login} is disabled`);
    return showSignIn(tenant, checked, { response, url }, 'This account is disabled.');
  }
  const { session, cookie } = tenant.sessions.start(request, user);
  const code = grant(tenant, grants, checked, session);
  response.setHeader('Set-Cookie', cookie);
  redirect(tenant, response, checked, { code });
}

function grant(
  tenant: Tenant,
  grants: Grants,
  { app, asked, parameters, redirectUri }: SignInRequest,
  { user, authTime, id: sessionId }: Session,
): string {
  const lifetimeSeconds = askPolicies(tenant, asked, { app, user, grantType: 'authorization_code' });
  tenant.log('signed in', { client: app.clientId, user: user.login });
  return grants.addCode({
    ...asked,
    app,
    user,
    lifetimeSeconds,
    authTime,
    sessionId,
    // OpenID Connect Core §5.5: what a claims challenge asks for, the client asks for here.
    isStrong: wantsMore(parameters),
    redirectUri,
    codeChallenge: parameters['code_challenge'],
    nonce: parameters['nonce'],
  });
}

/** Belongs to this one request: a form made for another does not fit. */
function csrfOf({ secret }: Tenant, { search }: URL): string {
  return createHmac('sha256', secret).update(search).digest('base64url');
}

function redirect(
  tenant: Tenant,
  response: ServerResponse,
  { redirectUri, parameters }: Pick<SignInRequest, 'redirectUri' | 'parameters'>,
  answer: Readonly<Record<string, string>>,
): void {
  const target = new URL(redirectUri);
  const { state } = parameters;
  const all = { ...answer, ...(state === undefined ? {} : { state }), iss: tenant.issuer };
  for (const [name, value] of Object.entries(all)) target.searchParams.set(name, value);
  // The browser must not post the password again where it is sent (RFC 9700 §4.12).
  response.writeHead(303, { Location: target.href, 'Cache-Control': 'no-store' }).end();
}

function answerError(tenant: Tenant, response: ServerResponse, title: string, detail = 'No details.'): void {
  tenant.log('error page shown', { title, detail });
  response.writeHead(400, { ...pageHeaders(), 'Content-Type': 'text/html; charset=utf-8' });
  response.end(errorPage({ title, detail, requestId: randomUUID() }));
}
