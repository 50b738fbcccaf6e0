import { createHmac, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isSame } from '../../directory.ts';
import { pageHeaders } from '../../pages.ts';
import type { SeedApp } from '../../seed/seed-schema.ts';
import { signOutPage } from '../../sign-out-page.ts';
import { errorPage } from '../../views/error-page.ts';
import { signedOutPage } from '../../views/signed-out-page.ts';
import { findApp } from '../directory.ts';
import type { Parameters, Tenant, TenantEndpoint } from '../flavour.ts';
import { onlyOnce, readParameters } from '../read-parameters.ts';
import { verifyToken } from '../sign-token.ts';

/** What an ID token says of the sign-in that is to end. */
interface Hint {
  readonly app: SeedApp | undefined;
  readonly sessionId: string;
}

/** Ends a session (OpenID Connect RP-Initiated Logout): at once for who has its ID token, else after asking the person, since any
 * page can send a browser here (§6). In the order and the words of LogoutEndpoint.
 */
export const endSession: TenantEndpoint = async (tenant, request, response) => {
  const url = new URL(request.url ?? '/', tenant.origin);
  const asked = request.method === 'POST' ? await readParameters(request) : onlyOnce(url.searchParams);
  const parameters = asked ?? {};
  const answer = (status: number, page: string) => send(response, status, page);
  if (parameters['xsrf'] !== undefined) return answer(200, endConfirmed(tenant, request, parameters));

  const { id_token_hint: token, client_id: clientId, post_logout_redirect_uri: target } = parameters;
  const hint = token === undefined ? undefined : await readHint(tenant, token);
  if (token !== undefined && hint === undefined) return answer(400, problemPage('Invalid parameter: id_token_hint'));
  const app = hint?.app ?? findApp(tenant, clientId ?? '');
  if (target !== undefined && app === undefined) return answer(400, problemPage('Missing parameters: id_token_hint'));
  if (target !== undefined && !app?.postLogoutRedirectUris.includes(target))
    return answer(400, problemPage('Invalid redirect uri'));
  const session = tenant.sessions.find(request);
  if (hint !== undefined) tenant.sessions.end(hint.sessionId);
  else if (session !== undefined) return answer(200, confirmPage(tenant, session.id, url.pathname));
  if (target === undefined) return answer(200, signedOutPage({ org: tenant.seed.org }));
  const goOn = new URL(target);
  if (parameters['state'] !== undefined) goOn.searchParams.set('state', parameters['state']);
  response.writeHead(302, { Location: goOn.href, 'Cache-Control': 'no-store' }).end();
};

/** One that has expired says it as well. */
async function readHint(tenant: Tenant, token: string): Promise<Hint | undefined> {
  const verdict = await verifyToken(tenant, token);
  if (verdict.state === 'invalid' || verdict.claims['typ'] !== 'ID') return undefined;
  const { azp, sid } = verdict.claims;
  return { app: findApp(tenant, String(azp)), sessionId: String(sid) };
}

function confirmPage(tenant: Tenant, sessionId: string, action: string): string {
  return signOutPage({ org: tenant.seed.org, action, xsrf: xsrfOf(tenant, sessionId) });
}

function endConfirmed(tenant: Tenant, request: IncomingMessage, parameters: Parameters): string {
  const session = tenant.sessions.find(request);
  if (session === undefined) return signedOutPage({ org: tenant.seed.org });
  if (!isSame(parameters['xsrf'] ?? '', xsrfOf(tenant, session.id)))
    return confirmPage(tenant, session.id, new URL(request.url ?? '/', tenant.origin).pathname);
  if (parameters['logout'] !== 'yes') return problemPage('You are still signed in', 'Nothing was changed.');
  tenant.sessions.end(session.id);
  return signedOutPage({ org: tenant.seed.org });
}

function xsrfOf({ secret }: Tenant, sessionId: string): string {
  return createHmac('sha256', secret).update(`sign out ${sessionId}`).digest('base64url');
}

function problemPage(title: string, detail = 'No details.'): string {
  return errorPage({ title, detail, requestId: randomUUID() });
}

function send(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, { ...pageHeaders(), 'Content-Type': 'text/html; charset=utf-8' }).end(page);
}
