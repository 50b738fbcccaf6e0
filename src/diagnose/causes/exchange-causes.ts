import type { CauseRow, Facts } from '../cause.ts';

const says =
  (pattern: RegExp) =>
  ({ details }: Facts): boolean =>
    pattern.test(String(details['reason']));
const answered =
  (...errors: readonly string[]) =>
  ({ details }: Facts): boolean =>
    errors.includes(String(details['error']));

/** Why a token could not be exchanged, where no provider's catalogue knows the answer. */
export const exchangeCauses: readonly CauseRow[] = [
  {
    id: 'user-at-own-credential',
    code: 'exchange_user_refused',
    who: 'operator',
    cause: 'The server is called as the gateway itself, which is for callers without a user, and {subject} is one.',
    fix: "Exchange the caller's token instead (credential: token-exchange), or set alsoForUsers, if the server behind may take every call for the gateway's.",
  },
  {
    id: 'sign-in-not-enough',
    code: 'exchange_step_up',
    who: 'client',
    cause: 'The provider wants a stronger or more recent sign-in than this one ({error}: {description}).',
    fix: "The client signs in again as the challenge says (acr_values, max_age or claims); or take the demand off the gateway's own client.",
  },
  {
    id: 'subject-token-refused',
    code: 'exchange_subject_refused',
    who: 'provider',
    cause:
      "The provider does not take the caller's token for an exchange ({error}: {description}): its authorization server does not trust the one that issued it, or the session ended.",
    fix: 'If every user gets this, let the authorization server of the exchange trust the one people sign in at. If only one does, a new sign-in helps.',
  },
  {
    id: 'policy-denies',
    code: 'exchange_denied',
    who: 'provider',
    cause: 'A policy of the provider says no ({error}: {description}).',
    fix: 'Let a policy of the authorization server at {url} allow the gateway’s client this grant with these scopes, for this user.',
  },
  {
    id: 'client-credentials-wrong',
    code: 'exchange_misconfigured',
    fits: answered('invalid_client'),
    who: 'operator',
    cause: "The provider does not accept the gateway's client id or secret ({description}).",
    fix: 'Compare --token-exchange-client-id and the secret with those of the gateway’s client at the provider, and how it authenticates (--token-exchange-client-auth).',
  },
  {
    id: 'grant-not-allowed',
    code: 'exchange_misconfigured',
    fits: answered('unauthorized_client', 'unsupported_grant_type'),
    who: 'provider',
    cause: "The gateway's client may not exchange tokens ({description}).",
    fix: 'Allow the grant token exchange (urn:ietf:params:oauth:grant-type:token-exchange) to that client at the provider.',
  },
  {
    id: 'dpop-required',
    code: 'exchange_misconfigured',
    fits: answered('invalid_dpop_proof', 'use_dpop_nonce'),
    who: 'provider',
    cause: "The provider wants a proof of possession (DPoP) from the gateway's client ({description}).",
    fix: "Let the gateway send proofs (--token-exchange-dpop), or switch DPoP off for the gateway's client at the provider.",
  },
  {
    id: 'scope-unknown',
    code: 'exchange_misconfigured',
    fits: answered('invalid_scope'),
    who: 'operator',
    cause: 'The provider does not grant the scopes the exchange asks for ({description}).',
    fix: 'Compare --token-exchange-scopes with the scopes of the authorization server at {url}.',
  },
  {
    id: 'target-unknown',
    code: 'exchange_misconfigured',
    fits: (facts) =>
      answered('invalid_target')(facts) || /'?(audience|resource)'?/.test(String(facts.details['description'])),
    who: 'operator',
    cause: 'The provider does not know the audience or resource the exchange asks for ({error}: {description}).',
    fix: 'Set --token-exchange-audience to the audience of the authorization server at {url}. Is it the one that issues the tokens of the back end?',
  },
  {
    id: 'token-endpoint-wrong',
    code: 'exchange_misconfigured',
    fits: ({ details }) =>
      [404, 405].includes(Number(details['status'])) || /^\(no error code\)$/.test(String(details['error'])),
    who: 'operator',
    cause: '{url} is no token endpoint: it answered {status} without an OAuth error.',
    fix: "Set --token-exchange-url to the token_endpoint in the authorization server's metadata.",
  },
  {
    id: 'exchange-request-refused',
    code: 'exchange_misconfigured',
    who: 'operator',
    cause: "The provider refused the gateway's own request with {status} {error}: {description}.",
    fix: 'Compare client id, secret, grant, audience and scopes of the exchange with the provider.',
  },
  {
    id: 'provider-certificate',
    code: 'exchange_unavailable',
    fits: says(/certificate/),
    who: 'operator',
    cause: 'The certificate of {url} is not trusted here: {reason}.',
    fix: 'Give the authority that signed it with --ca-file (caFile).',
  },
  {
    id: 'provider-left-alone',
    code: 'exchange_unavailable',
    fits: says(/^not asked/),
    who: 'provider',
    cause: 'The provider failed before and is not asked for a moment ({reason}).',
    fix: 'Look at the refusal before this one: usher explain shows why it failed. It is tried again by itself.',
  },
  {
    id: 'provider-throttles',
    code: 'exchange_unavailable',
    fits: says(/status 429/),
    who: 'provider',
    cause: 'The provider limits how often it is asked ({reason}).',
    fix: 'Look at its rate limits. Exchanged tokens are kept until they end: longer lifetimes mean fewer exchanges.',
  },
  {
    id: 'provider-error',
    code: 'exchange_unavailable',
    fits: says(/status (408|5\d\d)/),
    who: 'provider',
    cause: 'The provider answers with an error of its own ({reason}).',
    fix: "Look at the provider's status page or log. Callers are told to come again.",
  },
  {
    id: 'provider-slow',
    code: 'exchange_unavailable',
    fits: says(/no answer|in time|under way/),
    who: 'provider',
    cause: 'The provider takes too long ({reason}).',
    fix: 'Measure it with curl from this machine. --token-exchange-timeout says how long a call waits for it.',
  },
  {
    id: 'provider-scheme',
    code: 'exchange_unavailable',
    fits: (facts) => says(/speak TLS|wrong version|EPROTO|HPE_|UND_ERR_SOCKET|ECONNRESET|parser/i)(facts),
    who: 'operator',
    cause:
      '{url} was asked in another protocol than it speaks, or closed the connection ({reason}): http and https may be mixed up.',
    fix: "Set --token-exchange-url to the token_endpoint in the authorization server's metadata, with http or https as it is there.",
  },
  {
    id: 'provider-down',
    code: 'exchange_unavailable',
    who: 'provider',
    cause: 'Nobody answers at {url} ({reason}).',
    fix: 'Is --token-exchange-url right? Try it with curl from this machine: name, port, proxy, firewall.',
  },
  {
    id: 'returned-audience',
    code: 'exchange_answer_invalid',
    fits: says(/audience is/),
    who: 'provider',
    cause: 'The provider issued a token for another audience than it was asked for: {reason}.',
    fix: 'Set --token-exchange-audience to what the back end expects, and let the provider put that into aud.',
  },
  {
    id: 'returned-scope',
    code: 'exchange_answer_invalid',
    fits: says(/was asked for and not granted/),
    who: 'provider',
    cause: 'The provider granted less than it was asked for: {reason}.',
    fix: 'Let a policy there grant the scope to the gateway’s client, or do not ask for it (--token-exchange-scopes).',
  },
  {
    id: 'returned-bound-token',
    code: 'exchange_answer_invalid',
    fits: says(/token_type is "DPoP"|the token is bound to a key, expected none/i),
    who: 'provider',
    cause: 'The provider issued a token that is bound to a key (DPoP), which nobody asked for.',
    fix: "Let the gateway send proofs (--token-exchange-dpop), or switch DPoP off for the gateway's client at the provider.",
  },
  {
    id: 'returned-unbound-token',
    code: 'exchange_answer_invalid',
    fits: says(/expected "DPoP"|expected this gateway's/),
    who: 'provider',
    cause: 'The provider issued a token that is not bound to the key the gateway proved (DPoP).',
    fix: 'Let the provider bind tokens of the gateway’s client to its key, or leave --token-exchange-dpop out.',
  },
  {
    id: 'returned-expired',
    code: 'exchange_answer_invalid',
    fits: says(/expired already|not valid yet/),
    who: 'operator',
    cause: 'The token the provider issued is not valid at this time here: {reason}. Clocks differ.',
    fix: 'Set the clock of this machine (NTP).',
  },
  {
    id: 'no-token-answered',
    code: 'exchange_answer_invalid',
    fits: says(/missing or of the wrong kind|redirect/),
    who: 'operator',
    cause: '{url} answered with something that is no token answer ({reason}): a web page, a proxy, another endpoint.',
    fix: "Set --token-exchange-url to the token_endpoint in the authorization server's metadata; look at the answer with curl.",
  },
  {
    id: 'returned-unusable',
    code: 'exchange_answer_invalid',
    who: 'provider',
    cause: 'What the provider issued cannot be used: {reason}.',
    fix: 'Compare the audience, scopes and token type of the exchange with the provider.',
  },
];
