import { z } from 'zod';
import { scope } from '../../model/scope.ts';
import { setting } from '../../model/setting.ts';
import { resourceUri, webUrl } from '../../model/web-url.ts';
import { clientFields } from '../../oauth/client-authentication/schema.ts';
import { proofFields } from '../../oauth/proof-fields.ts';
import { tokenFields } from '../../oauth/token-fields.ts';

const group = 'Client credentials';

/** Settings of the `client-credentials` credential: every call goes on as the gateway itself. */
export const clientCredentialsSchema = z
  .strictObject({
    strategy: z.literal('client-credentials'),
    url: setting(webUrl(), {
      help: "Token endpoint of the authorization server that issues the service's tokens",
      group,
      flag: 'client-credentials-url',
      placeholder: 'URL',
      example: 'https://example.okta.com/oauth2/aus2/v1/token',
    }),
    ...clientFields({ group, flagPrefix: 'client-credentials-client' }),
    audience: setting(z.array(z.string().min(1)).default([]), {
      help: 'Audience to ask for; the returned token must be meant for one of them',
      group,
      flag: 'client-credentials-audience',
      placeholder: 'AUDIENCE',
    }),
    resource: setting(z.array(resourceUri()).default([]), {
      help: 'Resource indicator to ask for (RFC 8707); without an audience, the returned token must be meant for one of them',
      group,
      flag: 'client-credentials-resource',
      placeholder: 'URL',
    }),
    scopes: setting(z.array(scope).default([]), {
      help: 'Scopes to ask for; the returned token must have all of them',
      group,
      flag: 'client-credentials-scopes',
      placeholder: 'SCOPE,…',
      spaceSeparated: true,
    }),
    alsoForUsers: setting(z.boolean().default(false), {
      help: 'Call as the gateway for users as well. Without it only callers without a user are let through: the service behind would not know who calls',
      group,
      flag: 'client-credentials-also-for-users',
    }),
    ...proofFields({ group, flagPrefix: 'client-credentials-dpop' }),
    ...tokenFields({ group, flagPrefix: 'client-credentials' }),
  })
  .describe('Every call goes on as the gateway itself, for callers without a user');

export type ClientCredentialsSettings = z.output<typeof clientCredentialsSchema>;
