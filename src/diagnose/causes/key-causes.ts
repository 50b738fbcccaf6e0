import type { CauseRow, Facts } from '../cause.ts';

const says =
  (pattern: RegExp) =>
  ({ details }: Facts): boolean =>
    pattern.test(String(details['reason']));

/** Why the keys of an issuer cannot be had, or it cannot be asked about a token. */
export const keyCauses: readonly CauseRow[] = [
  {
    id: 'token-inactive',
    code: 'token_inactive',
    who: 'client',
    cause: '{issuer} says that the token is not active: it ended, was revoked, or was never issued there.',
    fix: 'Sign in again. If everybody gets this: {url} also says so of tokens that the client {clientId} may not ask about; allow it to, or ask with the client the tokens are for.',
  },
  {
    id: 'introspection-client-wrong',
    code: 'introspection_misconfigured',
    fits: ({ details }) => [401, 403].includes(Number(details['status'])),
    who: 'operator',
    cause:
      "{issuer} does not take the gateway's client {clientId} for who it says it is ({status} {error}: {description}).",
    fix: 'Compare --introspection-client-id and the secret with those at the provider, and how the client authenticates (--introspection-client-auth).',
  },
  {
    id: 'introspection-endpoint-wrong',
    code: 'introspection_misconfigured',
    fits: ({ details }) => [404, 405].includes(Number(details['status'])),
    who: 'operator',
    cause: '{url} is no introspection endpoint: it answered {status}.',
    fix: "Set --introspection-url to the introspection_endpoint in the authorization server's metadata.",
  },
  {
    id: 'introspection-refused',
    code: 'introspection_misconfigured',
    who: 'operator',
    cause: "{issuer} refused the gateway's question with {status} {error}: {description}.",
    fix: 'Look whether the client {clientId} may introspect there.',
  },
  {
    id: 'introspection-answer-unusable',
    code: 'introspection_answer_invalid',
    who: 'operator',
    cause: 'What {url} answered says nothing about a token ({reason}).',
    fix: "Set --introspection-url to the introspection_endpoint in the authorization server's metadata; look at the answer with curl.",
  },
  {
    id: 'introspection-method-refused',
    code: 'introspection_undiscovered',
    fits: says(/this client proves itself by/),
    who: 'operator',
    cause: 'The metadata of {issuer} says that it does not take the way the gateway’s client proves itself ({reason}).',
    fix: 'Set --introspection-client-auth to one that it takes; or, where the metadata is wrong, give --introspection-url.',
  },
  {
    id: 'introspection-not-offered',
    code: 'introspection_undiscovered',
    fits: says(/no introspection endpoint found/),
    who: 'operator',
    cause: 'The metadata of {issuer} names no introspection endpoint ({reason}).',
    fix: 'Is the issuer spelled as in its metadata? Where it has such an endpoint and does not publish it, give --introspection-url; where it has none, take JWTs (--oidc-issuer).',
  },
  {
    id: 'introspection-metadata-unreachable',
    code: 'introspection_undiscovered',
    who: 'provider',
    cause: '{issuer} cannot be asked for its metadata ({reason}).',
    fix: 'Try it with curl from this machine: name, port, proxy, firewall. Callers keep their tokens and are told to come again.',
  },
  {
    id: 'introspection-down',
    code: 'introspection_unavailable',
    who: 'provider',
    cause: '{url} cannot be asked about tokens ({reason}).',
    fix: 'Try it with curl from this machine: name, port, proxy, firewall. Callers keep their tokens and are told to come again.',
  },
  {
    id: 'issuer-certificate',
    code: 'keys_unavailable',
    fits: says(/certificate/),
    who: 'operator',
    cause: 'The certificate of {issuer} is not trusted here: {reason}.',
    fix: 'Give the authority that signed it with --ca-file (caFile).',
  },
  {
    id: 'issuer-metadata-mismatch',
    code: 'keys_unavailable',
    fits: says(/it is the metadata of/),
    who: 'operator',
    cause: 'What is published at {issuer} is the metadata of another issuer ({reason}).',
    fix: 'Set --oidc-issuer to exactly what the metadata says: a slash at the end, http or https, a custom domain all make another issuer.',
  },
  {
    id: 'issuer-metadata-missing',
    code: 'keys_unavailable',
    fits: says(/no metadata found/),
    who: 'operator',
    cause: 'There is no metadata of {issuer} ({reason}).',
    fix: 'Is the issuer spelled as in iss of the tokens? Where a provider publishes none, give --oidc-jwks-url.',
  },
  {
    id: 'issuer-keys-unusable',
    code: 'keys_unavailable',
    fits: says(/not a key set/),
    who: 'provider',
    cause: 'What {issuer} publishes holds no key that can verify a signature ({reason}).',
    fix: 'Look at its jwks_uri: RSA keys of 2048 bits at least, EC or Ed25519, and public halves only.',
  },
  {
    id: 'issuer-plain-http',
    code: 'keys_unavailable',
    fits: says(/does not speak TLS|wrong version number|ECONNRESET|EPROTO/i),
    who: 'operator',
    cause: '{issuer} is configured with https, and what listens there does not speak TLS ({reason}).',
    fix: 'Set --oidc-issuer to exactly what iss of the tokens says, with http or https as it is there.',
  },
  {
    id: 'issuer-unreachable',
    code: 'keys_unavailable',
    who: 'provider',
    cause: '{issuer} cannot be asked for its keys ({reason}).',
    fix: 'Try its metadata with curl from this machine: name, port, proxy, firewall. Callers keep their tokens and are told to come again.',
  },
];
