import { randomUUID } from 'node:crypto';
import { pageHeaders } from '../../pages.ts';
import { errorPage } from '../../views/error-page.ts';
import { findApp } from '../directory.ts';
import type { TenantEndpoint } from '../flavour.ts';
import { onlyOnce } from '../read-parameters.ts';

/** Ends the session at once and goes on to one of the application's Allowed Logout URLs, the first when none is named
 * (auth0.com/docs/api/authentication/logout/auth-0-logout). Tokens that were issued stay good.
 */
export const signOut: TenantEndpoint = async (tenant, request, response) => {
  const parameters = onlyOnce(new URL(request.url ?? '/', tenant.origin).searchParams) ?? {};
  const allowed = findApp(tenant, parameters['client_id'] ?? '')?.postLogoutRedirectUris ?? [];
  const target = parameters['returnTo'] ?? allowed[0];
  if (target !== undefined && !allowed.includes(target)) {
    const detail = `The "returnTo" querystring parameter "${target}" is not defined as a valid URL in "Allowed Logout URLs".`;
    response.writeHead(400, { ...pageHeaders(), 'Content-Type': 'text/html; charset=utf-8' });
    response.end(errorPage({ title: 'Oops!, something went wrong', detail, requestId: randomUUID() }));
    return;
  }
  tenant.sessions.leave(request);
  if (target === undefined) response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('OK');
  else response.writeHead(302, { Location: target, 'Cache-Control': 'no-store' }).end();
};
