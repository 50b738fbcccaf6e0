import type { OAuthErrorCode } from './oauth-error.ts';

const wantsPerson =
  'The provider wants something of the person that the app did not let it ask for; a sign-in without prompt=none does.';

/** What an operator can do about it, beside what the reason says; in the audit trail and in `usher explain`. */
export const hints: Readonly<Record<OAuthErrorCode, string>> = {
  access_denied: 'Nothing is wrong where the person meant it.',
  consent_required: wantsPerson,
  interaction_required: wantsPerson,
  login_required: wantsPerson,
  invalid_client:
    'The app is not registered here, or not any more (registrationDays, another key), or its document is not taken (clientDocuments), or it did not prove itself by its key, as the reason says. An app that registers itself does so again once its stored sign-in is removed.',
  invalid_client_metadata: 'The app has to register with other metadata; its makers can mend that.',
  invalid_grant:
    'The app has to sign its user in again. Where that happens often, look whether two copies of it share one sign-in.',
  invalid_redirect_uri: 'If you trust the app, add its redirect URI to redirectUris (--facade-redirect-uris).',
  invalid_request:
    'The app or the browser sent something else than a good one does. Once is nothing; again and again by one app its makers can mend.',
  invalid_scope: 'Let the façade’s client have these scopes at the provider.',
  invalid_target:
    'The app has another URL for this server than the resource URL; in its settings it stands to the letter.',
  server_error:
    'Look at the details and at the log: the provider did not take the façade’s client (id, secret, redirect URI, grants), or answered with something that is of no use.',
  temporarily_unavailable:
    'The provider, a web server or the audit trail could not be reached; the log says which. It is tried again with the next sign-in.',
  unsupported_grant_type: 'The app asks for another grant than authorization code and refresh token.',
  unsupported_response_type: 'The app asks for another flow than the authorization code flow.',
};
