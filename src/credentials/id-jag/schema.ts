import { z } from 'zod';
import { scope } from '../../model/scope.ts';
import { setting } from '../../model/setting.ts';
import { issuerUrl, resourceUri, webUrl } from '../../model/web-url.ts';
import { clientFields } from '../../oauth/client-authentication/schema.ts';
import { proofFields } from '../../oauth/proof-fields.ts';
import { tokenFields } from '../../oauth/token-fields.ts';

const group = 'ID-JAG';
const there = 'ID-JAG, the other authorization server';

/** Settings of the `id-jag` credential: access across companies that sign in at one provider, which issues an identity
 * assertion authorization grant for the other's authorization server.
 */
export const idJagSchema = z
  .strictObject({
    strategy: z.literal('id-jag'),
    url: setting(webUrl(), {
      help: 'Token endpoint of the identity provider, which issues the grant',
      group,
      example: 'https://example.okta.com/oauth2/v1/token',
      flag: 'id-jag-url',
      placeholder: 'URL',
    }),
    ...clientFields({ group, flagPrefix: 'id-jag-client' }),
    subjectTokenType: setting(z.enum(['id_token', 'access_token', 'jwt']).default('access_token'), {
      help: "What is handed in to the provider: the caller's access token, or an ID token for the gateway's client, which a step of a chain before it can get",
      group,
      flag: 'id-jag-subject-token-type',
    }),
    audience: setting(issuerUrl(), {
      help: 'Issuer of the other authorization server, which the grant must be meant for',
      group,
      example: 'https://auth.partner.example',
      flag: 'id-jag-audience',
      placeholder: 'URL',
    }),
    resource: setting(z.array(resourceUri()).default([]), {
      help: 'Resource indicator of the service behind (RFC 8707); without an audience of the target, the returned token must be meant for one of them',
      group,
      flag: 'id-jag-resource',
      placeholder: 'URL',
    }),
    scopes: setting(z.array(scope).default([]), {
      help: 'Scopes at the service behind; grant and token must have all of them',
      group,
      flag: 'id-jag-scopes',
      placeholder: 'SCOPE,…',
      spaceSeparated: true,
    }),
    target: z.strictObject({
      url: setting(webUrl(), {
        help: 'Token endpoint of the other authorization server, which takes the grant',
        group: there,
        example: 'https://auth.partner.example/token',
        flag: 'id-jag-target-url',
        placeholder: 'URL',
      }),
      ...clientFields({ group: there, flagPrefix: 'id-jag-target-client' }),
      audience: setting(z.array(z.string().min(1)).default([]), {
        help: 'The returned token must be meant for one of them',
        group: there,
        flag: 'id-jag-target-audience',
        placeholder: 'AUDIENCE',
      }),
      ...proofFields({ group: there, flagPrefix: 'id-jag-target-dpop' }),
    }),
    ...tokenFields({ group, flagPrefix: 'id-jag' }),
  })
  .describe('A service of another company, whose users sign in at the same provider (ID-JAG)');

export type IdJagSettings = z.output<typeof idJagSchema>;
