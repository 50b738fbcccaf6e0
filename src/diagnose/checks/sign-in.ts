import { findRegistration } from '../find-registration.ts';
import { type Check, failed, pass, unknown } from '../check.ts';

/** What an MCP client needs to sign a user in (MCP authorization). */
export const signIn: Check = {
  id: 'sign-in',
  title: 'MCP clients can sign users in there',
  needs: ['issuer-metadata'],
  applies: ({ route }) => route.authenticator.issuers.length > 0,
  async run(patient) {
    const seen: string[] = [];
    for (const [issuer, { document }] of patient.findings.metadata) {
      if (document?.authorization_endpoint === undefined || document.token_endpoint === undefined) {
        return failed(`${issuer}: its metadata have no authorization_endpoint or no token_endpoint`, {
          cause: 'no-sign-in',
          fix: 'Set --oidc-issuer to an authorization server where users sign in.',
        });
      }
      const methods = document.code_challenge_methods_supported;
      // As Entra ID has it, which takes S256 all the same.
      if (methods === undefined) {
        return unknown(
          `${issuer}: its metadata do not say that it takes PKCE with S256`,
          'Clients that keep to the letter of MCP refuse to go on then; others try. Try it with the client people use.',
        );
      }
      if (!methods.includes('S256')) {
        return failed(`${issuer}: code_challenge_methods_supported is ${JSON.stringify(methods)}`, {
          cause: 'no-pkce',
          fix: 'Let the provider offer PKCE with S256 and say so in its metadata: MCP clients must refuse to go on without.',
        });
      }
      const ways = [
        ...((await findRegistration(document, patient)).isOpen ? ['register themselves'] : []),
        ...(document.client_id_metadata_document_supported === true ? ['bring a metadata document'] : []),
      ];
      seen.push(
        `${issuer}: PKCE with S256; clients ${ways.length === 0 ? 'need a client id made for them' : ways.join(' or ')}`,
      );
    }
    return pass(seen.join('; '));
  },
};
