import { pageHeaders } from '../../pages.ts';
import { signedOutPage } from '../../views/signed-out-page.ts';
import { mayRedirect } from '../directory.ts';
import type { TenantEndpoint } from '../flavour.ts';
import { onlyOnce } from '../read-parameters.ts';

/** Ends the session at once, and goes on to a redirect URI of an app; to any other address it does not, and says nothing of it
 * (learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request). Tokens that were issued stay good.
 */
export const signOut: TenantEndpoint = async (tenant, request, response) => {
  const parameters = onlyOnce(new URL(request.url ?? '/', tenant.origin).searchParams) ?? {};
  tenant.sessions.leave(request);
  const { post_logout_redirect_uri: target = '', state } = parameters;
  if (!tenant.seed.apps.some((app) => mayRedirect(app, target))) {
    response.writeHead(200, { ...pageHeaders(), 'Content-Type': 'text/html; charset=utf-8' });
    response.end(signedOutPage({ org: tenant.seed.org }));
    return;
  }
  const goOn = new URL(target);
  if (state !== undefined) goOn.searchParams.set('state', state);
  response.writeHead(302, { Location: goOn.href, 'Cache-Control': 'no-store' }).end();
};
