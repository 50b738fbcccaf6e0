import { deviceCodeGrant } from '../../../model/urns.ts';
import { authenticateApp } from '../authenticate-app.ts';
import type { DeviceDialect, Layout } from '../flavour.ts';
import { TokenRefusal, type RefusalRow } from '../token-refusal.ts';
import { isKnownScope, readScopes } from './read-scopes.ts';

const row = (error: string, description: string): RefusalRow => ({ status: 400, error, description });

const refusals = {
  codeMissing: row('invalid_request', 'Missing parameter: device_code'),
  codeUnknown: row('invalid_grant', 'Device code not valid'),
  codeOfAnother: row('invalid_grant', 'unauthorized client'),
  pending: row('authorization_pending', 'The authorization request is still pending'),
  slowDown: row('slow_down', 'Slow down'),
  denied: row('access_denied', 'The end user denied the authorization request'),
  expired: row('expired_token', 'Device code is expired'),
  verifierMissing: row('invalid_grant', 'PKCE code verifier not specified'),
  verifierWrong: row('invalid_grant', 'PKCE verification failed: Code mismatch'),
  /** At the device authorization endpoint, and at the token endpoint. */
  notAllowedToAsk: row(
    'unauthorized_client',
    'Client is not allowed to initiate OAuth 2.0 Device Authorization Grant. The flow is disabled for the client.',
  ),
  notAllowedToPoll: row('invalid_grant', 'Client not allowed OAuth 2.0 Device Authorization Grant'),
};

/** Keycloak's: a client that has "OAuth 2.0 Device Authorization Grant" ticked, among the Authentication flows of its Capability
 * config (keycloak.org/docs/latest/server_admin). All of it observed with 26.7.3, and held against it in the tests.
 */
export const device: DeviceDialect = {
  endpoint: ({ authorize }: Layout) => `${authorize}/device`,
  page: ({ issuer }: Layout) => `${issuer}/device`,
  userCode: { letters: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', groups: [4, 4] },
  hasCompleteUri: true,
  // Its "Grant Access" is asked for, whether the client wants consent or not.
  steps: ['sign-in', 'confirm'],
  admit(tenant, request, parameters) {
    const app = authenticateApp(tenant, request, parameters);
    if (!app.grantTypes.includes(deviceCodeGrant))
      throw new TokenRefusal(refusals.notAllowedToAsk, 'the app lacks the grant');
    return app;
  },
  // A scope nobody knows is read over here, and refused where people sign in with a browser.
  readRequest: (tenant, _, { scope = '' }) =>
    readScopes(
      tenant,
      scope.split(' ').filter((name) => isKnownScope(tenant, name)),
    ),
  checkPoll(_, app) {
    if (!app.grantTypes.includes(deviceCodeGrant))
      throw new TokenRefusal(refusals.notAllowedToPoll, 'the app lacks the grant');
  },
  takesChallenge: true,
  forgetsExpired: false,
  refusals,
};
