import type { KnownRefusal } from '../../model/provider.ts';

const oauth = 'https://www.rfc-editor.org/rfc/rfc6749#section-5.2';
const exchange = 'https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2';
const dpop = 'https://www.rfc-editor.org/rfc/rfc9449';

/** What the codes of the standards mean for an exchange. Also asked where a provider's own list has nothing. */
export const genericRefusals: readonly KnownRefusal[] = [
  {
    id: 'generic-client',
    answer: { errors: ['invalid_client'] },
    cause:
      'The provider does not take the gateway for who it says it is: client id, secret or way of authentication is wrong.',
    fix: 'Compare --token-exchange-client-id, --token-exchange-client-secret-file and --token-exchange-client-auth with the client’s registration.',
    source: oauth,
  },
  {
    id: 'generic-grant-not-allowed',
    answer: { errors: ['unauthorized_client'] },
    cause: 'The gateway’s client may not use this grant.',
    fix: 'Allow the client the grant urn:ietf:params:oauth:grant-type:token-exchange.',
    source: oauth,
  },
  {
    id: 'generic-grant-unsupported',
    answer: { errors: ['unsupported_grant_type'] },
    cause: 'The token endpoint knows no token exchange.',
    fix: 'Look for grant_types_supported in the provider’s metadata; some have to have it enabled, some act for users by another grant.',
    source: oauth,
  },
  {
    id: 'generic-token-types',
    answer: { errors: ['invalid_request'], description: /subject_token_type and requested_token_type/i },
    cause: 'The provider wants both token types named, or others: Auth0 behind a domain of its own says it so.',
    fix: 'Set --provider auth0 if it is Auth0; else --token-exchange-requested-token-type access_token.',
    source: `${exchange}; observed`,
  },
  {
    id: 'generic-subject-token',
    answer: { errors: ['invalid_request'], description: /subject[_ ]token(?!_type)/i },
    cause:
      'The provider does not take the caller’s token: it ended, was changed, or comes from somebody the provider does not trust.',
    fix: 'The user signs in again; if that does not help, let the provider trust the token’s issuer, and compare the token’s audience with the gateway’s client.',
    source: exchange,
  },
  {
    id: 'generic-grant-ended',
    answer: { errors: ['invalid_grant', 'invalid_token'] },
    cause: 'The caller’s token has expired, was revoked, or was not issued to be exchanged here.',
    fix: 'The user signs in again; if that does not help, let the provider trust the token’s issuer.',
    source: `${oauth}; ${exchange}`,
  },
  {
    id: 'generic-target',
    answer: { errors: ['invalid_target'] },
    cause: 'The provider issues no tokens for the audience or resource asked for.',
    fix: 'Compare --token-exchange-audience and --token-exchange-resource with the name the provider has for the API, and allow the gateway’s client to ask for it.',
    source: exchange,
  },
  {
    id: 'generic-scope',
    answer: { errors: ['invalid_scope'] },
    cause: 'A scope asked for is unknown, or more than the gateway’s client may have.',
    fix: 'Compare --token-exchange-scopes with the API’s scopes, and allow the gateway’s client to ask for them.',
    source: oauth,
  },
  {
    id: 'generic-denied',
    answer: { errors: ['access_denied', 'not_allowed'] },
    cause: 'A policy of the provider says no to this user, this client or this API.',
    fix: 'Look the refusal up in the provider’s log: it names the policy.',
    source: 'https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1',
  },
  {
    id: 'generic-consent',
    answer: { errors: ['consent_required'] },
    cause: 'The user has not consented to what is asked for, and an exchange cannot ask.',
    fix: 'Let an administrator consent for all, or the client ask for it when the user signs in.',
    source: 'https://openid.net/specs/openid-connect-core-1_0.html#AuthError',
  },
  {
    id: 'generic-step-up',
    answer: { errors: ['insufficient_user_authentication', 'login_required', 'interaction_required', 'mfa_required'] },
    cause: 'The provider wants the user to sign in anew, or more strongly.',
    fix: 'The client signs the user in again; what is asked for stands in the challenge.',
    source: 'https://www.rfc-editor.org/rfc/rfc9470#section-3',
  },
  {
    id: 'generic-dpop',
    answer: { errors: ['invalid_dpop_proof', 'use_dpop_nonce'] },
    cause:
      'The provider requires proof of possession (DPoP) of the gateway’s client, and the request had no fitting proof.',
    fix: 'Set --token-exchange-dpop, or do not require proofs of this client.',
    source: `${dpop}#section-5; ${dpop}#section-8`,
  },
  {
    id: 'generic-request',
    answer: {
      errors: ['invalid_request'],
      description: /^(?!.*subject[_ ]token(?!_type))(?!.*_type and requested_token_type)/i,
    },
    cause: 'The provider misses a parameter of the request, or does not take one.',
    fix: 'The description names it: compare audience, resource, scopes and token types of the exchange with what the provider documents.',
    source: `${oauth}; ${exchange}`,
  },
  {
    id: 'generic-rate-limit',
    answer: { statuses: [429], errors: ['', 'too_many_requests', 'slow_down', 'temporarily_unavailable'] },
    cause: 'The provider takes no more requests for now.',
    fix: 'Raise the limit for the gateway’s client, or wait.',
    source: 'https://www.rfc-editor.org/rfc/rfc6585#section-4',
  },
];
