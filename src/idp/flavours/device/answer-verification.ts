import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { codeTries } from '../../device-waits.ts';
import { isSame } from '../../directory.ts';
import { pageHeaders } from '../../pages.ts';
import { readForm } from '../../requests.ts';
import { deviceCodePage } from '../../views/device-code-page.ts';
import { deviceConfirmPage } from '../../views/device-confirm-page.ts';
import { deviceDonePage } from '../../views/device-done-page.ts';
import { errorPage } from '../../views/error-page.ts';
import { signInPage } from '../../views/sign-in-page.ts';
import { askPolicies } from '../ask-policy.ts';
import { findUserByPassword } from '../directory.ts';
import type { Tenant } from '../flavour.ts';
import type { Session } from '../sessions.ts';
import { TokenRefusal } from '../token-refusal.ts';
import type { DeviceCode, DeviceCodes } from './device-codes.ts';

/** One request for the page where people type codes in. */
interface Visit {
  readonly tenant: Tenant;
  readonly codes: DeviceCodes;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  /** Is in every form, and belongs to this browser: one that was made elsewhere does not have it. */
  readonly xsrf: string;
  /** What a form of ours brought, with the parameters of its address; undefined where none was sent. */
  readonly form: URLSearchParams | undefined;
}

const cookieName = 'usher_idp_device';

/** The page where a person types in the code that a device shows (RFC 8628 §3.3), and what follows from it. Each page is the
 * answer to a form that has all that was said before; nothing of it is kept here.
 */
export async function answerVerification(
  tenant: Tenant,
  codes: DeviceCodes,
  [request, response]: readonly [IncomingMessage, ServerResponse],
): Promise<void> {
  const url = new URL(request.url ?? '/', tenant.origin);
  const browser = knowBrowser(request, response);
  const xsrf = createHmac('sha256', tenant.secret).update(`device ${browser}`).digest('hex');
  const sent = request.method === 'POST' ? await readForm(request) : undefined;
  const isOurs = sent !== undefined && isSame(sent.get('xsrf') ?? sent.get('csrf') ?? '', xsrf);
  const form = isOurs ? new URLSearchParams([...sent, ...url.searchParams]) : undefined;
  const visit = { tenant, codes, request, response, path: url.pathname, xsrf, form };
  if (request.method === 'POST' && form === undefined)
    return askForCode(visit, { error: 'The form was not the one this page shows. Please try again.' });
  const typed = form?.get('user_code') ?? url.searchParams.get('user_code');
  if (typed === null) return askForCode(visit);
  const found = findCode(visit, typed);
  if (found === undefined) return;
  if (form?.has('abort') === true) return deny(visit, found);
  goOn(visit, found);
}

/** The name of this browser, which it gets where it has none. */
function knowBrowser({ headers }: IncomingMessage, response: ServerResponse): string {
  const known = new RegExp(`(?:^|; *)${cookieName}=([\\w-]{32})(?:;|$)`).exec(headers.cookie ?? '')?.[1];
  if (known !== undefined) return known;
  const name = randomBytes(24).toString('base64url');
  response.appendHeader('Set-Cookie', `${cookieName}=${name}; Path=/; HttpOnly; SameSite=Lax`);
  return name;
}

/** The code that was typed in; undefined where the page says what is wrong with it. */
function findCode(visit: Visit, typed: string): DeviceCode | undefined {
  const { codes, response } = visit;
  const code = typed.slice(0, 20);
  if (!codes.takeTry()) {
    response.setHeader('Retry-After', String(codeTries.intervalMs / 1000));
    askForCode(visit, { status: 429, error: 'Too many codes were wrong. Wait a moment, then try again.' });
    return undefined;
  }
  const found = codes.findTyped(code);
  if (found === undefined) {
    askForCode(visit, { code, error: 'There is no such code. Compare it with what the app shows.' });
    return undefined;
  }
  codes.giveTryBack();
  const [isOver, wasUsed] = [codes.isExpired(found), found.outcome !== undefined];
  if (!isOver && !wasUsed) return found;
  const why = isOver ? 'has expired' : 'was used before';
  askForCode(visit, { code, error: `This code ${why}. Start again in the app, and type in the new one.` });
  return undefined;
}

function deny(visit: Visit, found: DeviceCode): void {
  visit.tenant.log('device denied', { client: found.app.clientId });
  visit.codes.settle(found, 'denied');
  askForCode(visit, { error: 'The app was not let in.' });
}

/** Shows the first page that still has something to ask, or lets the app in. */
function goOn(visit: Visit, found: DeviceCode): void {
  let session: Session | undefined;
  for (const step of visit.tenant.flavour.device.steps) {
    if (step === 'confirm' && visit.form?.get('confirm') !== 'yes') return askWhether(visit, found);
    if (step === 'sign-in') {
      session = findSession(visit, found);
      if (session === undefined) return;
    }
  }
  if (session !== undefined) approve(visit, found, session);
}

/** Who is signed in; undefined where the page asks for it. */
function findSession(visit: Visit, found: DeviceCode): Session | undefined {
  const { tenant, request, response, form } = visit;
  const open = tenant.sessions.find(request);
  const password = form?.get('password');
  if (password === undefined || password === null) {
    if (open === undefined) askToSignIn(visit, found);
    return open;
  }
  const user = findUserByPassword(tenant.seed, form?.get('username')?.trim() ?? '', password);
  if (user === undefined || user.disabled === true) {
    const error =
      user === undefined ? 'Unable to sign in: user name or password is wrong.' : 'This account is disabled.';
    askToSignIn(visit, found, error);
    return undefined;
  }
  const { session, cookie } = tenant.sessions.start(request, user);
  response.appendHeader('Set-Cookie', cookie);
  return session;
}

function approve(visit: Visit, found: DeviceCode, { user, authTime, id: sessionId }: Session): void {
  const { tenant, codes } = visit;
  const { app, asked } = found;
  try {
    // What was consented to holds however people sign in.
    const lifetimeSeconds = askPolicies(tenant, asked, { app, user, grantType: 'authorization_code' });
    tenant.log('signed in for a device', { client: app.clientId, user: user.login });
    codes.settle(found, { ...asked, app, user, lifetimeSeconds, authTime, sessionId, isStrong: false });
    show(visit, deviceDonePage({ org: tenant.seed.org, app: app.label }));
  } catch (error) {
    if (!(error instanceof TokenRefusal)) throw error;
    const requestId = randomBytes(8).toString('hex');
    tenant.log('device refused', { requestId, client: app.clientId, error: error.row.error, reason: error.reason });
    codes.settle(found, 'denied');
    const detail = `${error.row.error}: ${error.description}`;
    show(visit, errorPage({ title: 'The app was not let in', detail, requestId }), 400);
  }
}

function askForCode(
  visit: Visit,
  {
    code = '',
    error,
    status = 200,
  }: { readonly code?: string; readonly error?: string; readonly status?: number } = {},
): void {
  const { path, xsrf, tenant } = visit;
  show(visit, deviceCodePage({ org: tenant.seed.org, action: path, xsrf, code, error }), status);
}

function askWhether(visit: Visit, { userCode, app }: DeviceCode): void {
  const { path, xsrf, tenant } = visit;
  show(visit, deviceConfirmPage({ org: tenant.seed.org, app: app.label, userCode, action: path, xsrf }));
}

function askToSignIn(visit: Visit, { userCode, app, asked }: DeviceCode, error?: string): void {
  const { path, xsrf, tenant, form } = visit;
  const said = form?.get('confirm') === 'yes' ? '&confirm=yes' : '';
  const page = signInPage({
    org: tenant.seed.org,
    app: app.label,
    scopes: asked.scopes,
    error,
    action: `${path}?user_code=${encodeURIComponent(userCode)}${said}`,
    csrf: xsrf,
    users: tenant.seed.users,
  });
  show(visit, page);
}

function show({ tenant, response, path }: Visit, page: string, status = 200): void {
  response.writeHead(status, { ...pageHeaders(tenant.origin + path), 'Content-Type': 'text/html; charset=utf-8' });
  response.end(page);
}
