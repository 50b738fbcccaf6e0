import type { IncomingMessage } from 'node:http';
import { authenticateApp } from '../authenticate-app.ts';
import { isPublic } from '../directory.ts';
import type { Parameters, Tenant, TenantEndpoint } from '../flavour.ts';
import { readParameters } from '../read-parameters.ts';
import { sendJson } from '../send-json.ts';
import { verifyToken } from '../sign-token.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { refusals } from './refusals.ts';
import { userIdOf } from './user-id.ts';

/** Says of a token what it is (RFC 7662), to confidential clients, and of those only to whom it is meant for: to others it is not
 * active (observed with 26.7.3).
 */
export const introspect: TenantEndpoint = async (tenant, request, response) => {
  const parameters = (await readParameters(request)) ?? {};
  const app = readApp(tenant, request, parameters);
  if (isPublic(app)) throw new TokenRefusal(refusals.introspectionNotAllowed, 'a public client asked');
  const { token } = parameters;
  if (token === undefined) throw new TokenRefusal(refusals.introspectedTokenMissing, 'no token was sent');
  const verdict = await verifyToken(tenant, token);
  if (verdict.state !== 'valid') return sendJson(response, 200, { active: false });
  const { claims } = verdict;
  const user = tenant.seed.users.find((one) => userIdOf(one) === claims.sub);
  const isForApp = claims['azp'] === app.clientId || [claims.aud ?? []].flat().includes(app.clientId);
  const isAccessToken = claims['typ'] === 'Bearer' || claims['typ'] === 'DPoP';
  if (!isForApp || !isAccessToken || user === undefined || tenant.sessions.hasEnded(String(claims['sid'])))
    return sendJson(response, 200, { active: false });
  sendJson(response, 200, {
    ...claims,
    client_id: claims['azp'],
    username: user.login,
    token_type: claims['typ'],
    active: true,
  });
};

function readApp(tenant: Tenant, request: IncomingMessage, parameters: Parameters) {
  try {
    return authenticateApp(tenant, request, parameters);
  } catch (error) {
    // Another code and other words than the token endpoint has.
    if (error instanceof TokenRefusal && error.row === refusals.secretInvalid)
      throw new TokenRefusal(refusals.introspectionSecretInvalid, error.reason);
    throw error;
  }
}
