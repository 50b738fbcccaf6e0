import { z } from 'zod';
import { scope } from '../../model/scope.ts';
import { setting } from '../../model/setting.ts';
import { resourceUri, webUrl } from '../../model/web-url.ts';
import { clientFields } from '../../oauth/client-authentication/schema.ts';

const group = 'Token exchange';

/** Settings of the `token-exchange` credential: the caller's token is swapped at the identity provider (RFC 8693). */
export const tokenExchangeSchema = z.strictObject({
  strategy: z.literal('token-exchange').default('token-exchange'),
  url: setting(webUrl(), {
    help: "Token endpoint of the authorization server that issues the service's tokens",
    flag: 'token-exchange-url',
    group,
    placeholder: 'URL',
    example: 'https://example.okta.com/oauth2/aus2/v1/token',
  }),
  ...clientFields({
    group,
    flagPrefix: 'token-exchange-client',
    secretAliases: ['TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET'],
  }),
  audience: setting(z.array(z.string().min(1)).default([]), {
    help: 'Audience to ask for; the returned token must be meant for one of them',
    flag: 'token-exchange-audience',
    group,
    placeholder: 'AUDIENCE',
    example: 'backend',
  }),
  resource: setting(z.array(resourceUri()).default([]), {
    help: 'Resource indicator to ask for (RFC 8707); without an audience, the returned token must be meant for one of them',
    flag: 'token-exchange-resource',
    group,
    placeholder: 'URL',
  }),
  scopes: setting(z.array(scope).default([]), {
    help: 'Scopes to ask for; the returned token must have all of them',
    flag: 'token-exchange-scopes',
    group,
    placeholder: 'SCOPE,…',
    example: 'backend-api:read',
    spaceSeparated: true,
  }),
  timeoutSeconds: setting(z.number().positive().max(60).default(10), {
    help: 'How long an exchange may take in all, with its one repetition',
    flag: 'token-exchange-timeout',
    group,
    placeholder: 'SECONDS',
  }),
});

export type TokenExchangeSettings = z.output<typeof tokenExchangeSchema>;
