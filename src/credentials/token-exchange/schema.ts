import { z } from 'zod';
import { providerNames } from '../../model/provider.ts';
import { scope } from '../../model/scope.ts';
import { Secret } from '../../model/secret.ts';
import { setting } from '../../model/setting.ts';
import { resourceUri, webUrl } from '../../model/web-url.ts';
import { clientFields } from '../../oauth/client-authentication/schema.ts';
import { customParameters } from '../../oauth/custom-parameters.ts';
import { proofFields } from '../../oauth/proof-fields.ts';
import { tokenFields } from '../../oauth/token-fields.ts';

const group = 'Token exchange';

/** RFC 8693 §3, without its prefix. */
const tokenTypes = ['access_token', 'jwt', 'id_token'] as const;

/** One of those, or a URI of somebody's own (RFC 8693 §3: "other URIs MAY be used"). */
const anyTokenType = z
  .string()
  .refine(
    (text) => tokenTypes.some((one) => one === text) || /^(?:https:\/\/|urn:(?!ietf:))[\x21-\x7e]+$/i.test(text),
    `is none of ${tokenTypes.join(', ')}, and no URI such as urn:example:token or https://example.com/token`,
  );

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
  provider: setting(z.enum(providerNames).optional(), {
    help: 'Whose token endpoint it is: what it needs in a request, and what its refusals mean; recognised by the URL when not given',
    flag: 'provider',
    group,
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
  ...proofFields({ group, flagPrefix: 'token-exchange-dpop' }),
  subjectTokenType: setting(anyTokenType.default('access_token'), {
    help: "What the caller's token is called when it is handed in: access_token, jwt, id_token, or the URI a provider knows it by",
    flag: 'token-exchange-subject-token-type',
    group,
    placeholder: 'TYPE',
  }),
  requestedTokenType: setting(z.enum(tokenTypes).optional(), {
    help: 'Type of token to ask for; by default none is named, which means an access token. An ID token is for a step of a chain that is not the last',
    flag: 'token-exchange-requested-token-type',
    group,
  }),
  actorToken: setting(z.instanceof(Secret).optional(), {
    help: 'Token of who acts for the user, handed in beside theirs',
    flag: 'token-exchange-actor-token',
    group,
    placeholder: 'TOKEN',
    secret: true,
  }),
  actorTokenType: setting(anyTokenType.default('access_token'), {
    help: 'What the actor token is called',
    flag: 'token-exchange-actor-token-type',
    group,
    placeholder: 'TYPE',
  }),
  actorFromClient: setting(z.boolean().default(false), {
    help: "Hand in an actor token of the gateway's own, got there by client credentials",
    flag: 'token-exchange-actor-from-client',
    group,
  }),
  actorScopes: setting(z.array(scope).default([]), {
    help: 'Scopes to ask for that actor token',
    flag: 'token-exchange-actor-scopes',
    group,
    placeholder: 'SCOPE,…',
    spaceSeparated: true,
  }),
  parameters: setting(customParameters().default({}), {
    help: 'Further parameters of the request, as the provider wants them',
    flag: 'token-exchange-parameter',
    group,
    placeholder: 'NAME=VALUE',
  }),
  ...tokenFields({ group, flagPrefix: 'token-exchange' }),
});

export type TokenExchangeSettings = z.output<typeof tokenExchangeSchema>;
