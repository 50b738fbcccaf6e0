import type { SignIn } from '../model/sign-in.ts';
import type { AuthorizationRequest } from './sealed-values.ts';

/** What the audit trail says of a sign-in under way. */
export function describeRequest({
  flow,
  redirectUri,
  scopes,
}: Partial<Pick<AuthorizationRequest, 'flow' | 'redirectUri' | 'scopes'>>): Partial<SignIn> {
  return {
    ...(flow === undefined ? {} : { flow }),
    ...(redirectUri === undefined ? {} : { redirectUri }),
    ...(scopes === undefined ? {} : { scopes }),
  };
}
