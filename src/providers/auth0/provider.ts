import type { Provider } from '../../model/provider.ts';
import { auth0Refusals } from './refusals.ts';
import { accessTokenType } from '../../model/urns.ts';

/** A tenant's own domain cannot be told from anybody's: `--provider auth0` says so. */
const hosts = /(?:^|\.)auth0(?:app)?\.com$/;

export const auth0: Provider = {
  name: 'auth0',
  title: 'Auth0',
  recognises: ({ hostname }) => hosts.test(hostname),
  // "Required" (auth0.com/docs/secure/call-apis-on-users-behalf/on-behalf-of-token-exchange), where others refuse it.
  exchangeParameters: { requested_token_type: accessTokenType },
  // redirect_uris is "required" (auth0.com/docs/get-started/applications/dynamic-client-registration).
  unfitRegistration: { client_name: 'usher doctor', token_endpoint_auth_method: 'none' },
  // Third-party applications are known by their ids, and have Open Redirect Protection unless somebody switches it off
  // (…/third-party-applications/security-controls#redirect-protection).
  keepsErrorsOf: (clientId) => clientId.startsWith('tpc_'),
  refusals: auth0Refusals,
};
