import type { JWTPayload } from 'jose';
import type { SeedServer } from '../../seed/seed-schema.ts';
import { TokenRefusal, type RefusalRow } from '../token-refusal.ts';
import { refusals, row } from './refusals.ts';

type Demand = NonNullable<SeedServer['conditionalAccess']>;

/** What a client asks for at a sign-in that may mend it (learn.microsoft.com/entra/identity-platform/claims-challenge). */
const claims = '{"access_token":{"capolids":{"essential":true,"values":["b1f4d6a2-53f0-4a54-8d5c-0a2a1f7f0c11"]}}}';

/** Conditional Access in Entra's words (…/reference-error-codes). What interaction can mend is an interaction_required with
 * claims in the documentation of the on-behalf-of flow, what it cannot has `message_only`
 * (learn.microsoft.com/entra/msal/dotnet/advanced/exceptions/msal-error-handling).
 */
export const conditionalAccessRefusals = {
  enrolment: row(
    50079,
    [400, 'interaction_required'],
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{api}'.",
    { suberror: 'basic_action', claims },
  ),
  'compliant-device': row(
    53000,
    [400, 'interaction_required'],
    'Your device is required to be compliant to access this resource.',
    { suberror: 'additional_action', claims },
  ),
  'joined-device': row(
    53001,
    [400, 'interaction_required'],
    'Your device is required to be managed to access this resource.',
    { suberror: 'additional_action', claims },
  ),
  'approved-app': row(
    53002,
    [400, 'interaction_required'],
    'The app used is not an approved app for Conditional Access.',
    { suberror: 'additional_action', claims },
  ),
  block: row(
    53003,
    [400, 'interaction_required'],
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
    { suberror: 'message_only' },
  ),
  'sign-in-frequency': row(
    70043,
    [400, 'invalid_grant'],
    'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on {issuedAt} and the maximum allowed lifetime for this request is 3600.',
    { suberror: 'token_expired' },
  ),
} as const satisfies Readonly<Record<Demand, RefusalRow>>;

/** @throws TokenRefusal where a policy of the API wants more than there is */
export function checkConditionalAccess(
  api: SeedServer,
  { isStrong, claims: { iat = 0 } }: { readonly isStrong: boolean; readonly claims: JWTPayload },
): void {
  const details = { api: api.audience, issuedAt: new Date(iat * 1000).toISOString() };
  if (api.multifactor && !isStrong)
    throw new TokenRefusal(refusals.multifactorRequired, `server ${api.id} has multifactor`, details);
  if (api.conditionalAccess !== undefined)
    throw new TokenRefusal(
      conditionalAccessRefusals[api.conditionalAccess],
      `server ${api.id} has conditionalAccess ${api.conditionalAccess}`,
      details,
    );
}
