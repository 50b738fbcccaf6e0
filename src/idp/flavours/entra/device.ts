import { deviceCodeGrant } from '../../../model/urns.ts';
import { findApp, isPublic } from '../directory.ts';
import type { DeviceDialect, Layout } from '../flavour.ts';
import { TokenRefusal, type RefusalRow } from '../token-refusal.ts';
import { refusals as common, row } from './refusals.ts';

/** The codes are those of learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code#expected-errors, the numbers those of
 * …/reference-error-codes, which says in short what each means.
 */
const refusals = {
  codeMissing: common.parameterMissing,
  codeUnknown: row(
    70018,
    [400, 'bad_verification_code'],
    'Invalid verification code due to User typing in wrong user code for device code flow. Authorization is not approved.',
  ),
  // In full as learn.microsoft.com/answers/questions/981553 quotes it.
  pending: row(
    70016,
    [400, 'authorization_pending'],
    'The provided request has not yet been authorized by the user. The user must input their code.',
  ),
  // No number is documented for it; the sentence is the one of the page.
  denied: {
    status: 400,
    error: 'authorization_declined',
    description: 'The end user denied the authorization request.',
  } satisfies RefusalRow,
  expired: row(70019, [400, 'expired_token'], 'Verification code expired. Have the user retry the sign-in.'),
};

/** Entra's: learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code. */
export const device: DeviceDialect = {
  endpoint: ({ token }: Layout) => token.replace(/token$/, 'devicecode'),
  // Outside the tenant, as https://microsoft.com/devicelogin, which the page's samples have.
  page: () => '/devicelogin',
  // Form and letters as in what its users quote; not documented.
  userCode: { letters: 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', groups: [9] },
  // "Not included or supported at this time."
  hasCompleteUri: false,
  steps: ['sign-in', 'confirm'],
  // The page wants no client authentication here; the app is known by its id.
  admit(tenant, _, { client_id: clientId, scope }) {
    if (clientId === undefined) throw new TokenRefusal(common.parameterMissing, 'no client', { name: 'client_id' });
    const app = findApp(tenant, clientId);
    const details = { clientId, org: tenant.seed.org, label: app?.label ?? '' };
    if (app === undefined) throw new TokenRefusal(common.clientUnknown, 'the seed has no such app', details);
    if (app.disabled === true) throw new TokenRefusal(common.clientDisabled, 'the app is disabled', details);
    if (scope === undefined) throw new TokenRefusal(common.parameterMissing, 'no scope', { name: 'scope' });
    return app;
  },
  // "Allow public client flows" is off: told where tokens are asked for, in the words for a client without a secret. That it is told
  // before somebody signed in, and what an app with a secret hears, is ours.
  checkPoll(_, app) {
    if (app.grantTypes.includes(deviceCodeGrant)) return;
    if (isPublic(app)) throw new TokenRefusal(common.secretMissing, 'the app lacks the grant');
    throw new TokenRefusal(common.grantUnsupported, 'the app lacks the grant', { grant: deviceCodeGrant });
  },
  more: ({ userCode, uri }) => ({
    message: `To sign in, use a web browser to open the page ${uri} and enter the code ${userCode} to authenticate.`,
  }),
  // Not among its parameters.
  takesChallenge: false,
  forgetsExpired: false,
  // Nothing is said of who asks too often: it hears authorization_pending.
  refusals,
};
