import { type Check, pass, unknown } from '../check.ts';

/** What a client asks for has to be there. */
export const offeredScopes: Check = {
  id: 'offered-scopes',
  title: 'The issuer offers the scopes that are required here',
  needs: ['issuer-metadata'],
  applies: ({ route }) => route.authenticator.issuers.length > 0 && route.policy.scopes.length > 0,
  run({ findings, route }) {
    for (const [issuer, { document }] of findings.metadata) {
      const offered = document?.scopes_supported;
      const missing = route.policy.scopes.filter((scope) => offered?.includes(scope) !== true);
      if (missing.length > 0) {
        return unknown(
          `${issuer} lists ${offered === undefined ? 'no scopes' : offered.join(' ')}; ${missing.join(' ')} may exist without being listed`,
          'Let the authorization server publish the scope in its metadata (Okta: Scopes → Include in public metadata), or try with --caller-token-file.',
        );
      }
    }
    return pass(route.policy.scopes.join(' '));
  },
};
