import { type Check, failed, pass } from '../check.ts';

/** What an MCP client needs to sign a user in (MCP authorization). */
export const signIn: Check = {
  id: 'sign-in',
  title: 'MCP clients can sign users in there',
  needs: ['issuer-metadata'],
  applies: ({ route }) => route.authenticator.issuers.length > 0,
  run({ findings }) {
    const seen: string[] = [];
    for (const [issuer, { document }] of findings.metadata) {
      if (document?.authorization_endpoint === undefined || document.token_endpoint === undefined) {
        return failed(`${issuer}: its metadata have no authorization_endpoint or no token_endpoint`, {
          cause: 'no-sign-in',
          fix: 'Set --oidc-issuer to an authorization server where users sign in.',
        });
      }
      const methods = document.code_challenge_methods_supported;
      if (methods?.includes('S256') !== true) {
        return failed(`${issuer}: code_challenge_methods_supported is ${JSON.stringify(methods ?? null)}`, {
          cause: 'no-pkce',
          fix: 'Let the provider offer PKCE with S256 and say so in its metadata: MCP clients must refuse to go on without.',
        });
      }
      const ways = [
        ...(document.registration_endpoint === undefined ? [] : ['register themselves']),
        ...(document.client_id_metadata_document_supported === true ? ['bring a metadata document'] : []),
      ];
      seen.push(
        `${issuer}: PKCE with S256; clients ${ways.length === 0 ? 'need a client id made for them' : ways.join(' or ')}`,
      );
    }
    return pass(seen.join('; '));
  },
};
