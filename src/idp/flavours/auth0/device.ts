import { deviceCodeGrant } from '../../../model/urns.ts';
import { findApp, isPublic } from '../directory.ts';
import type { DeviceDialect } from '../flavour.ts';
import type { SeedApp } from '../../seed/seed-schema.ts';
import { TokenRefusal, type RefusalRow } from '../token-refusal.ts';
import { refusals as common } from './refusals.ts';

const row = (status: number, error: string, description: string): RefusalRow => ({ status, error, description });

/** Status and code: auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow
 * /call-your-api-using-the-device-authorization-flow#token-responses; the words of the first two: auth0.com/docs/api/authentication
 * /device-authorization-flow, those of the others are ours.
 */
const refusals = {
  pending: row(403, 'authorization_pending', 'User has yet to authorize device code.'),
  slowDown: row(429, 'slow_down', 'You are polling faster than the specified interval of {interval} seconds.'),
  expired: row(403, 'expired_token', 'The device code has expired.'),
  denied: row(403, 'access_denied', 'User cancelled the confirmation prompt or consent page'),
  codeMissing: common.parameterMissing,
  codeUnknown: row(403, 'invalid_grant', 'Invalid or expired device code.'),
};

/** Auth0's: the same page, and …/device-authorization-flow. */
export const device: DeviceDialect = {
  endpoint: () => '/oauth/device/code',
  page: () => '/device',
  // The default of Tenant Settings > Device Flow: base20, ****-****
  // (auth0.com/docs/get-started/tenant-settings/configure-device-user-code-settings).
  userCode: { letters: 'BCDFGHJKLMNPQRSTVWXZ', groups: [4, 4] },
  hasCompleteUri: true,
  // The code has to be compared in any case, also when it came with the address.
  steps: ['confirm', 'sign-in'],
  // A client_id is all that is asked for.
  admit(tenant, _, { client_id: clientId }) {
    if (clientId === undefined) throw new TokenRefusal(common.parameterMissing, 'no client', { name: 'client_id' });
    const app = findApp(tenant, clientId);
    if (app === undefined || app.disabled === true)
      throw new TokenRefusal(common.clientUnknown, 'the seed has no such app', { clientId });
    checkApp(app);
    return app;
  },
  checkPoll: (_, app) => checkApp(app),
  takesChallenge: false,
  // "The expired_token error will be returned exactly once; after that, the dreaded invalid_grant will be returned."
  forgetsExpired: true,
  refusals,
};

/** The grant "Device Code", and what the page lists under Limitations: an application of the type Native whose authentication method
 * is None, and that did not register itself. The words for the grant as its users quote them; that the others are told so is ours.
 */
function checkApp(app: SeedApp): void {
  const refuse = (reason: string) =>
    new TokenRefusal(common.grantUnsupported, reason, { clientId: app.clientId, grant: deviceCodeGrant });
  if (!app.grantTypes.includes(deviceCodeGrant)) throw refuse('the app lacks the grant');
  if (app.type !== 'native' || !isPublic(app)) throw refuse('the app is not native, or has a secret');
  if (app.thirdParty === true) throw refuse('the app registered itself');
}
