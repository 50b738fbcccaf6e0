import type { TenantEndpoint } from '../flavour.ts';
import { sendJson } from '../send-json.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { refusals } from './refusals.ts';

/** Registration of clients (RFC 7591). A new realm refuses everybody who has no initial access token: its policy Trusted Hosts
 * trusts no host (keycloak.org/securing-apps/client-registration; observed with 26.7.3).
 */
export const registerClient: TenantEndpoint = async (_, request, response) => {
  request.resume();
  if (request.method !== 'POST') return sendJson(response, 404, { error: 'HTTP 404 Not Found' });
  const hasToken = request.headers.authorization !== undefined;
  throw hasToken
    ? new TokenRefusal(refusals.registrationTokenInvalid, 'no initial access token was ever issued')
    : new TokenRefusal(refusals.registrationHostNotTrusted, 'the policy Trusted Hosts trusts nobody');
};
