import { z } from 'zod';
import { scope } from '../../model/scope.ts';
import { Secret } from '../../model/secret.ts';
import { setting } from '../../model/setting.ts';
import { resourceUri, webUrl } from '../../model/web-url.ts';

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
  clientId: setting(z.string().min(1), {
    help: 'Client id of the gateway there',
    flag: 'token-exchange-client-id',
    group,
    placeholder: 'ID',
    example: '0oa1gateway',
  }),
  clientSecret: setting(z.instanceof(Secret), {
    help: 'Client secret of the gateway there',
    flag: 'token-exchange-client-secret',
    envAliases: ['TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET'],
    group,
    placeholder: 'SECRET',
    secret: true,
  }),
  clientAuthentication: setting(z.enum(['client_secret_basic', 'client_secret_post']).default('client_secret_basic'), {
    help: 'How the gateway proves who it is',
    flag: 'token-exchange-client-auth',
    group,
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
  dpop: setting(z.boolean().default(false), {
    help: 'Have the new tokens bound to a key of the gateway (DPoP), and prove that key to provider and server',
    flag: 'token-exchange-dpop',
    group,
  }),
  dpopKeyFile: setting(z.string().min(1).optional(), {
    help: 'File with that key (PEM or JWK); a new one for each start when not given',
    flag: 'token-exchange-dpop-key',
    group,
    placeholder: 'PATH',
    path: true,
  }),
  dpopUrl: setting(webUrl().optional(), {
    help: 'URL of the service the proofs are for, where the server behind hands token and proof on to it; else they are for the server',
    flag: 'token-exchange-dpop-url',
    group,
    placeholder: 'URL',
    example: 'https://api.example.com/graphql',
  }),
  timeoutSeconds: setting(z.number().positive().max(60).default(10), {
    help: 'How long an exchange may take in all, with its one repetition',
    flag: 'token-exchange-timeout',
    group,
    placeholder: 'SECONDS',
  }),
});

export type TokenExchangeSettings = z.output<typeof tokenExchangeSchema>;
